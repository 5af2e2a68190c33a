"""Place in the queue and an honest wait: measured, or not told at all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.storage.clock import iso, parse
from bot.storage.schema import staff, staff_sessions, tickets
from bot.tickets.states import LIVE
from bot.tickets.store import Ticket

_T = tickets.c
_HISTORY = 50          # first responses looked at
_HISTORY_DAYS = 14
_ENOUGH = 5            # fewer say nothing
PRESENT_SECONDS = 120  # a signed-in page asks at least this often


@dataclass(frozen=True)
class Standing:
    """Where a ticket stands. ``wait_seconds`` is None where nothing measured supports a figure."""

    position: int | None
    wait_seconds: int | None
    people_present: int


def standing(connection: Connection, ticket: Ticket, now: datetime) -> Standing:
    """Place of ``ticket`` among those nobody has taken, and the wait recent ones had."""
    place = None
    if ticket["assignee"] is None and ticket["status"] in LIVE:
        ahead = connection.execute(
            sa.select(sa.func.count()).where(
                _T.queue == ticket["queue"],
                _T.assignee.is_(None),
                _T.status.in_(sorted(LIVE)),
                _T.reference != ticket["reference"],
                sa.or_(
                    _T.priority < ticket["priority"],
                    sa.and_(
                        _T.priority == ticket["priority"],
                        sa.or_(
                            _T.opened_at < ticket["opened_at"],
                            sa.and_(
                                _T.opened_at == ticket["opened_at"],
                                _T.reference < ticket["reference"],
                            ),
                        ),
                    ),
                ),
            )
        ).scalar_one()
        place = int(ahead) + 1
    return Standing(place, recent_wait(connection, ticket["queue"], now), people_present(connection, now))


def recent_wait(connection: Connection, queue: str | None, now: datetime) -> int | None:
    """The wait (seconds) that four of five recent chats of the queue did not exceed; None if too few."""
    query = (
        sa.select(_T.opened_at, _T.first_response_at)
        .where(
            _T.channel == "chat",
            _T.first_response_at.is_not(None),
            _T.opened_at >= iso(now - timedelta(days=_HISTORY_DAYS)),
        )
        .order_by(_T.opened_at.desc())
        .limit(_HISTORY)
    )
    if queue:
        query = query.where(_T.queue == queue)
    waits = sorted(
        (parse(row.first_response_at) - parse(row.opened_at)).total_seconds()
        for row in connection.execute(query)
    )
    if len(waits) < _ENOUGH:
        return None
    return round(waits[min(len(waits) - 1, int(0.8 * len(waits)))])


def people_present(connection: Connection, now: datetime) -> int:
    """Staff who can answer and whose page asked us something in the last two minutes."""
    return int(
        connection.execute(
            sa.select(sa.func.count(sa.distinct(staff_sessions.c.username)))
            .join(staff, staff.c.username == staff_sessions.c.username)
            .where(
                staff.c.role.in_(("agent", "lead", "admin")),
                staff_sessions.c.seen_at >= iso(now - timedelta(seconds=PRESENT_SECONDS)),
            )
        ).scalar_one()
    )
