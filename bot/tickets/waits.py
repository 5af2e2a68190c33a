"""The wait a customer is told, and whether it was kept.

Each hand-over to a chat queue leaves a row: its place, the people present, and what was told. A past wait
times the people there, over the place, is the time one person took for one place (a queue's own unit); its
80th percentile over recent tickets, times the place over the people now, is what the next customer is told.
With the ``ceil(0.8 (n + 1))``-th of ``n`` past values it would have been kept for four out of five
(split conformal prediction: Vovk et al. 2005), as long as the queue works as it did.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.storage.clock import iso, parse
from bot.storage.schema import ticket_waits, tickets
from bot.tickets.business_time import between
from bot.tickets.hours import Desk

_W, _T = ticket_waits.c, tickets.c
SHARE = 0.8
ENOUGH = 5                 # fewer past waits say nothing
_HISTORY, _HISTORY_DAYS = 100, 14


def predict(
    connection: Connection, desk: Desk, queue: str | None, position: int, people: int, now: datetime
) -> int | None:
    """Seconds that four of five at this place would not exceed; None where history is too short, nobody is
    there, or the desk closes before."""
    if people < 1 or position < 1:
        return None
    unit = percentile(_units(connection, desk, queue, now))
    if unit is None:
        return None
    seconds = math.ceil(unit * position / people)
    until = now + timedelta(seconds=seconds)
    return seconds if between(desk, now, until) >= seconds - 1 else None


def percentile(values: Sequence[float]) -> float | None:
    """The conformal 80th percentile; None of too few."""
    if len(values) < ENOUGH:
        return None
    rank = min(len(values), math.ceil(SHARE * (len(values) + 1)))
    return sorted(values)[rank - 1]


def record(
    connection: Connection, reference: str, queue: str, *, seconds: int | None, position: int,
    people: int, now: datetime,
) -> None:
    """Keep what was told (rounded up to the minute that was said), or that nothing was."""
    connection.execute(sa.insert(ticket_waits).values(
        reference=reference, queue=queue, promised_at=iso(now), position=position, people=people,
        seconds=None if seconds is None else max(1, math.ceil(seconds / 60)) * 60))


def kept(connection: Connection, desk: Desk, since: datetime, now: datetime) -> dict[str, Any]:
    """How often the told waits were kept, in all and by queue.

    ``share`` is kept over decided; a promise is open while its time runs. What was settled, merged or
    handed back before its time without an answer counts neither way.
    """
    rows = connection.execute(
        sa.select(_W.queue, _W.promised_at, _W.seconds, _T.first_response_at, _T.solved_at)
        .join(tickets, _T.reference == _W.reference)
        .where(_W.seconds.is_not(None), _W.promised_at >= iso(since), _W.promised_at <= iso(now))).all()
    counts: dict[str, dict[str, int]] = defaultdict(lambda: {"kept": 0, "broken": 0, "open": 0})
    for row in rows:
        fate = _fate(row, now)
        if fate is not None:
            counts[row.queue][fate] += 1
    queues = [{"queue": name, **_shares(given), "typical_seconds": _typical(connection, desk, name, now)}
              for name, given in sorted(counts.items())]
    total = {key: sum(given[key] for given in counts.values()) for key in ("kept", "broken", "open")}
    return {"target": SHARE, **_shares(total), "queues": queues}


def _fate(row: Any, now: datetime) -> str | None:
    until = iso(parse(row.promised_at) + timedelta(seconds=row.seconds))
    if row.first_response_at is not None:
        return "kept" if row.first_response_at <= until else "broken"
    if row.solved_at is not None and row.solved_at <= until:
        return None
    return "open" if iso(now) <= until else "broken"


def _shares(counts: dict[str, int]) -> dict[str, Any]:
    decided = counts["kept"] + counts["broken"]
    return {**counts, "share": counts["kept"] / decided if decided else None}


def _typical(connection: Connection, desk: Desk, queue: str, now: datetime) -> int | None:
    unit = percentile(_units(connection, desk, queue, now))
    return None if unit is None else math.ceil(unit)


def _units(connection: Connection, desk: Desk, queue: str | None, now: datetime) -> list[float]:
    """Recent waits of a queue (or of all), as seconds of one person for one place."""
    query = (
        sa.select(_W.promised_at, _W.position, _W.people, _T.first_response_at)
        .join(tickets, _T.reference == _W.reference)
        .where(_T.first_response_at.is_not(None), _T.channel == "chat", _W.people > 0,
               _T.first_response_at >= _W.promised_at,
               _W.promised_at >= iso(now - timedelta(days=_HISTORY_DAYS)), _W.promised_at <= iso(now))
        .order_by(_W.promised_at.desc()).limit(_HISTORY)
    )
    if queue is not None:
        query = query.where(_W.queue == queue)
    return [between(desk, parse(row.promised_at), parse(row.first_response_at)) * row.people / row.position
            for row in connection.execute(query)]
