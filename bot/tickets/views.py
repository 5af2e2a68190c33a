"""A ticket as the staff API shows it: its row, links, what can be promised of it, and how urgent it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.engine import Connection

from bot.channels import callbacks
from bot.conversations.model import Event
from bot.integrations.connectors import links as connector_links
from bot.tickets import store
from bot.tickets.hours import Desk
from bot.tickets.links import links_of
from bot.tickets.sla_store import sla_of
from bot.tickets.store import Ticket


def shown(
    connection: Connection, found: Sequence[Ticket], desk: Desk, now: datetime
) -> list[dict[str, Any]]:
    """Tickets for a list, each with ``links``, ``callback``, ``external`` (its twins elsewhere) and ``sla``: a few queries however many there are.

    ``level``, ``tags``, ``outage``, ``merged_into``, ``waiting_since`` (the customer's oldest message
    nobody answered), ``promised_at``, ``satisfaction`` and ``satisfaction_reason`` are columns.
    """
    links = links_of(connection, found)
    clocks = sla_of(connection, found, desk, now)
    references = [ticket["reference"] for ticket in found]
    calls = callbacks.of_tickets(connection, references)
    twins = connector_links.of_tickets(connection, references)
    return [store.public(ticket) | {"links": links[ticket["reference"]],
                                    "callback": calls.get(ticket["reference"]),
                                    "external": twins[ticket["reference"]],
                                    "sla": clocks[ticket["reference"]]} for ticket in found]


def transcript(events: Sequence[Event], contacts: Sequence[str | None]) -> list[dict[str, Any]]:
    """What was said, for staff: as customers see it, and ``from`` on a mail that none of the contacts sent."""
    known = {contact.lower() for contact in contacts if contact}
    lines = []
    for event in events:
        sender = str((event.payload.get("meta") or {}).get("from") or "") if event.payload.get("via") == "email" else ""
        lines.append(event.public() | ({"from": sender} if sender and sender.lower() not in known else {}))
    return lines
