"""A waiting customer's place in the queue as it is now: told while they wait, and no event of the conversation."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.engine import Connection

from bot.storage.clock import iso
from bot.tickets import store as tickets
from bot.tickets.hours import Desk
from bot.tickets.queue import standing
from bot.tickets.states import LIVE


def place(connection: Connection, conversation_id: str, desk: Desk, now: datetime) -> dict[str, Any] | None:
    """Position and expected wait, or when people are back; None for whoever does not wait in the chat."""
    ticket = tickets.of_conversation(connection, conversation_id)
    if ticket is None or ticket["assignee"] or ticket["status"] not in LIVE or ticket["channel"] != "chat":
        return None
    told: dict[str, Any] = {"reference": ticket["reference"]}
    opening = None if desk.is_open(now) else desk.next_opening(now)
    if opening is not None:
        return told | {"opening_at": iso(opening)}
    at = standing(connection, ticket, desk, now)
    return told | {name: value for name, value in (("position", at.position), ("wait_seconds", at.wait_seconds)) if value is not None}
