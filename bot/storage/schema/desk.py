"""What agents work with: attachments, macros, views, notifications, snoozes, presence, search.

The full-text index itself (``search_fts``) is the engine's own: an FTS5 table on SQLite, a
``tsvector`` with a GIN index on PostgreSQL. The migration makes it; ``bot/desk/search.py`` reads it.
"""

from __future__ import annotations

import sqlalchemy as sa

from bot.storage.schema.base import conversation_column, metadata


def _reference(*, nullable: bool = False, primary_key: bool = False) -> sa.Column:
    """The ticket a row belongs to and goes with."""
    return sa.Column(
        "reference", sa.Text, sa.ForeignKey("tickets.reference", ondelete="CASCADE"),
        nullable=nullable, primary_key=primary_key,
    )


def _username(name: str = "username", *, nullable: bool = False, primary_key: bool = False) -> sa.Column:
    """The account a row belongs to and goes with."""
    return sa.Column(
        name, sa.Text, sa.ForeignKey("staff.username", ondelete="CASCADE"),
        nullable=nullable, primary_key=primary_key,
    )


attachments = sa.Table(
    "attachments", metadata,
    sa.Column("id", sa.Text, primary_key=True),          # unguessable
    conversation_column(),
    sa.Column("seq", sa.Integer),                        # of its message; none while an agent writes it
    sa.Column("author", sa.Text, nullable=False),        # customer, agent
    sa.Column("uploader", sa.Text),                      # an agent's username
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("type", sa.Text, nullable=False),          # found in the content, never the sender's word
    sa.Column("size", sa.Integer, nullable=False),       # bytes
    sa.Column("sha256", sa.Text, nullable=False),        # names the file under HOME/attachments
    sa.Column("at", sa.Text, nullable=False),
    sa.CheckConstraint("author IN ('customer','agent')", name="author"),
    sa.Index("ix_attachments_conversation_id", "conversation_id", "seq"),
    sa.Index("ix_attachments_sha256", "sha256"),
)

attachment_removals = sa.Table(
    "attachment_removals", metadata,                     # files to look at: whose last row went, or may never come
    sa.Column("sha256", sa.Text, primary_key=True),
    sa.Column("at", sa.Text, nullable=False),
)

macros = sa.Table(
    "macros", metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("theme", sa.Text),
    sa.Column("texts", sa.JSON, nullable=False),         # locale -> text with {{placeholders}}
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("uses", sa.Integer, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),    # grows with each change: two editors notice
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("updated_at", sa.Text, nullable=False),
)

desk_requests = sa.Table(
    "desk_requests", metadata,                           # agents ask leads for a macro or an article
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),          # redacted
    _reference(nullable=True),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("answer", sa.Text),
    sa.Column("decided_by", sa.Text),
    sa.Column("decided_at", sa.Text),
    sa.CheckConstraint("kind IN ('macro','article')", name="kind"),
    sa.CheckConstraint("status IN ('open','done','declined')", name="status"),
    sa.Index("ix_desk_requests_status", "status", "id"),
)

notifications = sa.Table(
    "notifications", metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    _username(),
    sa.Column("kind", sa.Text, nullable=False),
    _reference(nullable=True),
    sa.Column("detail", sa.JSON, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("seen_at", sa.Text),
    sa.Column("mailed_at", sa.Text),                     # looked at for mail, sent or not
    sa.Index("ix_notifications_username", "username", "id"),
)

desk_settings = sa.Table(
    "desk_settings", metadata,                           # an agent's own switches
    _username(primary_key=True),
    sa.Column("values", sa.JSON, nullable=False),
)

views = sa.Table(
    "views", metadata,                                   # saved filters; without an owner: everyone's
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    _username("owner", nullable=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("filters", sa.JSON, nullable=False),
    sa.Index("ix_views_owner", "owner"),
)

snoozes = sa.Table(
    "snoozes", metadata,                                 # out of sight until a time or a customer's message
    _reference(primary_key=True),
    sa.Column("until", sa.Text, nullable=False),
    sa.Column("seq", sa.Integer, nullable=False),        # of the conversation when it was set aside
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Index("ix_snoozes_until", "until"),
)

presence = sa.Table(
    "presence", metadata,                                # who has a ticket open, and writes
    _reference(primary_key=True),
    _username(primary_key=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.CheckConstraint("state IN ('viewing','replying')", name="state"),
)

search_documents = sa.Table(
    "search_documents", metadata,                        # what a row of search_fts is
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    _reference(),
    conversation_column(),
    sa.Column("seq", sa.Integer),                        # of a message; none for the ticket and notes
    sa.Column("at", sa.Text, nullable=False),
    sa.Index("ix_search_documents_reference", "reference"),
    sa.Index("ix_search_documents_conversation_id", "conversation_id"),
)

search_heads = sa.Table(
    "search_heads", metadata,                            # how far each ticket is indexed
    _reference(primary_key=True),
    sa.Column("seq", sa.Integer, nullable=False),
    sa.Column("event_id", sa.Integer, nullable=False),
    sa.Column("last_at", sa.Text, nullable=False),
    sa.Index("ix_search_heads_event_id", "event_id"),
    sa.Index("ix_search_heads_last_at", "last_at"),
)
