"""Everything kept about a conversation, as plain data: for a customer who asks, or an auditor."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.conversations import store
from bot.privacy.erasure import OWNED
from bot.storage.schema import conversations, ticket_events, ticket_follow_ups, ticket_waits

_HIDDEN = {"token_hash", "turn_token", "turn_lease_until"}


def export_conversation(connection: Connection, conversation_id: str) -> dict[str, Any]:
    """All rows that belong to a conversation, by table. Raises UnknownConversation."""
    store.get(connection, conversation_id)
    row = connection.execute(
        sa.select(conversations).where(conversations.c.id == conversation_id)).mappings().one()
    data: dict[str, Any] = {"conversation": {k: v for k, v in row.items() if k not in _HIDDEN}}
    for table in OWNED:
        found = connection.execute(
            sa.select(table).where(table.c.conversation_id == conversation_id)
            .order_by(*table.primary_key.columns)).mappings()
        data[table.name] = [dict(item) for item in found]
    references = [ticket["reference"] for ticket in data["tickets"]]
    for table in (ticket_events, ticket_follow_ups, ticket_waits):
        rows = connection.execute(
            sa.select(table).where(table.c.reference.in_(references)).order_by(table.c.id)).mappings()
        data[table.name] = [dict(item) for item in rows]
    return data
