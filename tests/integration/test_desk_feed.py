"""Open desks hear of every change with its row, and the rows are read once for all of them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from typing import Any

import pytest
from ticket_support import ANA, LUC, Chat
from web_support import Web

from bot.conversations.broadcast import INBOX, Broadcaster
from bot.conversations.model import Event
from bot.desk import feed as feed_module
from bot.desk import listing
from bot.desk.feed import DeskFeed, Seat
from bot.desk.filters import Filters
from bot.storage.clock import utcnow
from bot.storage.database import Database
from bot.tickets import service, store
from bot.tickets.hours import Desk
from bot.tickets.merge import merge
from bot.tickets.views import shown

PACE = 0.05


def events(told: str) -> list[dict[str, Any]]:
    return [json.loads(line.removeprefix("data: ")) for line in told.split("\n\n") if line]


async def until(seat: Seat, wanted: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
    """What a desk was told up to the moment it had what is wanted."""
    seen: list[dict[str, Any]] = []

    async def read() -> None:
        while not wanted(seen):
            seen.extend(events(await seat.wait(5)))

    await asyncio.wait_for(read(), 30)
    return seen


@asynccontextmanager
async def desks(database: Database, hours: Desk, count: int) -> AsyncIterator[tuple[Broadcaster, list[Seat]]]:
    """Open desks of one process that has had its first look."""
    broadcaster = Broadcaster(database, interval=PACE)
    feed = DeskFeed(database, broadcaster, hours, pace=PACE)
    with ExitStack() as stack:
        seats = [stack.enter_context(feed.open()) for _ in range(count)]
        while feed._lines is None:
            await asyncio.sleep(0.01)
        yield broadcaster, seats


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Counts how often rows were read."""
    made: list[int] = []
    named = listing.named

    def counted(connection: Any, references: Any, conversation_ids: Any, **more: Any) -> Any:
        found = named(connection, references, conversation_ids, **more)
        made.append(len(found))
        return found

    monkeypatch.setattr(feed_module.listing, "named", counted)
    return made


def run(body: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(body(), 60))  # type: ignore[arg-type]


def test_fifty_desks_and_twenty_changes_are_one_reading(database: Database, hours: Desk, readings: list[int]) -> None:
    references = [Chat(database).ticket(hours, utcnow()) for _ in range(20)]

    async def body() -> None:
        async with desks(database, hours, 50) as (broadcaster, seats):
            for reference in references * 3:
                broadcaster.nudge(INBOX, {"kind": "ticket", "reference": reference})
            for seat in seats:
                told = await until(seat, lambda seen: len(seen) >= 20)
                assert sorted(event["ticket"]["reference"] for event in told) == sorted(references)
        assert readings == [20]

    run(body)


def test_a_row_is_the_one_the_list_shows(database: Database, hours: Desk) -> None:
    reference = Chat(database).ticket(hours, utcnow())

    async def body() -> None:
        async with desks(database, hours, 1) as (broadcaster, (seat,)):
            broadcaster.nudge(INBOX, {"kind": "ticket", "reference": reference})
            (event,) = await until(seat, bool)
        with database.read() as connection:
            found = listing.find(connection, Filters(), me="ana", now=utcnow())
            (row,) = shown(connection, [item.ticket for item in found], hours, utcnow())
        told = event["ticket"]
        for each in (row, told):
            if each["sla"]["next"]:
                each["sla"]["next"].pop("seconds_left")      # another second may have begun
        assert told == json.loads(json.dumps(row))
        assert (event["kind"], event["status"], event["assignee"]) == ("ticket", "new", None)

    run(body)


def test_what_others_did_is_heard_of_without_their_saying_so(database: Database, hours: Desk) -> None:
    reference = Chat(database).ticket(hours, utcnow())

    async def body() -> None:
        async with desks(database, hours, 1) as (_, (seat,)):
            await database.run_write(lambda c: service.take(c, reference, ANA))
            told = await until(seat, bool)
        assert [event["ticket"]["assignee"] for event in told] == ["ana"]

    run(body)


def test_a_customers_words_reach_the_desks_only_where_there_is_a_ticket(database: Database, hours: Desk) -> None:
    with_ticket, without = Chat(database), Chat(database)
    reference = with_ticket.ticket(hours, utcnow())

    async def body() -> None:
        async with desks(database, hours, 1) as (broadcaster, (seat,)):
            for chat in (without, with_ticket):
                broadcaster.nudge(INBOX, {"kind": "activity", "conversation_id": chat.id, "author": "customer", "event": "message"})
            (event,) = await until(seat, bool)
        assert (event["kind"], event["author"], event["reference"]) == ("activity", "customer", reference)
        assert event["conversation_id"] == with_ticket.id

    run(body)


