"""Passwords: argon2id, checked in constant work whether or not the account exists."""

from __future__ import annotations

import secrets
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)   # OWASP's second setting
_WORDS = ("brise", "cedre", "dune", "fjord", "givre", "lande", "marais", "nacre", "opale", "prairie",
          "rivage", "sillon", "tilleul", "vallon", "azur", "bosquet", "clairiere", "estran", "galet",
          "houle", "jonquille", "lichen", "moisson", "noisette", "orage", "pinede", "roseau", "sable")


def hash_password(password: str) -> str:
    """The hash to store."""
    return _HASHER.hash(password)


def verify(stored: str | None, password: str) -> bool:
    """Whether ``password`` is the stored one; the same work where there is no account (None)."""
    try:
        _HASHER.verify(stored or _decoy(), password)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


def generate() -> str:
    """A password to print once and type: four words and four digits (32 bits, behind a rate limit)."""
    words = "-".join(secrets.choice(_WORDS) for _ in range(4))
    return f"{words}-{secrets.randbelow(9000) + 1000}"


@lru_cache(maxsize=1)
def _decoy() -> str:
    return _HASHER.hash(secrets.token_hex(16))
