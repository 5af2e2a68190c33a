"""What people are told about a ticket on their own page: rows that the desk shows and may mail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.storage.clock import iso
from bot.storage.schema import notifications, staff
from bot.tickets.store import Ticket

_S = staff.c


def concerned(connection: Connection, ticket: Ticket) -> list[str]:
    """Whom a notice about a ticket goes to: its agent, and every lead with an open account."""
    rows = connection.execute(
        sa.select(_S.username).where(
            _S.active.is_(True),
            sa.or_(_S.username == ticket["assignee"], _S.role.in_(("lead", "admin"))))
        .order_by(_S.username)).scalars().all()
    return sorted(rows, key=lambda name: (name != ticket["assignee"], name))


def tell(
    connection: Connection, usernames: Sequence[str], kind: str, reference: str,
    detail: Mapping[str, Any], now: datetime,
) -> None:
    """Leave a notice for each (``sla_warning``, ``sla_breach``, ``released``, ``callback``, ``danger``,
    ``assigned``)."""
    if usernames:
        connection.execute(sa.insert(notifications), [
            {"username": name, "kind": kind, "reference": reference, "detail": dict(detail), "at": iso(now)}
            for name in usernames])
