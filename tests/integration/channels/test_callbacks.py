"""Call-backs on both databases: a place is given once, moved, given back, and agents are reminded once."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from web_support import ALWAYS, PASSWORD, make_settings, running

from bot.channels import callbacks
from bot.channels.slots import SlotRules, starts
from bot.conversations import intake, store
from bot.desk import notify, snooze
from bot.errors import BadInput, Conflict
from bot.handover.service import hand_over
from bot.staff import accounts
from bot.staff.accounts import Member
from bot.storage.clock import iso, utcnow
from bot.storage.database import Database
from bot.storage.migrate import upgrade
from bot.storage.schema import callbacks as table
from bot.tickets import service
from bot.tickets import store as tickets
from bot.tickets.hours import desk
from bot.tickets.merge import merge

ANA = Member("ana", "Ana", "agent")
AGENT = Member("agent", "Ana", "agent")
RULES = SlotRules(minutes=30, capacity=2, days=2, lead=0, remind=10)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    made = Database(database_url)
    upgrade(made)
    yield made
    made.close()


@pytest.fixture
def hours(tmp_path: Path) -> Any:
    return desk(make_settings(tmp_path, None, opening_hours=ALWAYS))


def caller(database: Database, hours: Any) -> tuple[str, str]:
    with database.write() as connection:
        conversation, _, _ = intake.begin(connection, locale="fr", page_url=None, language="fr")
        done = hand_over(connection, store.get(connection, conversation.id, lock=True), desk=hours, now=utcnow(),
                         channel="phone", contact="0639981234")
    return done.reference, conversation.id


def book(database: Database, hours: Any, who: tuple[str, str], slot: str) -> list[Any]:
    with database.write() as connection:
        return callbacks.book(connection, who[0], store.get(connection, who[1], lock=True), slot, desk=hours,
                              rules=RULES, now=utcnow())


def test_places_are_counted_moved_and_given_back(database, hours) -> None:
    first, second = (iso(at) for at in starts(hours, RULES, utcnow())[2:4])
    people = [caller(database, hours) for _ in range(3)]
    (event,) = book(database, hours, people[0], first)
    assert event.payload["callback_at"] == first
    assert book(database, hours, people[0], first) == []          # again: nothing changes
    book(database, hours, people[1], first)
    with pytest.raises(Conflict) as full:
        book(database, hours, people[2], first)
    assert full.value.context["key"] == "problem_slot_full"
    book(database, hours, people[0], second)                      # moving frees the place
    book(database, hours, people[2], first)
    with database.read() as connection:
        left = {slot["start"]: slot["left"] for slot in callbacks.offered(connection, hours, RULES, utcnow(), "fr")}
        assert (first in left, left[second]) == (False, 1)
        assert len(callbacks.agenda(connection)) == 3
    with database.write() as connection:
        service.resolve(connection, people[2][0], AGENT)
        callbacks.remind(connection, RULES, utcnow())
        assert callbacks.of_tickets(connection, [people[2][0]]) == {}


def test_many_at_once_never_get_more_places_than_there_are(database, hours) -> None:
    slot = iso(starts(hours, RULES, utcnow())[3])
    people = [caller(database, hours) for _ in range(8)]
    results: list[str] = []

    def attempt(who: tuple[str, str]) -> None:
        try:
            book(database, hours, who, slot)
            results.append("booked")
        except Conflict:
            results.append("full")

    threads = [threading.Thread(target=attempt, args=(who,)) for who in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["booked"] * 2 + ["full"] * 6
    with database.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() == 2


@pytest.mark.parametrize("slot", ["", "yesterday", "2020-01-01T09:00:00.000Z", "9999-99-99"])
def test_a_time_that_is_not_offered_is_refused(database, hours, slot) -> None:
    with pytest.raises(BadInput):
        book(database, hours, caller(database, hours), slot)


def test_agents_are_reminded_once_when_the_call_is_due(database, hours) -> None:
    at = starts(hours, RULES, utcnow())[4]
    who = caller(database, hours)
    book(database, hours, who, iso(at))
    with database.write() as connection:
        for member in (ANA, Member("luc", "Luc", "agent"), Member("lea", "Léa", "lead")):
            accounts.create(connection, username=member.username, first_name=member.first_name, role=member.role, password=PASSWORD)
        service.take(connection, who[0], ANA)
        snooze.snooze(connection, who[0], ANA, iso(at + timedelta(days=1)), utcnow())
    with database.write() as connection:
        assert callbacks.remind(connection, RULES, at - timedelta(minutes=11)) == 0
        assert callbacks.remind(connection, RULES, at - timedelta(minutes=9)) == 1
        assert callbacks.remind(connection, RULES, at) == 0
        assert callbacks.remind(connection, RULES, at - timedelta(hours=3)) == 0      # the clock went back
        codes = [line["detail"].get("code") for line in tickets.history(connection, who[0])]
        assert codes.count("callback_due") == 1
        assert snooze.until_of(connection, who[0], at) is None, "a call that is due is in sight"
        told = {name: notify.listed(connection, name) for name in ("ana", "lea", "luc")}
        assert [(n["kind"], n["reference"], n["detail"]) for n in told["ana"]] == [("callback", who[0], {"slot": iso(at)})]
        assert [len(told["lea"]), told["luc"]] == [1, []], "its agent and the leads, once"
        assert callbacks.of_tickets(connection, [who[0]])[who[0]]["contact"].endswith("1234")
        assert callbacks.done(connection, who[0], "agent")["done_at"]
        assert callbacks.agenda(connection) == []


def test_a_duplicates_call_goes_over_to_the_survivor_with_its_number(database, hours) -> None:
    at = starts(hours, RULES, utcnow())[4]
    duplicate = caller(database, hours)
    book(database, hours, duplicate, iso(at))
    with database.write() as connection:
        conversation, _, _ = intake.begin(connection, locale="fr", page_url=None, language="fr")
        kept = hand_over(connection, store.get(connection, conversation.id, lock=True), desk=hours, now=utcnow(),
                         channel="email", contact="camille@exemple.fr").reference
    with database.write() as connection:
        merge(connection, duplicate[0], AGENT, into=kept)
    with database.write() as connection:
        (call,) = callbacks.agenda(connection)
        assert (call["reference"], call["slot"]) == (kept, iso(at))
        assert call["contact"].replace(" ", "").endswith("639981234")
        callbacks.remind(connection, RULES, utcnow())
        assert callbacks.remind(connection, RULES, at - timedelta(minutes=5)) == 1
        (line,) = [line for line in tickets.history(connection, kept) if line["detail"].get("code") == "callback_due"]
        assert call["contact"] in line["detail"]["text"]
        assert callbacks.done(connection, kept, "agent")["done_at"]


def test_two_calls_become_one_and_none_is_merged_into_a_solved_ticket(database, hours) -> None:
    first, second = (iso(at) for at in starts(hours, RULES, utcnow())[3:5])
    kept, duplicate = caller(database, hours), caller(database, hours)
    book(database, hours, kept, second)
    book(database, hours, duplicate, first)
    with database.write() as connection:
        service.resolve(connection, kept[0], AGENT)
    with pytest.raises(Conflict) as refused, database.write() as connection:
        merge(connection, duplicate[0], AGENT, into=kept[0])
    assert refused.value.context["key"] == "merge_waiting"
    with database.write() as connection:
        merge(connection, kept[0], AGENT, into=duplicate[0])
    with database.write() as connection:
        callbacks.remind(connection, RULES, utcnow())
        assert [call["slot"] for call in callbacks.agenda(connection)] == [first]
        assert callbacks.of_tickets(connection, [kept[0]]) == {}


def test_a_customer_books_by_the_api_and_the_ticket_shows_it(tmp_path: Path) -> None:
    with running(tmp_path, None, callback_capacity=1) as web:
        slots = web.http.get(f"{web.url}/api/v1/callback-slots", params={"locale": "en"}).json()["slots"]
        assert {"start", "end", "label", "left"} <= set(slots[0])
        one, two = web.customer(), web.customer(locale="en")
        body = {"channel": "phone", "contact": "06 39 98 12 34", "slot": slots[1]["start"]}

        def ask(customer: Any, **more: Any) -> Any:
            return web.http.post(f"{customer.url}/handover", json=body | more, headers=customer.headers)

        booked = ask(one)
        assert booked.status_code == 202, booked.text
        assert ask(one).json() == booked.json()
        full = ask(two)
        assert full.status_code == 409
        assert "taken" in full.json()["detail"]
        assert web.staff("agent").get("/tickets").json()["tickets"][0]["reference"] == booked.json()["ticket"]
        assert len(web.staff("agent").get("/tickets").json()["tickets"]) == 1       # refused means nothing stored
        assert ask(two, channel="email", contact="a@example.org").status_code == 400
        shown = web.staff("agent").get(f"/tickets/{booked.json()['ticket']}").json()
        assert shown["callback"]["slot"] == slots[1]["start"]
        events = [e for e in one.events() if e.get("callback_at")]
        assert [e["kind"] for e in events] == ["handover"]
        web.http.post(f"{one.url}/handover", json={"channel": "chat"}, headers=one.headers)
        assert ask(two).status_code == 202                                          # the place was given back
        assert len(web.staff("agent").get("/callbacks").json()["callbacks"]) == 1
        reference = ask(two).json()["ticket"]
        assert web.staff("agent").post(f"/callbacks/{reference}/done").json()["done_at"]
        assert web.staff("analyst").get("/callbacks").status_code == 403
        assert uuid.UUID(one.id)
