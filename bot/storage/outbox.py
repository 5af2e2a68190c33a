"""Effects that leave the process: written with their cause, delivered at least once.

The row is the truth on both engines: it holds the payload, the idempotency key given to the
receiver, the attempts and the ``fence`` that grows with each lease, so that whoever lost a lease
cannot settle the row. Who looks at it when is the engine's business (see :mod:`bot.jobs`): on
SQLite it is polled, on PostgreSQL :mod:`bot.storage.defer` wakes procrastinate in the same
transaction. After the tries its topic gets a row is dead: kept, visible, re-driven by :func:`retry`.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from bot.errors import NotFound
from bot.failpoints import hit
from bot.storage import defer
from bot.storage.clock import later, now_iso
from bot.storage.schema import outbox

_O = outbox.c
MAX_ATTEMPTS = 10
LEASE_SECONDS = 60
_FIRST_DELAY, _LONGEST_DELAY = 2.0, 3600.0
_LONGEST_WAIT = 86_400.0     # what a receiver may ask for (bot/integrations/http.py)
_SLACK = 5.0       # a time further ahead than it can be was written before the clock was set back

State = Literal["waiting", "running", "retrying", "done", "dead"]


@dataclass(frozen=True)
class Job:
    """A leased row. ``fence`` proves the lease; ``key`` is for the receiver."""

    id: int
    key: str
    topic: str
    payload: dict[str, Any]
    attempts: int
    fence: int
    conversation_id: str | None = None


@dataclass(frozen=True)
class Busy:
    """Someone else holds the row; they finish or lose it within ``seconds``."""

    seconds: float


def put(
    connection: Connection, *, key: str, topic: str, payload: dict[str, Any],
    conversation_id: str | None = None, delay: float = 0.0,
) -> bool:
    """Queue an effect in the caller's transaction, due in ``delay`` seconds.

    The same key again is ignored (False).
    """
    hit("outbox.put")
    now = now_iso()
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    made = connection.execute(dialect.insert(outbox).values(
        key=key, topic=topic, payload=payload, conversation_id=conversation_id, created_at=now,
        next_at=later(delay) if delay else now, attempts=0, fence=0, dead=False,
    ).on_conflict_do_nothing(index_elements=["key"]))
    if made.rowcount != 1:
        return False
    if defer.needed(connection):
        row_id = connection.execute(sa.select(_O.id).where(_O.key == key)).scalar_one()
        defer.job(connection, row_id, delay)
    return True


def lease(connection: Connection, limit: int = 10) -> list[Job]:
    """Take rows that are due, for :data:`LEASE_SECONDS`. Safe with any number of workers."""
    rows = connection.execute(
        sa.select(outbox).where(_due()).order_by(_O.next_at).limit(limit)
        .with_for_update(skip_locked=True)
    ).mappings().all()
    return [job for row in rows if (job := _take(connection, row))]


def lease_row(connection: Connection, row_id: int) -> Job | Busy | None:
    """Take one row, whether or not its time has come; None where nothing is left to do with it."""
    row = connection.execute(
        sa.select(outbox).where(_O.id == row_id).with_for_update()).mappings().first()
    if row is None or row["done_at"] is not None or row["dead"]:
        return None
    held = row["lease_until"]
    if held is not None and now_iso() <= held <= later(LEASE_SECONDS + _SLACK):
        return Busy(float(LEASE_SECONDS) / 4)
    return _take(connection, row)


def any_due(connection: Connection) -> bool:
    """Whether :func:`lease` would find something."""
    return connection.execute(sa.select(_O.id).where(_due()).limit(1)).first() is not None


def finish(connection: Connection, job: Job) -> bool:
    """Mark done; False where the lease was lost meanwhile."""
    return _settle(connection, job, done_at=now_iso(), lease_until=None, error=None)


def fail(
    connection: Connection, job: Job, error: str, *, attempts: int = MAX_ATTEMPTS,
    at_least: float | None = None,
) -> float | None:
    """Try again later or give up.

    ``attempts`` is how many tries the topic gets; ``at_least`` the seconds the receiver asked for.
    Returns the seconds until the next try (exponential with jitter); None where there is none: the
    row is a dead letter now, or the lease was lost.
    """
    seconds = max(back_off(job.attempts), at_least or 0.0)
    dead = job.attempts >= attempts
    settled = _settle(connection, job, lease_until=None, error=error[:500], next_at=later(seconds),
                      dead=dead)
    return seconds if settled and not dead else None


def back_off(attempts: int) -> float:
    """Seconds to wait after this many tries: doubling up to an hour, half to one and a half of it."""
    delay = min(_FIRST_DELAY * 2.0 ** min(attempts - 1, 20), _LONGEST_DELAY)
    return delay * (0.5 + secrets.randbelow(1000) / 1000)


def give_up(connection: Connection, job: Job, error: str) -> bool:
    """Make it a dead letter at once, where trying again cannot help."""
    return _settle(connection, job, lease_until=None, error=error[:500], dead=True)


def retry(connection: Connection, row_id: int) -> None:
    """Give a dead letter a new start. Raises NotFound."""
    done = connection.execute(
        sa.update(outbox).where(_O.id == row_id, _O.dead.is_(True))
        .values(dead=False, attempts=0, next_at=now_iso(), lease_until=None)
    )
    if done.rowcount != 1:
        raise NotFound("There is no dead letter with this number.", key="job_gone")
    if defer.needed(connection):
        defer.job(connection, row_id)


def counts(connection: Connection) -> dict[str, int]:
    """Rows waiting (being sent included) and dead."""
    waiting = sa.func.sum(sa.case((sa.and_(_O.done_at.is_(None), _O.dead.is_(False)), 1), else_=0))
    dead = sa.func.sum(sa.case((_O.dead.is_(True), 1), else_=0))
    row = connection.execute(sa.select(waiting, dead).where(_O.done_at.is_(None))).one()
    return {"waiting": int(row[0] or 0), "dead": int(row[1] or 0)}


def forget_done(connection: Connection, before: str) -> int:
    """Remove rows delivered before a stored time; how many. Their keys may be used again."""
    return int(connection.execute(sa.delete(outbox).where(_O.done_at < before)).rowcount)


def unscheduled(connection: Connection) -> list[int]:
    """PostgreSQL: rows to deliver that no waiting or running engine job stands for.

    There are some after a restore, and after an upgrade from before the engine.
    """
    rows = connection.execute(
        sa.select(_O.id).where(_O.done_at.is_(None), _O.dead.is_(False),
                               ~defer.standing_for(_O.id)).order_by(_O.id).limit(500))
    return [row.id for row in rows]


def _take(connection: Connection, row: Any) -> Job | None:
    taken = connection.execute(
        sa.update(outbox).where(_O.id == row["id"], _O.fence == row["fence"]).values(
            fence=_O.fence + 1, lease_until=later(LEASE_SECONDS), attempts=_O.attempts + 1)
    )
    if taken.rowcount != 1:
        return None
    return Job(row["id"], row["key"], row["topic"], row["payload"], row["attempts"] + 1,
               row["fence"] + 1, row["conversation_id"])


def _due() -> Any:
    now = now_iso()
    return sa.and_(
        _O.done_at.is_(None), _O.dead.is_(False),
        # A due time from before the clock was set back is no earlier than its row; one put off since is.
        sa.or_(_O.next_at <= now, sa.and_(_O.created_at > later(_SLACK), _O.next_at >= _O.created_at),
               _O.next_at > later(_LONGEST_WAIT + _SLACK)),
        sa.or_(_O.lease_until.is_(None), _O.lease_until < now,
               _O.lease_until > later(LEASE_SECONDS + _SLACK)),
    )


def _settle(connection: Connection, job: Job, **values: Any) -> bool:
    done = connection.execute(
        sa.update(outbox).where(_O.id == job.id, _O.fence == job.fence, _O.done_at.is_(None))
        .values(**values)
    )
    return bool(done.rowcount == 1)
