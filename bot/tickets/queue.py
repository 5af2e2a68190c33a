"""Place in the queue and an honest wait: predicted from what was measured, or not told at all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.storage.schema import tickets
from bot.tickets import waits
from bot.tickets.hours import Desk
from bot.tickets.presence import agents
from bot.tickets.states import IN_LINE
from bot.tickets.store import Ticket

_T = tickets.c


@dataclass(frozen=True)
class Standing:
    """Where a ticket stands. ``wait_seconds`` is None where nothing measured supports a figure;
    ``people_present`` are those there who can take it."""

    position: int | None
    wait_seconds: int | None
    people_present: int


def standing(connection: Connection, ticket: Ticket, desk: Desk, now: datetime) -> Standing:
    """Place of ``ticket`` among those nobody has taken, who is there for it, and the wait to expect."""
    able = sum(agent.present and agent.can(ticket) for agent in agents(connection, now))
    place = None
    if ticket["assignee"] is None and ticket["status"] in IN_LINE:
        place = 1 + int(connection.execute(
            sa.select(sa.func.count()).where(
                _T.queue == ticket["queue"], _T.assignee.is_(None), _T.status.in_(IN_LINE),
                _T.reference != ticket["reference"], _ahead(ticket))).scalar_one())
    wait = None if place is None else waits.predict(connection, desk, ticket["queue"], place, able, now)
    return Standing(place, wait, able)


def newcomer_wait(connection: Connection, desk: Desk, now: datetime) -> int | None:
    """What someone who asked for a person now could be told, before it is known to whom they would go."""
    waiting = connection.execute(sa.select(sa.func.count()).where(
        _T.assignee.is_(None), _T.status.in_(IN_LINE))).scalar_one()
    people = sum(agent.present for agent in agents(connection, now))
    return waits.predict(connection, desk, None, int(waiting) + 1, people, now)


def _ahead(ticket: Ticket) -> sa.sql.ColumnElement[bool]:
    """Tickets served before this one: more pressing, or as pressing and older."""
    return sa.or_(
        _T.priority < ticket["priority"],
        sa.and_(
            _T.priority == ticket["priority"],
            sa.or_(
                _T.opened_at < ticket["opened_at"],
                sa.and_(_T.opened_at == ticket["opened_at"], _T.reference < ticket["reference"]))))
