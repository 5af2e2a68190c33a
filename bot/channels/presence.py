"""When a customer's page last asked for news: whoever sees the answer there needs no mail about it."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.storage.clock import now_iso
from bot.storage.database import Database
from bot.storage.schema import conversations, customer_presence

_INTERVAL = 20.0     # seconds between two notes about one customer
_KNOWN = 5_000


class Presence:
    """Notes who is there, at most every twenty seconds each, for those an answer could be mailed to."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._noted: OrderedDict[str, float] = OrderedDict()

    def seen(self, conversation: Any) -> None:
        """This customer's page is open now. Returns at once; nobody waits for the note."""
        if conversation.mode not in ("waiting", "agent") or "@" not in (conversation.contact or ""):
            return
        now = time.monotonic()
        if now - self._noted.get(conversation.id, -_INTERVAL) < _INTERVAL:
            return
        self._noted[conversation.id] = now
        self._noted.move_to_end(conversation.id)
        while len(self._noted) > _KNOWN:
            self._noted.popitem(last=False)
        self._database.submit(lambda connection: mark(connection, conversation.id))


def mark(connection: Connection, conversation_id: str) -> None:
    """Note that the customer is there now."""
    c = customer_presence.c
    done = connection.execute(sa.update(customer_presence).where(c.conversation_id == conversation_id)
                              .values(seen_at=now_iso()))
    exists = sa.select(conversations.c.id).where(conversations.c.id == conversation_id)
    if done.rowcount == 0 and connection.execute(exists).first():
        connection.execute(sa.insert(customer_presence).values(
            conversation_id=conversation_id, seen_at=now_iso()))


def seen_since(connection: Connection, conversation_id: str, at: str) -> bool:
    """Whether the customer's page asked for news after a time."""
    found = connection.execute(sa.select(customer_presence.c.seen_at).where(
        customer_presence.c.conversation_id == conversation_id)).scalar()
    return bool(found and found >= at)
