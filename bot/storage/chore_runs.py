"""A chore is done once in its interval, by whichever worker comes first, on however many machines.

A row per chore says when it is due next; a worker takes it with a lease and a growing fence. One that
dies in the middle loses its lease, and the next worker does the chore. A clock that was set back delays
nothing: a due time or lease further away than it can be counts as past.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.storage.clock import later, now_iso
from bot.storage.database import Database
from bot.storage.schema import chore_runs

_R = chore_runs.c
LEASE_SECONDS = 120.0
RETRY_SECONDS = 5.0


def take(database: Database, name: str, every: float) -> int | None:
    """The fence of a run of chore ``name``, due every ``every`` seconds; None where it is not ours now."""
    with database.read() as connection:
        known = connection.execute(sa.select(_R.name).where(_R.name == name)).first()
        if known and not connection.execute(
            sa.select(_R.name).where(_R.name == name, _free(every))).first():
            return None
    try:
        with database.write() as connection:
            return _take(connection, name, every, bool(known))
    except sa.exc.IntegrityError:       # another worker made the row this moment
        return None


def finish(database: Database, name: str, fence: int, every: float, *, done: bool = True) -> bool:
    """Give the chore back, due again after its interval (or soon, if it failed). False: lease lost."""
    wait = every if done else max(RETRY_SECONDS, every)
    with database.write() as connection:
        settled = connection.execute(
            sa.update(chore_runs).where(_R.name == name, _R.fence == fence)
            .values(lease_until=None, next_at=later(wait)))
    return bool(settled.rowcount == 1)


def _take(connection: Connection, name: str, every: float, known: bool) -> int | None:
    if not known:
        connection.execute(sa.insert(chore_runs).values(
            name=name, next_at=now_iso(), lease_until=later(LEASE_SECONDS), fence=1))
        return 1
    taken = connection.execute(
        sa.update(chore_runs).where(_R.name == name, _free(every))
        .values(lease_until=later(LEASE_SECONDS), fence=_R.fence + 1))
    if taken.rowcount != 1:
        return None
    return int(connection.execute(sa.select(_R.fence).where(_R.name == name)).scalar_one())


def _free(every: float) -> sa.sql.ColumnElement[bool]:
    """Due and nobody's, by this machine's clock."""
    now, slack = now_iso(), 60.0
    due = sa.or_(_R.next_at <= now, _R.next_at > later(max(every, RETRY_SECONDS) + slack))
    unheld = sa.or_(_R.lease_until.is_(None), _R.lease_until <= now,
                    _R.lease_until > later(LEASE_SECONDS + slack))
    return sa.and_(due, unheld)
