"""The queue as an agent sees it: filtered, searched, most pressing first."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.conversations.text import one_line
from bot.desk import search
from bot.desk.filters import Filters
from bot.desk.snooze import asleep
from bot.errors import not_one_of
from bot.storage.clock import iso
from bot.storage.schema import (
    conversations,
    events,
    search_documents,
    sla_clocks,
    snoozes,
    tickets,
)
from bot.tickets.states import LIVE, PRIORITIES
from bot.tickets.store import Ticket

_T, _C, _E, _K = tickets.c, conversations.c, events.c, sla_clocks.c
_REFERENCE = re.compile(r"(?:SOL-)?[0-9A-Z]{6}", re.I)
_CONTACT = re.compile(r"[^\s@]+@[^\s@]+|\+?[\d ().\-]{8,20}")
_AROUND = 60          # characters shown before a word found
_SEARCHED = 500       # the newest tickets found that are put in order, at least


@dataclass(frozen=True)
class Found:
    """A ticket of the list and, where words were searched, the line they stand in."""

    ticket: Ticket
    snippet: str | None = None
    seq: int | None = None


def find(
    connection: Connection, filters: Filters, *, me: str, now: datetime, limit: int = 200
) -> list[Found]:
    """Tickets that fit: live ones by priority and age, then settled ones, newest first. Raises BadInput."""
    query = _filtered(filters, me, now)
    hits: dict[str, search.Hit] = {}
    q = filters.q.strip()
    if q:
        narrow = any(value for name, value in filters.kept().items() if name != "q")
        hits = {hit.reference: hit for hit in search.find(
            connection, q, max(_SEARCHED, limit), _with_text(query) if narrow else None)}
        exact = [_T.reference.in_(list(hits))]
        if _REFERENCE.fullmatch(q):
            exact.append(_T.reference == "SOL-" + q.upper().removeprefix("SOL-"))
        if _CONTACT.fullmatch(q):
            exact.append(_C.contact.in_(_contacts(q)))
        query = query.where(sa.or_(*exact))
    rows = _sorted(connection, query)[:limit] if q else _ordered(connection, query, limit)
    if not hits:
        return [Found(row) for row in rows]
    snippets = _snippets(connection, [hits[row["reference"]] for row in rows if row["reference"] in hits][:50], q)
    return [Found(row, *snippets.get(row["reference"], (None, None))) for row in rows]


def named(
    connection: Connection, references: Collection[str], conversation_ids: Collection[str], *, now: datetime
) -> list[Ticket]:
    """The tickets with these references or of these conversations, as :func:`find` gives them."""
    query = _filtered(Filters(), "", now).where(sa.or_(
        _T.reference.in_(sorted(references)), _T.conversation_id.in_(sorted(conversation_ids))))
    return [dict(row) for row in connection.execute(query).mappings()]


def _with_text(query: Any) -> sa.ColumnElement[bool]:
    """Whether a text of the search index belongs to a ticket of ``query``; asked text by text as words are found."""
    return query.with_only_columns(_T.reference).where(
        _T.reference == search_documents.c.reference).correlate(search_documents).exists()


def _sorted(connection: Connection, query: Any) -> list[Ticket]:
    """The few tickets a search found, in the same order; an index on the order would be read in vain."""
    rows = [dict(row) for row in connection.execute(query).mappings()]
    live = sorted((row for row in rows if row["status"] in LIVE), key=lambda row: (row["priority"], row["opened_at"]))
    settled = sorted((row for row in rows if row["status"] not in LIVE), key=lambda row: row["opened_at"], reverse=True)
    return live + settled


def _ordered(connection: Connection, query: Any, limit: int) -> list[Ticket]:
    """Two questions that an index answers each, instead of sorting every ticket there ever was."""
    live = _T.status.in_(sorted(LIVE))
    pressing = query.where(live).order_by(_T.priority, _T.opened_at).limit(limit)
    rows = [dict(row) for row in connection.execute(pressing).mappings()]
    if len(rows) < limit:
        settled = query.where(sa.not_(live)).order_by(_T.opened_at.desc()).limit(limit - len(rows))
        rows += [dict(row) for row in connection.execute(settled).mappings()]
    return rows


def _filtered(filters: Filters, me: str, now: datetime) -> Any:
    until = sa.select(snoozes.c.until).where(snoozes.c.reference == _T.reference, asleep(now)).scalar_subquery()
    query = sa.select(tickets, _C.mode, _C.last_at, until.label("snoozed_until")).join(
        conversations, _C.id == _T.conversation_id)
    statuses = sorted(LIVE) if filters.status == "live" else [s for s in filters.status.split(",") if s]
    if statuses:
        query = query.where(_T.status.in_(statuses))
    if filters.priority:
        wanted = filters.priority.split(",")
        if any(name not in PRIORITIES for name in wanted):
            raise not_one_of("priority", PRIORITIES)
        query = query.where(_T.priority.in_([PRIORITIES.index(name) for name in wanted]))
    for name in ("queue", "level", "locale", "channel"):
        if getattr(filters, name):
            query = query.where(_T[name] == getattr(filters, name))
    if filters.tag:
        query = query.where(_T.reference.in_(_tagged(filters.tag)))
    if filters.assignee:
        query = query.where(_T.assignee.is_(None) if filters.assignee == "none"
                            else _T.assignee == (me if filters.assignee == "me" else filters.assignee))
    if filters.sla:
        edge = iso(now if filters.sla == "late" else now + timedelta(hours=1))
        query = query.where(sa.select(_K.reference).where(
            _K.reference == _T.reference, _K.state == "running", _K.due_at <= edge).exists())
    if filters.snoozed:
        query = query.where(asleep(now) if filters.snoozed == "only" else sa.not_(asleep(now)))
    return query


def _tagged(tag: str) -> Any:
    """References with a tag: the JSON list as text has it between quotes, on both engines."""
    escaped = tag.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_").replace('"', "")
    return sa.select(_T.reference).where(sa.cast(_T.tags, sa.Text).like(f'%"{escaped}"%', escape="\\"))


def _contacts(q: str) -> list[str]:
    digits = re.sub(r"[^\d+]", "", q)
    variants = {q, q.lower(), digits}
    if digits.startswith("0"):
        variants.add("+33" + digits[1:])
    return sorted(variant for variant in variants if variant)


def _snippets(
    connection: Connection, hits: list[search.Hit], q: str
) -> dict[str, tuple[str, int]]:
    wanted = [hit for hit in hits if hit.seq is not None]
    if not wanted:
        return {}
    # Not by pairs: SQLite would read every event there is for a list of row values.
    rows = connection.execute(sa.select(_E.conversation_id, _E.seq, _E.payload).where(
        _E.conversation_id.in_([hit.conversation_id for hit in wanted]), _E.seq.in_({hit.seq for hit in wanted})))
    texts = {(row.conversation_id, row.seq): str(row.payload.get("text") or "") for row in rows}
    first = (search.terms(q) or [""])[0]
    made: dict[str, tuple[str, int]] = {}
    for hit in wanted:
        text = texts.get((hit.conversation_id, hit.seq or 0), "")
        if text:
            made[hit.reference] = (snippet(text, first), hit.seq or 0)
    return made


def snippet(text: str, word: str) -> str:
    """One line of ``text`` around the first place ``word`` (folded) stands in."""
    flat = one_line(text, 4000)
    at = next((m.start() for m in re.finditer(r"[^\W_]+", flat) if search.terms(m.group(0))[:1] and
               search.terms(m.group(0))[0].startswith(word)), 0)
    start = max(0, at - _AROUND)
    if start:
        start = flat.find(" ", start) + 1 or start
    return ("…" if start else "") + one_line(flat[start:], 160)
