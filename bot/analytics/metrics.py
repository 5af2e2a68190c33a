"""The dashboard's figures, each with its definition in words.

Outcomes are stored once judged and forgotten at every new event, so a figure is never older than
its conversations. Days are the desk's local days.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.analytics.outcomes import CONFIRMED, DEFINITIONS, WITH_PERSON, Outcome, classify
from bot.conversations import store
from bot.errors import BadInput
from bot.storage.clock import iso, parse
from bot.storage.schema import conversations, feedback, tickets

_C, _T, _F = conversations.c, tickets.c, feedback.c
GROUPINGS = ("", "day", "topic", "locale")


@dataclass(frozen=True)
class Period:
    """Conversations begun from ``start`` (included) to ``end`` (excluded), stored texts."""

    start: str
    end: str
    first: date
    last: date


def period(first: str | None, last: str | None, zone: tzinfo, now: datetime) -> Period:
    """A period of local days, both included; the last 30 by default. Raises BadInput."""
    try:
        end_day = date.fromisoformat(last[:10]) if last else now.astimezone(zone).date()
        start_day = date.fromisoformat(first[:10]) if first else end_day - timedelta(days=29)
    except ValueError as error:
        raise BadInput("from and to are days like 2026-11-26.") from error
    if start_day > end_day:
        raise BadInput("from is after to.")
    start = datetime.combine(start_day, time.min, zone)
    end = datetime.combine(end_day + timedelta(days=1), time.min, zone)
    return Period(iso(start), iso(end), start_day, end_day)


def refresh_outcomes(connection: Connection, *, everything: bool = False, limit: int = 100_000) -> int:
    """Judge conversations whose outcome is not known (or all, anew). How many changed."""
    query = sa.select(_C.id, _C.outcome).order_by(_C.created_at.desc()).limit(limit)
    if not everything:
        query = query.where(_C.outcome.is_(None))
    changed = 0
    for row in connection.execute(query).all():
        outcome = classify(store.all_events(connection, row.id)).value
        if outcome != row.outcome:
            store.update(connection, row.id, outcome=outcome)
            changed += 1
    return changed


def figures(
    connection: Connection, span: Period, *, by: str = "", zone: tzinfo, language: str = "en"
) -> dict[str, Any]:
    """All figures of a period, and the same by day, topic or locale. Raises BadInput."""
    if by not in GROUPINGS:
        raise BadInput("by is one of day, topic and locale.")
    rows = _rows(connection, span)
    answer: dict[str, Any] = {
        "from": span.first.isoformat(), "to": span.last.isoformat(), "by": by,
        "metrics": _figures(rows, span, language, {}),
    }
    if by:
        key: Callable[[dict[str, Any]], str] = {
            "day": lambda row: parse(row["created_at"]).astimezone(zone).date().isoformat(),
            "topic": lambda row: row["theme"] or "-",
            "locale": lambda row: row["language"],
        }[by]
        groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in rows:
            groups[key(row)].append(row)
        answer["groups"] = [
            {"key": name, "metrics": _figures(group, span, language, {by: name})}
            for name, group in sorted(groups.items())
        ]
    return answer


def _rows(connection: Connection, span: Period) -> list[dict[str, Any]]:
    within = sa.and_(_C.created_at >= span.start, _C.created_at < span.end)
    found = {
        row["id"]: {**row, "csat": [], "effort": [], "first_response": None}
        for row in connection.execute(
            sa.select(_C.id, _C.created_at, _C.language, _C.theme, _C.outcome).where(within)
        ).mappings()
    }
    for row in connection.execute(
        sa.select(_F.conversation_id, _F.kind, _F.value).join(
            conversations, _C.id == _F.conversation_id).where(within)
    ):
        if row.kind in ("csat", "effort"):
            found[row.conversation_id][row.kind].append(row.value)
    for row in connection.execute(
        sa.select(_T.conversation_id, _T.opened_at, _T.first_response_at).join(
            conversations, _C.id == _T.conversation_id).where(within, _T.first_response_at.is_not(None))
    ):
        found[row.conversation_id]["first_response"] = (
            parse(row.first_response_at) - parse(row.opened_at)).total_seconds()
    return list(found.values())


def _figures(
    rows: Sequence[dict[str, Any]], span: Period, language: str, where: dict[str, str]
) -> list[dict[str, Any]]:
    counts = Counter(row["outcome"] for row in rows)
    total = len(rows)
    needs = total - counts[Outcome.no_need.value]
    person = sum(counts[outcome.value] for outcome in WITH_PERSON)
    confirmed = sum(counts[outcome.value] for outcome in CONFIRMED)
    csat = [row["csat"][-1] for row in rows if row["csat"]]
    effort = [row["effort"][-1] for row in rows if row["effort"]]
    responses = sorted(row["first_response"] for row in rows if row["first_response"] is not None)

    def link(**more: str) -> str:
        """The conversations behind a figure."""
        query = {"from": span.first.isoformat(), "to": span.last.isoformat(), **where, **more}
        return "/api/v1/staff/conversations?" + urlencode(query)

    def figure(name: str, n: int, conversations_: str, **value: float | None) -> dict[str, Any]:
        """One figure as the API gives it."""
        return {"name": name, "definition": _words(name, language), **value, "n": n,
                "conversations": conversations_}

    made = [
        figure("conversations", total, link(), value=total),
        figure("deflection", needs, link(), low=_share(confirmed, needs),
               high=_share(needs - person, needs)),
        figure("handover_rate", needs, link(person="yes"), value=_share(person, needs)),
        figure("csat", len(csat), link(rated="csat"), value=_mean(csat)),
        figure("effort", len(effort), link(rated="effort"), value=_mean(effort)),
        figure("first_response_seconds", len(responses), link(person="yes"),
               value=responses[len(responses) // 2] if responses else None),
        figure("first_response_p80_seconds", len(responses), link(person="yes"),
               value=responses[min(len(responses) - 1, int(0.8 * len(responses)))] if responses else None),
    ]
    made += [
        {"name": f"outcome.{outcome.value}", "definition": DEFINITIONS[outcome].get(language, DEFINITIONS[outcome]["en"]),
         "value": counts[outcome.value], "share": _share(counts[outcome.value], total), "n": total,
         "conversations": link(outcome=outcome.value)}
        for outcome in Outcome
    ]
    return made


_DEFINITIONS: dict[str, dict[str, str]] = {
    "conversations": {
        "en": "Conversations begun in the period, those without a message included.",
        "fr": "Conversations commencées dans la période, y compris sans message."},
    "deflection": {
        "en": "Of conversations with a request: low, those that reached no person and that the customer "
              "confirmed (helped, rating of 4 or 5) or that completed a flow with an effect; high, all "
              "that reached no person. The truth lies between.",
        "fr": "Parmi les conversations avec une demande : bas, celles sans personne que le client a "
              "confirmées (aidé, note 4 ou 5) ou dont une démarche a abouti ; haut, toutes celles sans "
              "personne. La vérité est entre les deux."},
    "handover_rate": {
        "en": "Share of conversations with a request in which a ticket was opened for a person.",
        "fr": "Part des conversations avec une demande où un ticket a été ouvert pour une personne."},
    "csat": {
        "en": "Mean of the last rating (1 to 5) of each conversation that gave one.",
        "fr": "Moyenne de la dernière note (1 à 5) des conversations qui en ont donné une."},
    "effort": {
        "en": "Mean of the last effort score (1 easy to 10 hard) of each conversation that gave one.",
        "fr": "Moyenne du dernier score d'effort (1 facile à 10 difficile) des conversations notées."},
    "first_response_seconds": {
        "en": "Median seconds from the opening of a ticket to a person's first reply, of tickets that got one.",
        "fr": "Médiane des secondes entre l'ouverture d'un ticket et la première réponse d'une personne."},
    "first_response_p80_seconds": {
        "en": "Seconds that four of five first replies did not exceed.",
        "fr": "Secondes que quatre premières réponses sur cinq n'ont pas dépassées."},
}


def _words(name: str, language: str) -> str:
    return _DEFINITIONS[name].get(language, _DEFINITIONS[name]["en"])


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _mean(values: Sequence[int]) -> float | None:
    return round(sum(values) / len(values), 3) if values else None
