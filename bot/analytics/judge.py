"""Gives conversations their outcome: stored once judged, forgotten at every new event, judged again.

Whatever changes a figure of a conversation (a rating, a first response, a solved ticket) is an event of
it, so this is also where a day's stored figures are dropped (:mod:`bot.analytics.daily`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.analytics import daily
from bot.analytics.outcomes import Outcome, classify
from bot.storage.database import Database
from bot.storage.schema import conversations, events

_C, _E = conversations.c, events.c
_READ = (_C.id, _C.outcome, _C.created_at, _C.seq)
_TOGETHER = 400      # conversations whose events are read at once


def any_unjudged(connection: Connection) -> bool:
    """Whether there is something to judge."""
    return connection.execute(
        sa.select(_C.id).where(_C.outcome.is_(None)).limit(1)).first() is not None


def refresh_outcomes(connection: Connection, *, limit: int = 100_000) -> int:
    """Judge conversations whose outcome is not known, newest first. How many changed."""
    return _judge(connection, connection.execute(
        sa.select(*_READ).where(_C.outcome.is_(None)).order_by(_C.created_at.desc()).limit(limit)).all())


def judge_all(database: Database, *, anew: bool = True) -> int:
    """Judge every conversation anew (or those that are not judged). How many changed.

    Some at a time, each in a transaction of its own: customers write on beside it, however long it takes.
    """
    changed, created, last = 0, "", ""
    while True:
        further = sa.or_(_C.created_at > created, sa.and_(_C.created_at == created, _C.id > last))
        query = sa.select(*_READ).where(further).order_by(_C.created_at, _C.id).limit(_TOGETHER)
        with database.write() as connection:
            rows = connection.execute(query if anew else query.where(_C.outcome.is_(None))).all()
            changed += _judge(connection, rows)
        if not rows:
            return changed
        created, last = rows[-1].created_at, rows[-1].id


def _judge(connection: Connection, rows: Sequence[Any]) -> int:
    if not rows:
        return 0
    daily.only_writer(connection)
    changed = 0
    for start in range(0, len(rows), _TOGETHER):
        part = rows[start:start + _TOGETHER]
        found = _classes(connection, [row.id for row in part])
        for row in part:
            if found[row.id].value != row.outcome:
                # An event that another transaction added meanwhile was not read: it is judged with that one.
                changed += connection.execute(
                    sa.update(conversations).where(_C.id == row.id, _C.seq == row.seq)
                    .values(outcome=found[row.id].value)).rowcount
    daily.forget(connection, [row.created_at for row in rows])
    return changed


def _classes(connection: Connection, ids: Sequence[str]) -> dict[str, Outcome]:
    """The outcome of each; customers' words are not read, they decide nothing."""
    rows: Iterable[Any] = connection.execute(
        sa.select(_E.conversation_id, _E.kind, _E.author, _E.payload)
        .where(_E.conversation_id.in_(ids),
               sa.not_(sa.and_(_E.kind == "message", _E.author.in_(("customer", "agent")))))
        .order_by(_E.conversation_id, _E.seq))
    by_conversation: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        by_conversation[row.conversation_id].append(row)
    return {name: classify(by_conversation[name]) for name in ids}
