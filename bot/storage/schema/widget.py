"""What the widget tells about its customer: identity, context, where to send notifications."""

from __future__ import annotations

import sqlalchemy as sa

from bot.storage.schema.base import conversation_column, metadata

visitors = sa.Table(
    "visitors", metadata,
    sa.Column(
        "conversation_id", sa.Text, sa.ForeignKey("conversations.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    sa.Column("user_id", sa.Text),                       # the host's id, verified; null: nobody vouched
    sa.Column("name", sa.Text),
    sa.Column("email", sa.Text),
    sa.Column("verified_at", sa.Text),
    sa.Column("verified_until", sa.Text),                # end of the token that vouched
    sa.Column("context", sa.JSON, nullable=False),       # page, order, … as the host's page says
    sa.Column("updated_at", sa.Text, nullable=False),
    sa.Index("ix_visitors_user_id", "user_id"),
)

push_subscriptions = sa.Table(
    "push_subscriptions", metadata,
    sa.Column("id", sa.Text, primary_key=True),          # hash of conversation and endpoint
    conversation_column(),
    sa.Column("endpoint", sa.Text, nullable=False),
    sa.Column("p256dh", sa.Text, nullable=False),
    sa.Column("auth", sa.Text, nullable=False),
    sa.Column("created_at", sa.Text, nullable=False),
    sa.Index("ix_push_subscriptions_conversation_id", "conversation_id"),
)
