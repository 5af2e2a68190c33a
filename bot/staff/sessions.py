"""Staff sessions: a 256-bit token of which only the hash is stored, renewed by use, ended by time."""

from __future__ import annotations

import secrets
import threading
import time

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.conversations.store import hash_token
from bot.staff.accounts import Member, member
from bot.storage.clock import later, now_iso, parse, utcnow
from bot.storage.database import Database
from bot.storage.schema import staff, staff_sessions

_S = staff_sessions.c
_SEEN_EVERY = 30.0     # seconds between notes that someone is present


def open_session(connection: Connection, who: Member, hours: float) -> str:
    """A new session's token; forgets sessions that have ended."""
    now = now_iso()
    connection.execute(sa.delete(staff_sessions).where(_S.expires_at < now))
    token = secrets.token_urlsafe(32)
    connection.execute(sa.insert(staff_sessions).values(
        token_hash=hash_token(token), username=who.username, created_at=now, seen_at=now,
        expires_at=later(hours * 3600)))
    return token


def close_session(connection: Connection, token: str) -> None:
    """End a session."""
    connection.execute(sa.delete(staff_sessions).where(_S.token_hash == hash_token(token)))


def member_of(database: Database, token: str, hours: float) -> Member | None:
    """Whose session this is; None where it ended, or the account is shut. Notes presence."""
    digest = hash_token(token)
    with database.read() as connection:
        row = connection.execute(
            sa.select(staff, _S.expires_at, _S.seen_at)
            .join(staff_sessions, _S.username == staff.c.username)
            .where(_S.token_hash == digest, staff.c.active.is_(True))
        ).mappings().first()
    if row is None or row["expires_at"] < now_iso():
        return None
    if (utcnow() - parse(row["seen_at"])).total_seconds() > _SEEN_EVERY and _first_in_a_while(digest):
        database.submit(lambda c: c.execute(
            sa.update(staff_sessions).where(_S.token_hash == digest)
            .values(seen_at=now_iso(), expires_at=later(hours * 3600))))
    return member(row)


_noted: dict[str, float] = {}
_noted_lock = threading.Lock()


def _first_in_a_while(digest: str) -> bool:
    """Many calls at once note presence once."""
    now = time.monotonic()
    with _noted_lock:
        if now - _noted.get(digest, -_SEEN_EVERY) < _SEEN_EVERY / 2:
            return False
        if len(_noted) > 5000:
            _noted.clear()
        _noted[digest] = now
    return True
