"""job engine: index of dead letters; on PostgreSQL procrastinate's schema and a job for each row that waits

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Rows that wait keep waiting: on PostgreSQL each gets its engine job."""
    op.create_index("ix_outbox_dead", "outbox", ["id"],
                    sqlite_where=sa.text("dead"), postgresql_where=sa.text("dead"))
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    _raw(connection, engine_schema())
    waiting = connection.execute(sa.text("SELECT id FROM outbox WHERE done_at IS NULL AND NOT dead"))
    from bot.storage import defer

    for row in waiting.fetchall():
        defer.job(connection, row.id)


def downgrade() -> None:
    """The outbox keeps what waits; the engine and its jobs go."""
    op.drop_index("ix_outbox_dead", "outbox")
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    for table in ("events", "periodic_defers", "jobs", "workers"):
        op.execute(f"DROP TABLE IF EXISTS procrastinate_{table} CASCADE")
    _raw(connection, """
        DO $$ DECLARE f regprocedure; BEGIN
            FOR f IN SELECT oid::regprocedure FROM pg_proc
                WHERE proname LIKE 'procrastinate\\_%' AND pronamespace = current_schema()::regnamespace
            LOOP EXECUTE 'DROP FUNCTION ' || f || ' CASCADE'; END LOOP;
        END $$""")
    for name in ("job_to_defer_v1", "job_status", "job_event_type"):
        op.execute(f"DROP TYPE IF EXISTS procrastinate_{name} CASCADE")


def engine_schema() -> str:
    """procrastinate's own schema, of the locked version, without what needs a superuser."""
    from procrastinate.schema import SchemaManager

    return re.sub(r"DO \$\$\s*BEGIN\s*CREATE EXTENSION.*?\$\$;", "", SchemaManager.get_schema(), count=1, flags=re.S)


def _raw(connection: sa.engine.Connection, script: str) -> None:
    """Run a script as it is: its per cent signs are no placeholders."""
    with connection.connection.cursor() as cursor:
        cursor.execute(script)
