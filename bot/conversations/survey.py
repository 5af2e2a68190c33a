"""The survey after a person helped: satisfaction, then effort; each asked once and answered once."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.conversations.model import Conversation, Draft
from bot.conversations.wording import say
from bot.storage.schema import events

_E = events.c
ONCE = ("csat", "effort")


def answered(connection: Connection, conversation_id: str, kind: str) -> int | None:
    """The answer this survey already has; a conversation closed again begins a new one."""
    if kind not in ONCE:
        return None
    for author, what, payload in _newest(connection, conversation_id):
        if what == "closed" or (author == "system" and payload.get("ask") == kind):
            return None
        if author == "customer" and kind in payload:
            return int(payload[kind])
    return None


def follow_up(
    connection: Connection, conversation: Conversation, kind: str, with_agent: bool
) -> list[Draft]:
    """After the satisfaction with a person, the question of effort."""
    if kind != "csat" or not with_agent or answered(connection, conversation.id, "effort") is not None:
        return []
    asked = next((True for author, what, payload in _newest(connection, conversation.id)
                  if what == "survey" and author == "system" and payload.get("ask") == "csat"), False)
    if not asked:
        return []
    return [Draft("survey", "system", {"text": say("survey_effort", conversation.language), "ask": "effort"})]


def _newest(connection: Connection, conversation_id: str) -> list[tuple[str, str, dict[str, Any]]]:
    rows = connection.execute(
        sa.select(_E.author, _E.kind, _E.payload)
        .where(_E.conversation_id == conversation_id, _E.kind.in_(("survey", "closed")))
        .order_by(_E.seq.desc()).limit(20))
    return [(row.author, row.kind, row.payload) for row in rows]
