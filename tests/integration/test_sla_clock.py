"""The SLA clock on both engines: told once, missed never, whatever the clock does."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa
import time_machine
from ticket_support import ANA, LEA, Chat, utc

from bot.errors import BadInput, Conflict
from bot.storage.database import Database
from bot.storage.schema import notifications, sla_clocks, sla_firings
from bot.tickets import policies, service, sla_run, sla_store, store, versioned
from bot.tickets.hours import Desk, parse_hours
from bot.tickets.views import shown

MONDAY = utc("2026-11-23 09:00")      # 10:00 in Paris


def tick(database: Database, hours: Desk, at: str) -> int:
    with database.write() as connection:
        return sla_run.run(connection, hours, utc(at))


def firings(database: Database) -> list[tuple[str, str]]:
    with database.read() as connection:
        return [(row.target, row.kind) for row in connection.execute(
            sa.select(sla_firings).order_by(sla_firings.c.id))]


@pytest.fixture
def ticket(database: Database, hours: Desk):
    with time_machine.travel(MONDAY, tick=False):
        return Chat(database).ticket(hours, MONDAY)


def test_warned_at_three_quarters_and_told_of_the_breach_once_each(database, hours, ticket):
    assert tick(database, hours, "2026-11-23 09:44") == 0
    assert tick(database, hours, "2026-11-23 09:45") == 1
    assert tick(database, hours, "2026-11-23 09:45") == 0
    assert tick(database, hours, "2026-11-23 09:59") == 0
    assert tick(database, hours, "2026-11-23 10:00") == 1
    assert tick(database, hours, "2026-11-23 09:00") == 0          # the clock went back
    assert tick(database, hours, "2026-11-23 10:00") == 0
    assert tick(database, hours, "2026-11-23 12:00") == 0
    assert firings(database) == [("first_response", "share"), ("first_response", "breach")]
    with database.read() as connection:
        assert [row["kind"] for row in sla_run.alerts(connection, "lea")] == ["breach", "share"]
        assert sla_run.alerts(connection, "ana") == []              # not hers
        lines = store.history(connection, ticket)
    assert [line["action"] for line in lines] == ["open", "sla_warning", "sla_breach"]


def test_a_worker_that_was_away_misses_nothing_and_tells_the_gravest(database, hours, ticket):
    assert tick(database, hours, "2026-11-25 12:00") == 1           # two days later
    assert firings(database) == [("first_response", "share"), ("first_response", "breach")]
    with database.read() as connection:
        assert [row["kind"] for row in sla_run.alerts(connection, "lea")] == ["breach"]


def test_an_answer_that_came_too_late_while_nobody_looked_is_a_breach_all_the_same(database, hours, ticket):
    with time_machine.travel(utc("2026-11-23 10:30"), tick=False), database.write() as connection:
        service.reply(connection, ticket, ANA, "Bonjour")
    assert tick(database, hours, "2026-11-23 10:31") == 1
    assert firings(database) == [("first_response", "breach")]


def test_a_row_whose_hours_never_suffice_is_refused_and_a_kept_one_shuts_neither_inbox_nor_clock(database, hours, ticket):
    value = policies.check({"calendars": {"court": {"hours": "tue 14:00-16:00"}}, "policies": [
        {"queue": "*", "priority": "*", "calendar": "court", "first_response": 30, "resolution": 43200}]})
    with pytest.raises(BadInput, match="four years"), database.write() as connection:
        policies.save(connection, value, base=0, author="lea", desk=hours)
    with database.write() as connection:
        versioned.save(connection, policies.NAME, value, base=0, author="lea")
        sla_store.forget_all(connection)
    assert tick(database, hours, "2026-11-24 13:30") == 1           # Tuesday in Paris: 14:30, a breach
    with database.read() as connection:
        view = shown(connection, [store.get(connection, ticket)], hours, utc("2026-11-24 13:30"))[0]
    due = {clock["target"]: clock["due_at"] for clock in view["sla"]["clocks"]}
    assert due == {"first_response": "2026-11-24T13:30:00.000Z", "resolution": None}


def test_new_opening_hours_move_the_clocks_that_run(database, hours, ticket):
    def due() -> str:
        with database.read() as connection:
            return connection.execute(sa.select(sla_clocks.c.due_at).where(
                sla_clocks.c.target == "first_response")).scalar_one()

    with database.write() as connection:
        sla_store.heed(connection, hours)
    tick(database, hours, "2026-11-23 09:10")
    assert due() == "2026-11-23T10:00:00.000Z"
    later = Desk(hours.zone, parse_hours("mon-fri 13:00-20:00"), "FR")
    with database.read() as connection:
        assert sla_store.heeded(connection, hours)
        assert not sla_store.heeded(connection, later)
    with database.write() as connection:
        sla_store.heed(connection, later)
    tick(database, later, "2026-11-23 09:11")
    assert due() == "2026-11-23T13:00:00.000Z"


def test_an_answer_in_time_is_met_and_nothing_is_said(database, hours, ticket):
    with time_machine.travel(utc("2026-11-23 09:30"), tick=False), database.write() as connection:
        service.reply(connection, ticket, ANA, "Bonjour")
    assert tick(database, hours, "2026-11-24 18:00") == 0
    with database.read() as connection:
        view = shown(connection, [store.get(connection, ticket)], hours, utc("2026-11-24 18:00"))[0]
    states = {clock["target"]: clock["state"] for clock in view["sla"]["clocks"]}
    assert states == {"first_response": "met", "resolution": "paused"}
    assert (view["sla"]["next"], view["sla"]["breached"]) == (None, False)


def test_the_agent_and_the_lead_are_told_and_the_long_ones_the_day_before(database, hours, ticket):
    with time_machine.travel(utc("2026-11-23 09:10"), tick=False), database.write() as connection:
        service.take(connection, ticket, ANA)
    assert tick(database, hours, "2026-11-23 12:00") == 1
    # 50 business hours from Monday 10:00: 10 + 12 + 12 + 12 = 46 by Thursday night, 4 more on Friday.
    assert tick(database, hours, "2026-11-26 10:59") == 1           # three quarters: 37.5 h
    assert tick(database, hours, "2026-11-26 11:00") == 1           # Thursday noon: the day before
    assert tick(database, hours, "2026-11-27 11:00") == 1
    assert firings(database)[2:] == [("resolution", "share"), ("resolution", "day_before"), ("resolution", "breach")]
    with database.read() as connection:
        assert [row["kind"] for row in sla_run.alerts(connection, "ana")] == ["breach", "day_before", "share", "breach"]
        left = connection.execute(sa.select(notifications.c.username, notifications.c.kind)
                                  .order_by(notifications.c.id)).all()
    assert [tuple(row) for row in left[:2]] == [("ana", "sla_breach"), ("lea", "sla_breach")]
    assert len(left) == 8


def test_a_clock_says_nothing_before_its_ticket_was_looked_at_again(database, hours):
    with time_machine.travel(MONDAY, tick=False):
        answered = [Chat(database).ticket(hours, MONDAY) for _ in range(3)]
    tick(database, hours, "2026-11-23 09:01")
    for minute, reference in enumerate(answered):      # in time, while the worker was away
        with time_machine.travel(utc(f"2026-11-23 09:1{minute}"), tick=False), database.write() as connection:
            service.reply(connection, reference, ANA, "Bonjour")
    for _ in range(4):
        with database.write() as connection:
            assert sla_run.run(connection, hours, utc("2026-11-23 12:00"), limit=1) == 0
    assert firings(database) == []


def test_two_workers_at_once_tell_it_once(database, hours, ticket):
    errors = []

    def work():
        try:
            tick(database, hours, "2026-11-23 12:00")
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert len(firings(database)) == 2


def test_new_policies_apply_to_live_tickets_and_leave_the_past(database, hours, ticket):
    tick(database, hours, "2026-11-23 09:01")
    value = {"policies": [{"queue": "*", "priority": "*", "calendar": "desk", "first_response": 5}]}
    with database.write() as connection:
        made, notes = policies.save(connection, value, base=0, author="lea", desk=hours)
        sla_store.forget_all(connection)
    assert (made.number, notes) == (1, [])
    assert tick(database, hours, "2026-11-23 09:05") == 1
    with database.read() as connection:
        rows = connection.execute(sa.select(sla_clocks.c.target, sla_clocks.c.goal_seconds)).all()
    assert [tuple(row) for row in rows] == [("first_response", 300)]


def test_two_leads_at_once_the_second_is_told_who_and_when(database, hours):
    value = {"policies": [{"first_response": 5}]}
    with database.write() as connection:
        policies.save(connection, value, base=0, author="lea", desk=hours)
    with pytest.raises(Conflict, match="lea saved version 1 on 2") as caught, database.write() as connection:
        policies.save(connection, value, base=0, author="mehdi", desk=hours)
    assert caught.value.context["by"] == "lea"
    with pytest.raises(BadInput), database.write() as connection:
        policies.save(connection, {}, base=1, author="lea", desk=hours)
    with database.read() as connection:
        assert [v["version"] for v in versioned.versions(connection, "sla")] == [1]
        assert versioned.version(connection, "sla", 1).author == "lea"
    assert LEA.username == "lea"


def test_two_leads_truly_at_once(database):
    barrier, outcomes = threading.Barrier(2), []

    def save(name: str) -> None:
        barrier.wait()
        try:
            with database.write() as connection:
                versioned.save(connection, "routing", {"by": name}, base=0, author=name)
            outcomes.append("saved")
        except Conflict:
            outcomes.append("told")

    threads = [threading.Thread(target=save, args=(name,)) for name in ("lea", "mehdi")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["saved", "told"]
