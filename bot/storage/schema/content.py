"""Articles, their versions, and what leads decided."""

from __future__ import annotations

import sqlalchemy as sa

from bot.storage.schema.base import metadata

articles = sa.Table(
    "articles", metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("locale", sa.Text, primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("content", sa.JSON, nullable=False),
    sa.Column("file_hash", sa.Text),     # of the shipped file this row last came from
    sa.Column("edited", sa.Boolean, nullable=False),   # a lead changed it: shipped files no longer do
    sa.Column("updated_at", sa.Text, nullable=False),
)

article_versions = sa.Table(
    "article_versions", metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("locale", sa.Text, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("content", sa.JSON, nullable=False),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("note", sa.Text),
)

gap_decisions = sa.Table(
    "gap_decisions", metadata,
    sa.Column("language", sa.Text, primary_key=True),
    sa.Column("fold", sa.Text, primary_key=True),
    sa.Column("decision", sa.Text, nullable=False),
    sa.Column("slug", sa.Text),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.CheckConstraint("decision IN ('article','phrasing','out_of_scope')", name="decision"),
)

settings_kv = sa.Table(
    "settings_kv", metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("value", sa.JSON, nullable=False),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
)
