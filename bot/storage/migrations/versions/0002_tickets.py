"""ticket levels, tags, links, follow-ups, service levels, waits; what agents can do

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TABLES = ("ticket_waits", "sla_firings", "sla_clocks", "ticket_follow_ups", "ticket_links")
_TICKET_INDEXES = {
    "ix_tickets_conversation_id": ["conversation_id"],
    "ix_tickets_merged_into": ["merged_into"],
    "ix_tickets_assignee": ["assignee"],
}


# Columns bring their checks along, so that SQLite needs no copy of the table: dropping the old one
# would take the rows of every table that refers to it.
def _ticket_columns() -> list[sa.Column]:
    return [
        sa.Column("level", sa.Text(), sa.CheckConstraint(
            "level IN ('L1','L2','expert')", name=op.f("ck_tickets_level")),
            nullable=False, server_default="L1"),
        sa.Column("tags", sa.JSON(), nullable=False, server_default="[]"),
        sa.Column("merged_into", sa.Text(), sa.CheckConstraint(
            "merged_into IS NULL OR status = 'closed'", name=op.f("ck_tickets_merged_is_closed"))),
        sa.Column("outage", sa.Text()),
        sa.Column("satisfaction", sa.Integer()),
        sa.Column("satisfaction_reason", sa.Text()),
        sa.Column("waiting_since", sa.Text()),
        sa.Column("promised_at", sa.Text()),
        sa.Column("sla_version", sa.Integer(), nullable=False, server_default="0"),
    ]


def _staff_columns() -> list[sa.Column]:
    return [
        sa.Column("skills", sa.JSON(), nullable=False, server_default="[]"),
        sa.Column("capacity", sa.Integer(), sa.CheckConstraint(
            "capacity BETWEEN 0 AND 100", name=op.f("ck_staff_capacity")),
            nullable=False, server_default="5"),
        sa.Column("presence", sa.Text(), sa.CheckConstraint(
            "presence IN ('auto','away')", name=op.f("ck_staff_presence")),
            nullable=False, server_default="auto"),
    ]


def _reference(primary_key: bool = False) -> sa.Column:
    return sa.Column("reference", sa.Text(), nullable=False, primary_key=primary_key)


def _of_ticket(table: str, column: str = "reference") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["tickets.reference"], ondelete="CASCADE",
                                   name=op.f(f"fk_{table}_{column}"))


def upgrade() -> None:
    """New columns of tickets and staff, five new tables."""
    for column in _ticket_columns():
        op.add_column("tickets", column)
    for name, columns in _TICKET_INDEXES.items():
        op.create_index(name, "tickets", columns)
    stale = sa.text("sla_version <> version")
    op.create_index("ix_tickets_sla_stale", "tickets", ["updated_at"], sqlite_where=stale,
                    postgresql_where=stale)
    # What is settled is not measured afterwards; what nobody answered yet has waited since it opened.
    op.execute("UPDATE tickets SET sla_version = version WHERE status IN ('solved', 'closed')")
    op.execute("UPDATE tickets SET waiting_since = opened_at "
               "WHERE status NOT IN ('solved', 'closed') AND first_response_at IS NULL")
    for column in _staff_columns():
        op.add_column("staff", column)
    _links_and_follow_ups()
    _service_levels()


def _links_and_follow_ups() -> None:
    op.create_table(
        "ticket_links", _reference(True), sa.Column("other", sa.Text(), primary_key=True),
        sa.Column("author", sa.Text(), nullable=False), sa.Column("at", sa.Text(), nullable=False),
        sa.CheckConstraint("reference < other", name=op.f("ck_ticket_links_ordered")),
        _of_ticket("ticket_links"), _of_ticket("ticket_links", "other"),
        sa.PrimaryKeyConstraint("reference", "other", name=op.f("pk_ticket_links")),
    )
    op.create_index("ix_ticket_links_other", "ticket_links", ["other"])
    op.create_table(
        "ticket_follow_ups", sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        _reference(), sa.Column("due_at", sa.Text(), nullable=False),
        sa.Column("every_days", sa.Integer()), sa.Column("text", sa.Text()),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False), sa.Column("done_at", sa.Text()),
        sa.CheckConstraint("status IN ('planned','sent','stopped')",
                           name=op.f("ck_ticket_follow_ups_status")),
        _of_ticket("ticket_follow_ups"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_follow_ups")),
    )
    op.create_index("ix_ticket_follow_ups_due", "ticket_follow_ups", ["status", "due_at"])
    planned = sa.text("status = 'planned'")
    op.create_index("uq_ticket_follow_ups_one_planned", "ticket_follow_ups", ["reference"],
                    unique=True, sqlite_where=planned, postgresql_where=planned)


def _service_levels() -> None:
    op.create_table(
        "sla_clocks", _reference(True), sa.Column("target", sa.Text(), primary_key=True),
        sa.Column("cycle", sa.Integer(), primary_key=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("started_at", sa.Text(), nullable=False),
        sa.Column("goal_seconds", sa.Integer(), nullable=False),
        sa.Column("used_seconds", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Text()) for name in
          ("due_at", "warn_at", "day_before_at", "next_at", "ended_at")),
        sa.CheckConstraint("state IN ('running','paused','met','missed','dropped')",
                           name=op.f("ck_sla_clocks_state")),
        sa.CheckConstraint("target IN ('first_response','next_response','resolution','news')",
                           name=op.f("ck_sla_clocks_target")),
        _of_ticket("sla_clocks"),
        sa.PrimaryKeyConstraint("reference", "target", "cycle", name=op.f("pk_sla_clocks")),
    )
    op.create_index("ix_sla_clocks_next", "sla_clocks", ["next_at"])
    op.create_table(
        "sla_firings", sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        _reference(), sa.Column("target", sa.Text(), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False), sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("due_at", sa.Text(), nullable=False), sa.Column("fired_at", sa.Text(), nullable=False),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.CheckConstraint("kind IN ('share','day_before','breach')", name=op.f("ck_sla_firings_kind")),
        _of_ticket("sla_firings"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sla_firings")),
        sa.UniqueConstraint("reference", "target", "cycle", "kind", name=op.f("uq_sla_firings_reference_target_cycle_kind")),
    )
    op.create_index("ix_sla_firings_fired_at", "sla_firings", ["fired_at"])
    op.create_table(
        "ticket_waits", sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        _reference(), sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("promised_at", sa.Text(), nullable=False), sa.Column("seconds", sa.Integer()),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        _of_ticket("ticket_waits"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_waits")),
    )
    op.create_index("ix_ticket_waits_queue", "ticket_waits", ["queue", "promised_at"])
    op.create_index("ix_ticket_waits_reference", "ticket_waits", ["reference"])


def downgrade() -> None:
    """Back to the first schema; what only the new tables hold is lost."""
    for table in _TABLES:
        op.drop_table(table)
    for column in _staff_columns():
        op.drop_column("staff", column.name)
    for name in ("ix_tickets_sla_stale", *_TICKET_INDEXES):
        op.drop_index(name, "tickets")
    for column in reversed(_ticket_columns()):
        op.drop_column("tickets", column.name)
