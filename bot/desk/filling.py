"""A macro for one ticket: the values its placeholders take, and what the customer asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from typing import Any

import sqlalchemy as sa
from babel.dates import format_date
from sqlalchemy.engine import Connection

from bot.conversations.model import Event
from bot.desk import macros
from bot.desk.customer import Facts
from bot.desk.placeholders import fill
from bot.handover.packet import last_request
from bot.staff.accounts import Member
from bot.storage.clock import utcnow
from bot.storage.schema import tickets
from bot.tickets import store
from bot.tickets.store import Ticket
from bot.tickets.translations import code_of

_T = tickets.c


def filled(
    macro: macros.Macro, ticket: Ticket, facts: Facts, who: Member, *, zone: tzinfo, instead: str = "en"
) -> dict[str, Any]:
    """``text`` with what is known put in, its ``locale``, and ``missing`` placeholders in order.

    ``instead`` is the language taken where the customer's has no text.
    """
    text, locale = macros.text_for(macro, code_of(ticket["locale"]), instead)
    done = fill(text, values(ticket, facts, who, locale=locale, zone=zone))
    return {"id": macro["id"], "name": macro["name"], "locale": locale, "text": done.text, "missing": list(done.missing)}


def values(ticket: Ticket, facts: Facts, who: Member, *, locale: str, zone: tzinfo) -> dict[str, str]:
    """What placeholders stand for on this ticket."""
    known = dict(facts.values)
    if "customer.first_name" not in known and known.get("customer.name"):
        known["customer.first_name"] = known["customer.name"].split()[0]
    return known | {
        "ticket.reference": ticket["reference"], "ticket.request": str(ticket["packet"].get("request") or ""),
        "agent.first_name": who.first_name,
        "today": format_date(utcnow().astimezone(zone).date(), "long", locale=locale),
    }


def question(ticket: Ticket, said: Sequence[Event]) -> str:
    """What the customer wants now: their newest message of some length, else the request they came with."""
    return last_request(said) or str(ticket["packet"].get("request") or "")


def keep(connection: Connection, reference: str, facts: Facts) -> None:
    """Keep what the back office said with the ticket, for when the customer's key has expired."""
    ticket = store.get(connection, reference, lock=True)
    connection.execute(sa.update(tickets).where(_T.reference == reference).values(
        packet=ticket["packet"] | {"account": facts.public()}))
