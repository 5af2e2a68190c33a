"""Business time: exact over nights, holidays and clock changes; monotone and invertible."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.errors import BadInput
from bot.tickets.business_time import add, between, spans
from bot.tickets.hours import Desk, parse_hours

PARIS = ZoneInfo("Europe/Paris")
DESK = Desk(PARIS, parse_hours("mon-fri 08:00-12:00,13:00-20:00; sat 09:00-18:00"), "FR")
NIGHT = Desk(PARIS, parse_hours("mon-sun 01:30-02:30,02:45-04:00"))
AROUND = Desk(PARIS, parse_hours("mon-sun 00:00-24:00"))
ROUND_THE_WORLD = Desk(ZoneInfo("Australia/Lord_Howe"), parse_hours("mon-sun 00:00-03:00,22:00-24:00"), "AU")
DESKS = st.sampled_from([DESK, NIGHT, AROUND, ROUND_THE_WORLD, None])
TIMES = st.datetimes(datetime(2024, 1, 1), datetime(2029, 1, 1), timezones=st.just(timezone.utc))
SECONDS = st.floats(0, 40 * 3600, allow_nan=False)
#: A busy machine is no failure.
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def paris(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


@pytest.mark.parametrize(("start", "hours", "end"), [
    ("2026-11-26 09:00", 2, "2026-11-26 11:00"),
    ("2026-11-26 11:00", 2, "2026-11-26 14:00"),         # over lunch
    ("2026-11-26 19:00", 2, "2026-11-27 09:00"),         # over night
    ("2026-11-27 19:00", 2, "2026-11-28 10:00"),         # into Saturday
    ("2026-11-28 17:00", 2, "2026-11-30 09:00"),         # over Sunday
    ("2026-12-24 19:00", 2, "2026-12-26 10:00"),         # over Christmas
    ("2026-11-29 12:00", 1, "2026-11-30 09:00"),         # starts while closed
])
def test_adding_hours(start, hours, end):
    assert add(DESK, paris(start), hours * 3600) == paris(end)


def test_days_on_which_the_clocks_change_have_23_and_25_hours():
    assert between(AROUND, paris("2026-03-29 00:00"), paris("2026-03-30 00:00")) == 23 * 3600
    assert between(AROUND, paris("2026-10-25 00:00"), paris("2026-10-26 00:00")) == 25 * 3600
    assert between(NIGHT, paris("2026-03-29 00:00"), paris("2026-03-29 12:00")) == 1.5 * 3600    # 1:30–2, 3–4
    assert between(NIGHT, paris("2026-10-25 00:00"), paris("2026-10-25 12:00")) == 3.5 * 3600    # 1:30–2:30 twice over 2–3, 3–4


@patient
@given(DESKS, TIMES, SECONDS)
def test_adding_is_undone_by_measuring(desk, start, seconds):
    assert between(desk, start, add(desk, start, seconds)) == pytest.approx(seconds, abs=1e-4)


@patient
@given(DESKS, TIMES, SECONDS, SECONDS, st.floats(0, 10 * 86400))
def test_adding_is_monotone_in_both(desk, start, seconds, more, later):
    assert add(desk, start, seconds + more) >= add(desk, start, seconds)
    assert add(desk, start + timedelta(seconds=later), seconds) >= add(desk, start, seconds)


@patient
@given(DESKS, TIMES, SECONDS, SECONDS)
def test_adding_twice_is_adding_the_sum(desk, start, one, two):
    at = add(desk, add(desk, start, one), two)
    assert between(desk, start, at) == pytest.approx(one + two, abs=1e-3)


@patient
@given(DESKS.filter(bool), TIMES)
def test_spans_are_ordered_and_do_not_overlap(desk, start):
    end = start
    for (opens, closes), _ in zip(spans(desk, start), range(40), strict=False):
        assert end <= opens < closes
        end = closes


@patient
@given(DESKS.filter(bool), TIMES, st.floats(0, 5 * 86400))
def test_measuring_agrees_with_is_open(desk, start, length):
    """Business time and the opening hours the customer sees are the same hours, but in the hour that comes twice in
    autumn: who closes within it closes the second time it strikes."""
    for opens, closes in (span for span, _ in zip(spans(desk, start), range(4), strict=False)):
        middle = opens + (closes - opens) / 2
        local = middle.astimezone(desk.zone)
        twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
        assert twice or desk.is_open(middle)


def test_hours_that_never_open_are_refused_not_waited_for():
    with pytest.raises(BadInput, match="never open"):
        add(Desk(PARIS, parse_hours("")), paris("2026-11-26 09:00"), 60)
    with pytest.raises(BadInput):
        add(DESK, paris("2026-11-26 09:00"), -1)
    assert between(DESK, paris("2026-11-26 10:00"), paris("2026-11-26 09:00")) == 0
