"""pictures of people who answer

Revision ID: 0008
Revises: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "staff_photos",
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["username"], ["staff.username"], name=op.f("fk_staff_photos_username_staff"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("username", name=op.f("pk_staff_photos")),
        sa.UniqueConstraint("id", name=op.f("uq_staff_photos_id")),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("staff_photos")
