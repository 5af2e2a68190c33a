"""e-mail threads, call-backs, webhooks, connectors

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Mail threads, presence of customers, call-backs, webhooks, links to other systems."""
    op.create_table('connectors',
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('paused_until', sa.Text(), nullable=True),
    sa.Column('cursor', sa.Text(), nullable=True),
    sa.Column('polled_at', sa.Text(), nullable=True),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_connectors'))
    )
    op.create_table('webhook_endpoints',
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('url', sa.Text(), nullable=False),
    sa.Column('description', sa.Text(), nullable=False),
    sa.Column('events', sa.JSON(), nullable=False),
    sa.Column('secret', sa.Text(), nullable=False),
    sa.Column('former_secret', sa.Text(), nullable=True),
    sa.Column('former_until', sa.Text(), nullable=True),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('failing_since', sa.Text(), nullable=True),
    sa.Column('disabled_reason', sa.Text(), nullable=True),
    sa.Column('created_by', sa.Text(), nullable=False),
    sa.Column('created_at', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_webhook_endpoints'))
    )
    op.create_table('customer_presence',
    sa.Column('conversation_id', sa.Text(), nullable=False),
    sa.Column('seen_at', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversations.id'], name=op.f('fk_customer_presence_conversation_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('conversation_id', name=op.f('pk_customer_presence'))
    )
    op.create_table('webhook_messages',
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('endpoint_id', sa.Text(), nullable=False),
    sa.Column('type', sa.Text(), nullable=False),
    sa.Column('payload', sa.JSON(), nullable=False),
    sa.Column('conversation_id', sa.Text(), nullable=True),
    sa.Column('at', sa.Text(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('resends', sa.Integer(), nullable=False),
    sa.CheckConstraint("state IN ('waiting','delivered','failed')", name=op.f('ck_webhook_messages_state')),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversations.id'], name=op.f('fk_webhook_messages_conversation_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['endpoint_id'], ['webhook_endpoints.id'], name=op.f('fk_webhook_messages_endpoint_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_webhook_messages'))
    )
    op.create_index('ix_webhook_messages_conversation_id', 'webhook_messages', ['conversation_id'], unique=False)
    op.create_index('ix_webhook_messages_endpoint', 'webhook_messages', ['endpoint_id', 'at'], unique=False)
    op.create_table('callbacks',
    sa.Column('reference', sa.Text(), nullable=False),
    sa.Column('conversation_id', sa.Text(), nullable=False),
    sa.Column('slot', sa.Text(), nullable=False),
    sa.Column('place', sa.Integer(), nullable=False),
    sa.Column('booked_at', sa.Text(), nullable=False),
    sa.Column('reminded_at', sa.Text(), nullable=True),
    sa.Column('done_at', sa.Text(), nullable=True),
    sa.CheckConstraint('place >= 0', name=op.f('ck_callbacks_place')),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversations.id'], name=op.f('fk_callbacks_conversation_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['reference'], ['tickets.reference'], name=op.f('fk_callbacks_reference'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('reference', name=op.f('pk_callbacks')),
    sa.UniqueConstraint('slot', 'place', name=op.f('uq_callbacks_slot_place'))
    )
    op.create_table('connector_comments',
    sa.Column('connector', sa.Text(), nullable=False),
    sa.Column('reference', sa.Text(), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('external_id', sa.Text(), nullable=True),
    sa.Column('direction', sa.Text(), nullable=False),
    sa.Column('at', sa.Text(), nullable=False),
    sa.CheckConstraint("direction IN ('in','out')", name=op.f('ck_connector_comments_direction')),
    sa.ForeignKeyConstraint(['reference'], ['tickets.reference'], name=op.f('fk_connector_comments_reference'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('connector', 'reference', 'key', name=op.f('pk_connector_comments')),
    sa.UniqueConstraint('connector', 'reference', 'external_id', name=op.f('uq_connector_comments_connector_reference_external_id'))
    )
    op.create_table('connector_links',
    sa.Column('connector', sa.Text(), nullable=False),
    sa.Column('reference', sa.Text(), nullable=False),
    sa.Column('conversation_id', sa.Text(), nullable=False),
    sa.Column('external_id', sa.Text(), nullable=True),
    sa.Column('external_url', sa.Text(), nullable=True),
    sa.Column('fields', sa.JSON(), nullable=False),
    sa.Column('synced_at', sa.Text(), nullable=True),
    sa.Column('error', sa.Text(), nullable=True),
    sa.Column('busy_until', sa.Text(), nullable=True),
    sa.Column('fence', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversations.id'], name=op.f('fk_connector_links_conversation_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['reference'], ['tickets.reference'], name=op.f('fk_connector_links_reference'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('connector', 'reference', name=op.f('pk_connector_links')),
    sa.UniqueConstraint('connector', 'external_id', name=op.f('uq_connector_links_connector_external_id'))
    )
    op.create_table('mail_messages',
    sa.Column('message_id', sa.Text(), nullable=False),
    sa.Column('direction', sa.Text(), nullable=False),
    sa.Column('at', sa.Text(), nullable=False),
    sa.Column('outcome', sa.Text(), nullable=False),
    sa.Column('peer', sa.Text(), nullable=False),
    sa.Column('reference', sa.Text(), nullable=True),
    sa.Column('conversation_id', sa.Text(), nullable=True),
    sa.CheckConstraint("direction IN ('in','out')", name=op.f('ck_mail_messages_direction')),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversations.id'], name=op.f('fk_mail_messages_conversation_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['reference'], ['tickets.reference'], name=op.f('fk_mail_messages_reference'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('message_id', name=op.f('pk_mail_messages'))
    )
    op.create_index('ix_mail_messages_peer', 'mail_messages', ['peer', 'at'], unique=False)
    op.create_index('ix_mail_messages_reference', 'mail_messages', ['reference', 'at'], unique=False)
    op.create_table('webhook_attempts',
    sa.Column('id', sa.Integer(), autoincrement=True, nullable=False),
    sa.Column('message_id', sa.Text(), nullable=False),
    sa.Column('at', sa.Text(), nullable=False),
    sa.Column('code', sa.Integer(), nullable=True),
    sa.Column('error', sa.Text(), nullable=True),
    sa.Column('millis', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['message_id'], ['webhook_messages.id'], name=op.f('fk_webhook_attempts_message_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_webhook_attempts'))
    )
    op.create_index('ix_webhook_attempts_message_id', 'webhook_attempts', ['message_id'], unique=False)


def downgrade() -> None:
    """Drop them."""
    op.drop_index('ix_webhook_attempts_message_id', table_name='webhook_attempts')
    op.drop_table('webhook_attempts')
    op.drop_index('ix_mail_messages_reference', table_name='mail_messages')
    op.drop_index('ix_mail_messages_peer', table_name='mail_messages')
    op.drop_table('mail_messages')
    op.drop_table('connector_links')
    op.drop_table('connector_comments')
    op.drop_table('callbacks')
    op.drop_index('ix_webhook_messages_endpoint', table_name='webhook_messages')
    op.drop_index('ix_webhook_messages_conversation_id', table_name='webhook_messages')
    op.drop_table('webhook_messages')
    op.drop_table('customer_presence')
    op.drop_table('webhook_endpoints')
    op.drop_table('connectors')
