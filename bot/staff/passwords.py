"""Passwords: argon2id, checked in constant work whether or not the account exists.

A hash works in 19 MB of memory. That size is below what glibc always gives back, and each thread that ever
asked for it keeps it: forty of them, as many as serve requests, would keep hundreds of megabytes for the
life of the process. So all hashing is done by one thread; a crowd that signs in waits in line.
"""

from __future__ import annotations

import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from bot.errors import TooManyRequests

_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)   # OWASP's second setting
_WORKER = ThreadPoolExecutor(1, thread_name_prefix="passwords")
#: Sign-ins that wait in line; one waits in a thread, of which other requests need some too.
LINE = 24
_places = threading.BoundedSemaphore(LINE)
_WORDS = ("brise", "cedre", "dune", "fjord", "givre", "lande", "marais", "nacre", "opale", "prairie",
          "rivage", "sillon", "tilleul", "vallon", "azur", "bosquet", "clairiere", "estran", "galet",
          "houle", "jonquille", "lichen", "moisson", "noisette", "orage", "pinede", "roseau", "sable")


def hash_password(password: str) -> str:
    """The hash to store; blocking."""
    return _WORKER.submit(_HASHER.hash, password).result()


def verify(stored: str | None, password: str) -> bool:
    """Whether ``password`` is the stored one; the same work where there is no account (None). Blocking.

    Raises TooManyRequests where :data:`LINE` others wait already.
    """
    if not _places.acquire(blocking=False):
        raise TooManyRequests("Many people are signing in at this moment: try again in a few seconds.", retry_after=3, key="sign_in_busy")
    try:
        _WORKER.submit(_HASHER.verify, stored or _decoy(), password).result()
    except (VerificationError, InvalidHashError):
        return False
    finally:
        _places.release()
    return stored is not None


def generate() -> str:
    """A password to print once and type: four words and four digits (32 bits, behind a rate limit)."""
    words = "-".join(secrets.choice(_WORDS) for _ in range(4))
    return f"{words}-{secrets.randbelow(9000) + 1000}"


@lru_cache(maxsize=1)
def _decoy() -> str:
    return hash_password(secrets.token_hex(16))
