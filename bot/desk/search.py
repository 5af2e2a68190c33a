"""Full text over tickets, their messages and notes: one function, two engines.

SQLite has an FTS5 table, PostgreSQL a ``tsvector`` with a GIN index (see the migration 0003). What goes
in is redacted: who searches finds words, never an e-mail address or a contract number; those are looked
up as contacts and references. A word finds its beginnings ("régul" finds "régularisation"), accents and
case do not matter, all words must be in one message, note or summary.

Indexing follows behind the writes: :func:`catch_up` is asked for by the worker and by each search, reads
only what changed since the last time (by the newest time and history line indexed), and may be repeated.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.privacy.redaction import redact
from bot.storage.clock import later, parse
from bot.storage.database import Database
from bot.storage.schema import (
    conversations,
    events,
    search_documents,
    search_heads,
    ticket_events,
    tickets,
)

_D, _H, _T, _C, _E, _L = (search_documents.c, search_heads.c, tickets.c, conversations.c, events.c, ticket_events.c)
_OVERLAP_SECONDS, _OVERLAP_ROWS = 10, 200    # writes that committed late are looked at again
_WORDS, _LONGEST = 8, 40
_TOKEN = re.compile(r"[^\W_]+")
_FTS = sa.table("search_fts", sa.column("rowid"), sa.column("id"), sa.column("document"))


@dataclass(frozen=True)
class Hit:
    """A ticket found; ``seq`` is the message that has the words, None for summary and notes."""

    reference: str
    conversation_id: str
    seq: int | None


def terms(q: str) -> list[str]:
    """The words of a query as they are indexed: folded, short lists, [] where there is none."""
    return [word[:_LONGEST] for word in _TOKEN.findall(_fold(q))][:_WORDS]


def find(connection: Connection, q: str, limit: int = 500, fits: sa.ColumnElement[bool] | None = None) -> list[Hit]:
    """Tickets whose texts have all the words, newest first, each once, ``limit`` of them or a few more.

    ``fits`` is a condition on ``search_documents``: texts are counted only where it holds, so that a common
    word never hides the few tickets that are wanted behind many that are not.
    """
    words = terms(q)
    if not words:
        return []
    query = sa.select(_D.reference, _D.conversation_id, _D.seq)
    if fits is not None:
        query = query.where(fits)
    if connection.dialect.name == "sqlite":
        wanted = " AND ".join(f'"{word}"*' for word in words)
        query = query.join(_FTS, _FTS.c.rowid == _D.id).where(sa.text("search_fts MATCH :q")).params(q=wanted)
        query = query.order_by(_FTS.c.rowid.desc())
    else:
        wanted = " & ".join(f"{word}:*" for word in words)
        query = query.join(_FTS, _FTS.c.id == _D.id).where(
            _FTS.c.document.op("@@")(sa.func.to_tsquery("simple", wanted)))
        query = query.order_by(_FTS.c.id.desc())
    texts = limit
    while True:      # a ticket has the words in several of its texts
        rows = connection.execute(query.limit(texts)).all()
        hits: dict[str, Hit] = {}
        for row in rows:
            known = hits.get(row.reference)
            if known is None or (known.seq is None and row.seq is not None):
                hits[row.reference] = Hit(row.reference, row.conversation_id, row.seq)
        if len(hits) >= limit or len(rows) < texts:
            return list(hits.values())
        texts *= 4


def behind(connection: Connection, limit: int = 500) -> list[str]:
    """References of tickets with something not indexed yet, oldest change first."""
    event, last = connection.execute(sa.select(
        sa.select(sa.func.max(_H.event_id)).scalar_subquery(), sa.select(sa.func.max(_H.last_at)).scalar_subquery())).one()
    since = later(-_OVERLAP_SECONDS, start=parse(last)) if last else ""
    fresh = sa.select(_L.reference).where(_L.id > (event or 0) - _OVERLAP_ROWS).union(
        sa.select(_T.reference).join(conversations, _C.id == _T.conversation_id).where(_C.last_at >= since)).subquery()
    newest = sa.select(sa.func.max(_L.id)).where(_L.reference == _T.reference).scalar_subquery()
    rows = connection.execute(
        sa.select(_T.reference)
        .join(fresh, fresh.c.reference == _T.reference)
        .join(conversations, _C.id == _T.conversation_id)
        .outerjoin(search_heads, _H.reference == _T.reference)
        .where(sa.or_(_H.reference.is_(None), _H.seq < _C.seq, _H.event_id < newest))
        .order_by(_C.last_at).limit(limit)
    )
    return [row.reference for row in rows]


def index(connection: Connection, references: Sequence[str]) -> int:
    """Bring these tickets' texts into the index; how many texts were added."""
    return sum(_index_one(connection, reference) for reference in references)


