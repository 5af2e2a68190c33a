"""Chats with the bot that went quiet are closed; a customer who comes back goes on where they were."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.conversations import store
from bot.conversations.model import Draft
from bot.conversations.wording import say
from bot.storage.clock import later, now_iso
from bot.storage.schema import conversations

_C = conversations.c


def close_idle(connection: Connection, minutes: float, limit: int = 200) -> int:
    """Close bot chats without an event for ``minutes``; how many. Nothing unanswered is closed."""
    rows = connection.execute(
        sa.select(_C.id).where(
            _C.mode == "bot", _C.last_at < later(-minutes * 60), _C.asked_seq <= _C.answered_seq)
        .limit(limit).with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        found = store.get(connection, row.id)
        drafts = [Draft("closed", "system", {
            "reason": "idle", "text": say("closed_idle", found.language)})]
        # Nobody who never wrote is told goodbye; they find the greeting as they left it.
        store.append(connection, found.id, drafts if found.asked_seq else [])
        store.update(connection, found.id, mode="closed", closed_at=now_iso())
    return len(rows)
