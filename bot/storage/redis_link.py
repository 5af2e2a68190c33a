"""Redis as this product uses it: a help that may be away at any moment.

Nothing is kept there that cannot be lost: wake-ups between processes and rate-limit windows. Every call
has a short time-out, and after a failure Redis is left alone for a few seconds, so that a dead or hanging
server costs a request a quarter of a second once and not every time. No message text and no address in
clear goes there: keys are digests.
"""

from __future__ import annotations

import hashlib
import time
from typing import Any

import redis
import redis.asyncio
import structlog

from bot.errors import ConfigurationError

_log = structlog.get_logger(__name__)
#: Seconds a call may take, and Redis is left alone after one that failed.
CALL_SECONDS, REST_SECONDS = 0.25, 3.0
Failure = (redis.RedisError, OSError)


class RedisLink:
    """Clients of one Redis for one process; they connect when first used. ``prefix`` parts instances."""

    def __init__(self, url: str, prefix: str = "relais") -> None:
        options: dict[str, Any] = {
            "socket_timeout": CALL_SECONDS, "socket_connect_timeout": CALL_SECONDS,
            "retry_on_timeout": False, "client_name": prefix,
        }
        try:
            self.blocking = redis.Redis.from_url(url, **options)
            self.awaited = redis.asyncio.Redis.from_url(url, **options)
        except ValueError as error:
            raise ConfigurationError(
                "RELAIS_REDIS_URL is not a Redis address: write redis://host:6379/0.") from error
        self._url, self._prefix = url, prefix
        self._rests_until = 0.0

    def key(self, kind: str, name: str) -> str:
        """The key of ``name``, which may be personal (an address, a user name): only its digest is kept."""
        return f"{self._prefix}:{kind}:{hashlib.blake2b(name.encode(), digest_size=12).hexdigest()}"

    @property
    def channel(self) -> str:
        """The pub/sub channel of this instance."""
        return f"{self._prefix}:wake"

    @property
    def usable(self) -> bool:
        """Whether it is worth asking now."""
        return time.monotonic() >= self._rests_until

    def failed(self, error: BaseException) -> None:
        """A call failed: leave Redis alone for a while."""
        if self.usable:
            _log.warning("redis does not answer", error=f"{type(error).__name__}: {error}"[:200])
        self._rests_until = time.monotonic() + REST_SECONDS

    def subscriber(self) -> redis.asyncio.Redis:
        """A client for a subscription: it waits for messages, so only connecting has a time-out."""
        return redis.asyncio.Redis.from_url(
            self._url, socket_connect_timeout=1.0, socket_keepalive=True,
            client_name=f"{self._prefix}-wake")

    async def close(self) -> None:
        """Give the connections back."""
        try:
            self.blocking.close()
            await self.awaited.close()
        except Failure:
            return
