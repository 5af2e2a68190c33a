"""Erasing: a conversation, everyone with a contact, or what is past its time. Every copy goes."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.analytics import daily
from bot.attachments import store as attachment_store
from bot.conversations import store
from bot.conversations.model import Conversation
from bot.desk import search
from bot.faq.store import bump
from bot.handover.contact import spellings
from bot.integrations.connectors import erasing
from bot.storage.clock import later, utcnow
from bot.storage.database import Database
from bot.storage.schema import (
    conversations,
    events,
    gap_decisions,
    gaps,
    metadata,
    outbox,
    sla_clocks,
    sla_firings,
    ticket_events,
    ticket_follow_ups,
    ticket_links,
    ticket_waits,
    tickets,
    visitors,
)

_C = conversations.c
#: Every table whose rows belong to a conversation: a new one is erased and exported unasked.
OWNED = tuple(table for table in metadata.sorted_tables if "conversation_id" in table.c)


def hold(connection: Connection, conversation_id: str) -> Conversation:
    """Keep other transactions off a conversation that is to be erased, and off the stored days that count it.

    To be called before anything of the conversation is locked: whoever adds up days locks these first,
    and conversations after them. Raises UnknownConversation.
    """
    daily.only_writer(connection)
    found = store.get(connection, conversation_id, lock=True)
    # Rows that only name the conversation (an agent's upload) still went in. Its tickets first: a note has
    # its ticket before it names the conversation, so nobody waits in a circle.
    connection.execute(sa.select(tickets.c.reference).where(tickets.c.conversation_id == conversation_id)
                       .order_by(tickets.c.reference).with_for_update()).all()
    connection.execute(sa.select(_C.id).where(_C.id == conversation_id).with_for_update()).all()
    return found


def erase_conversation(connection: Connection, conversation_id: str, *, twins: bool = True) -> None:
    """Remove a conversation with its events, state, ticket, ratings, gaps, queued mails, files.

    Its twins in other systems are removed by jobs queued with it (:mod:`bot.integrations.connectors.erasing`),
    unless ``twins`` is False.
    What a lead made of a message (a decision on a gap) stays only where another conversation said
    the same. Nothing of it may be locked before, but by :func:`hold`. Raises UnknownConversation.
    """
    found = hold(connection, conversation_id)
    if twins:
        erasing.queue(connection, conversation_id)
    daily.forget(connection, [found.created_at])
    attachment_store.forget(connection, conversation_id)
    search.forget(connection, conversation_id)
    references = sa.select(tickets.c.reference).where(tickets.c.conversation_id == conversation_id)
    for owned in (ticket_events, ticket_follow_ups, ticket_waits, ticket_links, sla_clocks, sla_firings):
        connection.execute(sa.delete(owned).where(owned.c.reference.in_(references)))
    connection.execute(sa.delete(ticket_links).where(ticket_links.c.other.in_(references)))
    folds = connection.execute(
        sa.select(gaps.c.language, gaps.c.fold).where(gaps.c.conversation_id == conversation_id)
    ).all()
    for table in reversed(OWNED):     # those that refer to others first
        connection.execute(sa.delete(table).where(table.c.conversation_id == conversation_id))
    for language, fold in folds:
        left = connection.execute(
            sa.select(gaps.c.key).where(gaps.c.language == language, gaps.c.fold == fold).limit(1)
        ).first()
        if left is None and connection.execute(sa.delete(gap_decisions).where(
                gap_decisions.c.language == language, gap_decisions.c.fold == fold)).rowcount:
            bump(connection, "erasure")     # the bot forgets what it learnt from it
    connection.execute(sa.delete(conversations).where(_C.id == conversation_id))


def of_contact(connection: Connection, contact: str) -> list[str]:
    """Conversations of whoever has this e-mail address or phone number, however it is written.

    Given in the chat (now, or before another one took its place) or vouched for by the page the customer
    came from (an e-mail address only).
    """
    forms = [form for form in spellings(contact) if form]
    given = sa.func.lower(tickets.c.packet["contact"].as_string())
    found = set(connection.execute(sa.union(
        sa.select(_C.id).where(sa.func.lower(_C.contact).in_(forms)),
        sa.select(visitors.c.conversation_id).where(sa.func.lower(visitors.c.email).in_(forms)),
        sa.select(tickets.c.conversation_id).where(given.in_(forms), tickets.c.conversation_id.is_not(None)),
    )).scalars())
    # A contact that another one replaced stands in what the customer was told at that time. Only a whole
    # address or number is looked for there: a word or a reference stands in what many customers were told.
    whole = [form for form in forms if re.fullmatch(r"\+\d{5,15}|[^\s@]+@[^\s@]+\.[^\s@]+", form)]
    if not whole:
        return sorted(found)
    told = sa.cast(events.c.payload, sa.Text)
    for row in connection.execute(
        sa.select(events.c.conversation_id, events.c.payload)
        .where(events.c.kind.in_(("handover", "ticket")), events.c.author == "system",
               sa.or_(*(told.ilike(f"%{_escaped(form)}%", escape="\\") for form in whole)))
    ):
        text = str(row.payload.get("text") or "")
        if any(re.search(rf"(?<![\w.+%-]){re.escape(form)}(?!\w|[.-]\w)", text, re.I) for form in whole):
            found.add(row.conversation_id)
    return sorted(found)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def expired(connection: Connection, days: int, limit: int = 200) -> list[str]:
    """Conversations last touched more than ``days`` days ago whose ticket, if any, is settled."""
    live = sa.select(tickets.c.conversation_id).where(
        tickets.c.status.in_(("new", "open", "pending", "on_hold"))
    )
    rows = connection.execute(
        sa.select(_C.id).where(_C.last_at < later(-days * 86400.0), _C.id.not_in(live))
        .order_by(_C.last_at).limit(limit)
    )
    return [row.id for row in rows]


def erase_spooled(connection: Connection, conversation_id: str, folder: Path) -> int:
    """Remove mails about a conversation that were written to the spool; how many.

    To be called before :func:`erase_conversation`, which removes what names them.
    """
    keys = connection.execute(
        sa.select(outbox.c.key).where(outbox.c.conversation_id == conversation_id)).scalars()
    removed = 0
    for key in keys:
        path = folder / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.eml"
        try:
            path.unlink()
            removed += 1
        except FileNotFoundError:       # sent over SMTP, or not yet
            continue
    return removed


def forget_spooled(folder: Path, days: float) -> int:
    """Remove mails written to the spool more than ``days`` days ago, unfinished ones too; how many.

    Delivered rows are forgotten by then (:func:`bot.storage.outbox.forget_done`), and with them whose mail it was.
    """
    before, removed = utcnow().timestamp() - days * 86400, 0
    for path in [*folder.glob("*.eml"), *folder.glob(".*.tmp")]:
        try:
            if path.stat().st_mtime < before:
                path.unlink()
                removed += 1
        except FileNotFoundError:       # taken by an erasure meanwhile
            continue
    return removed


def compact(database: Database) -> None:
    """Free what was erased from SQLite's files too (deleted rows are overwritten as they go)."""
    if database.is_sqlite:
        with database.engine.connect() as connection:
            connection.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
