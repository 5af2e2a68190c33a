"""The instance's secret key, and what is derived from it: one sub-key a purpose, sealed texts.

The key comes from ``RELAIS_SECRET_KEY`` or, where that is left empty, is made once and kept in the
home (mode 0600). Processes on several machines need the setting, or what one seals the other cannot open.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import time
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from bot.errors import ConfigurationError
from bot.settings import Settings

_PATIENCE = 2.0      # seconds another process may take between making the file and filling it


def instance_key(settings: Settings) -> bytes:
    """The key of this instance, made at the first call."""
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value().encode()
    path = Path(settings.home_path) / "secret.key"
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return _made_by_another(path)
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_hex(32).encode())
    return path.read_bytes()


def _made_by_another(path: Path) -> bytes:
    until = time.monotonic() + _PATIENCE
    while not (found := path.read_bytes()):
        if time.monotonic() > until:
            raise ConfigurationError(f"{path} is empty: remove it, and a new key is made.")
        time.sleep(0.02)
    return found


def derive(key: bytes, purpose: str) -> bytes:
    """A 32-byte key for one purpose; knowing it tells nothing about the others."""
    return hmac.new(key, b"relais:" + purpose.encode(), hashlib.sha256).digest()


def sign(key: bytes, text: str, length: int = 16) -> str:
    """A tag of ``length`` lower-case base-32 characters (5 bits each) that only the key's owner can make."""
    digest = hmac.new(key, text.encode(), hashlib.sha256).digest()
    return base64.b32encode(digest).decode().lower()[:length]


def signed(key: bytes, text: str, tag: str) -> bool:
    """Whether ``tag`` is :func:`sign` of ``text`` (constant time)."""
    return hmac.compare_digest(sign(key, text, len(tag) or 1), tag.lower()) and len(tag) >= 16


class Vault:
    """Seals short secrets for storage (Fernet: AES-128-CBC with HMAC-SHA256)."""

    def __init__(self, key: bytes, purpose: str) -> None:
        self._fernet = Fernet(base64.urlsafe_b64encode(derive(key, purpose)))

    def seal(self, text: str) -> str:
        """What may be stored."""
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """The text again. Raises ConfigurationError where another key sealed it."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken as error:
            raise ConfigurationError(
                "A stored secret was sealed with another RELAIS_SECRET_KEY."
            ) from error
