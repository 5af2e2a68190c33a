"""Who is listening to what, in this process, and how it hears of other processes' writes.

A channel is a conversation id, or :data:`INBOX` for the staff pages (see :mod:`bot.desk.feed`). Listeners get the events
themselves where those follow on from what they have, else a nudge to read the database; so a lost
nudge delays an event and never loses it. Other processes' nudges come over a :class:`~bot.conversations.
bus.Bus` where there is one; a poller looks at the database besides, seldom while the bus works and twice
a second while it does not. "Typing" passes through here only.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import structlog

from bot.conversations import store
from bot.conversations.bus import Bus, Note
from bot.conversations.model import Event
from bot.storage.database import Database

INBOX = "inbox"
#: Seconds between looks at the database: alone or without Redis, and while the bus works.
POLL_SECONDS, POLL_WITH_BUS_SECONDS = 0.5, 2.0
_PASSING = 100      # passing events a listener that does not read keeps
_log = structlog.get_logger(__name__)


class Listener:
    """One open stream. ``wait`` returns when there may be something new."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.transient: list[dict[str, Any]] = []
        self._wake = asyncio.Event()
        self._look = True       # whether the database may have more than was handed over

    def wake(self, look: bool = False) -> None:
        """Something came; ``look`` says that it has to be read from the database."""
        self._look = self._look or look
        self._wake.set()

    def doubt(self) -> None:
        """Something may have been missed: the next :meth:`must_look` says so."""
        self._look = True

    def must_look(self) -> bool:
        """Whether the database has to be read; once for each reason there was."""
        look, self._look = self._look, False
        return look

    async def wait(self, seconds: float) -> bool:
        """Whether something came within ``seconds``."""
        try:
            await asyncio.wait_for(self._wake.wait(), seconds)
        except asyncio.TimeoutError:
            return False
        finally:
            self._wake.clear()
        return True

    def show(self, transient: dict[str, Any]) -> None:
        """A passing event; the oldest goes where nobody reads, who then has to look."""
        if len(self.transient) >= _PASSING:
            del self.transient[0]
            self._look = True
        self.transient.append(transient)

    def take_transient(self) -> list[dict[str, Any]]:
        """Passing events since the last call."""
        taken, self.transient = self.transient, []
        return taken

    def take_events(self, after: int) -> list[Event] | None:
        """Events handed over that follow ``after``; None where there is a hole: read the database."""
        taken, self.events = self.events, []
        fresh = sorted((event for event in taken if event.seq > after), key=lambda e: e.seq)
        if [event.seq for event in fresh] != list(range(after + 1, after + 1 + len(fresh))):
            return None
        return fresh


class Broadcaster:
    """Channels of this process; start it inside the event loop."""

    def __init__(
        self, database: Database, interval: float = POLL_SECONDS, bus: Bus | None = None
    ) -> None:
        self._database, self._interval, self._bus = database, interval, bus
        self._listeners: dict[str, set[Listener]] = defaultdict(set)
        self._known: dict[str, int] = {}
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

    @property
    def poll_seconds(self) -> float:
        """Seconds between looks at the database, for what other processes did without our hearing of it."""
        relaxed = self._bus is not None and self._bus.connected
        return POLL_WITH_BUS_SECONDS if relaxed else self._interval

    def publish(self, events: Sequence[Event]) -> None:
        """Stored events, to whoever reads their conversation, here and in other processes."""
        for event in events:
            if event.conversation_id in self._listeners:
                self._known[event.conversation_id] = max(
                    event.seq, self._known.get(event.conversation_id, 0)
                )
            for listener in self._listeners.get(event.conversation_id, ()):
                listener.events.append(event)
                listener.wake()
        if self._bus is not None:
            heads = {event.conversation_id: event.seq for event in events}
            for conversation_id, seq in heads.items():
                self._bus.send({"channel": conversation_id, "seq": seq})
        if any(event.kind != "message" or event.author != "bot" for event in events):
            # A customer's words are what desks ring for; the notices they bring about come after them.
            told = next((event for event in events if event.author == "customer"), events[-1])
            self.nudge(INBOX, {"kind": "activity", "conversation_id": events[0].conversation_id,
                               "author": told.author, "event": told.kind})

    def nudge(self, channel: str, transient: dict[str, Any] | None = None) -> None:
        """Wake a channel; ``transient`` is shown to those listening now and kept nowhere."""
        self._nudge_here(channel, transient)
        if self._bus is not None:
            self._bus.send({"channel": channel, "transient": transient})

    def start(self) -> None:
        """Begin to hear of other processes' writes."""
        self._task = asyncio.get_running_loop().create_task(self._poll())
        if self._bus is not None:
            self._bus.start(self._receive, self._wake_all)

    def close(self) -> None:
        """End all streams; safe to call from a signal handler's thread of the loop."""
        self.closing = True
        self._wake_all()

    async def stop(self) -> None:
        """End streams, bus and polling."""
        self.close()
        if self._bus is not None:
            await self._bus.stop()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def _nudge_here(self, channel: str, transient: dict[str, Any] | None) -> None:
        for listener in self._listeners.get(channel, ()):
            if transient is not None:
                listener.show(transient)
            listener.wake(look=transient is None)

    def _receive(self, note: Note) -> None:
        """What another process did."""
        channel, seq = str(note["channel"]), note.get("seq")
        if seq is None:
            self._nudge_here(channel, note.get("transient"))
        elif channel in self._listeners and int(seq) > self._known.get(channel, -1):
            self._known[channel] = int(seq)
            self._nudge_here(channel, None)

    def _wake_all(self) -> None:
        """Everybody looks: the process ends, or notes may have been lost."""
        for listeners in list(self._listeners.values()):
            for listener in list(listeners):
                listener.wake(look=True)

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(self.poll_seconds)
            ids = [channel for channel in self._listeners if channel != INBOX]
            try:
                if ids:
                    self._compare(await self._database.run_read(functools.partial(store.heads, ids=ids)))
            except Exception as error:  # the database may be away for a while: streams stay open
                _log.warning("poll failed", error=str(error))
                await asyncio.sleep(2)

    def _compare(self, heads: dict[str, int]) -> None:
        for channel, head in heads.items():
            if channel in self._listeners and head > self._known.get(channel, -1):
                self._known[channel] = head
                self.nudge(channel)
