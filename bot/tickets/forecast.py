"""Which tickets will miss their target at today's pace: place in line over answers an hour, against the deadline."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.errors import BadInput
from bot.storage.clock import iso, parse
from bot.storage.schema import sla_clocks, ticket_events, tickets
from bot.tickets import policies as policy_store
from bot.tickets.business_time import add, between
from bot.tickets.hours import Desk

_C, _E, _T = sla_clocks.c, ticket_events.c, tickets.c
_WINDOWS = (4, 24, 72)          # hours looked back at: the shortest with enough in it
_LEAST_OPEN, _LEAST_DONE = 900.0, 3
_SOON_HOURS = 4                 # without any pace, only what is due soon is at risk
#: What settles a target, as an action in the history.
_DONE_BY = {"first_response": ("reply", "resolve"), "next_response": ("reply", "resolve"),
            "resolution": ("resolve",)}


def forecast(connection: Connection, desk: Desk, now: datetime) -> list[dict[str, Any]]:
    """Running clocks that will be missed, the soonest due first, each in the hours of its service level.

    ``desk`` is that of the settings, for service levels that name it.
    ``expected_at`` is when this ticket's turn comes at the pace of its queue; None where nothing was done
    lately that would give one. ``late_seconds`` is by the wall clock. Already missed ones are not forecast.
    """
    rows = connection.execute(
        sa.select(_C.target, _C.due_at, _T.reference, _T.queue, _T.priority, _T.opened_at, _T.assignee,
                  _T.summary)
        .join(tickets, _T.reference == _C.reference)
        .where(_C.state == "running", _C.due_at > iso(now), _C.target.in_(sorted(_DONE_BY)))
        .order_by(_T.priority, _T.opened_at, _T.reference)).mappings().all()
    overdue = connection.execute(
        sa.select(_C.target, _T.queue, sa.func.count().label("n"))
        .join(tickets, _T.reference == _C.reference)
        .where(_C.state == "running", _C.due_at <= iso(now))
        .group_by(_C.target, _T.queue)).all()
    place: dict[tuple[str, str], int] = defaultdict(int)
    for line in overdue:        # they are served first
        place[(line.target, line.queue)] = int(line.n)
    policies = policy_store.current(connection, desk)
    pace: dict[tuple[str, str, Desk | None], float | None] = {}
    found = []
    for row in rows:
        key = (row["target"], row["queue"])
        place[key] += 1
        policy = policies.of(row["queue"], row["priority"])
        hours = desk if policy is None else policy.desk
        timed = (row["target"], row["queue"], hours)
        if timed not in pace:
            pace[timed] = pace_of(connection, hours, row["queue"], row["target"], now)
        expected = _turn(hours, now, place[key], pace[timed])
        due = parse(row["due_at"])
        late = expected > due if expected is not None else due <= now + timedelta(hours=_SOON_HOURS)
        if late:
            found.append({
                **{name: row[name] for name in ("reference", "target", "queue", "assignee", "summary", "due_at")},
                "position": place[key], "expected_at": iso(expected) if expected else None,
                "late_seconds": round((expected - due).total_seconds()) if expected else None})
    return sorted(found, key=lambda line: (line["due_at"], line["reference"]))


def pace_of(connection: Connection, desk: Desk | None, queue: str, target: str, now: datetime) -> float | None:
    """Tickets of a queue settled for a target in a second of opening time, lately; None if too few."""
    for hours in _WINDOWS:
        start = now - timedelta(hours=hours)
        done = connection.execute(
            sa.select(sa.func.count(sa.distinct(_E.reference)))
            .join(tickets, _T.reference == _E.reference)
            .where(_T.queue == queue, _E.at >= iso(start), _E.at <= iso(now),
                   _E.action.in_(_DONE_BY[target]))).scalar_one()
        seconds = between(desk, start, now)
        if seconds >= _LEAST_OPEN and done >= _LEAST_DONE:
            return float(done / seconds)
    return None


def _turn(desk: Desk | None, now: datetime, position: int, pace: float | None) -> datetime | None:
    if not pace:
        return None
    try:
        return add(desk, now, position / pace)
    except BadInput:      # the desk never opens for that long
        return None
