"""chores done once, figures by day, and the indexes a million conversations need

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

#: name, table, columns, condition
_INDEXES: tuple[tuple[str, str, tuple[str, ...], str | None], ...] = (
    ("ix_conversations_figures", "conversations", ("created_at", "outcome", "language", "theme"), None),
    ("ix_conversations_unjudged", "conversations", ("created_at",), "outcome IS NULL"),
    ("ix_conversations_idle", "conversations", ("last_at",), "mode = 'bot'"),
    ("ix_tickets_opened_at", "tickets", ("opened_at",), None),
)


def upgrade() -> None:
    """Make the tables and indexes."""
    op.create_table(
        "chore_runs",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("next_at", sa.Text(), nullable=False),
        sa.Column("lease_until", sa.Text(), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_chore_runs")),
    )
    op.create_table(
        "daily_figures",
        sa.Column("start", sa.Text(), nullable=False),
        sa.Column("end", sa.Text(), nullable=False),
        sa.Column("dimension", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.CheckConstraint(
            "dimension IN ('','topic','locale')", name=op.f("ck_daily_figures_dimension")),
        sa.PrimaryKeyConstraint("start", "end", "dimension", "key", name=op.f("pk_daily_figures")),
    )
    op.drop_index("ix_conversations_created_at", table_name="conversations")
    for name, table, columns, where in _INDEXES:
        condition = sa.text(where) if where else None
        op.create_index(name, table, list(columns), sqlite_where=condition, postgresql_where=condition)


def downgrade() -> None:
    """Remove them."""
    for name, table, _, _ in reversed(_INDEXES):
        op.drop_index(name, table_name=table)
    op.create_index("ix_conversations_created_at", "conversations", ["created_at"])
    op.drop_table("daily_figures")
    op.drop_table("chore_runs")
