"""Who has a ticket open, and who is writing: the warning before two people answer at once.

Kept in the database, so that people on different web processes see each other. A page tells every few
seconds; what it has not repeated for :data:`FRESH_SECONDS` is over.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.storage.clock import later, now_iso
from bot.storage.schema import presence, staff

_P, _S = presence.c, staff.c
FRESH_SECONDS = 25.0
WRITING_SECONDS = 8.0


def seen(connection: Connection, reference: str, username: str, state: str) -> bool:
    """Note that someone looks at (``viewing``) or answers (``replying``) a ticket; whether that is news."""
    mine = sa.and_(_P.reference == reference, _P.username == username)
    before = connection.execute(sa.select(_P.state, _P.at).where(mine)).first()
    values = {"state": state, "at": now_iso()}
    if before is None:
        try:
            with connection.begin_nested():
                connection.execute(sa.insert(presence).values(reference=reference, username=username, **values))
        except sa.exc.IntegrityError:       # the same person's other tab was faster
            connection.execute(sa.update(presence).where(mine).values(**values))
        return True
    connection.execute(sa.update(presence).where(mine).values(**values))
    return bool(before.state != state or before.at < later(-FRESH_SECONDS))


def left(connection: Connection, reference: str, username: str) -> None:
    """Someone closed the ticket."""
    connection.execute(sa.delete(presence).where(_P.reference == reference, _P.username == username))


def others(connection: Connection, reference: str, username: str) -> list[dict[str, Any]]:
    """Colleagues on this ticket now: ``username``, ``name``, ``state``."""
    rows = connection.execute(
        sa.select(_P.username, _P.state, _P.at, _S.first_name).join(staff, _S.username == _P.username)
        .where(_P.reference == reference, _P.username != username, _P.at > later(-FRESH_SECONDS))
        .order_by(_P.username))
    return [
        {"username": row.username, "name": row.first_name,
         "state": row.state if row.at > later(-WRITING_SECONDS) else "viewing"}
        for row in rows
    ]


def tidy(connection: Connection) -> int:
    """Remove what is long over; how many."""
    return int(connection.execute(sa.delete(presence).where(_P.at < later(-3600))).rowcount)
