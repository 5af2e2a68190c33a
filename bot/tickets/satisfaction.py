"""How the customer of a ticket was served, in their rating, and why."""

from __future__ import annotations

from sqlalchemy.engine import Connection

from bot.errors import not_one_of
from bot.tickets import store
from bot.tickets.states import ACTIONS
from bot.tickets.store import Ticket

#: What a customer may name as the reason of a rating; their own words are the comment.
REASONS = ("slow", "not_solved", "unclear", "unfriendly", "repeated_myself", "solved", "fast", "friendly", "other")


def rate(connection: Connection, ticket: Ticket, value: int, reason: str | None = None) -> Ticket:
    """Keep a rating (1 to 5) and its reason on the ticket; the last one counts. Raises BadInput."""
    if reason is not None and reason not in REASONS:
        raise not_one_of("reason", REASONS)
    if ticket["status"] not in ACTIONS["rate"].allowed:
        return ticket
    return store.act(connection, ticket, "rate", "customer", {"to": f"{value}/5", "reason": reason},
                     satisfaction=value, satisfaction_reason=reason)
