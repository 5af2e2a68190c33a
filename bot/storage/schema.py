"""All tables. Migrations build the same ones; a test compares the two.

Times are ISO texts (see :mod:`bot.storage.clock`), ids are texts, structured values are JSON.
Invariants that two processes could break are constraints here, on SQLite and PostgreSQL alike.
"""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _conversation() -> sa.Column:
    return sa.Column(
        "conversation_id", sa.Text, sa.ForeignKey("conversations.id", ondelete="CASCADE"),
        nullable=False,
    )


conversations = sa.Table(
    "conversations", metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("token_hash", sa.Text, nullable=False),
    sa.Column("locale", sa.Text),                       # of the page
    sa.Column("page_url", sa.Text),
    sa.Column("language", sa.Text, nullable=False),     # of the conversation, now
    sa.Column("created_at", sa.Text, nullable=False),
    sa.Column("last_at", sa.Text, nullable=False),
    sa.Column("closed_at", sa.Text),
    sa.Column("mode", sa.Text, nullable=False),
    sa.Column("seq", sa.Integer, nullable=False),           # last event
    sa.Column("asked_seq", sa.Integer, nullable=False),     # last customer message for the bot
    sa.Column("answered_seq", sa.Integer, nullable=False),  # last customer message answered
    sa.Column("state", sa.JSON),                            # the dialogue's, never read here
    sa.Column("note", sa.Text),                             # an agent's note for the next turn
    sa.Column("turn_token", sa.Text),
    sa.Column("turn_lease_until", sa.Text),
    sa.Column("turn_attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("outcome", sa.Text),
    sa.Column("theme", sa.Text),
    sa.Column("contact", sa.Text),
    sa.Column("contact_channel", sa.Text),
    sa.CheckConstraint("mode IN ('bot','waiting','agent','closed')", name="mode"),
    sa.Index("ix_conversations_last_at", "last_at"),
    sa.Index("ix_conversations_created_at", "created_at"),
    sa.Index(
        "ix_conversations_unanswered", "asked_seq",
        sqlite_where=sa.text("asked_seq > answered_seq AND mode = 'bot'"),
        postgresql_where=sa.text("asked_seq > answered_seq AND mode = 'bot'"),
    ),
)

events = sa.Table(
    "events", metadata,
    sa.Column(
        "conversation_id", sa.Text, sa.ForeignKey("conversations.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("payload", sa.JSON, nullable=False),
    sa.Column("client_message_id", sa.Text),
    sa.UniqueConstraint("conversation_id", "client_message_id"),
    sa.CheckConstraint("author IN ('customer','bot','agent','system')", name="author"),
    sa.CheckConstraint(
        "kind IN ('message','handover','ticket','survey','closed')", name="kind"
    ),
)

tickets = sa.Table(
    "tickets", metadata,
    sa.Column("reference", sa.Text, primary_key=True),
    _conversation(),
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
)

ticket_events = sa.Table(
    "ticket_events", metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column(
        "reference", sa.Text, sa.ForeignKey("tickets.reference", ondelete="CASCADE"), nullable=False
    ),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("author", sa.Text, nullable=False),        # username, "customer", "bot", "system"
    sa.Column("from_status", sa.Text),
    sa.Column("to_status", sa.Text, nullable=False),
    sa.Column("detail", sa.JSON, nullable=False),
    sa.Index("ix_ticket_events_reference", "reference"),
)

staff = sa.Table(
    "staff", metadata,
    sa.Column("username", sa.Text, primary_key=True),
    sa.Column("first_name", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("password_hash", sa.Text, nullable=False),
    sa.Column("languages", sa.JSON, nullable=False),
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("created_at", sa.Text, nullable=False),
    sa.CheckConstraint("role IN ('agent','lead','analyst','admin')", name="role"),
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

articles = sa.Table(
    "articles", metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("locale", sa.Text, primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("content", sa.JSON, nullable=False),
    sa.Column("file_hash", sa.Text),     # of the shipped file this row last came from
    sa.Column("edited", sa.Boolean, nullable=False),   # a lead changed it: shipped files no longer do
    sa.Column("updated_at", sa.Text, nullable=False),
)

article_versions = sa.Table(
    "article_versions", metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("locale", sa.Text, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("content", sa.JSON, nullable=False),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("note", sa.Text),
)

article_views = sa.Table(
    "article_views", metadata,
    sa.Column("key", sa.Text, primary_key=True),         # idempotency key of the turn's effect
    _conversation(),
    sa.Column("article_id", sa.Text, nullable=False),
    sa.Column("locale", sa.Text),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("result", sa.Text, nullable=False),        # shown, helped, refused
    sa.Index("ix_article_views_conversation_id", "conversation_id"),
)

gaps = sa.Table(
    "gaps", metadata,
    sa.Column("key", sa.Text, primary_key=True),         # idempotency key of the turn's effect
    _conversation(),
    sa.Column("seq", sa.Integer),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),          # redacted
    sa.Column("fold", sa.Text, nullable=False),          # what groups near-equal texts
    sa.Column("candidates", sa.JSON, nullable=False),
    sa.Index("ix_gaps_fold", "language", "fold"),
)

gap_decisions = sa.Table(
    "gap_decisions", metadata,
    sa.Column("language", sa.Text, primary_key=True),
    sa.Column("fold", sa.Text, primary_key=True),
    sa.Column("decision", sa.Text, nullable=False),
    sa.Column("slug", sa.Text),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.CheckConstraint("decision IN ('article','phrasing','out_of_scope')", name="decision"),
)

facts = sa.Table(
    "facts", metadata,
    sa.Column("key", sa.Text, primary_key=True),         # idempotency key of the turn's effect
    _conversation(),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),          # flow, answered, refused
    sa.Column("payload", sa.JSON, nullable=False),
    sa.Index("ix_facts_conversation_id", "conversation_id"),
)

feedback = sa.Table(
    "feedback", metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    _conversation(),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),          # helped, csat, effort
    sa.Column("value", sa.Integer, nullable=False),
    sa.Column("comment", sa.Text),                       # redacted
    sa.Column("with_agent", sa.Boolean, nullable=False),
    sa.Index("ix_feedback_conversation_id", "conversation_id"),
)

outbox = sa.Table(
    "outbox", metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("key", sa.Text, nullable=False, unique=True),
    sa.Column("topic", sa.Text, nullable=False),
    sa.Column("payload", sa.JSON, nullable=False),
    sa.Column("conversation_id", sa.Text),               # for erasure; the row may outlive nothing
    sa.Column("created_at", sa.Text, nullable=False),
    sa.Column("next_at", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("fence", sa.Integer, nullable=False),      # grows with each lease; an old holder loses
    sa.Column("lease_until", sa.Text),
    sa.Column("done_at", sa.Text),
    sa.Column("dead", sa.Boolean, nullable=False),
    sa.Column("error", sa.Text),
    sa.Index(
        "ix_outbox_due", "next_at",
        sqlite_where=sa.text("done_at IS NULL"), postgresql_where=sa.text("done_at IS NULL"),
    ),
)

settings_kv = sa.Table(
    "settings_kv", metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("value", sa.JSON, nullable=False),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
)
