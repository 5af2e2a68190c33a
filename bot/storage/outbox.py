"""Effects that leave the process: written with their cause, delivered at least once.

A worker leases a row with a growing ``fence``; whoever lost the lease cannot finish the row. Every
row has an idempotency key, given to the receiver. After :data:`MAX_ATTEMPTS` it is dead: kept,
visible, re-driven by :func:`revive`.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.errors import NotFound
from bot.storage.clock import later, now_iso
from bot.storage.schema import outbox

_O = outbox.c
MAX_ATTEMPTS = 10
LEASE_SECONDS = 60
_FIRST_DELAY, _LONGEST_DELAY = 2.0, 3600.0


@dataclass(frozen=True)
class Job:
    """A leased row. ``fence`` proves the lease; ``key`` is for the receiver."""

    id: int
    key: str
    topic: str
    payload: dict[str, Any]
    attempts: int
    fence: int


def put(
    connection: Connection, *, key: str, topic: str, payload: dict[str, Any],
    conversation_id: str | None = None,
) -> bool:
    """Queue an effect; the same key again is ignored (False)."""
    if connection.execute(sa.select(_O.id).where(_O.key == key)).first():
        return False
    now = now_iso()
    connection.execute(sa.insert(outbox).values(
        key=key, topic=topic, payload=payload, conversation_id=conversation_id, created_at=now,
        next_at=now, attempts=0, fence=0, dead=False,
    ))
    return True


def lease(connection: Connection, limit: int = 10) -> list[Job]:
    """Take rows that are due, for :data:`LEASE_SECONDS`. Safe with any number of workers."""
    rows = connection.execute(
        sa.select(outbox).where(_due()).order_by(_O.next_at).limit(limit)
        .with_for_update(skip_locked=True)
    ).mappings().all()
    jobs = []
    for row in rows:
        taken = connection.execute(
            sa.update(outbox).where(_O.id == row["id"], _O.fence == row["fence"]).values(
                fence=_O.fence + 1, lease_until=later(LEASE_SECONDS), attempts=_O.attempts + 1)
        )
        if taken.rowcount == 1:
            jobs.append(Job(row["id"], row["key"], row["topic"], row["payload"],
                            row["attempts"] + 1, row["fence"] + 1))
    return jobs


def any_due(connection: Connection) -> bool:
    """Whether :func:`lease` would find something."""
    return connection.execute(sa.select(_O.id).where(_due()).limit(1)).first() is not None


def finish(connection: Connection, job: Job) -> bool:
    """Mark done; False where the lease was lost meanwhile."""
    return _settle(connection, job, done_at=now_iso(), lease_until=None, error=None)


def fail(connection: Connection, job: Job, error: str) -> bool:
    """Try again later (exponential with jitter), or give up and keep it as a dead letter."""
    delay = min(_FIRST_DELAY * 2 ** (job.attempts - 1), _LONGEST_DELAY)
    delay *= 0.5 + secrets.randbelow(1000) / 1000
    return _settle(connection, job, lease_until=None, error=error[:500], next_at=later(delay),
                   dead=job.attempts >= MAX_ATTEMPTS)


def give_up(connection: Connection, job: Job, error: str) -> bool:
    """Make it a dead letter at once, where trying again cannot help."""
    return _settle(connection, job, lease_until=None, error=error[:500], dead=True)


def revive(connection: Connection, row_id: int) -> None:
    """Give a dead letter a new start. Raises NotFound."""
    done = connection.execute(
        sa.update(outbox).where(_O.id == row_id, _O.dead.is_(True))
        .values(dead=False, attempts=0, next_at=now_iso())
    )
    if done.rowcount != 1:
        raise NotFound("There is no dead letter with this number.")


def counts(connection: Connection) -> dict[str, int]:
    """Rows waiting and dead."""
    waiting = sa.func.sum(sa.case((sa.and_(_O.done_at.is_(None), _O.dead.is_(False)), 1), else_=0))
    dead = sa.func.sum(sa.case((_O.dead.is_(True), 1), else_=0))
    row = connection.execute(sa.select(waiting, dead)).one()
    return {"waiting": int(row[0] or 0), "dead": int(row[1] or 0)}


def dead_letters(connection: Connection) -> list[dict[str, Any]]:
    """Dead rows, newest first."""
    rows = connection.execute(sa.select(outbox).where(_O.dead.is_(True)).order_by(_O.id.desc()))
    return [dict(row) for row in rows.mappings()]


def _due() -> Any:
    now = now_iso()
    return sa.and_(
        _O.done_at.is_(None), _O.dead.is_(False), _O.next_at <= now,
        sa.or_(_O.lease_until.is_(None), _O.lease_until < now),
    )


def _settle(connection: Connection, job: Job, **values: Any) -> bool:
    done = connection.execute(
        sa.update(outbox).where(_O.id == job.id, _O.fence == job.fence, _O.done_at.is_(None))
        .values(**values)
    )
    return bool(done.rowcount == 1)
