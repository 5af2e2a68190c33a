"""The outbox."""

from __future__ import annotations

import sqlalchemy as sa

from bot.storage.schema.base import metadata

outbox = sa.Table(
    "outbox", metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("key", sa.Text, nullable=False, unique=True),
    sa.Column("topic", sa.Text, nullable=False),
    sa.Column("payload", sa.JSON, nullable=False),
    sa.Column("conversation_id", sa.Text),               # for erasure; the row may outlive nothing
    sa.Column("created_at", sa.Text, nullable=False),
    sa.Column("next_at", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("fence", sa.Integer, nullable=False),      # grows with each lease; an old holder loses
    sa.Column("lease_until", sa.Text),
    sa.Column("done_at", sa.Text),
    sa.Column("dead", sa.Boolean, nullable=False),
    sa.Column("error", sa.Text),
    sa.Index(
        "ix_outbox_due", "next_at",
        sqlite_where=sa.text("done_at IS NULL"), postgresql_where=sa.text("done_at IS NULL"),
    ),
    sa.Index(
        "ix_outbox_dead", "id", sqlite_where=sa.text("dead"), postgresql_where=sa.text("dead"),
    ),
)
