"""Wake-ups between web processes over Redis pub/sub.

A note says "conversation X has an event 7" or "someone is typing"; the text stays in the database.
Losing one costs a second or two, because :class:`~bot.conversations.broadcast.Broadcaster` goes on
looking at the database: often while Redis is away, now and then while it is there. A process hears its
own notes too, and so knows that the whole way works; silence means a dead or half-open connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import time
import uuid
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

import structlog

from bot.storage.redis_link import Failure, RedisLink

_log = structlog.get_logger(__name__)
Note = dict[str, Any]
#: Seconds between notes to oneself, and of silence after which the connection counts as dead.
PULSE_SECONDS, SILENCE_SECONDS = 2.0, 6.0
_TOGETHER, _WAITING = 200, 5000
_PAUSE, _LONGEST_PAUSE = 0.3, 5.0


class Bus(Protocol):
    """How a process tells the others."""

    @property
    def connected(self) -> bool:
        """Whether notes arrive now."""

    def start(self, receive: Callable[[Note], None], resumed: Callable[[], None]) -> None:
        """Begin, inside the event loop. ``resumed`` is called after every gap in hearing."""

    def send(self, note: Note) -> None:
        """Tell the other processes; returns at once and never fails."""

    async def stop(self) -> None:
        """End."""


class RedisBus:
    """:class:`Bus` over one Redis channel."""

    def __init__(self, link: RedisLink) -> None:
        self._link, self._me = link, uuid.uuid4().hex[:12]
        # Bounded: while Redis is away the oldest notes go, and the database is read instead.
        self._waiting: deque[Note] = deque(maxlen=_WAITING)
        self._some = asyncio.Event()
        self._heard = float("-inf")
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def connected(self) -> bool:
        return time.monotonic() - self._heard < SILENCE_SECONDS

    def start(self, receive: Callable[[Note], None], resumed: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._write()), loop.create_task(self._pulse()),
                       loop.create_task(self._listen(receive, resumed))]

    def send(self, note: Note) -> None:
        self._waiting.append(note)
        self._some.set()

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    async def _pulse(self) -> None:
        while True:
            self._some.set()        # an empty batch is a pulse
            await asyncio.sleep(PULSE_SECONDS)

    async def _write(self) -> None:
        while True:
            await self._some.wait()
            self._some.clear()
            batch = [self._waiting.popleft() for _ in range(min(_TOGETHER, len(self._waiting)))]
            if self._waiting:
                self._some.set()
            if not self._link.usable:
                continue
            body = json.dumps({"from": self._me, "notes": batch}, ensure_ascii=False)
            try:
                await self._link.awaited.publish(self._link.channel, body)
            except (*Failure, asyncio.TimeoutError) as error:
                self._link.failed(error)

    async def _listen(self, receive: Callable[[Note], None], resumed: Callable[[], None]) -> None:
        pause = _PAUSE
        while True:
            client = self._link.subscriber()
            try:
                async with client.pubsub() as subscription:
                    await subscription.subscribe(self._link.channel)
                    since = time.monotonic()
                    while time.monotonic() - max(self._heard, since) < SILENCE_SECONDS:
                        message = await subscription.get_message(
                            ignore_subscribe_messages=True, timeout=1.0)
                        if message is None:
                            continue
                        if not self.connected:
                            _log.info("wake-ups over redis")
                            resumed()
                        self._heard, pause = time.monotonic(), _PAUSE
                        self._take(message["data"], receive)
                _log.warning("redis is silent, connecting again")
            except (*Failure, asyncio.TimeoutError) as error:
                if self.connected or pause == _PAUSE:
                    _log.warning("no wake-ups over redis, the database is read instead",
                                 error=f"{type(error).__name__}: {error}"[:200])
            finally:
                self._heard = float("-inf")
                with contextlib.suppress(*Failure):
                    await client.close()
            await asyncio.sleep(pause * (0.5 + secrets.randbelow(1000) / 1000))
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _take(self, data: bytes, receive: Callable[[Note], None]) -> None:
        try:
            body = json.loads(data)
            notes = body["notes"] if body["from"] != self._me else []
            for note in notes:
                receive(note)
        except (ValueError, KeyError, TypeError) as error:
            _log.warning("a wake-up that is none", error=repr(error)[:200])
