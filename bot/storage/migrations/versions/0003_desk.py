"""attachments, macros, views, notifications, snoozes, presence, full-text search

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


_FOLDED_WORDS = (
    "CREATE VIRTUAL TABLE search_fts USING fts5(text, tokenize='unicode61 remove_diacritics 2', prefix='3')"
)


def upgrade() -> None:
    """Make the tables, and the index each engine has for words."""
    op.create_table('attachment_removals',
    sa.Column('sha256', sa.Text(), nullable=False),
    sa.Column('at', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('sha256', name=op.f('pk_attachment_removals'))
    )
    op.create_table('macros',
    sa.Column('id', sa.Integer(), autoincrement=True, nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('theme', sa.Text(), nullable=True),
    sa.Column('texts', sa.JSON(), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('uses', sa.Integer(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('author', sa.Text(), nullable=False),
    sa.Column('updated_at', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_macros')),
    sa.UniqueConstraint('name', name=op.f('uq_macros_name'))
    )
    op.create_table('attachments',
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('conversation_id', sa.Text(), nullable=False),
    sa.Column('seq', sa.Integer(), nullable=True),
    sa.Column('author', sa.Text(), nullable=False),
    sa.Column('uploader', sa.Text(), nullable=True),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('type', sa.Text(), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('sha256', sa.Text(), nullable=False),
    sa.Column('at', sa.Text(), nullable=False),
    sa.CheckConstraint("author IN ('customer','agent')", name=op.f('ck_attachments_author')),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversations.id'], name=op.f('fk_attachments_conversation_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_attachments'))
    )
    op.create_index('ix_attachments_conversation_id', 'attachments', ['conversation_id', 'seq'], unique=False)
    op.create_index('ix_attachments_sha256', 'attachments', ['sha256'], unique=False)
    op.create_table('desk_settings',
    sa.Column('username', sa.Text(), nullable=False),
    sa.Column('values', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['username'], ['staff.username'], name=op.f('fk_desk_settings_username'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('username', name=op.f('pk_desk_settings'))
    )
    op.create_table('views',
    sa.Column('id', sa.Integer(), autoincrement=True, nullable=False),
    sa.Column('owner', sa.Text(), nullable=True),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('filters', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['owner'], ['staff.username'], name=op.f('fk_views_owner'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_views'))
    )
    op.create_index('ix_views_owner', 'views', ['owner'], unique=False)
    op.create_table('desk_requests',
    sa.Column('id', sa.Integer(), autoincrement=True, nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('reference', sa.Text(), nullable=True),
    sa.Column('author', sa.Text(), nullable=False),
    sa.Column('at', sa.Text(), nullable=False),
    sa.Column('status', sa.Text(), nullable=False),
    sa.Column('answer', sa.Text(), nullable=True),
    sa.Column('decided_by', sa.Text(), nullable=True),
    sa.Column('decided_at', sa.Text(), nullable=True),
    sa.CheckConstraint("kind IN ('macro','article')", name=op.f('ck_desk_requests_kind')),
    sa.CheckConstraint("status IN ('open','done','declined')", name=op.f('ck_desk_requests_status')),
    sa.ForeignKeyConstraint(['reference'], ['tickets.reference'], name=op.f('fk_desk_requests_reference'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_desk_requests'))
    )
    op.create_index('ix_desk_requests_status', 'desk_requests', ['status', 'id'], unique=False)
    op.create_table('notifications',
    sa.Column('id', sa.Integer(), autoincrement=True, nullable=False),
    sa.Column('username', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('reference', sa.Text(), nullable=True),
    sa.Column('detail', sa.JSON(), nullable=False),
    sa.Column('at', sa.Text(), nullable=False),
    sa.Column('seen_at', sa.Text(), nullable=True),
    sa.Column('mailed_at', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['reference'], ['tickets.reference'], name=op.f('fk_notifications_reference'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['username'], ['staff.username'], name=op.f('fk_notifications_username'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notifications'))
    )
    op.create_index('ix_notifications_username', 'notifications', ['username', 'id'], unique=False)
    op.create_table('presence',
    sa.Column('reference', sa.Text(), nullable=False),
    sa.Column('username', sa.Text(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('at', sa.Text(), nullable=False),
    sa.CheckConstraint("state IN ('viewing','replying')", name=op.f('ck_presence_state')),
    sa.ForeignKeyConstraint(['reference'], ['tickets.reference'], name=op.f('fk_presence_reference'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['username'], ['staff.username'], name=op.f('fk_presence_username'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('reference', 'username', name=op.f('pk_presence'))
    )
    op.create_table('search_documents',
    sa.Column('id', sa.Integer(), autoincrement=True, nullable=False),
    sa.Column('reference', sa.Text(), nullable=False),
    sa.Column('conversation_id', sa.Text(), nullable=False),
    sa.Column('seq', sa.Integer(), nullable=True),
    sa.Column('at', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversations.id'], name=op.f('fk_search_documents_conversation_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['reference'], ['tickets.reference'], name=op.f('fk_search_documents_reference'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_search_documents')),
    )
    op.create_index('ix_search_documents_conversation_id', 'search_documents', ['conversation_id'], unique=False)
    op.create_index('ix_search_documents_reference', 'search_documents', ['reference'], unique=False)
    op.create_table('search_heads',
    sa.Column('reference', sa.Text(), nullable=False),
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('event_id', sa.Integer(), nullable=False),
    sa.Column('last_at', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['reference'], ['tickets.reference'], name=op.f('fk_search_heads_reference'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('reference', name=op.f('pk_search_heads'))
    )
    op.create_index('ix_search_heads_event_id', 'search_heads', ['event_id'], unique=False)
    op.create_index('ix_search_heads_last_at', 'search_heads', ['last_at'], unique=False)
    op.create_table('snoozes',
    sa.Column('reference', sa.Text(), nullable=False),
    sa.Column('until', sa.Text(), nullable=False),
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('author', sa.Text(), nullable=False),
    sa.Column('at', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['reference'], ['tickets.reference'], name=op.f('fk_snoozes_reference'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('reference', name=op.f('pk_snoozes'))
    )
    op.create_index('ix_snoozes_until', 'snoozes', ['until'], unique=False)
    op.create_index('ix_conversations_contact', 'conversations', ['contact'])
    if op.get_bind().dialect.name == "sqlite":
        op.execute(_FOLDED_WORDS)
    else:
        op.execute("CREATE TABLE search_fts (id INTEGER PRIMARY KEY REFERENCES search_documents (id) "
                   "ON DELETE CASCADE, document TSVECTOR NOT NULL)")
        op.execute("CREATE INDEX ix_search_fts_document ON search_fts USING gin (document)")


def downgrade() -> None:
    """Remove them; files under the home stay where they are."""
    op.execute("DROP TABLE search_fts")
    op.drop_index('ix_conversations_contact', 'conversations')
    for name in (
        "search_heads",
        "search_documents",
        "presence",
        "snoozes",
        "views",
        "desk_settings",
        "notifications",
        "desk_requests",
        "attachments",
        "macros",
        "attachment_removals",
    ):
        op.drop_table(name)
