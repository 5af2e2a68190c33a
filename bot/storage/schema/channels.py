"""Ways in and out besides the chat: mail threads, call-backs, webhooks, other systems."""

from __future__ import annotations

import sqlalchemy as sa

from bot.storage.schema.base import conversation_column, metadata


def _ticket_column(*, nullable: bool = False) -> sa.Column:
    return sa.Column(
        "reference", sa.Text, sa.ForeignKey("tickets.reference", ondelete="CASCADE"),
        nullable=nullable,
    )


def _conversation_or_none() -> sa.Column:
    return sa.Column(
        "conversation_id", sa.Text, sa.ForeignKey("conversations.id", ondelete="CASCADE"))


# One row a mail, in or out: what threads are found by, and what makes receiving twice harmless.
mail_messages = sa.Table(
    "mail_messages", metadata,
    sa.Column("message_id", sa.Text, primary_key=True),  # without the angle brackets
    sa.Column("direction", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),       # sent, stored, unverified, bounce, auto, limited
    sa.Column("peer", sa.Text, nullable=False),          # keyed hash of the other side's address
    _ticket_column(nullable=True),
    _conversation_or_none(),
    sa.CheckConstraint("direction IN ('in','out')", name="direction"),
    sa.Index("ix_mail_messages_reference", "reference", "at"),
    sa.Index("ix_mail_messages_peer", "peer", "at"),
)

# A customer's page was open and asking at this time: an answer needs no mail yet.
customer_presence = sa.Table(
    "customer_presence", metadata,
    sa.Column(
        "conversation_id", sa.Text, sa.ForeignKey("conversations.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    sa.Column("seen_at", sa.Text, nullable=False),
)

# A slot holds as many call-backs as it has places: the constraint counts, not the code.
callbacks = sa.Table(
    "callbacks", metadata,
    sa.Column(
        "reference", sa.Text, sa.ForeignKey("tickets.reference", ondelete="CASCADE"),
        primary_key=True,
    ),
    conversation_column(),
    sa.Column("slot", sa.Text, nullable=False),          # its start
    sa.Column("place", sa.Integer, nullable=False),      # 0 … capacity - 1
    sa.Column("booked_at", sa.Text, nullable=False),
    sa.Column("reminded_at", sa.Text),
    sa.Column("done_at", sa.Text),
    sa.UniqueConstraint("slot", "place"),
    sa.CheckConstraint("place >= 0", name="place"),
)

webhook_endpoints = sa.Table(
    "webhook_endpoints", metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("events", sa.JSON, nullable=False),        # "ticket.*", "message.created", …
    sa.Column("secret", sa.Text, nullable=False),        # sealed with the instance's key
    sa.Column("former_secret", sa.Text),                 # also signs until former_until
    sa.Column("former_until", sa.Text),
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("failing_since", sa.Text),
    sa.Column("disabled_reason", sa.Text),
    sa.Column("created_by", sa.Text, nullable=False),
    sa.Column("created_at", sa.Text, nullable=False),
)

webhook_messages = sa.Table(
    "webhook_messages", metadata,
    sa.Column("id", sa.Text, primary_key=True),          # webhook-id: the same at every try
    sa.Column(
        "endpoint_id", sa.Text, sa.ForeignKey("webhook_endpoints.id", ondelete="CASCADE"),
        nullable=False,
    ),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("payload", sa.JSON, nullable=False),
    _conversation_or_none(),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("resends", sa.Integer, nullable=False),
    sa.CheckConstraint("state IN ('waiting','delivered','failed')", name="state"),
    sa.Index("ix_webhook_messages_endpoint", "endpoint_id", "at"),
    sa.Index("ix_webhook_messages_conversation_id", "conversation_id"),
)

webhook_attempts = sa.Table(
    "webhook_attempts", metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column(
        "message_id", sa.Text, sa.ForeignKey("webhook_messages.id", ondelete="CASCADE"),
        nullable=False,
    ),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("code", sa.Integer),                       # HTTP status; none where nobody answered
    sa.Column("error", sa.Text),
    sa.Column("millis", sa.Integer, nullable=False),
    sa.Index("ix_webhook_attempts_message_id", "message_id"),
)

# A ticket's twin in another system.
connector_links = sa.Table(
    "connector_links", metadata,
    sa.Column("connector", sa.Text, primary_key=True),   # zammad, zendesk, jira
    sa.Column(
        "reference", sa.Text, sa.ForeignKey("tickets.reference", ondelete="CASCADE"),
        primary_key=True,
    ),
    conversation_column(),
    sa.Column("external_id", sa.Text),                   # none until it was created there
    sa.Column("external_url", sa.Text),
    sa.Column("fields", sa.JSON, nullable=False),        # as both sides last agreed
    sa.Column("synced_at", sa.Text),
    sa.Column("error", sa.Text),
    sa.Column("busy_until", sa.Text),                    # one worker a ticket at a time
    sa.Column("fence", sa.Integer, nullable=False),
    sa.UniqueConstraint("connector", "external_id"),
)

# A message or note and its twin: what keeps a comment from going round in circles.
connector_comments = sa.Table(
    "connector_comments", metadata,
    sa.Column("connector", sa.Text, primary_key=True),
    sa.Column(
        "reference", sa.Text, sa.ForeignKey("tickets.reference", ondelete="CASCADE"),
        primary_key=True,
    ),
    sa.Column("key", sa.Text, primary_key=True),         # m<seq> or n<history id>; in<id> from there
    sa.Column("external_id", sa.Text),                   # none while it is on its way
    sa.Column("direction", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.UniqueConstraint("connector", "reference", "external_id"),
    sa.CheckConstraint("direction IN ('in','out')", name="direction"),
)

# What we know of another system as a whole: until when it wants to be left alone, how far we read.
connectors = sa.Table(
    "connectors", metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("active", sa.Boolean, nullable=False),     # configured in the process that started last
    sa.Column("paused_until", sa.Text),
    sa.Column("cursor", sa.Text),
    sa.Column("polled_at", sa.Text),
)
