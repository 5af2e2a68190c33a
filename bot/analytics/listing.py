"""The conversations behind a figure."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.analytics.metrics import Period
from bot.analytics.outcomes import WITH_PERSON
from bot.errors import BadInput
from bot.storage.clock import iso
from bot.storage.schema import conversations, events, feedback

_C = conversations.c
SHOWN = ("id", "created_at", "last_at", "language", "locale", "mode", "outcome", "theme", "seq")


def find(
    connection: Connection, span: Period, *, zone: tzinfo, outcome: str = "", locale: str = "",
    topic: str = "", day: str = "", person: str = "", rated: str = "", q: str = "",
    limit: int = 100, offset: int = 0,
) -> dict[str, Any]:
    """A page of conversations, newest first, and how many there are in all."""
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
    if rated:
        where.append(sa.exists().where(
            feedback.c.conversation_id == _C.id, feedback.c.kind == rated))
    for word in q.split()[:5]:
        escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        where.append(sa.exists().where(
            events.c.conversation_id == _C.id,
            sa.cast(events.c.payload, sa.Text).ilike(f"%{escaped}%", escape="\\")))
    total = connection.execute(
        sa.select(sa.func.count()).select_from(conversations).where(*where)).scalar_one()
    rows = connection.execute(
        sa.select(*(conversations.c[name] for name in SHOWN)).where(*where)
        .order_by(_C.created_at.desc()).limit(limit).offset(offset)
    ).mappings()
    return {"conversations": [dict(row) for row in rows], "total": int(total)}


def _day(day: str, zone: tzinfo) -> list[Any]:
    try:
        local = date.fromisoformat(day)
    except ValueError as error:
        raise BadInput("day is like 2026-11-26.") from error
    start = datetime.combine(local, time.min, zone)
    end = datetime.combine(local + timedelta(days=1), time.min, zone)
    return [_C.created_at >= iso(start), _C.created_at < iso(end)]