def catch_up(database: Database, limit: int = 500) -> int:
    """Index what changed; how many texts. No write lock where nothing did."""
    with database.read() as connection:
        if not behind(connection, 1):
            return 0
    with database.write() as connection:
        return index(connection, behind(connection, limit))


def forget(connection: Connection, conversation_id: str) -> None:
    """Take a conversation's texts out of the index."""
    ids = connection.execute(sa.select(_D.id).where(_D.conversation_id == conversation_id)).scalars().all()
    if ids and connection.dialect.name == "sqlite":
        connection.execute(sa.text("DELETE FROM search_fts WHERE rowid = :id"), [{"id": number} for number in ids])
    references = sa.select(_T.reference).where(_T.conversation_id == conversation_id)
    connection.execute(sa.delete(search_documents).where(_D.conversation_id == conversation_id))
    connection.execute(sa.delete(search_heads).where(_H.reference.in_(references)))


def _index_one(connection: Connection, reference: str) -> int:
    ticket = connection.execute(
        sa.select(_T.conversation_id, _T.summary, _T.opened_at, _C.seq, _C.last_at)
        .join(conversations, _C.id == _T.conversation_id).where(_T.reference == reference)).first()
    if ticket is None:
        return 0
    head = connection.execute(sa.select(_H.seq, _H.event_id).where(_H.reference == reference)).first()
    seq, event_id = (head.seq, head.event_id) if head else (0, 0)
    added = 0
    if head is None:
        added += _put(connection, reference, ticket.conversation_id, None, ticket.opened_at, ticket.summary)
    for event in connection.execute(
        sa.select(_E.seq, _E.at, _E.payload)
        .where(_E.conversation_id == ticket.conversation_id, _E.seq > seq, _E.kind == "message").order_by(_E.seq)
    ):
        text = str(event.payload.get("text") or "")
        names = " ".join(str(item.get("name")) for item in event.payload.get("attachments") or ())
        added += _put(connection, reference, ticket.conversation_id, event.seq, event.at, f"{text} {names}")
    newest = event_id
    for line in connection.execute(
        sa.select(_L.id, _L.at, _L.action, _L.detail).where(_L.reference == reference, _L.id > event_id).order_by(_L.id)
    ):
        newest = line.id
        if line.action == "note" and line.detail.get("text"):
            added += _put(connection, reference, ticket.conversation_id, None, line.at, str(line.detail["text"]))
    values = {"seq": ticket.seq, "event_id": newest, "last_at": ticket.last_at}
    if head is None:
        connection.execute(sa.insert(search_heads).values(reference=reference, **values))
    else:
        connection.execute(sa.update(search_heads).where(_H.reference == reference).values(**values))
    return added


def _put(
    connection: Connection, reference: str, conversation_id: str, seq: int | None, at: str, text: str
) -> int:
    folded = " ".join(_TOKEN.findall(_fold(redact(text))))
    if not folded:
        return 0
    number = connection.execute(sa.insert(search_documents).values(
        reference=reference, conversation_id=conversation_id, seq=seq, at=at)).inserted_primary_key[0]
    if connection.dialect.name == "sqlite":
        connection.execute(sa.text("INSERT INTO search_fts (rowid, text) VALUES (:id, :text)"),
                           {"id": number, "text": folded})
    else:
        connection.execute(sa.text("INSERT INTO search_fts (id, document) VALUES (:id, to_tsvector('simple', :text))"),
                           {"id": number, "text": folded})
    return 1


def _fold(text: str) -> str:
    flat = unicodedata.normalize("NFKD", text.casefold().replace("œ", "oe").replace("æ", "ae"))
    return "".join(char for char in flat if not unicodedata.combining(char))
