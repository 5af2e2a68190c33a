"""The conversations behind a figure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta, tzinfo
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.analytics.metrics import Period, day_of
from bot.analytics.outcomes import WITH_PERSON, Outcome
from bot.conversations.text import one_line
from bot.errors import BadInput
from bot.privacy.redaction import redact
from bot.storage.clock import iso
from bot.storage.schema import conversations, events, feedback, tickets

_C = conversations.c
_LINE = 160   # characters
#: Conversations a search by words looks through, newest first.
SEARCHED = 2_000
SHOWN = ("id", "created_at", "last_at", "language", "locale", "mode", "outcome", "theme", "seq")


def find(
    connection: Connection, span: Period, *, zone: tzinfo, outcome: str = "", locale: str = "",
    topic: str = "", day: str = "", person: str = "", need: str = "", replied: str = "",
    rated: str = "", q: str = "",
    limit: int = 100, offset: int = 0,
) -> dict[str, Any]:
    """A page of conversations, newest first, and how many there are in all.

    ``searched`` is there where words were only looked for in so many of the newest ones that fit.
    """
    where = [_C.created_at >= span.start, _C.created_at < span.end]
    if outcome:
        where.append(_C.outcome == outcome)
    if locale:
        where.append(_C.language == locale)
    if topic:
        where.append(_C.theme.is_(None) if topic == "-" else _C.theme == topic)
    if day:
        where += _day(day, zone)
    if person:
        classes = [outcome.value for outcome in WITH_PERSON]
        where.append(_C.outcome.in_(classes) if person == "yes" else _C.outcome.not_in(classes))
    if need:
        nothing = Outcome.no_need.value
        where.append(_C.outcome.is_distinct_from(nothing) if need == "yes" else _C.outcome == nothing)
    if replied:
        answered = sa.exists().where(tickets.c.conversation_id == _C.id, tickets.c.first_response_at.is_not(None))
        where.append(answered if replied == "yes" else ~answered)
    if rated:
        where.append(sa.exists().where(
            feedback.c.conversation_id == _C.id, feedback.c.kind == rated))
    words, cut = q.split()[:5], False
    if words:
        # Words are looked for in the newest conversations that fit, so that a search costs the same
        # however long the history is; a shorter period or another filter reaches further back.
        newest = sa.select(_C.id).where(*where).order_by(_C.created_at.desc()).limit(SEARCHED).subquery()
        cut = connection.execute(
            sa.select(sa.func.count()).select_from(newest)).scalar_one() == SEARCHED
        where = [_C.id.in_(_saying(connection, newest, words))]
    total = connection.execute(
        sa.select(sa.func.count()).select_from(conversations).where(*where)).scalar_one()
    rows = connection.execute(
        sa.select(*(conversations.c[name] for name in SHOWN)).where(*where)
        .order_by(_C.created_at.desc()).limit(limit).offset(offset)
    ).mappings().all()
    first = _first_messages(connection, [row["id"] for row in rows])
    return {"conversations": [{**row, "first_message": first.get(row["id"], "")} for row in rows],
            "total": int(total), **({"searched": SEARCHED} if cut else {})}


def _saying(connection: Connection, among: Any, words: Sequence[str]) -> list[str]:
    """Of these conversations, those that have an event with each of the words."""
    found: set[str] | None = None
    for word in words:
        escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        rows = connection.execute(
            sa.select(events.c.conversation_id).distinct()
            .join(among, among.c.id == events.c.conversation_id)
            .where(sa.cast(events.c.payload, sa.Text).ilike(f"%{escaped}%", escape="\\"))).scalars()
        found = set(rows) if found is None else found & set(rows)
    return sorted(found or ())


def _first_messages(connection: Connection, ids: Sequence[str]) -> dict[str, str]:
    """What each customer wrote or chose first, personal data replaced, cut to a line."""
    said = sa.and_(events.c.author == "customer", events.c.kind == "message")
    firsts = (
        sa.select(events.c.conversation_id, sa.func.min(events.c.seq).label("seq"))
        .where(said, events.c.conversation_id.in_(ids)).group_by(events.c.conversation_id).subquery()
    )
    rows = connection.execute(
        sa.select(events.c.conversation_id, events.c.payload).join(firsts, sa.and_(
            events.c.conversation_id == firsts.c.conversation_id, events.c.seq == firsts.c.seq)))
    return {row.conversation_id: one_line(redact(str(row.payload.get("text") or "")), _LINE)
            for row in rows}


def _day(day: str, zone: tzinfo) -> list[Any]:
    try:
        local = day_of(day)
    except ValueError as error:
        raise BadInput("day is like 2026-11-26.", key="day_form") from error
    start = datetime.combine(local, time.min, zone)
    end = datetime.combine(local + timedelta(days=1), time.min, zone)
    return [_C.created_at >= iso(start), _C.created_at < iso(end)]
