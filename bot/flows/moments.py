"""Hours and instants as customers read them: local time, today's date left out."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from bot.flows.format import day
from bot.settings import get_settings


def moment(instant: datetime, now: datetime, locale: str) -> str:
    """An instant in local time: "18 h 40" if it is today, else "27 novembre, 8 h 00".

    Both arguments are aware datetimes; the local zone is the one of the settings.
    """
    zone = ZoneInfo(get_settings().timezone)
    local = instant.astimezone(zone)
    hour = _hour(local, locale)
    if local.date() == now.astimezone(zone).date():
        return hour
    return f"{day(local.date(), locale, year=False)}, {hour}"


def _hour(local: datetime, locale: str) -> str:
    if locale == "fr":
        return f"{local.hour} h {local.minute:02d}" if local.minute else f"{local.hour} h"
    clock = f"{local.hour:02d}:{local.minute:02d}"
    return f"{clock} Uhr" if locale == "de" else clock
