"""Dates as people write them, relative to a day, in six languages. Values are ISO days.

A day without a year is the next one, unless the words before it speak of the past ("depuis le 3").
A bare day of the month has the role ``day_of_month``: "le 10" may be a date or a debit day, and
``debit_day`` says so where the text speaks of each month.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from datetime import date, timedelta

from bot.language.entities.date_words import WORDS, DateWords
from bot.language.entities.folding import Folded
from bot.language.entities.found import Found

_NUMERIC = re.compile(r"(?<![\w./-])(\d{1,2})\s?[/.-]\s?(\d{1,2})(?:\s?[/.-]\s?(\d{4}|\d{2}))?(?![\w/]|[.-]\d|,\d|\s*(?:€|euros?|kva|kwh|m2|m3|%))")
_ISO = re.compile(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)")
_DEBIT = re.compile(r"chaque mois|tous les mois|du mois|prelev|debit|mensualite|each month|every month|of the month|direct debit|maand|incasso|cada mes|del mes|domicilia|jeden monat|monats|abbuch|lastschrift|ogni mese|del mese|addebit")


def find(text: Folded, language: str, today: date) -> Iterator[Found]:
    """Every date; overlaps are the caller's to settle."""
    words = WORDS.get(language, WORDS["fr"])
    folded = text.text
    yield from _iso(folded)
    yield from _numeric(folded, words, today)
    yield from _named_month(folded, words, today)
    yield from _relative(folded, words, today)
    yield from _weekday(folded, words, today)
    # "le 15 janvier … le 20": a bare day after a full date is the next such day from there.
    full = [(one.end, date.fromisoformat(str(one.value))) for one in _named_month(folded, words, today) if one.valid]
    yield from _day_of_month(folded, words, today, full)


def _iso(text: str) -> Iterator[Found]:
    for match in _ISO.finditer(text):
        day = _make(int(match.group(1)), int(match.group(2)), int(match.group(3)))
        yield Found("date", day.isoformat() if day else match.group(), match.start(), match.end(), day is not None, strength=9)


def _numeric(text: str, words: DateWords, today: date) -> Iterator[Found]:
    for match in _NUMERIC.finditer(text):
        first, second, year = int(match.group(1)), int(match.group(2)), match.group(3)
        separator = re.search(r"[/.-]", match.group())
        if not year and (separator is None or separator.group() != "/") and not words.dotted:
            continue                       # "3.5" and "6-9" are dates only where a language writes them so
        if not year and separator and separator.group() == "-":
            continue
        if first <= 12 < second:           # an American order can mean only this
            first, second = second, first
        found = _with_year(first, second, year, today, _past(text[:match.start()], words))
        if found is None and not year:
            continue
        yield Found("date", found.isoformat() if found else match.group(), match.start(), match.end(), found is not None, strength=9 if len(year or "") == 4 else 7)


def _named_month(text: str, words: DateWords, today: date) -> Iterator[Found]:
    for pattern in words.day_month:
        for match in pattern.finditer(text):
            month = words.months[match.group("month").rstrip(".")]
            found = _with_year(int(match.group("day")), month, match.group("year"), today, _past(text[:match.start()], words))
            yield Found("date", found.isoformat() if found else match.group(), match.start(), match.end(), found is not None, strength=8)
    for match in words.part_month.finditer(text):
        month = words.months[match.group("month").rstrip(".")]
        part = words.parts[match.group("part").strip()]
        year = today.year + (month < today.month)
        last = calendar.monthrange(year, month)[1]
        yield Found("date", date(year, month, {"start": 1, "middle": 15, "end": last}[part]).isoformat(), match.start(), match.end(), role=part, strength=7)


def _relative(text: str, words: DateWords, today: date) -> Iterator[Found]:
    for match in words.days.finditer(text):
        shift = words.day_words[match.group().strip()]
        yield Found("date", (today + timedelta(days=shift)).isoformat(), match.start(), match.end(), strength=6)
    for match in words.ends.finditer(text):
        first = today.replace(day=1)
        kind = next(name for name, value in match.groupdict().items() if value)
        if kind.startswith("next"):
            first = (first + timedelta(days=32)).replace(day=1)
        elif kind.startswith("last"):
            first = (first - timedelta(days=1)).replace(day=1)
        days = calendar.monthrange(first.year, first.month)[1]
        if kind == "next_week":
            found = today + timedelta(days=7 - today.weekday())
        elif kind == "end":
            found = first.replace(day=days)
        elif kind == "start":
            found = (first + timedelta(days=32)).replace(day=1) if today.day > 5 else first
        else:
            found = first
        yield Found("date", found.isoformat(), match.start(), match.end(), role=kind, strength=6)
    for pattern, sign in ((words.ahead, 1), (words.ago, -1)):
        for match in pattern.finditer(text):
            count = int(match.group("n"))
            unit = words.units[match.group("unit")]
            if count <= 400:
                yield Found("date", _shift(today, sign * count, unit).isoformat(), match.start(), match.end(), strength=7)


def _weekday(text: str, words: DateWords, today: date) -> Iterator[Found]:
    for match in words.weekday.finditer(text):
        ahead = (words.weekdays[match.group("name")] - today.weekday()) % 7 or 7
        last = bool(match.group("last"))
        found = today + timedelta(days=ahead - 7 if last else ahead)
        if last and found == today:
            found -= timedelta(days=7)
        yield Found("date", found.isoformat(), match.start(), match.end(), strength=6)


def _day_of_month(text: str, words: DateWords, today: date, full: list[tuple[int, date]]) -> Iterator[Found]:
    for match in words.nth.finditer(text):
        number = int(match.group("day"))
        if not 1 <= number <= 31:
            continue
        context = text[max(0, match.start() - 40):match.end() + 25]
        if _DEBIT.search(context):
            yield Found("debit_day", number, match.start(), match.end(), number <= 28, strength=6)
            continue
        earlier = [day for end, day in full if end <= match.start() and day > today]
        found = _next_nth(number, max(earlier), False) if earlier else _next_nth(
            number, today, _past(text[:match.start("day")], words))
        yield Found("date", found.isoformat(), match.start(), match.end(), role="day_of_month", strength=3)


def _past(before: str, words: DateWords) -> bool:
    return bool(words.past.search(before[-40:]))


def _make(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _with_year(day: int, month: int, year: str | None, today: date, past: bool) -> date | None:
    if year:
        return _make(int(year) + (2000 if len(year) == 2 else 0), month, day)
    found = _make(today.year, month, day)
    if found is None:                       # 29 February: the next leap year
        return _make(today.year + 1, month, day) if month != 2 or day != 29 else next(
            (d for y in range(today.year, today.year + 9) if (d := _make(y, 2, 29))), None)
    if past:
        return found if found <= today else _make(today.year - 1, month, day)
    # A day of last week is meant as such; one of last spring is next spring.
    return found if found >= today - timedelta(days=21) else _make(today.year + 1, month, day)


def _next_nth(number: int, today: date, past: bool) -> date:
    step = -1 if past else 1
    year, month = today.year, today.month
    while True:
        found = _make(year, month, number)
        if found and (found <= today if past else found >= today):
            return found
        month += step
        year, month = year + (month > 12) - (month < 1), (month - 1) % 12 + 1


def _shift(today: date, count: int, unit: str) -> date:
    if unit == "day":
        return today + timedelta(days=count)
    if unit == "week":
        return today + timedelta(weeks=count)
    year, month = divmod(today.year * 12 + today.month - 1 + count * (12 if unit == "year" else 1), 12)
    return date(year, month + 1, min(today.day, calendar.monthrange(year, month + 1)[1]))
