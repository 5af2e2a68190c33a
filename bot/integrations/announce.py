"""Tells whoever subscribed what just happened, in the transaction in which it happens.

Called by the stores of conversations, tickets and articles for every row of history they write. With
no subscriber it costs one small query and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.conversations.model import Event
from bot.integrations.webhooks import catalogue, messages
from bot.storage import outbox
from bot.storage.clock import now_iso
from bot.storage.schema import connector_links, connectors, tickets

#: Systems that hold a twin of every ticket, and those that get one only when somebody asks.
MIRRORS, ON_DEMAND = ("zammad", "zendesk"), ("jira",)
PRIORITY_NAMES = ("urgent", "high", "normal")
SYNC = "connector"
_ANYBODY = ("SELECT 1 FROM webhook_endpoints WHERE active "
            "UNION ALL SELECT 1 FROM connectors WHERE active LIMIT 1")
_ACTIVE = sa.select(connectors.c.name).where(connectors.c.active)


def _nobody(connection: Connection) -> bool:
    """Whether nobody subscribed to anything: the usual case, asked at every write, so in plain SQL."""
    return connection.exec_driver_sql(_ANYBODY).first() is None


def created(connection: Connection, conversation_id: str, language: str, at: str) -> None:
    """A conversation began."""
    if _nobody(connection):
        return
    to = messages.subscribers(connection)
    if to:
        messages.emit(connection, to, "conversation.created",
                      {"conversation_id": conversation_id, "language": language, "at": at},
                      key=f"conversation:{conversation_id}", at=at, conversation_id=conversation_id)


def events(connection: Connection, made: Sequence[Event]) -> None:
    """A conversation went on."""
    if _nobody(connection):
        return
    to = messages.subscribers(connection)
    for event in made if to else ():
        told = catalogue.of_event(event)
        if told is not None:
            messages.emit(connection, to, told[0], told[1], at=event.at,
                          key=f"event:{event.conversation_id}:{event.seq}",
                          conversation_id=event.conversation_id)
    spoken = [e for e in made if e.kind == "message" and e.author in ("customer", "agent")]
    if spoken and (names := _connectors(connection)):
        _said(connection, names, spoken)


def _said(connection: Connection, names: Sequence[str], spoken: Sequence[Event]) -> None:
    """Tell of messages: to the ticket of their conversation, or the one it was merged into."""
    from bot.tickets import store  # the stores call this module

    here = spoken[-1].conversation_id
    found = store.of_conversation(connection, here)
    if found is None:
        return
    if found["conversation_id"] == here:
        _sync(connection, names, found["reference"], here, f"m{spoken[-1].seq}")
    elif any(event.author == "customer" for event in spoken):    # answers are told where they were given
        _sync(connection, names, found["reference"], here, f"m{spoken[-1].seq}x{here[:8]}")


def ticket(
    connection: Connection, reference: str, line: int, action: str, from_status: str | None,
    to_status: str, author: str,
) -> None:
    """A line of a ticket's history (number ``line``) was written."""
    if _nobody(connection):
        return
    to, names = messages.subscribers(connection), _connectors(connection)
    row = connection.execute(
        sa.select(tickets).where(tickets.c.reference == reference)).mappings().first()
    if row is None:
        return
    if to:
        data = catalogue.ticket_data(row, PRIORITY_NAMES[row["priority"]])
        data |= {"action": action, "from_status": from_status, "status": to_status,
                 "by": author if author in ("customer", "bot", "system") else "staff"}
        messages.emit(connection, to, catalogue.of_ticket(action, from_status, to_status), data,
                      key=f"ticket:{line}", at=now_iso(), conversation_id=row["conversation_id"])
    if names:
        _sync(connection, names, reference, row["conversation_id"], f"n{line}")


def article(connection: Connection, slug: str, locale: str, version: int, author: str) -> None:
    """An article's version was published."""
    to = messages.subscribers(connection)
    if to:
        messages.emit(connection, to, "article.published",
                      {"id": slug, "locale": locale, "version": version, "by": author},
                      key=f"article:{slug}:{locale}:{version}", at=now_iso())


def _connectors(connection: Connection) -> list[str]:
    return [str(name) for name in connection.execute(_ACTIVE).scalars()]


def _sync(
    connection: Connection, names: Sequence[str], reference: str, conversation_id: str, change: str
) -> None:
    linked: set[Any] = set()
    if set(names) & set(ON_DEMAND):
        linked = set(connection.execute(sa.select(connector_links.c.connector).where(
            connector_links.c.reference == reference)).scalars())
    for name in names:
        if name in MIRRORS or name in linked:
            outbox.put(connection, key=f"{SYNC}:{name}:{reference}:{change}", topic=SYNC,
                       payload={"connector": name, "reference": reference},
                       conversation_id=conversation_id)
