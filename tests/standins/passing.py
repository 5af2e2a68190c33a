"""Lets the time until the next try pass, on either engine."""

from __future__ import annotations

import sqlalchemy as sa

from bot.storage.clock import later
from bot.storage.database import Database
from bot.storage.schema import outbox


def due_now(database: Database) -> None:
    """Everything that waits for a later try is due."""
    with database.write() as connection:
        connection.execute(sa.update(outbox).where(outbox.c.done_at.is_(None)).values(next_at=later(-1)))
        if not database.is_sqlite:
            connection.exec_driver_sql(
                "UPDATE procrastinate_jobs SET scheduled_at = now() - interval '1 second' WHERE status = 'todo'")
