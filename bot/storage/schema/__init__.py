"""All tables, a module a subject. Migrations build the same ones; a test compares the two.

Times are ISO texts (see :mod:`bot.storage.clock`), ids are texts, structured values are JSON.
Invariants that two processes could break are constraints here, on SQLite and PostgreSQL alike.
"""

from __future__ import annotations

from bot.storage.schema.accounting import article_views, facts, feedback, gaps
from bot.storage.schema.base import metadata
from bot.storage.schema.channels import (
    callbacks,
    connector_comments,
    connector_links,
    connectors,
    customer_presence,
    mail_messages,
    webhook_attempts,
    webhook_endpoints,
    webhook_messages,
)
from bot.storage.schema.content import article_versions, articles, gap_decisions, settings_kv
from bot.storage.schema.conversations import conversations, events
from bot.storage.schema.desk import (
    attachment_removals,
    attachments,
    desk_requests,
    desk_settings,
    macros,
    notifications,
    presence,
    search_documents,
    search_heads,
    snoozes,
    views,
)
from bot.storage.schema.jobs import outbox
from bot.storage.schema.scale import chore_runs, daily_figures
from bot.storage.schema.staff import staff, staff_photos, staff_sessions
from bot.storage.schema.tickets import (
    sla_clocks,
    sla_firings,
    ticket_events,
    ticket_follow_ups,
    ticket_links,
    ticket_waits,
    tickets,
)
from bot.storage.schema.widget import push_subscriptions, visitors

__all__ = [
    "article_versions",
    "article_views",
    "articles",
    "attachment_removals",
    "attachments",
    "callbacks",
    "chore_runs",
    "connector_comments",
    "connector_links",
    "connectors",
    "conversations",
    "customer_presence",
    "daily_figures",
    "desk_requests",
    "desk_settings",
    "events",
    "facts",
    "feedback",
    "gap_decisions",
    "gaps",
    "macros",
    "mail_messages",
    "metadata",
    "notifications",
    "outbox",
    "presence",
    "push_subscriptions",
    "search_documents",
    "search_heads",
    "settings_kv",
    "sla_clocks",
    "sla_firings",
    "snoozes",
    "staff",
    "staff_photos",
    "staff_sessions",
    "ticket_events",
    "ticket_follow_ups",
    "ticket_links",
    "ticket_waits",
    "tickets",
    "views",
    "visitors",
    "webhook_attempts",
    "webhook_endpoints",
    "webhook_messages",
]
