"""The SLA clock: says once what has to be said, whoever runs it, however late, whatever the clock did.

Everything due up to ``now`` is looked at, not only what fell due since last time, so a restart or a jump
of the clock misses nothing; each notice is a row with a unique key, so none is given twice, not even by
a clock that went back.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.storage.clock import iso, parse
from bot.storage.schema import sla_clocks, sla_firings, tickets
from bot.tickets import notices, store
from bot.tickets import policies as policy_store
from bot.tickets.hours import Desk
from bot.tickets.sla import KINDS
from bot.tickets.sla_store import refresh_changed

_C, _F, _T = sla_clocks.c, sla_firings.c, tickets.c
_COLUMNS = {"share": "warn_at", "day_before": "day_before_at", "breach": "due_at"}


def run(connection: Connection, desk: Desk, now: datetime, limit: int = 200) -> int:
    """Bring clocks up to date and give the notices that are due; how many people-visible ones."""
    refresh_changed(connection, policy_store.current(connection, desk), now, limit)
    # Clocks of tickets that changed since, and whose turn to be projected comes later, say nothing meanwhile.
    rows = connection.execute(
        sa.select(sla_clocks).join(tickets, _T.reference == _C.reference)
        .where(_C.next_at.is_not(None), _C.next_at <= iso(now), _T.sla_version == _T.version)
        .order_by(_C.next_at).limit(limit).with_for_update(skip_locked=True, of=sla_clocks)).mappings().all()
    return sum(_fire(connection, dict(row), now) for row in rows)


def _fire(connection: Connection, clock: dict[str, Any], now: datetime) -> int:
    """Record every notice of one clock that is due; tell people of the gravest."""
    key = (_F.reference == clock["reference"], _F.target == clock["target"], _F.cycle == clock["cycle"])
    said = set(connection.execute(sa.select(_F.kind).where(*key)).scalars())
    end = clock["ended_at"]
    due = [kind for kind in KINDS if kind not in said and (at := clock[_COLUMNS[kind]])
           and parse(at) <= now and (end is None or (kind == "breach" and at < end))]
    ticket = store.get(connection, clock["reference"])
    told = notices.concerned(connection, ticket) if due else []
    for kind in due:
        gravest = kind == due[-1]
        connection.execute(sa.insert(sla_firings).values(
            reference=clock["reference"], target=clock["target"], cycle=clock["cycle"], kind=kind,
            due_at=clock["due_at"] or clock[_COLUMNS[kind]], fired_at=iso(now),
            told=told if gravest else []))
        if gravest and ticket["status"] != "closed":
            action = "sla_breach" if kind == "breach" else "sla_warning"
            detail = {"target": clock["target"], "kind": kind, "due_at": clock["due_at"]}
            store.record(connection, clock["reference"], action, "system", ticket["status"],
                         ticket["status"], detail | {"to": clock["target"]})
            notices.tell(connection, told, action, clock["reference"], detail, now)
    said |= set(due)
    left = [clock[_COLUMNS[kind]] for kind in KINDS if kind not in said and clock[_COLUMNS[kind]]]
    connection.execute(
        sa.update(sla_clocks).where(
            _C.reference == clock["reference"], _C.target == clock["target"],
            _C.cycle == clock["cycle"])
        .values(next_at=min(left) if left and end is None else None))
    return 1 if due else 0


def alerts(connection: Connection, username: str, *, after: int = 0, limit: int = 100) -> list[dict[str, Any]]:
    """Notices told to someone, newest first; ``after`` is the last ``id`` already seen."""
    rows = connection.execute(
        sa.select(sla_firings, _T.queue, _T.status, _T.assignee, _T.summary)
        .join(tickets, _T.reference == _F.reference)
        .where(_F.id > after).order_by(_F.id.desc()).limit(2000)).mappings()
    return [dict(row) for row in rows if username in row["told"]][:limit]
