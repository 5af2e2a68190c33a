"""Turns the crank: each stored customer message gets its reply, whatever happens to the dialogue.

One task a conversation works through its unanswered messages in order. A message that the dialogue
does not answer in time (or answers with nothing) is answered by :class:`Fallback`. A sweeper resumes
what a crashed process left behind.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.analytics.counters import FALLBACKS, TURN_SECONDS, TURNS
from bot.assistant.client import DialogueClient
from bot.assistant.protocol import TurnRequest, TurnResponse
from bot.conversations import store
from bot.conversations.broadcast import Broadcaster
from bot.conversations.effects import Moment
from bot.conversations.fallback import Fallback
from bot.conversations.turns import Committed, Turn, abandoned, claim_by_id, commit, release
from bot.conversations.wording import speak
from bot.errors import DialogueUnavailable, RelaisError
from bot.failpoints import reached
from bot.handover import safety
from bot.storage.clock import iso, parse, utcnow
from bot.storage.database import Database
from bot.tickets.hours import Desk
from bot.tickets.queue import newcomer_wait

_log = structlog.get_logger(__name__)
_LEAST_TIMEOUT = 0.8      # a message that already waited still gets a real try
_SPARE = 1.0              # of the five seconds, for the fallback itself
_FALLBACK_SECONDS = 0.8
_WITHIN = 5.0
_GIVE_UP_AFTER = 2        # tries with the dialogue, after crashes, before the fallback answers


@dataclass
class _Facts:
    """What a turn is told about the desk, refreshed every few seconds."""

    at: float = 0.0
    open_now: bool = True
    next_opening: str | None = None
    wait: int | None = None


class Runner:
    """Runs turns inside one web process; ``start`` and ``stop`` in the event loop."""

    def __init__(
        self, database: Database, client: DialogueClient, broadcaster: Broadcaster,
        fallback: Fallback, desk: Desk, turn_timeout: float,
    ) -> None:
        self._database, self._client, self._broadcaster = database, client, broadcaster
        self._fallback, self._desk, self._timeout = fallback, desk, turn_timeout
        self.lease_seconds = turn_timeout + 2.0
        self._tasks: set[asyncio.Task[None]] = set()
        self._sweeper: asyncio.Task[None] | None = None
        self._facts = _Facts()

    def begin(self, turn: Turn) -> None:
        """Run a turn already claimed, in the background."""
        task = asyncio.get_running_loop().create_task(self._work(turn))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def start(self) -> None:
        """Begin to look for abandoned turns."""
        self._sweeper = asyncio.get_running_loop().create_task(self._sweep())

    async def stop(self, grace: float = 3.0) -> None:
        """Let running turns finish for ``grace`` seconds; the rest is resumed by whoever comes next."""
        if self._sweeper is not None:
            self._sweeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._sweeper
        if self._tasks:
            _, late = await asyncio.wait(set(self._tasks), timeout=grace)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _work(self, turn: Turn | None) -> None:
        while turn is not None:
            try:
                following = await self._one(turn)
            except Exception as error:  # the sweeper tries again
                _log.error("turn failed", turn=turn.id, error=repr(error))
                await self._give_back(turn)
                return
            turn = following

    async def _give_back(self, turn: Turn) -> None:
        try:
            await self._database.run_write(lambda c: release(c, turn))
        except Exception as error:      # the database is away: the lease runs out instead
            _log.warning("turn not given back", turn=turn.id, error=repr(error)[:300])

    async def _one(self, turn: Turn) -> Turn | None:
        began = time.perf_counter()
        await reached("web.turn.begun")
        self._typing(turn)
        source = "dialogue"
        try:
            kind = safety.detect(turn.message.text)
            if turn.attempts > _GIVE_UP_AFTER and kind is None:
                raise DialogueUnavailable("This turn failed before.", problems="tries used up")
            if kind is not None:      # a person and the numbers to call, at once, whatever else works
                source, response = "safety", safety.plan(kind, turn.message, turn.conversation.language)
            else:
                response = await self._ask(turn)
        except DialogueUnavailable as error:
            _log.warning("turn falls back", turn=turn.id, why=error.context.get("problems"))
            source, response = "fallback", await self._fall_back(turn)
        try:
            done = await self._commit(turn, response, source)
        except (RelaisError, ValueError, TypeError, KeyError, AttributeError) as error:
            if source == "fallback":
                raise
            # An effect we cannot carry out must not cost the customer their answer.
            _log.error("turn not committable", turn=turn.id, error=repr(error))
            source, response = "fallback", await self._fall_back(turn)
            done = await self._commit(turn, response, source)
        if source == "fallback":
            FALLBACKS.inc()
        TURNS.labels(source).inc()
        TURN_SECONDS.observe(time.perf_counter() - began)
        await reached("web.turn.committed")
        self._broadcaster.publish(done.events)
        await reached("web.turn.published")
        return done.following

    async def _commit(self, turn: Turn, response: TurnResponse, source: str) -> Committed:
        await reached("web.turn.committing")
        moment = Moment(utcnow(), self._desk)
        return await self._database.run_write(
            lambda c: commit(c, turn, response, moment, self.lease_seconds, source=source)
        )

    async def _ask(self, turn: Turn) -> TurnResponse:
        waited = (utcnow() - parse(turn.message.at)).total_seconds()
        timeout = max(_LEAST_TIMEOUT, min(self._timeout, _WITHIN - _SPARE - waited))
        request = await self._request(turn)
        await reached("web.turn.asking")
        response = await self._client.turn(request, timeout=timeout)
        await reached("web.turn.answered")
        said = any(reply.text.strip() for reply in response.replies)
        acts = any(effect.kind in ("handover", "close") for effect in response.effects)
        if not said and not acts:
            raise DialogueUnavailable("The assistant said nothing.", problems="empty reply")
        return response

    async def _request(self, turn: Turn) -> TurnRequest:
        await reached("web.turn.requesting")
        conversation, message = turn.conversation, turn.message
        facts = await self._current_facts()
        choice = message.payload.get("choice")
        extra = {"note": conversation.note} if conversation.note else {}
        return TurnRequest(
            conversation_id=conversation.id, turn_id=turn.id, text="" if choice else message.text,
            choice=choice, choice_label=message.text if choice else None,
            locale=speak(conversation.locale or conversation.language),
            page_url=conversation.page_url, at=message.at, state=conversation.state,
            people_available=facts.open_now, next_opening=facts.next_opening,
            wait_seconds=facts.wait, **extra,
        )

    async def _fall_back(self, turn: Turn) -> TurnResponse:
        await reached("web.turn.fallback")
        language = speak(turn.conversation.language)
        try:
            recent = await self._database.run_read(
                lambda c: store.last_events(c, turn.conversation.id, 12))
        except SQLAlchemyError:
            recent = []
        # Replies to earlier messages may stand after this one, where several were sent at once.
        before = [e for e in recent if e.author == "bot" or e.seq < turn.message.seq]
        planned = asyncio.get_running_loop().run_in_executor(
            None, self._fallback.plan, turn.message, before, language
        )
        try:
            return await asyncio.wait_for(asyncio.shield(planned), _FALLBACK_SECONDS)
        except asyncio.TimeoutError:     # its index is still being built
            return self._fallback.person(turn.message, language)

    def _typing(self, turn: Turn) -> None:
        self._broadcaster.nudge(turn.conversation.id, {
            "kind": "typing", "author": "bot", "at": iso(utcnow())})

    async def _current_facts(self) -> _Facts:
        if time.monotonic() - self._facts.at > 5 or not self._facts.at:
            now = utcnow()
            opening = self._desk.next_opening(now)
            wait = await self._database.run_read(lambda c: newcomer_wait(c, self._desk, now))
            self._facts = _Facts(time.monotonic(), self._desk.is_open(now),
                                 iso(opening) if opening else None, wait)
        return self._facts

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(1.0)
            try:
                for conversation_id in await self._database.run_read(abandoned):
                    await reached("web.sweep.found")
                    turn = await self._database.run_write(
                        lambda c, i=conversation_id: claim_by_id(c, i, self.lease_seconds)  # type: ignore[misc]
                    )
                    await reached("web.sweep.claimed")
                    if turn is not None:
                        self.begin(turn)
            except Exception as error:  # the database may be away: try again
                _log.warning("sweep failed", error=repr(error))
                await asyncio.sleep(2.0)
