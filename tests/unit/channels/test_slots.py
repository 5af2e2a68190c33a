"""Slots from opening hours, with the clock as an argument."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from bot.channels.slots import SlotRules, starts
from bot.tickets.hours import Desk, parse_hours

PARIS = ZoneInfo("Europe/Paris")
DESK = Desk(PARIS, parse_hours("mon-fri 09:00-12:15,14:00-18:00"), "FR")
RULES = SlotRules(minutes=30, capacity=2, days=2, lead=30, remind=10)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


def shown(now: str, desk: Desk = DESK, rules: SlotRules = RULES) -> list[str]:
    return [at.astimezone(desk.zone).strftime("%d %H:%M") for at in starts(desk, rules, local(now))]


def test_slots_are_whole_and_inside_opening_hours() -> None:
    found = shown("2026-03-04T08:00")
    assert found[:7] == ["04 09:00", "04 09:30", "04 10:00", "04 10:30", "04 11:00", "04 11:30", "04 14:00"]
    assert "04 17:30" in found
    assert found[-1] == "05 17:30"


def test_the_lead_is_kept_and_a_day_with_nothing_left_does_not_count() -> None:
    assert shown("2026-03-04T16:50")[0] == "04 17:30"
    late = shown("2026-03-04T17:10")
    assert late[0] == "05 09:00"
    assert late[-1] == "06 17:30"


def test_weekends_and_public_holidays_have_none() -> None:
    assert shown("2026-04-30T19:00")[0] == "04 09:00"     # 1 May is a holiday, then a weekend


def test_no_capacity_and_no_hours_offer_nothing() -> None:
    assert shown("2026-03-04T08:00", rules=SlotRules(30, 0, 2, 30, 10)) == []
    assert shown("2026-03-04T08:00", desk=Desk(PARIS, parse_hours(""), "")) == []


def test_midnight_and_the_change_of_clocks_keep_slots_whole() -> None:
    always = Desk(PARIS, parse_hours("mon-sun 00:00-24:00"), "")
    found = starts(always, SlotRules(60, 1, 1, 0, 0), local("2026-03-29T00:00"))
    assert len(found) == 23                                # the night that has 23 hours
    assert len(starts(always, SlotRules(60, 1, 1, 0, 0), local("2026-10-25T00:00"))) == 25


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)), st.integers(5, 120), st.integers(0, 600))
def test_every_slot_is_in_the_future_open_and_apart(now: datetime, minutes: int, lead: int) -> None:
    at = now.replace(tzinfo=timezone.utc)
    found = starts(DESK, SlotRules(minutes, 1, 3, lead, 10), at)
    assert found == sorted(set(found))
    for start in found:
        assert start >= at + timedelta(minutes=lead)
        assert DESK.is_open(start)
        assert DESK.is_open(start + timedelta(minutes=minutes) - timedelta(seconds=1))
