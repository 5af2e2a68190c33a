"""Conversations and their events."""

from __future__ import annotations

import sqlalchemy as sa

from bot.storage.schema.base import metadata

conversations = sa.Table(
    "conversations", metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("token_hash", sa.Text, nullable=False),
    sa.Column("locale", sa.Text),                       # of the page
    sa.Column("page_url", sa.Text),
    sa.Column("language", sa.Text, nullable=False),     # of the conversation, now
    sa.Column("created_at", sa.Text, nullable=False),
    sa.Column("last_at", sa.Text, nullable=False),
    sa.Column("closed_at", sa.Text),
    sa.Column("mode", sa.Text, nullable=False),
    sa.Column("seq", sa.Integer, nullable=False),           # last event
    sa.Column("asked_seq", sa.Integer, nullable=False),     # last customer message for the bot
    sa.Column("answered_seq", sa.Integer, nullable=False),  # last customer message answered
    sa.Column("state", sa.JSON),                            # the dialogue's, never read here
    sa.Column("note", sa.Text),                             # an agent's note for the next turn
    sa.Column("turn_token", sa.Text),
    sa.Column("turn_lease_until", sa.Text),
    sa.Column("turn_attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("outcome", sa.Text),
    sa.Column("theme", sa.Text),
    sa.Column("contact", sa.Text),
    sa.Column("contact_channel", sa.Text),
    sa.CheckConstraint("mode IN ('bot','waiting','agent','closed')", name="mode"),
    sa.Index("ix_conversations_last_at", "last_at"),
    # Figures and lists of a period are read from this index alone.
    sa.Index("ix_conversations_figures", "created_at", "outcome", "language", "theme"),
    sa.Index("ix_conversations_contact", "contact"),
    sa.Index(
        "ix_conversations_unjudged", "created_at",
        sqlite_where=sa.text("outcome IS NULL"), postgresql_where=sa.text("outcome IS NULL"),
    ),
    sa.Index(
        "ix_conversations_idle", "last_at",
        sqlite_where=sa.text("mode = 'bot'"), postgresql_where=sa.text("mode = 'bot'"),
    ),
    sa.Index(
        "ix_conversations_unanswered", "asked_seq",
        sqlite_where=sa.text("asked_seq > answered_seq AND mode = 'bot'"),
        postgresql_where=sa.text("asked_seq > answered_seq AND mode = 'bot'"),
    ),
)

events = sa.Table(
    "events", metadata,
    sa.Column(
        "conversation_id", sa.Text, sa.ForeignKey("conversations.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("payload", sa.JSON, nullable=False),
    sa.Column("client_message_id", sa.Text),
    sa.UniqueConstraint("conversation_id", "client_message_id"),
    sa.CheckConstraint("author IN ('customer','bot','agent','system')", name="author"),
    sa.CheckConstraint(
        "kind IN ('message','handover','ticket','survey','closed')", name="kind"
    ),
)
