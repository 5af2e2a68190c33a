"""When people answer: opening hours in the desk's own time zone, public holidays closed.

``Desk`` is pure: all of it is asked with a time, so tests move the clock freely.
"""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.conversations.wording import say
from bot.errors import ConfigurationError
from bot.settings import Settings

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_RULE = re.compile(r"^(?P<days>[a-z, \-]+?)\s+(?P<spans>[\d:,\s\-–]+)$")


@dataclass(frozen=True)
class Desk:
    """Opening hours. ``spans[weekday]`` holds (from, to) local times, in order."""

    zone: ZoneInfo
    spans: tuple[tuple[tuple[time, time], ...], ...]
    country: str = ""

    def is_open(self, at: datetime) -> bool:
        """Whether someone is meant to be there at ``at`` (aware)."""
        local = at.astimezone(self.zone)
        return any(start <= local.time() < end for start, end in self.day(local.date()))

    def next_opening(self, at: datetime) -> datetime | None:
        """The next moment the desk opens, after ``at``; ``at`` itself while it is open; None if never."""
        if self.is_open(at):
            return at
        local = at.astimezone(self.zone)
        for offset in range(0, 31):
            day = local.date() + timedelta(days=offset)
            for start, _ in self.day(day):
                opening = datetime.combine(day, start, self.zone)
                if opening > local:
                    return opening
        return None

    def describe(self, opening: datetime, now: datetime, language: str | None) -> str:
        """"demain à 08:00", in the customer's language and the desk's time zone."""
        local, today = opening.astimezone(self.zone), now.astimezone(self.zone).date()
        clock = local.strftime("%H:%M")
        if local.date() == today:
            return say("today_at", language, time=clock)
        if local.date() == today + timedelta(days=1):
            return say("tomorrow_at", language, time=clock)
        day = say("days", language).split()[local.weekday()]
        if (local.date() - today).days > 6:
            day = f"{day} {local.day:02d}/{local.month:02d}"
        return say("day_at", language, day=day, time=clock)

    def day(self, day: date) -> tuple[tuple[time, time], ...]:
        """Opening spans of a date, in order; none on a public holiday."""
        return () if _is_holiday(self.country, day) else self.spans[day.weekday()]


def parse_hours(text: str) -> tuple[tuple[tuple[time, time], ...], ...]:
    """Spans by weekday from ``mon-fri 08:00-20:00; sat 09:00-12:00,14:00-18:00``.

    Raises ConfigurationError with the part it cannot read.
    """
    spans: list[list[tuple[time, time]]] = [[] for _ in DAYS]
    for rule in filter(None, (part.strip().lower() for part in text.split(";"))):
        match = _RULE.match(rule)
        if match is None:
            raise _bad(rule)
        for weekday in _weekdays(match["days"], rule):
            for span in match["spans"].split(","):
                start, _, end = span.replace("–", "-").partition("-")
                pair = (_clock(start, rule), _clock(end, rule))
                if pair[0] >= pair[1]:
                    raise _bad(rule)
                spans[weekday].append(pair)
    return tuple(tuple(sorted(day)) for day in spans)


def desk(settings: Settings) -> Desk:
    """The desk of these settings. Raises ConfigurationError on an unknown zone, country or bad hours."""
    try:
        zone = ZoneInfo(settings.timezone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ConfigurationError(f"RELAIS_TIMEZONE: no time zone {settings.timezone!r}") from error
    return Desk(zone, parse_hours(settings.opening_hours), settings.holidays_country.strip().upper())


def _weekdays(text: str, rule: str) -> list[int]:
    found: list[int] = []
    for part in text.replace(" ", "").split(","):
        first, _, last = part.partition("-")
        if first not in DAYS or (last and last not in DAYS):
            raise _bad(rule)
        start = DAYS.index(first)
        length = (DAYS.index(last) - start) % 7 if last else 0
        found += [(start + step) % 7 for step in range(length + 1)]
    return found


def _clock(text: str, rule: str) -> time:
    hour, _, minute = text.strip().partition(":")
    try:
        if (int(hour), int(minute or 0)) == (24, 0):
            return time.max
        return time(int(hour), int(minute or 0))
    except ValueError as error:
        raise _bad(rule) from error


def _bad(rule: str) -> ConfigurationError:
    return ConfigurationError(
        f"RELAIS_OPENING_HOURS: cannot read {rule!r}; write e.g. 'mon-fri 08:00-20:00; sat 09:00-18:00'"
    )


@lru_cache(maxsize=4096)
def _is_holiday(country: str, day: date) -> bool:
    if not country:
        return False
    return day in _calendar(country)


@lru_cache(maxsize=8)
def _calendar(country: str) -> Container[date]:
    import holidays  # half a second the first time: only where hours are asked

    try:
        return holidays.country_holidays(country)
    except NotImplementedError as error:
        raise ConfigurationError(f"RELAIS_HOLIDAYS_COUNTRY: no calendar for {country!r}") from error


def is_calendar(country: str) -> bool:
    """Whether there is a holiday calendar for a country code."""
    try:
        _calendar(country)
    except ConfigurationError:
        return False
    return True
