"""Who is listening to what, in this process, and one poller that hears of other processes' writes.

A channel is a conversation id, or :data:`INBOX` for the staff pages. Listeners get the events
themselves where those follow on from what they have, else a nudge to read the database; so a lost
nudge delays an event by a second at most and never loses it. "Typing" passes through here only.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Connection

from bot.conversations import store
from bot.conversations.model import Event
from bot.storage.database import Database
from bot.storage.schema import ticket_events

INBOX = "inbox"
_log = structlog.get_logger(__name__)


class Listener:
    """One open stream. ``wait`` returns when there may be something new."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.transient: list[dict[str, Any]] = []
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Something changed."""
        self._wake.set()

    async def wait(self, seconds: float) -> bool:
        """Whether something came within ``seconds``."""
        try:
            await asyncio.wait_for(self._wake.wait(), seconds)
        except asyncio.TimeoutError:
            return False
        finally:
            self._wake.clear()
        return True

    def take_transient(self) -> list[dict[str, Any]]:
        """Passing events since the last call."""
        taken, self.transient = self.transient, []
        return taken

    def take_events(self, after: int) -> list[Event] | None:
        """Events that follow ``after`` without a hole; None means: read the database."""
        taken, self.events = self.events, []
        fresh = sorted((event for event in taken if event.seq > after), key=lambda e: e.seq)
        expected = after + 1
        for event in fresh:
            if event.seq != expected:
                return None
            expected += 1
        return fresh or None


class Broadcaster:
    """Channels of this process; start it inside the event loop."""

    def __init__(self, database: Database, interval: float = 0.5) -> None:
        self._database = database
        self._interval = interval
        self._listeners: dict[str, set[Listener]] = defaultdict(set)
        self._known: dict[str, int] = {}
        self._ticket_head = -1
        self._task: asyncio.Task[None] | None = None
        self.closing = False

    @contextlib.contextmanager
    def listen(self, channel: str) -> Iterator[Listener]:
        """A listener while the block runs."""
        listener = Listener()
        self._listeners[channel].add(listener)
        try:
            yield listener
        finally:
            self._listeners[channel].discard(listener)
            if not self._listeners[channel]:
                del self._listeners[channel]
                self._known.pop(channel, None)

    @property
    def listening(self) -> int:
        """Open streams, for the metrics."""
        return sum(map(len, self._listeners.values()))

    def publish(self, events: Sequence[Event]) -> None:
        """Stored events, to whoever reads their conversation."""
        for event in events:
            if event.conversation_id in self._listeners:
                self._known[event.conversation_id] = max(
                    event.seq, self._known.get(event.conversation_id, 0)
                )
            for listener in self._listeners.get(event.conversation_id, ()):
                listener.events.append(event)
                listener.wake()
        if any(event.kind != "message" or event.author != "bot" for event in events):
            self.nudge(INBOX, {"kind": "activity", "conversation_id": events[0].conversation_id,
                               "author": events[-1].author, "event": events[-1].kind})

    def nudge(self, channel: str, transient: dict[str, Any] | None = None) -> None:
        """Wake a channel; ``transient`` is shown to those listening now and kept nowhere."""
        for listener in self._listeners.get(channel, ()):
            if transient is not None:
                listener.transient.append(transient)
            listener.wake()

    def start(self) -> None:
        """Begin to poll for other processes' writes."""
        self._task = asyncio.get_running_loop().create_task(self._poll())

    def close(self) -> None:
        """End all streams; safe to call from a signal handler's thread of the loop."""
        self.closing = True
        for listeners in list(self._listeners.values()):
            for listener in list(listeners):
                listener.wake()

    async def stop(self) -> None:
        """End streams and polling."""
        self.close()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(self._interval)
            ids = [channel for channel in self._listeners if channel != INBOX]
            try:
                if ids:
                    self._compare(await self._database.run_read(functools.partial(store.heads, ids=ids)))
                if INBOX in self._listeners:
                    head = await self._database.run_read(_ticket_head)
                    if self._ticket_head not in (-1, head):
                        self.nudge(INBOX, {"kind": "tickets"})
                    self._ticket_head = head
            except Exception as error:  # the database may be away for a while: streams stay open
                _log.warning("poll failed", error=str(error))
                await asyncio.sleep(2)

    def _compare(self, heads: dict[str, int]) -> None:
        for channel, head in heads.items():
            if channel in self._listeners and head > self._known.get(channel, -1):
                self._known[channel] = head
                self.nudge(channel)


def _ticket_head(connection: Connection) -> int:
    return int(connection.execute(sa.select(sa.func.max(ticket_events.c.id))).scalar() or 0)
