"""How often one key may do something: a sliding window, kept in this process or shared through Redis."""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
from collections import OrderedDict, deque
from typing import Any

from bot.storage.redis_link import Failure, RedisLink

_KEYS = 20_000     # windows remembered; the least used go first


class Limiter:
    """At most ``limit`` events per ``seconds`` and key, counted in this process.

    ``hit`` may be called from a thread; coroutines await ``ahit``, which never holds up the loop.
    """

    def __init__(self, limit: int, seconds: float = 60.0) -> None:
        self.limit, self.seconds = limit, seconds
        self._windows: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def hit(self, key: str, now: float | None = None) -> float:
        """Count an event; 0 if it is within the limit, else the seconds to wait (not counted)."""
        now = time.monotonic() if now is None else now
        with self._lock:
            window = self._windows.setdefault(key, deque())
            self._windows.move_to_end(key)
            while len(self._windows) > _KEYS:
                self._windows.popitem(last=False)
            while window and window[0] <= now - self.seconds:
                window.popleft()
            if len(window) >= self.limit:
                return window[0] + self.seconds - now if window else self.seconds
            window.append(now)
            return 0.0

    async def ahit(self, key: str) -> float:
        """:meth:`hit` for coroutines."""
        return self.hit(key)

    def forget(self, key: str) -> None:
        """Start over for ``key``."""
        with self._lock:
            self._windows.pop(key, None)


#: The window is a sorted set of times; Redis's own clock is used, so that processes need not agree on theirs.
_SCRIPT = """
local time = redis.call('TIME')
local now, window = time[1] * 1000 + math.floor(time[2] / 1000), tonumber(ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - window)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[1]) then
  local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2]
  return first and (first + window - now) or window
end
redis.call('ZADD', KEYS[1], now, ARGV[3])
redis.call('PEXPIRE', KEYS[1], window)
return 0
"""


class SharedLimiter(Limiter):
    """The same over all processes. While Redis is away each process counts by itself: looser, never shut."""

    def __init__(self, name: str, limit: int, seconds: float, link: RedisLink) -> None:
        super().__init__(limit, seconds)
        self._name, self._link = name, link
        self._script: Any = link.blocking.register_script(_SCRIPT)
        self._awaited_script: Any = link.awaited.register_script(_SCRIPT)

    def hit(self, key: str, now: float | None = None) -> float:
        if now is None and self._link.usable:
            try:
                return int(self._script(**self._call(key))) / 1000
            except Failure as error:
                self._link.failed(error)
        return super().hit(key, now)

    async def ahit(self, key: str) -> float:
        if self._link.usable:
            try:
                return int(await self._awaited_script(**self._call(key))) / 1000
            except (*Failure, asyncio.TimeoutError) as error:
                self._link.failed(error)
        return super().hit(key)

    def forget(self, key: str) -> None:
        super().forget(key)
        if self._link.usable:
            try:
                self._link.blocking.delete(self._link.key(self._name, key))
            except Failure as error:
                self._link.failed(error)

    def _call(self, key: str) -> dict[str, list[Any]]:
        return {"keys": [self._link.key(self._name, key)],
                "args": [self.limit, int(self.seconds * 1000), secrets.token_hex(8)]}


def make_limiter(name: str, limit: int, seconds: float, link: RedisLink | None) -> Limiter:
    """Shared where there is a Redis, else this process's own."""
    return SharedLimiter(name, limit, seconds, link) if link else Limiter(limit, seconds)
