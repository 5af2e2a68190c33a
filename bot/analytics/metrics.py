"""The dashboard's figures, each with its definition in words.

Figures come from :mod:`bot.analytics.daily`, which adds outcomes up by the desk's local days; outcomes
are judged anew after every event (:mod:`bot.analytics.judge`), so a figure is never older than its
conversations.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from statistics import median
from typing import Any
from urllib.parse import urlencode

from sqlalchemy.engine import Connection

from bot.analytics import daily
from bot.analytics.daily import Tally
from bot.analytics.outcomes import CONFIRMED, DEFINITIONS, WITH_PERSON, Outcome
from bot.errors import BadInput, not_one_of
from bot.storage.clock import iso

YEARS = range(2000, 2101)      # the picker of static/staff/dashboard/period.js knows them too
GROUPINGS = ("", "day", "topic", "locale")


@dataclass(frozen=True)
class Period:
    """Conversations begun from ``start`` (included) to ``end`` (excluded), stored texts."""

    start: str
    end: str
    first: date
    last: date


def day_of(text: str) -> date:
    """A day like 2026-11-26. Raises ValueError, for a year that no desk has lived through too.

    Figures are added up day by day, so a mistyped 0026 would be two thousand years of them.
    """
    day = date.fromisoformat(text)
    if day.year not in YEARS:
        raise ValueError(f"{day.year} is not a year from {YEARS.start} to {YEARS.stop - 1}")
    return day


def period(first: str | None, last: str | None, zone: tzinfo, now: datetime) -> Period:
    """A period of local days, both included; the last 30 by default. Raises BadInput."""
    try:
        end_day = day_of(last[:10]) if last else now.astimezone(zone).date()
        start_day = day_of(first[:10]) if first else end_day - timedelta(days=29)
    except ValueError as error:
        raise BadInput("from and to are days like 2026-11-26.", key="days_form") from error
    if start_day > end_day:
        raise BadInput("from is after to.", key="days_reversed")
    start = datetime.combine(start_day, time.min, zone)
    end = datetime.combine(end_day + timedelta(days=1), time.min, zone)
    return Period(iso(start), iso(end), start_day, end_day)


def figures(
    connection: Connection, span: Period, *, by: str = "", zone: tzinfo, language: str = "en"
) -> dict[str, Any]:
    """All figures of a period, and the same by day, topic or locale. Raises BadInput."""
    if by not in GROUPINGS:
        raise not_one_of("by", ("day", "topic", "locale"))
    dimensions = ("", by) if by in ("topic", "locale") else ("",)
    by_day = daily.days(connection, span.first, span.last, zone, dimensions)
    answer: dict[str, Any] = {
        "from": span.first.isoformat(), "to": span.last.isoformat(), "by": by,
        "metrics": _figures(_all(by_day.values()), span, language, {}),
    }
    if by:
        groups: dict[str, Tally] = defaultdict(Tally)
        for day, tallies in by_day.items():
            for (dimension, key), tally in tallies.items():
                if by == "day" and not dimension and tally.outcomes:
                    groups[day.isoformat()].add(tally)
                elif dimension == by:
                    groups[key].add(tally)
        answer["groups"] = [
            {"key": name, "metrics": _figures(group, span, language, {by: name})}
            for name, group in sorted(groups.items())
        ]
    return answer


def _all(by_day: Iterable[daily.Day]) -> Tally:
    total = Tally()
    for tallies in by_day:
        total.add(tallies.get(("", ""), Tally()))
    return total


def _figures(
    tally: Tally, span: Period, language: str, where: dict[str, str]
) -> list[dict[str, Any]]:
    counts = tally.outcomes
    total = sum(counts.values())
    needs = total - counts[Outcome.no_need.value]
    person = sum(counts[outcome.value] for outcome in WITH_PERSON)
    confirmed = sum(counts[outcome.value] for outcome in CONFIRMED)
    responses = [wait / 1000 for wait in sorted(tally.responses)]

    base = "/api/v1/staff/conversations?" + urlencode(
        {"from": span.first.isoformat(), "to": span.last.isoformat(), **where})

    def link(more: str = "") -> str:
        """The conversations behind a figure."""
        return f"{base}&{more}" if more else base

    def figure(name: str, n: int, conversations_: str, **value: float | None) -> dict[str, Any]:
        """One figure as the API gives it."""
        return {"name": name, "definition": _words(name, language), **value, "n": n,
                "conversations": conversations_}

    made = [
        figure("conversations", total, link(), value=total),
        figure("deflection", needs, link("need=yes"), low=_share(confirmed, needs),
               high=_share(needs - person, needs)),
        figure("handover_rate", needs, link("person=yes"), value=_share(person, needs)),
        figure("csat", tally.pair("csat")[0], link("rated=csat"), value=_mean(tally.pair("csat"))),
        figure("effort", tally.pair("effort")[0], link("rated=effort"), value=_mean(tally.pair("effort"))),
        figure("reask_rate", tally.pair("reask")[0], link("replied=yes"), value=_mean(tally.pair("reask"))),
        figure("first_response_seconds", len(responses), link("replied=yes"),
               value=round(median(responses), 3) if responses else None),
        figure("first_response_p80_seconds", len(responses), link("replied=yes"),
               value=responses[(4 * len(responses) + 4) // 5 - 1] if responses else None),
    ]
    made += [
        {"name": f"outcome.{outcome.value}", "definition": DEFINITIONS[outcome].get(language, DEFINITIONS[outcome]["en"]),
         "value": counts[outcome.value], "share": _share(counts[outcome.value], total), "n": total,
         "conversations": link(f"outcome={outcome.value}")}
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
    "reask_rate": {
        "en": "Of conversations a person answered, where the hand-over already held a contract number, postcode, address, "
              "e-mail, phone, date, reading or the like: share in which an agent asked for one of them again (a question "
              "that names it in one of the six languages, without repeating the known value).",
        "fr": "Parmi les conversations où une personne a répondu et dont le dossier contenait déjà un numéro de contrat, "
              "code postal, adresse, e-mail, téléphone, date, relevé ou autre : part où un conseiller l'a redemandé (une "
              "question qui le nomme dans une des six langues, sans reprendre la valeur connue)."},
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


def _mean(pair: tuple[int, int]) -> float | None:
    number, total = pair
    return round(total / number, 3) if number else None
