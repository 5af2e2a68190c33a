"""Accounts and sessions."""

from __future__ import annotations

import sqlalchemy as sa

from bot.storage.schema.base import metadata

staff = sa.Table(
    "staff", metadata,
    sa.Column("username", sa.Text, primary_key=True),
    sa.Column("first_name", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("password_hash", sa.Text, nullable=False),
    sa.Column("languages", sa.JSON, nullable=False),
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("created_at", sa.Text, nullable=False),
    sa.Column("skills", sa.JSON, nullable=False, server_default="[]"),      # themes; empty: any
    sa.Column("capacity", sa.Integer, nullable=False, server_default="5"),  # tickets at a time
    sa.Column("presence", sa.Text, nullable=False, server_default="auto"),
    sa.CheckConstraint("presence IN ('auto','away')", name="presence"),
    sa.CheckConstraint("capacity BETWEEN 0 AND 100", name="capacity"),
    sa.CheckConstraint("role IN ('agent','lead','analyst','admin')", name="role"),
)

#: What customers see beside the first name, where somebody put it there.
staff_photos = sa.Table(
    "staff_photos", metadata,
    sa.Column("username", sa.Text, sa.ForeignKey("staff.username", ondelete="CASCADE"), primary_key=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),      # of the picture: its address never shows another
    sa.Column("content", sa.LargeBinary, nullable=False),
)

staff_sessions = sa.Table(
    "staff_sessions", metadata,
    sa.Column("token_hash", sa.Text, primary_key=True),
    sa.Column(
        "username", sa.Text, sa.ForeignKey("staff.username", ondelete="CASCADE"), nullable=False
    ),
    sa.Column("created_at", sa.Text, nullable=False),
    sa.Column("seen_at", sa.Text, nullable=False),
    sa.Column("expires_at", sa.Text, nullable=False),
)
