"""PostgreSQL: an engine job for an outbox row, deferred in the transaction that wrote the row.

The job engine is procrastinate. Its SQL function is called on our connection, so the job exists if
and only if its cause does. A job carries the row's number and nothing else: payloads, and with them
personal data, stay in one place.
"""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

QUEUE, TASK = "outbox", "relais.deliver"

_DEFER = sa.text("""
    SELECT procrastinate_defer_jobs_v1(ARRAY[ROW(
        CAST(:queue AS varchar), CAST(:task AS varchar), 0, CAST(:lock AS text),
        CAST(:lock AS text), CAST(:args AS jsonb),
        CASE WHEN :delay > 0 THEN now() + make_interval(secs => :delay) END)::procrastinate_job_to_defer_v1])
""")
_WAITING = sa.text(
    "SELECT 1 FROM procrastinate_jobs WHERE queueing_lock = :lock AND status = 'todo'")


def needed(connection: Connection) -> bool:
    """Whether this database has an engine to wake (SQLite's is polled)."""
    return bool(connection.dialect.name == "postgresql")


def lock_of(row_id: int) -> str:
    """The lock of a row's jobs: one waiting, one running."""
    return f"outbox:{row_id}"


def job(connection: Connection, row_id: int, delay: float = 0.0) -> bool:
    """Defer delivery of a row by ``delay`` seconds; False where a job for it waits already."""
    lock = lock_of(row_id)
    if connection.execute(_WAITING, {"lock": lock}).first():
        return False
    connection.execute(_DEFER, {"queue": QUEUE, "task": TASK, "lock": lock,
                                "args": json.dumps({"row": row_id}), "delay": float(delay)})
    return True


def standing_for(row_id: Any) -> Any:
    """SQL: whether a waiting or running job stands for the row of this column."""
    jobs = sa.table("procrastinate_jobs", sa.column("queueing_lock"), sa.column("status"))
    status = sa.cast(jobs.c.status, sa.Text)
    return sa.exists(sa.select(sa.literal(1)).select_from(jobs).where(
        jobs.c.queueing_lock == sa.literal("outbox:").concat(sa.cast(row_id, sa.Text)),
        status.in_(("todo", "doing"))))
