"""push subscriptions and what the widget keeps

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Visitors and push subscriptions; an article may be viewed outside a conversation."""
    op.create_table(
        "visitors",
        sa.Column("conversation_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("verified_at", sa.Text(), nullable=True),
        sa.Column("verified_until", sa.Text(), nullable=True),
        sa.Column("context", sa.JSON(), nullable=False),
        sa.Column("updated_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"],
                                name=op.f("fk_visitors_conversation_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("conversation_id", name=op.f("pk_visitors")),
    )
    with op.batch_alter_table("visitors") as batch:
        batch.create_index("ix_visitors_user_id", ["user_id"], unique=False)
    op.create_table(
        "push_subscriptions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("conversation_id", sa.Text(), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("p256dh", sa.Text(), nullable=False),
        sa.Column("auth", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"],
                                name=op.f("fk_push_subscriptions_conversation_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push_subscriptions")),
    )
    with op.batch_alter_table("push_subscriptions") as batch:
        batch.create_index("ix_push_subscriptions_conversation_id", ["conversation_id"], unique=False)
    with op.batch_alter_table("article_views") as batch:
        batch.alter_column("conversation_id", existing_type=sa.Text(), nullable=True)


def downgrade() -> None:
    """Visits without a conversation have no place in the older schema."""
    op.execute("DELETE FROM article_views WHERE conversation_id IS NULL")
    with op.batch_alter_table("article_views") as batch:
        batch.alter_column("conversation_id", existing_type=sa.Text(), nullable=False)
    op.drop_table("push_subscriptions")
    op.drop_table("visitors")
