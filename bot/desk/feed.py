"""What open desks are told: every change once a process, with the row as the queue's list shows it.

A desk that had to read its list after each change would make fifty of them read fifty lists. So one task
a process gathers what happened, reads the rows concerned together and sends each to every desk; a desk
reads its list by itself only where a row does not tell it enough (a search, more changes than are sent).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Connection

from bot.conversations.broadcast import INBOX, Broadcaster
from bot.desk import listing
from bot.storage.clock import utcnow
from bot.storage.database import Database
from bot.storage.schema import ticket_events, tickets
from bot.tickets import store
from bot.tickets.hours import Desk
from bot.tickets.views import shown

#: Seconds between two readings of rows: what happens meanwhile is read together.
PACE_SECONDS = 0.5
#: Changes sent as rows at a time; beyond, desks are told to read their list.
MOST_ROWS = 100
_KEPT = 200              # frames a desk that does not read keeps
_LINES = 100             # newest lines of history, compared with those of the look before
_AT_ONCE = frozenset({"typing", "presence", "notification"})
_EVERYTHING = {"kind": "tickets"}
_log = structlog.get_logger(__name__)


class Seat:
    """One open desk's stream."""

    def __init__(self) -> None:
        self._frames: deque[str] = deque()
        self._wake = asyncio.Event()

    def tell(self, frame: str) -> None:
        """A frame for this desk; one that does not read is told to read its list instead of all it missed."""
        if len(self._frames) >= _KEPT:
            self._frames.clear()
            frame = _framed(_EVERYTHING)
        self._frames.append(frame)
        self._wake.set()

    def wake(self) -> None:
        """End the wait."""
        self._wake.set()

    async def wait(self, seconds: float) -> str:
        """What was told since the last call, waiting up to ``seconds`` for it; empty where nothing was."""
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._wake.wait(), seconds)
        self._wake.clear()
        told = "".join(self._frames)
        self._frames.clear()
        return told


@dataclass
class _News:
    """What happened since the last reading."""

    references: set[str] = field(default_factory=set)
    activity: dict[str, dict[str, Any]] = field(default_factory=dict)      # by conversation, the last one or the customer's
    everything: bool = False

    def add(self, passing: dict[str, Any]) -> None:
        """One nudge of the inbox channel."""
        if passing.get("kind") == "activity":
            known = self.activity.get(str(passing["conversation_id"]), {})
            if known.get("author") != "customer" or passing.get("author") == "customer":
                self.activity[str(passing["conversation_id"])] = passing
        elif passing.get("reference"):
            self.references.add(str(passing["reference"]))
        else:
            self.everything = True

    def __bool__(self) -> bool:
        return bool(self.references or self.activity or self.everything)


class DeskFeed:
    """The desks of this process. Its task runs while one is open."""

    def __init__(self, database: Database, broadcaster: Broadcaster, desk: Desk, pace: float = PACE_SECONDS) -> None:
        self._database, self._broadcaster, self._desk, self._pace = database, broadcaster, desk, pace
        self._seats: set[Seat] = set()
        self._task: asyncio.Task[None] | None = None
        self._lines: dict[int, str] | None = None

    @contextlib.contextmanager
    def open(self) -> Iterator[Seat]:
        """A desk while the block runs; inside the event loop."""
        seat = Seat()
        self._seats.add(seat)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())
        try:
            yield seat
        finally:
            self._seats.discard(seat)
            if not self._seats and self._task is not None:
                self._task.cancel()
                self._task = None

    async def _run(self) -> None:
        news, due, look = _News(), 0.0, 0.0
        self._lines = None
        with self._broadcaster.listen(INBOX) as inbox:
            inbox.must_look()           # whoever sits down reads the list anyway
            while not self._broadcaster.closing:
                now = time.monotonic()
                await inbox.wait(max(0.0, min(look, due) - now if news else look - now))
                for passing in inbox.take_transient():
                    if passing.get("kind") in _AT_ONCE:
                        self._tell(_framed(passing))
                    else:
                        news.add(passing)
                news.everything = news.everything or inbox.must_look()
                now = time.monotonic()
                if (news and now >= due) or now >= look:
                    told, news = news, _News()
                    await self._read(told)
                    due = time.monotonic() + self._pace
                    look = time.monotonic() + max(self._pace, self._broadcaster.poll_seconds)
        for seat in self._seats:
            seat.wake()

    async def _read(self, news: _News) -> None:
        try:
            frames = await self._database.run_read(lambda c: self._frames(c, news))
        except Exception as error:      # the database may be away for a while: streams stay open
            _log.warning("desks were not told what changed", error=repr(error)[:300])
            frames = [_EVERYTHING]
        for frame in frames:
            self._tell(_framed(frame))

    def _frames(self, connection: Connection, news: _News) -> list[dict[str, Any]]:
        """Nudges with rows. What other processes wrote is found in the history, whoever forgot to say so."""
        fresh = self._fresh(connection)
        if fresh is None or news.everything or len(news.references) > MOST_ROWS or len(news.activity) > MOST_ROWS:
            return [_EVERYTHING]
        references = news.references | fresh
        if not references and not news.activity:
            return []
        now = utcnow()
        activity = _heard(connection, news.activity)
        rows = shown(connection, listing.named(connection, references, activity, now=now), self._desk, now)
        frames = []
        for row in rows:
            said = activity.get(row["conversation_id"], {})
            kind = "ticket" if row["reference"] in references else "activity"
            frames.append({**said, "kind": kind, "ticket": row, **{
                name: row[name] for name in ("reference", "conversation_id", "status", "assignee")}})
        if references - {row["reference"] for row in rows}:      # erased meanwhile
            frames.append(_EVERYTHING)
        return frames

    def _fresh(self, connection: Connection) -> set[str] | None:
        """Tickets with a line of history since the last look; None where there may be more than were read."""
        rows = connection.execute(sa.select(ticket_events.c.id, ticket_events.c.reference)
                                  .order_by(ticket_events.c.id.desc()).limit(_LINES))
        known, self._lines = self._lines, {row.id: row.reference for row in rows}
        if known is None:
            return set()
        if len(self._lines) == _LINES and not self._lines.keys() & known.keys():
            return None
        return {reference for number, reference in self._lines.items() if number not in known}

    def _tell(self, frame: str) -> None:
        for seat in self._seats:
            seat.tell(frame)


def _heard(connection: Connection, activity: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Activity by conversation; what happens in a merged one also is activity of the ticket that goes on."""
    if not activity:
        return activity
    merged = connection.execute(sa.select(tickets.c.conversation_id).distinct().where(
        tickets.c.conversation_id.in_(sorted(activity)), tickets.c.merged_into.is_not(None))).scalars().all()
    heard = dict(activity)
    for conversation_id in merged:
        ticket = store.of_conversation(connection, conversation_id)
        said = activity[conversation_id]
        # A customer's words are not lost behind what an agent did in the other chat meanwhile.
        if ticket is not None and (ticket["conversation_id"] not in heard or said.get("author") == "customer"):
            heard[ticket["conversation_id"]] = said
    return heard


def _framed(data: dict[str, Any]) -> str:
    return f"data: {json.dumps(data, ensure_ascii=False, separators=(',', ':'))}\n\n"
