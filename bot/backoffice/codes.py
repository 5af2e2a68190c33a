"""Six-digit codes by mail, and the tokens they buy.

What makes this safe: a code is stored nowhere, it is derived from its challenge with a key that lies
in a file beside the database; a token is stored only as a keyed hash; a code expires, works once, allows few tries and is compared in constant
time; requests are limited by contract number as typed and by conversation; and a request does the
same work and answers the same whether or not contract and postcode belong to a customer. The mail
leaves from a queue after the answer, so neither its time nor its failure tells anything.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
import sqlite3
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from bot.backoffice.mails import hint
from bot.backoffice.records import Access, Challenge, VerifiedCustomer
from bot.errors import ConfigurationError, Conflict, NotAllowed, TooManyRequests

TOKEN_SECONDS = 30 * 60
_HOUR = 3600.0


@dataclass(frozen=True)
class CodeRules:
    """Limits of codes; see the settings of the same names."""

    ttl: int
    attempts: int
    per_hour: int


def load_pepper(path: Path) -> bytes:
    """The 32-byte key of codes and tokens, created on first use, readable by its owner only."""
    if not path.exists():
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(32))
        with contextlib.suppress(FileExistsError):
            os.link(temporary, path)        # whole or not at all; the first of several processes wins
        temporary.unlink()
    key = path.read_bytes()
    if len(key) != 32:
        raise ConfigurationError(f"The key file {path} is damaged; delete it to start anew.")
    return key


class Codes:
    """Challenges, their checks, and access tokens, inside the caller's transaction."""

    def __init__(self, pepper: bytes, rules: CodeRules) -> None:
        self._pepper = pepper
        self._rules = rules

    def _hash(self, *parts: str) -> bytes:
        return hmac.new(self._pepper, "\x1f".join(parts).encode(), hashlib.sha256).digest()

    def code_for(self, challenge: str) -> str:
        """The six digits that answer a challenge."""
        return f"{int.from_bytes(self._hash('code', challenge), 'big') % 1_000_000:06d}"

    def request(self, connection: sqlite3.Connection, contract: str, postcode: str, conversation: str,
                key: str, locale: str, now: float) -> Challenge:
        """A new challenge, or the one the same key made. ``TooManyRequests`` over the limit."""
        digest = self._hash("request", contract, postcode, conversation).hex()
        known = connection.execute("SELECT * FROM challenges WHERE key = ?", (key,)).fetchone()
        if known is not None:
            if not hmac.compare_digest(known["digest"], digest):
                raise Conflict("This request was already made with other details.")
            return _challenge(known["id"], locale, known["expires"])
        self._limit(connection, (f"contract:{contract}", f"conversation:{conversation}"), now)
        row = connection.execute(
            "SELECT email FROM customers WHERE number = ? AND postcode = ? AND status <> 'closed'",
            (contract, postcode),
        ).fetchone()
        challenge = secrets.token_urlsafe(24)
        expires = now + self._rules.ttl
        # The newest code of a conversation is the only one that works.
        connection.execute("UPDATE challenges SET used = 1 WHERE conversation = ?", (conversation,))
        connection.execute(
            "INSERT INTO challenges (id, key, digest, contract, conversation, expires, locale)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (challenge, key, digest, contract if row else None, conversation, expires, locale),
        )
        connection.execute("INSERT INTO code_mails VALUES (?, ?, ?)",
                           (challenge, row["email"] if row else None, expires))
        self._forget(connection, now)
        return _challenge(challenge, locale, expires)

    def _limit(self, connection: sqlite3.Connection, subjects: tuple[str, ...], now: float) -> None:
        for subject in subjects:
            row = connection.execute(
                "SELECT COUNT(*) AS n, MIN(at) AS first FROM code_requests WHERE subject = ? AND at > ?",
                (subject, now - _HOUR),
            ).fetchone()
            if row["n"] >= self._rules.per_hour:
                raise TooManyRequests(
                    "Too many codes were asked for; please try again later.",
                    retry_after=max(1.0, row["first"] + _HOUR - now),
                )
        connection.executemany("INSERT INTO code_requests VALUES (?, ?)", [(s, now) for s in subjects])

    def _forget(self, connection: sqlite3.Connection, now: float) -> None:
        connection.execute("DELETE FROM code_requests WHERE at <= ?", (now - _HOUR,))
        connection.execute("DELETE FROM code_mails WHERE expires < ?", (now,))
        old = "SELECT id FROM challenges WHERE expires < ?"
        connection.execute(f"DELETE FROM checks WHERE challenge IN ({old})", (now - 24 * _HOUR,))  # noqa: S608
        connection.execute("DELETE FROM challenges WHERE expires < ?", (now - 24 * _HOUR,))
        connection.execute("DELETE FROM tokens WHERE expires < ?", (now,))

    def check(self, connection: sqlite3.Connection, challenge: str, code: str, conversation: str, key: str,
              now: float) -> VerifiedCustomer | NotAllowed | None:
        """The verified customer, ``None`` for a wrong code.

        Refusals are returned, not raised: raising would roll back the try that was just counted.
        """
        given = self._hash("given", challenge, code)
        row = connection.execute(
            "SELECT * FROM challenges WHERE id = ? AND conversation = ?", (challenge, conversation)
        ).fetchone()
        if row is None:
            return NotAllowed("This code is no longer valid.", reason="expired")
        seen = key and connection.execute("SELECT * FROM checks WHERE key = ?", (key,)).fetchone()
        if seen:
            if seen["challenge"] != challenge or not hmac.compare_digest(seen["code_hash"], given):
                raise Conflict("This check was already made with another code.")
            return self._token(connection, row, now) if seen["ok"] else None
        if row["used"] or row["expires"] <= now:
            return NotAllowed("This code is no longer valid.", reason="expired")
        if row["tries"] >= self._rules.attempts:
            return NotAllowed("Too many wrong codes; please ask for a new one.", reason="too_many_tries")
        right = hmac.compare_digest(self._hash("given", challenge, self.code_for(challenge)), given)
        matches = right and row["contract"] is not None
        connection.execute("UPDATE challenges SET tries = tries + 1, used = ? WHERE id = ?", (matches, challenge))
        if key:
            connection.execute("INSERT INTO checks VALUES (?, ?, ?, ?)", (key, challenge, given, matches))
        return self._token(connection, row, now) if matches else None

    def _token(self, connection: sqlite3.Connection, row: sqlite3.Row, now: float) -> VerifiedCustomer:
        # Derived, so the same check asked again yields the same token without storing it in clear.
        token = hmac.new(self._pepper, b"token\x1f" + row["id"].encode(), hashlib.sha256).hexdigest()
        connection.execute(
            "INSERT OR IGNORE INTO tokens VALUES (?, ?, ?, ?)",
            (self._hash("token", token), row["contract"], row["conversation"], now + TOKEN_SECONDS),
        )
        expires = connection.execute(
            "SELECT expires FROM tokens WHERE hash = ?", (self._hash("token", token),)
        ).fetchone()["expires"]
        return VerifiedCustomer(token, row["contract"], _instant(expires))

    def contract_of(self, connection: sqlite3.Connection, access: Access, now: float) -> str:
        """The contract a token opens in this conversation. ``NotAllowed`` otherwise, whatever the cause."""
        row = connection.execute(
            "SELECT contract FROM tokens WHERE hash = ? AND conversation = ? AND expires > ?",
            (self._hash("token", access.token), access.conversation_id, now),
        ).fetchone()
        if row is None:
            raise NotAllowed("The verification has expired; please confirm your identity again.", reason="expired")
        return str(row["contract"])


def _challenge(challenge: str, locale: str, expires: float) -> Challenge:
    return Challenge(challenge, hint(locale), _instant(expires))


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, timezone.utc)
