"""A mail that did not arrive: what its ticket learns of it."""

from __future__ import annotations

from typing import Any

from sqlalchemy.engine import Connection

from bot.channels.mail_store import note
from bot.conversations.wording import say
from bot.errors import NotFound
from bot.tickets import store as tickets
from bot.tickets.store import Ticket


def came_back(connection: Connection, ticket: Ticket, contact: str | None, *, permanent: bool) -> Ticket:
    """Tell who still writes to that customer; nothing more is sent to an address that is at fault for good.

    ``ticket`` is the mail's; the one told is returned, which is another where it was merged.
    """
    told = survivor(connection, ticket)
    key = "mail_bounced" if permanent else "mail_delayed"
    contact = contact or told["packet"].get("contact") or "?"
    changes: dict[str, Any] = {}
    if permanent:
        changes["packet"] = told["packet"] | {"contact_bounced": contact}
    note(connection, told["reference"], say(key, "fr", contact=contact), key, **changes)
    return told


def survivor(connection: Connection, ticket: Ticket) -> Ticket:
    """The ticket that goes on in place of one that was merged as a duplicate."""
    for _ in range(5):
        into = find(connection, ticket.get("merged_into"))
        if into is None:      # the last one, or the next was erased
            break
        ticket = into
    return ticket


def find(connection: Connection, reference: str | None) -> Ticket | None:
    """The ticket of this reference, if there is one."""
    if reference is None:
        return None
    try:
        return tickets.get(connection, reference)
    except NotFound:
        return None
