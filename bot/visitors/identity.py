"""Identity tokens: the host's server vouches for who is signed in on its page.

A token is a JSON Web Token (RFC 7519) signed with HMAC-SHA256 (``HS256``, RFC 7515) under
``RELAIS_IDENTITY_SECRET``, which only the host's server and this one know. Claims: ``sub`` (the
host's id of the user), ``exp`` (seconds since 1970), and optionally ``name`` and ``email``.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from bot.conversations.text import clean
from bot.errors import BadInput
from bot.settings import Settings

MOST_CHARS = 2000
#: A token that would hold longer is refused: a stolen one must not open doors for a year.
LONGEST_SECONDS = 7 * 86_400
_HEADER = {"alg": "HS256", "typ": "JWT"}
_LEEWAY_SECONDS = 60
_REFUSED = "The identity token is not valid."


@dataclass(frozen=True)
class Identity:
    """A verified user of the host. ``until`` is when the token ends (aware, UTC)."""

    user_id: str
    until: datetime
    name: str | None = None
    email: str | None = None


def key(settings: Settings, instance_secret: bytes) -> bytes | None:
    """The key in force: the setting's; on a demo instance one of its own, so that its pages can sign."""
    if settings.identity_secret is not None and settings.identity_secret.get_secret_value():
        return settings.identity_secret.get_secret_value().encode()
    return hmac.new(instance_secret, b"identity", hashlib.sha256).digest() if settings.demo else None


def sign(key: bytes, claims: dict[str, Any]) -> str:
    """The token of these claims; what a host's server does with any JWT library."""
    head = ".".join(_encode(json.dumps(part, separators=(",", ":")).encode()) for part in (_HEADER, claims))
    return f"{head}.{_encode(_mac(key, head))}"


def verify(token: str, key: bytes | None, now: datetime) -> Identity:
    """Whom the token names. Raises BadInput for a token that is forged, expired or malformed.

    The signature is compared in constant time, and before anything in the token is read.
    """
    if not key:
        raise BadInput("This instance has no identity secret: set RELAIS_IDENTITY_SECRET.")
    head, dot, signature = token.rpartition(".")
    if not dot or len(token) > MOST_CHARS or not hmac.compare_digest(_mac(key, head), _decode(signature)):
        raise BadInput(_REFUSED)
    try:
        header, claims = (json.loads(_decode(part)) for part in head.split("."))
    except ValueError as error:
        raise BadInput(_REFUSED) from error
    if not isinstance(header, dict) or header.get("alg") != "HS256" or not isinstance(claims, dict):
        raise BadInput(_REFUSED)
    user_id, expires = claims.get("sub"), claims.get("exp")
    if not isinstance(user_id, str) or not clean(user_id) or len(user_id) > 200:
        raise BadInput("The identity token names nobody: its claim 'sub' must be 1 to 200 characters.")
    if isinstance(expires, bool) or not isinstance(expires, (int, float)):
        raise BadInput("The identity token has no end: its claim 'exp' must be a number of seconds.")
    left = expires - now.timestamp()
    if left < -_LEEWAY_SECONDS:
        raise BadInput("The identity token has expired.")
    if not left <= LONGEST_SECONDS + _LEEWAY_SECONDS:
        raise BadInput("The identity token holds too long: seven days at most.")
    return Identity(clean(user_id), datetime.fromtimestamp(expires, timezone.utc),
                    _text(claims.get("name")), _text(claims.get("email")))


def _text(value: object) -> str | None:
    return (clean(value)[:200] or None) if isinstance(value, str) else None


def _mac(key: bytes, head: str) -> bytes:
    return hmac.new(key, head.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    """Bytes of base64url without padding; none where it is not that."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""
