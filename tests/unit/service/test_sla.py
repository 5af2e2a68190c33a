"""Service-level clocks as a function of a ticket's history; policies and their checks."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from bot.errors import BadInput
from bot.storage.clock import iso
from bot.tickets import policies
from bot.tickets.hours import Desk, parse_hours
from bot.tickets.policies import DEFAULT, build, check
from bot.tickets.sla import clocks
from bot.tickets.versioned import Version

DESK = Desk(ZoneInfo("Europe/Paris"), parse_hours("mon-fri 08:00-20:00; sat 09:00-18:00"), "FR")
START = datetime(2026, 11, 26, 9, 0, tzinfo=timezone.utc)      # a Thursday, 10:00 in Paris
HOUR = timedelta(hours=1)


def made(value=DEFAULT):
    return build(Version(1, value, "lea", ""), DESK)


def line(hours: float, action: str, to: str, author: str = "ana", **detail):
    return {"at": iso(START + hours * HOUR), "action": action, "author": author, "to_status": to, "detail": detail}


def found(history, at: float, priority: int = 2, queue: str = "facture"):
    ticket = {"queue": queue, "priority": priority, "opened_at": iso(START)}
    rows = clocks(ticket, [line(0, "open", "new", "customer"), *history], made(), START + at * HOUR)
    return {(clock.target, clock.cycle): clock for clock in rows}


def test_first_response_runs_until_the_first_answer():
    clock = found([], 0.5)[("first_response", 1)]
    assert (clock.state, clock.due_at, clock.used) == ("running", START + HOUR, 1800)
    assert clock.warn_at == START + 0.75 * HOUR
    assert clock.day_before_at is None
    late = found([line(2, "take", "open"), line(3, "reply", "pending")], 4)[("first_response", 1)]
    assert (late.state, late.ended_at) == ("missed", START + 3 * HOUR)
    good = found([line(0.5, "reply", "pending")], 4)[("first_response", 1)]
    assert (good.state, good.used) == ("met", 1800)


def test_resolution_stands_still_while_the_customer_or_something_else_is_waited_for():
    history = [line(1, "reply", "pending"), line(5, "customer", "open", "customer"),
               line(6, "hold", "on_hold"), line(8, "take", "open")]
    clock = found(history, 9)[("resolution", 1)]
    assert (clock.state, clock.used) == ("running", 3 * 3600)      # 0–1, 5–6, 8–9
    paused = found(history[:3], 7)[("resolution", 1)]
    assert (paused.state, paused.used, paused.due_at) == ("paused", 2 * 3600, None)
    ended = found([*history, line(9.5, "resolve", "solved")], 20)[("resolution", 1)]
    assert (ended.state, ended.used) == ("met", 3.5 * 3600)
    again = found([*history, line(9.5, "resolve", "solved"), line(24, "customer", "open", "customer")], 24.5)
    assert again[("resolution", 1)].state == "running"
    assert again[("resolution", 1)].used == 4 * 3600


def test_resolution_of_a_long_one_is_warned_of_the_day_before():
    clock = found([], 1)[("resolution", 1)]
    assert clock.due_at is not None
    assert clock.day_before_at == clock.due_at - timedelta(days=1)
    assert clock.goal == 50 * 3600


def test_next_response_runs_from_the_oldest_unanswered_message():
    history = [line(0.5, "customer", "new", "customer"), line(1, "reply", "pending"),
               line(2, "customer", "open", "customer"), line(3, "customer", "open", "customer"),
               line(4, "reply", "pending"), line(6, "customer", "open", "customer")]
    clock = found(history, 7)
    assert (clock[("next_response", 1)].state, clock[("next_response", 1)].started_at) == ("met", START + 2 * HOUR)
    assert clock[("next_response", 2)].state == "running"
    assert ("next_response", 3) not in clock


def test_news_promised_is_owed_until_an_answer():
    day = timedelta(days=3)
    promise = line(1, "follow_up", "open", promised_at=iso(START + day))
    clock = found([promise], 2)[("news", 1)]
    assert (clock.state, clock.due_at) == ("running", START + day)
    assert clock.day_before_at == START + timedelta(days=2)
    assert found([promise, line(24, "reply", "pending")], 30)[("news", 1)].state == "met"
    sent = found([promise, line(70, "follow_up_sent", "open", "system", promised_at=iso(START + 2 * day))], 71)
    assert (sent[("news", 1)].state, sent[("news", 2)].state) == ("met", "running")
    assert found([promise], 80)[("news", 1)].moments()["breach"] == START + day


def test_a_merge_drops_and_a_solution_meets():
    assert found([line(0.2, "merge", "closed")], 1)[("first_response", 1)].state == "dropped"
    assert found([line(3, "merge", "closed")], 4)[("first_response", 1)].state == "missed"
    assert found([line(0.2, "resolve", "solved")], 1)[("first_response", 1)].state == "met"


def test_the_most_special_policy_counts_and_urgent_ones_never_sleep():
    night = datetime(2026, 11, 28, 23, 0, tzinfo=timezone.utc)
    rows = clocks({"queue": "urgent", "priority": 0, "opened_at": iso(night)}, [], made(), night)
    assert rows[0].due_at == night + timedelta(minutes=10)
    value = {**DEFAULT, "policies": [*DEFAULT["policies"], {
        "queue": "facture", "priority": "*", "calendar": "24/7", "first_response": 5}]}
    policy = made(value).of("facture", 2)
    assert policy is not None
    assert (policy.name, policy.goals) == ("facture/*", {"first_response": 300})


def test_a_policy_without_hours_counts_around_the_clock_and_says_so():
    value = {"policies": [{"queue": "*", "priority": "*", "first_response": 30}]}
    checked = check(value)
    assert policies.notes(checked, DESK) == ["*/* names no hours: it counts around the clock (24/7)."]
    sunday = datetime(2026, 11, 29, 3, 0, tzinfo=timezone.utc)
    rows = clocks({"queue": "x", "priority": 2, "opened_at": iso(sunday)}, [], made(checked), sunday)
    assert rows[0].due_at == sunday + timedelta(minutes=30)
    empty = check({"calendars": {"soir": {"hours": " "}},
                   "policies": [{"queue": "*", "priority": "*", "calendar": "soir", "first_response": 30}]})
    assert "empty" in policies.notes(empty, DESK)[0]
    gone = check({"policies": [{"queue": "*", "priority": "*", "calendar": "parti", "first_response": 30}]})
    assert "do not exist" in policies.notes(gone, DESK)[0]
    assert made(gone).of("x", 2).desk is None
    only = check({"policies": [{"queue": "facture", "priority": "*", "calendar": "desk", "first_response": 30}]})
    assert "no service level" in policies.notes(only, DESK)[0]


def test_hours_that_never_open_count_around_the_clock_and_it_is_said():
    value = check({"calendars": {"jamais": {"hours": " ; "}},
                   "policies": [{"queue": "*", "priority": "*", "calendar": "jamais", "first_response": 30}]})
    assert "empty" in policies.notes(value, DESK)[0]
    assert made(value).of("x", 2).desk is None


@pytest.mark.parametrize(("hours", "minutes"), [("mon-fri 09:00-17:00", 525600), ("tue 14:00-16:00", 43200)])
def test_hours_too_short_for_a_target_are_refused_and_break_no_clock(hours, minutes):
    value = check({"calendars": {"court": {"hours": hours}}, "policies": [
        {"queue": "facture", "priority": "*", "calendar": "court", "first_response": 30, "resolution": minutes}]})
    with pytest.raises(BadInput, match=f"facture/\\*: its hours do not add up to {minutes} minutes"):
        policies.must_open(value, DESK, START)
    policies.must_open(DEFAULT, DESK, START)
    ticket = {"queue": "facture", "priority": 2, "opened_at": iso(START)}      # saved before that was looked at
    first, resolution = clocks(ticket, [line(0, "open", "new", "customer")], made(value), START + HOUR)
    assert first.due_at is not None
    assert (resolution.state, resolution.due_at) == ("running", None)


@pytest.mark.parametrize(("value", "words"), [
    ({}, "list of 1 to 200"),
    ({"policies": []}, "list of 1 to 200"),
    ({"policies": [1]}, "Row 1 is not"),
    ({"policies": [{"queue": "*", "priority": "high!"}]}, "Row 1: priority"),
    ({"policies": [{"queue": "*", "priority": "*"}]}, "sets no target"),
    ({"policies": [{"queue": "*", "priority": "*", "first_response": -3}]}, "whole number of minutes"),
    ({"policies": [{"queue": "*", "priority": "*", "first_response": 1.5}]}, "whole number of minutes"),
    ({"policies": [{"first_response": 5}, {"first_response": 6}]}, "keep one"),
    ({"policies": [{"first_response": 5}], "warn_share": 2}, "warn_share"),
    ({"policies": [{"first_response": 5}], "calendars": {"a": {"hours": "mon 25-26"}}}, "cannot read"),
    ({"policies": [{"first_response": 5}], "calendars": {"a": {"hours": "mon 08:00-09:00", "timezone": "Mars"}}}, "no time zone"),
    ({"policies": [{"first_response": 5}], "calendars": {"a": {"hours": "mon 08:00-09:00", "holidays": "XX"}}}, "no holiday calendar"),
    ({"policies": [{"first_response": 5}], "calendars": {"desk": {"hours": "mon 08:00-09:00"}}}, "name of our own"),
])
def test_policies_that_cannot_work_are_refused_in_words(value, words):
    with pytest.raises(BadInput, match=words):
        check(value)


def test_what_is_shipped_passes_its_own_check():
    assert check(DEFAULT)["policies"]
    assert policies.notes(DEFAULT, DESK) == []
