"""Tickets, their history, links, follow-ups, service-level clocks and the waits customers were told."""

from __future__ import annotations

import sqlalchemy as sa

from bot.storage.schema.base import conversation_column, metadata

tickets = sa.Table(
    "tickets", metadata,
    sa.Column("reference", sa.Text, primary_key=True),
    conversation_column(),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("queue", sa.Text, nullable=False),
    sa.Column("priority", sa.Integer, nullable=False),   # 0 urgent, 1 high, 2 normal
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("locale", sa.Text, nullable=False),
    sa.Column("theme", sa.Text),
    sa.Column("summary", sa.Text, nullable=False),
    sa.Column("assignee", sa.Text),
    sa.Column("packet", sa.JSON, nullable=False),
    sa.Column("opened_at", sa.Text, nullable=False),
    sa.Column("updated_at", sa.Text, nullable=False),
    sa.Column("first_response_at", sa.Text),
    sa.Column("solved_at", sa.Text),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("level", sa.Text, nullable=False, server_default="L1"),
    sa.Column("tags", sa.JSON, nullable=False, server_default="[]"),
    sa.Column("merged_into", sa.Text),                   # the ticket that goes on in its place
    sa.Column("outage", sa.Text),                        # id of the known outage behind it
    sa.Column("satisfaction", sa.Integer),               # the customer's last rating, 1 to 5
    sa.Column("satisfaction_reason", sa.Text),           # why, see bot/tickets/satisfaction.py
    sa.Column("waiting_since", sa.Text),                 # the customer's oldest unanswered message
    sa.Column("promised_at", sa.Text),                   # next news promised to the customer
    sa.Column("sla_version", sa.Integer, nullable=False, server_default="0"),  # clocks seen up to
    sa.CheckConstraint("level IN ('L1','L2','expert')", name="level"),
    sa.CheckConstraint("merged_into IS NULL OR status = 'closed'", name="merged_is_closed"),
    sa.CheckConstraint(
        "status IN ('new','open','pending','on_hold','solved','closed')", name="status"
    ),
    sa.CheckConstraint("status <> 'new' OR assignee IS NULL", name="new_is_unassigned"),
    sa.CheckConstraint(
        "status NOT IN ('solved','closed') OR solved_at IS NOT NULL", name="solved_has_time"
    ),
    # One ticket a conversation that is not closed, whoever opens it and however often.
    sa.Index(
        "uq_tickets_one_live", "conversation_id", unique=True,
        sqlite_where=sa.text("status <> 'closed'"), postgresql_where=sa.text("status <> 'closed'"),
    ),
    sa.Index("ix_tickets_queue", "status", "priority", "opened_at"),
    sa.Index("ix_tickets_conversation_id", "conversation_id"),
    sa.Index("ix_tickets_merged_into", "merged_into"),
    sa.Index("ix_tickets_assignee", "assignee"),
    sa.Index(
        "ix_tickets_sla_stale", "updated_at",
        sqlite_where=sa.text("sla_version <> version"),
        postgresql_where=sa.text("sla_version <> version"),
    ),
    sa.Index("ix_tickets_opened_at", "opened_at"),
)


def _reference_column(*, primary_key: bool = False) -> sa.Column:
    return sa.Column(
        "reference", sa.Text, sa.ForeignKey("tickets.reference", ondelete="CASCADE"),
        nullable=False, primary_key=primary_key,
    )


ticket_events = sa.Table(
    "ticket_events", metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    _reference_column(),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("author", sa.Text, nullable=False),        # username, "customer", "bot", "system"
    sa.Column("from_status", sa.Text),
    sa.Column("to_status", sa.Text, nullable=False),
    sa.Column("detail", sa.JSON, nullable=False),
    sa.Index("ix_ticket_events_reference", "reference"),
)

ticket_links = sa.Table(
    "ticket_links", metadata,                            # one row a pair, smaller reference first
    _reference_column(primary_key=True),
    sa.Column(
        "other", sa.Text, sa.ForeignKey("tickets.reference", ondelete="CASCADE"), primary_key=True
    ),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.CheckConstraint("reference < other", name="ordered"),
    sa.Index("ix_ticket_links_other", "other"),
)

ticket_follow_ups = sa.Table(
    "ticket_follow_ups", metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    _reference_column(),
    sa.Column("due_at", sa.Text, nullable=False),        # when the customer hears from us
    sa.Column("every_days", sa.Integer),                 # and again after so many days; null: once
    sa.Column("text", sa.Text),                          # the author's own words; null: the template
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("created_at", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("done_at", sa.Text),
    sa.CheckConstraint("status IN ('planned','sent','stopped')", name="status"),
    sa.Index("ix_ticket_follow_ups_due", "status", "due_at"),
    sa.Index(
        "uq_ticket_follow_ups_one_planned", "reference", unique=True,
        sqlite_where=sa.text("status = 'planned'"), postgresql_where=sa.text("status = 'planned'"),
    ),
)

sla_clocks = sa.Table(
    "sla_clocks", metadata,
    _reference_column(primary_key=True),
    sa.Column("target", sa.Text, primary_key=True),
    sa.Column("cycle", sa.Integer, primary_key=True),    # the n-th of its kind on this ticket
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("started_at", sa.Text, nullable=False),
    sa.Column("goal_seconds", sa.Integer, nullable=False),   # business seconds allowed
    sa.Column("used_seconds", sa.Integer, nullable=False),   # up to ended_at, or the last pause
    sa.Column("due_at", sa.Text),                        # null while paused
    sa.Column("warn_at", sa.Text),                       # at the set share
    sa.Column("day_before_at", sa.Text),                 # for long ones
    sa.Column("next_at", sa.Text),                       # the first of these that has not fired
    sa.Column("ended_at", sa.Text),
    sa.CheckConstraint("state IN ('running','paused','met','missed','dropped')", name="state"),
    sa.CheckConstraint(
        "target IN ('first_response','next_response','resolution','news')", name="target"
    ),
    sa.Index("ix_sla_clocks_next", "next_at"),
)

sla_firings = sa.Table(
    "sla_firings", metadata,                             # what was said, so that it is said once
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    _reference_column(),
    sa.Column("target", sa.Text, nullable=False),
    sa.Column("cycle", sa.Integer, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("due_at", sa.Text, nullable=False),
    sa.Column("fired_at", sa.Text, nullable=False),
    sa.Column("told", sa.JSON, nullable=False),          # user names
    sa.UniqueConstraint("reference", "target", "cycle", "kind"),
    sa.CheckConstraint("kind IN ('share','day_before','breach')", name="kind"),
    sa.Index("ix_sla_firings_fired_at", "fired_at"),
)

ticket_waits = sa.Table(
    "ticket_waits", metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    _reference_column(),
    sa.Column("queue", sa.Text, nullable=False),
    sa.Column("promised_at", sa.Text, nullable=False),
    sa.Column("seconds", sa.Integer),                    # what was told; null: no figure was told
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("people", sa.Integer, nullable=False),
    sa.Index("ix_ticket_waits_queue", "queue", "promised_at"),
    sa.Index("ix_ticket_waits_reference", "reference"),
)
