"""Times at which we call back: the opening hours cut into slots. Pure; the clock is an argument."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta, timezone

from bot.settings import Settings
from bot.tickets.hours import Desk

_LONGEST_SEARCH = 31     # days looked at for days that are open


@dataclass(frozen=True)
class SlotRules:
    """Length of a slot and lead before the first (minutes), places in a slot, open days offered."""

    minutes: int
    capacity: int
    days: int
    lead: int
    remind: int

    @classmethod
    def of(cls, settings: Settings) -> SlotRules:
        """The rules of these settings."""
        return cls(settings.callback_minutes, settings.callback_capacity, settings.callback_days,
                   settings.callback_lead, settings.callback_remind)


def starts(desk: Desk, rules: SlotRules, now: datetime) -> list[datetime]:
    """Starts of the slots offered at ``now``, in UTC: whole slots in opening hours of the next open days.

    Slots are as long as they say on days when clocks change too: they are counted in elapsed time.
    """
    if rules.capacity < 1:
        return []
    earliest = now + timedelta(minutes=rules.lead)
    length = timedelta(minutes=rules.minutes)
    found: list[datetime] = []
    days = 0
    today = now.astimezone(desk.zone).date()
    for offset in range(_LONGEST_SEARCH):
        date = today + timedelta(days=offset)
        offered = False
        for opens, closes in desk.day(date):
            start = datetime.combine(date, opens, desk.zone).astimezone(timezone.utc)
            midnight = closes == time.max
            end = datetime.combine(date + timedelta(days=1) if midnight else date,
                                   time(0) if midnight else closes, desk.zone).astimezone(timezone.utc)
            while start + length <= end:
                if start >= earliest:
                    found.append(start)
                    offered = True
                start += length
        days += offered
        if days >= rules.days:
            break
    return found
