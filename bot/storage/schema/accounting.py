"""What happened, for coverage and figures."""

from __future__ import annotations

import sqlalchemy as sa

from bot.storage.schema.base import conversation_column, metadata

article_views = sa.Table(
    "article_views", metadata,
    sa.Column("key", sa.Text, primary_key=True),         # idempotency key of the turn's effect, or of the visit
    conversation_column(nullable=True),                  # none for a visit to the help centre
    sa.Column("article_id", sa.Text, nullable=False),
    sa.Column("locale", sa.Text),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("result", sa.Text, nullable=False),        # shown, helped, refused, visited
    sa.Index("ix_article_views_conversation_id", "conversation_id"),
)

gaps = sa.Table(
    "gaps", metadata,
    sa.Column("key", sa.Text, primary_key=True),         # idempotency key of the turn's effect
    conversation_column(),
    sa.Column("seq", sa.Integer),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),          # redacted
    sa.Column("fold", sa.Text, nullable=False),          # what groups near-equal texts
    sa.Column("candidates", sa.JSON, nullable=False),
    sa.Index("ix_gaps_fold", "language", "fold"),
)

facts = sa.Table(
    "facts", metadata,
    sa.Column("key", sa.Text, primary_key=True),         # idempotency key of the turn's effect
    conversation_column(),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),          # flow, answered, refused
    sa.Column("payload", sa.JSON, nullable=False),
    sa.Index("ix_facts_conversation_id", "conversation_id"),
)

feedback = sa.Table(
    "feedback", metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    conversation_column(),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),          # helped, csat, effort
    sa.Column("value", sa.Integer, nullable=False),
    sa.Column("comment", sa.Text),                       # redacted
    sa.Column("with_agent", sa.Boolean, nullable=False),
    sa.Index("ix_feedback_conversation_id", "conversation_id"),
)