def test_a_customers_words_are_not_lost_behind_the_notices_they_bring_about(database: Database, hours: Desk) -> None:
    chat = Chat(database)
    reference = chat.ticket(hours, utcnow())

    def event(seq: int, kind: str, author: str) -> Event:
        return Event(chat.id, seq, "2026-01-01T00:00:00Z", kind, author, {})

    async def body() -> None:
        async with desks(database, hours, 1) as (broadcaster, (seat,)):
            broadcaster.publish([event(90, "message", "customer"), event(91, "ticket", "system"), event(92, "handover", "system")])
            broadcaster.publish([event(93, "ticket", "agent")])
            told = await until(seat, bool)
        assert [(one["author"], one["event"], one["reference"]) for one in told] == [("customer", "message", reference)]

    run(body)


def test_a_merged_customers_words_are_activity_of_the_ticket_that_goes_on(database: Database, hours: Desk) -> None:
    kept, middle, gone = Chat(database), Chat(database), Chat(database)
    into, between, duplicate = (chat.ticket(hours, utcnow()) for chat in (kept, middle, gone))
    with database.write() as connection:
        merge(connection, duplicate, ANA, into=between)
        merge(connection, between, ANA, into=into)

    async def body() -> None:
        async with desks(database, hours, 1) as (broadcaster, (seat,)):
            for chat, author in ((gone, "customer"), (kept, "agent")):
                broadcaster.nudge(INBOX, {"kind": "activity", "conversation_id": chat.id, "author": author, "event": "message"})
            told = await until(seat, lambda seen: any(event["reference"] == into for event in seen))
        (event,) = [event for event in told if event["reference"] == into]
        assert (event["kind"], event["author"], event["conversation_id"]) == ("activity", "customer", kept.id)

    run(body)


def test_more_than_can_be_sent_is_told_as_one_word(database: Database, hours: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_module, "MOST_ROWS", 3)
    references = [Chat(database).ticket(hours, utcnow()) for _ in range(4)]

    async def body() -> None:
        async with desks(database, hours, 1) as (broadcaster, (seat,)):
            for reference in references:
                broadcaster.nudge(INBOX, {"kind": "ticket", "reference": reference})
            assert await until(seat, bool) == [{"kind": "tickets"}]
            broadcaster.nudge(INBOX, {"kind": "typing", "author": "agent", "reference": references[0]})
            assert await until(seat, bool) == [{"kind": "typing", "author": "agent", "reference": references[0]}]

    run(body)


def test_a_desk_that_does_not_read_keeps_little_and_is_told_to_look(database: Database, hours: Desk) -> None:
    async def body() -> None:
        async with desks(database, hours, 1) as (_, (seat,)):
            for number in range(1000):
                seat.tell(f'data: {{"kind": "typing", "n": {number}}}\n\n')
            told = events(await seat.wait(5))
        assert len(told) <= 200
        assert {"kind": "tickets"} in told
        assert told[-1]["n"] == 999

    run(body)


def test_the_stream_is_for_those_who_may_see_tickets(web: Web) -> None:
    assert web.staff("analyst").get("/events").status_code == 403
    customer = web.customer()
    reference = web.http.post(f"{customer.url}/handover", headers=customer.headers, json={}).json()["ticket"]
    agent = web.staff("agent")
    with agent.stream("GET", "/events") as stream:
        lines = stream.iter_lines()
        assert next(lines).startswith("retry:")
        agent.post(f"/tickets/{reference}/note", json={"text": "à rappeler"})
        event = next(json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: "))
    assert event["ticket"]["reference"] == reference
    assert "packet" not in event["ticket"]


def test_two_at_once_end_with_the_newest_row(database: Database, hours: Desk) -> None:
    reference = Chat(database).ticket(hours, utcnow())

    async def body() -> None:
        async with desks(database, hours, 1) as (broadcaster, (seat,)):
            for who in (ANA, LUC):
                def job(connection: Any, who: Any = who) -> None:
                    ticket = store.get(connection, reference, lock=True)
                    store.act(connection, ticket, "assign", "lea", assignee=who.username)

                await database.run_write(job)
                broadcaster.nudge(INBOX, {"kind": "ticket", "reference": reference})
            told = await until(seat, lambda seen: any(event["assignee"] == "luc" for event in seen))
        versions = [event["ticket"]["version"] for event in told]
        assert versions == sorted(versions)

    run(body)
