"""Arithmetic in business time: seconds during which a desk is open.

Pure. Opening spans are local times of the desk's zone, turned into UTC day by day, so a day on which
the clocks change has 23 or 25 hours and everything after it is right. ``None`` for a desk means around
the clock. All datetimes are aware.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, timezone

from bot.errors import BadInput
from bot.tickets.hours import Desk

_UTC = timezone.utc
LONGEST_DAYS = 1500      # nothing is promised for longer; a desk that opens less has no business time


def add(desk: Desk | None, start: datetime, seconds: float) -> datetime:
    """The moment by which ``seconds`` of business time have passed since ``start`` (UTC).

    Grows with ``start`` and ``seconds``; ``between(start, add(start, s)) == s``. Raises BadInput where
    the desk never opens long enough.
    """
    if seconds < 0:
        raise BadInput("Business time is added, not taken away.", key="hours_backwards")
    at = start.astimezone(_UTC)
    if desk is None:
        return at + timedelta(seconds=seconds)
    left = timedelta(seconds=seconds)
    for opens, closes in spans(desk, at):
        if left <= closes - opens:
            return opens + left
        left -= closes - opens
    raise BadInput("These hours never open for that long.", key="hours_never")


def between(desk: Desk | None, start: datetime, end: datetime) -> float:
    """Business seconds from ``start`` to ``end``; 0 where ``end`` is not after ``start``."""
    first, last = start.astimezone(_UTC), end.astimezone(_UTC)
    if last <= first:
        return 0.0
    if desk is None:
        return (last - first).total_seconds()
    total = timedelta()
    for opens, closes in spans(desk, first):
        if opens >= last:
            break
        total += min(closes, last) - opens
    return total.total_seconds()


def spans(desk: Desk, start: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Opening spans in UTC from ``start`` on, in order and without overlap; the first may be under way."""
    at = start.astimezone(_UTC)
    day = at.astimezone(desk.zone).date() - timedelta(days=1)
    for _ in range(LONGEST_DAYS):
        for opens, closes in desk.day(day):
            begin = max(at, _moment(desk, day, opens))
            end = _end(desk, day, closes)
            if end > begin:
                yield begin, end
                at = end
        day += timedelta(days=1)


def _moment(desk: Desk, day: date, clock: time) -> datetime:
    """A local time as UTC. In the hour that is skipped in spring: the moment of the change."""
    local = datetime.combine(day, clock, desk.zone)
    at = local.astimezone(_UTC)
    if at.astimezone(desk.zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        return at
    after = local.replace(fold=1).utcoffset()      # in a gap, fold=1 reads with the offset after it
    before = local.replace(fold=0).utcoffset()
    assert after is not None
    assert before is not None
    return _change_between(desk, local.replace(tzinfo=None) - max(before, after),
                           local.replace(tzinfo=None) - min(before, after))


def _change_between(desk: Desk, low: datetime, high: datetime) -> datetime:
    """The moment between two UTC times at which the zone's offset changes, by halving to the second."""
    low, high = low.replace(tzinfo=_UTC), high.replace(tzinfo=_UTC)
    offset = low.astimezone(desk.zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) // 2
        if middle.astimezone(desk.zone).utcoffset() == offset:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)


def _end(desk: Desk, day: date, clock: time) -> datetime:
    """The end of a span: 24:00 is the next midnight, and an hour that comes twice ends the second time."""
    if clock == time.max:
        return _moment(desk, day + timedelta(days=1), time(0))
    local = datetime.combine(day, clock, desk.zone)
    return max(_moment(desk, day, clock), _moment_folded(local))


def _moment_folded(local: datetime) -> datetime:
    folded = local.replace(fold=1)
    at = folded.astimezone(_UTC)
    back = at.astimezone(folded.tzinfo).replace(tzinfo=None)
    if back == folded.replace(tzinfo=None):
        return at
    return datetime.min.replace(tzinfo=_UTC)      # in the skipped hour: the other reading counts
