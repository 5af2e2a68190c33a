"""Figures added up by local day, so that a year costs what its days cost and not its conversations.

A tally is kept for a day as a whole and for each topic and language of it. Everything in it can be
computed again from conversations, ratings and tickets; a day without stored tallies is computed when it is
asked for, so a missing one is slow and never wrong. :mod:`bot.analytics.judge` and erasure drop the days
they touch; the worker stores what is missing. Percentiles do not add up, so a tally holds the waits
themselves.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.desk.reask import known_things
from bot.storage.clock import iso, parse
from bot.storage.schema import conversations, daily_figures, facts, feedback, tickets

_C, _D, _F, _T, _X = conversations.c, daily_figures.c, feedback.c, tickets.c, facts.c
_LOCK = 727166      # PostgreSQL advisory lock of whoever changes outcomes or stored days
Key = tuple[str, str]       # dimension, key


@dataclass
class Tally:
    """Counts and sums of some conversations."""

    outcomes: Counter[str] = field(default_factory=Counter)     # "" for one not judged yet
    pairs: dict[str, list[int]] = field(default_factory=dict)   # by name: how many, their sum
    responses: list[int] = field(default_factory=list)          # milliseconds to a first response

    def count(self, name: str, value: int) -> None:
        """One more of what has a mean or a share (value 0 or 1)."""
        pair = self.pairs.setdefault(name, [0, 0])
        pair[0] += 1
        pair[1] += value

    def pair(self, name: str) -> tuple[int, int]:
        """How many of a name, and their sum."""
        number, total = self.pairs.get(name, (0, 0))
        return number, total

    def add(self, other: Tally) -> None:
        """Take another one's conversations in."""
        self.outcomes.update(other.outcomes)
        for name, (number, total) in other.pairs.items():
            pair = self.pairs.setdefault(name, [0, 0])
            pair[0] += number
            pair[1] += total
        self.responses += other.responses

    def to_json(self) -> dict[str, Any]:
        """As stored."""
        return {"outcomes": dict(self.outcomes), "pairs": self.pairs, "responses": self.responses}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Tally:
        """From storage."""
        return cls(Counter(data["outcomes"]), data["pairs"], data["responses"])


Day = dict[Key, Tally]


def bounds(day: date, zone: tzinfo) -> tuple[str, str]:
    """Start (included) and end (excluded) of a local day, as stored times; 23 to 25 hours apart."""
    return (iso(datetime.combine(day, time.min, zone)),
            iso(datetime.combine(day + timedelta(days=1), time.min, zone)))


def days(
    connection: Connection, first: date, last: date, zone: tzinfo, dimensions: Sequence[str] = ("",)
) -> dict[date, Day]:
    """Every day from ``first`` to ``last``, both included: as stored, else computed now."""
    wanted = {bounds(first + timedelta(days=n), zone): first + timedelta(days=n)
              for n in range((last - first).days + 1)}
    found: dict[date, Day] = {}
    start, end = bounds(first, zone)[0], bounds(last, zone)[1]
    for row in connection.execute(
        sa.select(daily_figures)
        .where(_D.start >= start, _D.end <= end, _D.dimension.in_(dimensions))
    ):
        day = wanted.get((row.start, row.end))     # else stored under another time zone
        if day is not None:
            found.setdefault(day, {})[row.dimension, row.key] = Tally.from_json(row.figures)
    missing = [edges for edges, day in wanted.items() if day not in found]
    oldest = connection.execute(sa.select(sa.func.min(_C.created_at))).scalar()
    for edges in missing:
        empty = oldest is None or edges[1] <= oldest or edges[0] > iso(datetime.now(zone))
        found[wanted[edges]] = {("", ""): Tally()} if empty else compute(connection, *edges)
    return found


def compute(connection: Connection, start: str, end: str) -> Day:
    """The tallies of the conversations begun from ``start`` to before ``end``."""
    within = sa.and_(_C.created_at >= start, _C.created_at < end)
    made: Day = defaultdict(Tally)
    made["", ""] = Tally()
    for row in connection.execute(
        sa.select(_C.language, _C.theme, _C.outcome, sa.func.count().label("number"))
        .where(within).group_by(_C.language, _C.theme, _C.outcome)
    ):
        for key in _keys(row):
            made[key].outcomes[row.outcome or ""] += row.number
    last: dict[tuple[str, str], Any] = {}
    for row in connection.execute(
        sa.select(_C.id, _C.language, _C.theme, _F.kind, _F.value)
        .join(feedback, _F.conversation_id == _C.id)
        .where(within, _F.kind.in_(("csat", "effort"))).order_by(_F.id)
    ):
        last[row.id, row.kind] = row               # the last rating of a conversation counts
    for row in last.values():
        for key in _keys(row):
            made[key].count(row.kind, row.value)
    asked_again = set(connection.execute(
        sa.select(_X.conversation_id).distinct().join(conversations, _C.id == _X.conversation_id)
        .where(within, _X.kind == "reask")).scalars())
    for row in connection.execute(
        sa.select(_C.id, _C.language, _C.theme, _T.opened_at, _T.first_response_at, _T.packet)
        .join(tickets, _T.conversation_id == _C.id)
        .where(within, _T.first_response_at.is_not(None))
    ):
        waited = parse(row.first_response_at) - parse(row.opened_at)
        known = bool(known_things(row.packet))
        for key in _keys(row):
            made[key].responses.append(round(waited.total_seconds() * 1000))
            if known:
                made[key].count("reask", row.id in asked_again)
    return dict(made)


def only_writer(connection: Connection) -> None:
    """Until this transaction ends nobody else judges, stores or drops days."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")


def forget(connection: Connection, created: Iterable[str]) -> None:
    """Drop the stored days of conversations begun at these times."""
    times = sorted(set(created))
    if not times:
        return
    stored = connection.execute(
        sa.select(_D.start, _D.end).distinct().where(_D.end > times[0], _D.start <= times[-1])).all()
    for start, end in stored:
        if any(start <= at < end for at in times):
            connection.execute(sa.delete(daily_figures).where(_D.start == start, _D.end == end))


def store_missing(connection: Connection, zone: tzinfo, today: date, most: int = 40) -> int:
    """Store up to ``most`` past days that are not stored yet, newest first; how many."""
    only_writer(connection)
    oldest = connection.execute(sa.select(sa.func.min(_C.created_at))).scalar()
    if oldest is None:
        return 0
    first = parse(oldest).astimezone(zone).date()
    stored: set[Sequence[str]] = {
        (row.start, row.end) for row in connection.execute(sa.select(_D.start, _D.end).distinct())}
    missing = [edges for n in range(1, (today - first).days + 1)
               if (edges := bounds(today - timedelta(days=n), zone)) not in stored]
    for start, end in missing[:most]:
        rows = [{"start": start, "end": end, "dimension": key[0], "key": key[1],
                 "figures": tally.to_json()} for key, tally in compute(connection, start, end).items()]
        connection.execute(sa.insert(daily_figures), rows)
    return len(missing[:most])


def _keys(row: Any) -> tuple[Key, Key, Key]:
    return ("", ""), ("topic", row.theme or "-"), ("locale", row.language)
