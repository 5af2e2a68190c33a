"""Service levels as leads set them: how fast each group answers, in whose hours. Pure but for load/save.

A policy names a queue and a priority (``*`` for any; the most special one counts) and gives minutes for
the first response, the next response and the resolution; a target left out is not measured. Its
calendar's hours are business hours; ``24/7`` counts around the clock, and so does a policy whose
calendar is missing or has no hours: that is safe, and said. Hours that open too little for a target are
refused when they are saved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy.engine import Connection

from bot.errors import BadInput, ConfigurationError
from bot.storage.clock import utcnow
from bot.tickets import versioned
from bot.tickets.business_time import add
from bot.tickets.hours import Desk, is_calendar, parse_hours
from bot.tickets.states import PRIORITIES
from bot.tickets.versioned import Version

NAME = "sla"
TARGETS = ("first_response", "next_response", "resolution")
ALWAYS = "24/7"
DESK = "desk"            # the hours of the settings
_MOST_MINUTES = 60 * 24 * 365

DEFAULT: dict[str, Any] = {
    "calendars": {},
    "policies": [
        {"queue": "*", "priority": "urgent", "calendar": ALWAYS,
         "first_response": 10, "next_response": 20, "resolution": 480},
        {"queue": "*", "priority": "high", "calendar": DESK,
         "first_response": 30, "next_response": 60, "resolution": 960},
        {"queue": "*", "priority": "*", "calendar": DESK,
         "first_response": 60, "next_response": 240, "resolution": 3000},
    ],
    "warn_share": 0.75,
    "long_days": 2,
}


@dataclass(frozen=True)
class Policy:
    """What one ticket is owed: business seconds a target, and the hours they run in (None: always)."""

    goals: Mapping[str, int]
    desk: Desk | None
    name: str


@dataclass(frozen=True)
class Policies:
    """Everything leads set about service levels, ready to be asked."""

    version: int
    rows: tuple[Mapping[str, Any], ...]
    desks: Mapping[str, Desk | None]
    warn_share: float
    long_seconds: float                 # longer than this: also warned the day before
    notes: tuple[str, ...] = field(default=())

    def of(self, queue: str, priority: int) -> Policy | None:
        """The policy of a ticket; None where no row fits."""
        name = PRIORITIES[priority]
        fitting = [row for row in self.rows
                   if row["queue"] in (queue, "*") and row["priority"] in (name, "*")]
        if not fitting:
            return None
        row = max(fitting, key=lambda r: (r["queue"] != "*", r["priority"] != "*"))
        goals = {target: int(row[target]) * 60 for target in TARGETS if row.get(target)}
        return Policy(goals, self.desks[row["calendar"]], f"{row['queue']}/{row['priority']}")


def current(connection: Connection, desk: Desk) -> Policies:
    """The policies in force."""
    return build(versioned.latest(connection, NAME, DEFAULT), desk)


def build(saved: Version, desk: Desk) -> Policies:
    """Policies from a saved value; never raises for a value that :func:`check` let through."""
    value = saved.value
    desks: dict[str, Desk | None] = {ALWAYS: None, DESK: desk if any(desk.spans) else None}
    for name, given in (value.get("calendars") or {}).items():
        desks[name] = _calendar(name, given)
    rows = [{**row, "calendar": row.get("calendar") if row.get("calendar") in desks else ALWAYS}
            for row in value.get("policies") or ()]
    return Policies(saved.number, tuple(rows), desks, float(value.get("warn_share", 0.75)),
                    float(value.get("long_days", 2)) * 86400, tuple(notes(value, desk)))


def save(
    connection: Connection, value: Mapping[str, Any], *, base: int, author: str, desk: Desk
) -> tuple[Version, list[str]]:
    """Check and save; gives the version and what leads should know about it. Raises BadInput, Conflict."""
    checked = check(value)
    must_open(checked, desk, utcnow())
    made = versioned.save(connection, NAME, checked, base=base, author=author)
    return made, notes(checked, desk)


def must_open(value: Mapping[str, Any], desk: Desk, now: datetime) -> None:
    """Refuse targets that the hours of their row never add up to. Raises BadInput with the row."""
    built = build(Version(0, value, "", ""), desk)
    for row in built.rows:
        longest = max(row.get(target, 0) for target in TARGETS)
        try:
            add(built.desks[row["calendar"]], now, 60 * longest)
        except BadInput as error:
            name = f"{row['queue']}/{row['priority']}"
            raise BadInput(f"{name}: its hours do not add up to {longest} minutes within four years: give fewer minutes, or more hours.", key="policy_never", row=name, minutes=longest) from error


def check(value: Mapping[str, Any]) -> dict[str, Any]:
    """The value as it is kept. Raises BadInput with the row and the field at fault."""
    rows = value.get("policies")
    if not isinstance(rows, list) or not 1 <= len(rows) <= 200:
        raise BadInput("policies is a list of 1 to 200 rows.", key="policies_form")
    calendars = value.get("calendars") or {}
    if not isinstance(calendars, Mapping) or len(calendars) > 50:
        raise BadInput("calendars is a table of at most 50 names.", key="calendars_form")
    kept = {str(name)[:40]: dict(given) for name, given in calendars.items()
            if isinstance(given, Mapping)}
    for name, given in kept.items():
        _calendar(name, given)
    policies = [_row(number, row) for number, row in enumerate(rows, 1)]
    seen: set[tuple[str, str]] = set()
    for row in policies:
        pair = (row["queue"], row["priority"])
        if pair in seen:
            raise BadInput(f"Two rows for queue {pair[0]} and priority {pair[1]}: keep one.", key="policies_twice", queue=pair[0], priority=pair[1])
        seen.add(pair)
    share = _within(value.get("warn_share", 0.75), 0.1, 0.95, "warn_share")
    days = _within(value.get("long_days", 2), 1, 30, "long_days")
    return {"calendars": kept, "policies": policies, "warn_share": share, "long_days": days}


def notes(value: Mapping[str, Any], desk: Desk) -> list[str]:
    """What is not wrong but good to know: hours that are missing, targets out of order, tickets without."""
    found = []
    calendars = value.get("calendars") or {}
    rows = value.get("policies") or ()
    for row in rows:
        name = f"{row['queue']}/{row['priority']}"
        calendar = row.get("calendar")
        if not calendar:
            found.append(f"{name} names no hours: it counts around the clock (24/7).")
        elif calendar not in (ALWAYS, DESK, *calendars):
            found.append(f"{name} names hours '{calendar}', which do not exist: it counts around the clock (24/7).")
        elif (calendar == DESK and not any(desk.spans)) or (
                calendar in calendars and _calendar(calendar, calendars[calendar]) is None):
            found.append(f"The hours '{calendar}' of {name} are empty: it counts around the clock (24/7).")
        if row.get("first_response") and row.get("resolution") and row["resolution"] < row["first_response"]:
            found.append(f"{name} is to be solved before its first response is due.")
    if not any(row["queue"] == "*" and row["priority"] == "*" for row in rows):
        found.append("Tickets that no row fits have no service level: add a row for any queue (*) and any priority (*).")
    return found


def _row(number: int, row: object) -> dict[str, Any]:
    if not isinstance(row, Mapping):
        raise BadInput(f"Row {number} is not a policy.", key="policy_form", row=number)
    priority, queue = row.get("priority") or "*", str(row.get("queue") or "*").strip()[:60]
    if priority not in ("*", *PRIORITIES):
        raise BadInput(f"Row {number}: priority must be * or one of {', '.join(PRIORITIES)}.", key="policy_priority", row=number, values=", ".join(PRIORITIES))
    kept: dict[str, Any] = {"queue": queue, "priority": priority,
                            "calendar": str(row.get("calendar") or "")[:40]}
    for target in TARGETS:
        minutes = row.get(target)
        if minutes in (None, "", 0):
            continue
        if isinstance(minutes, bool) or not isinstance(minutes, int) or not 1 <= minutes <= _MOST_MINUTES:
            raise BadInput(f"Row {number}: {target} is a whole number of minutes, from 1 to a year.", key="policy_minutes", row=number, target=target)
        kept[target] = minutes
    if len(kept) == 3:
        raise BadInput(f"Row {number} sets no target: give minutes for a response or the resolution.", key="policy_empty", row=number)
    return kept


def _calendar(name: str, given: Mapping[str, Any]) -> Desk | None:
    """The desk of a calendar; None (around the clock) where it has no hours. Raises BadInput."""
    hours = str(given.get("hours") or "").strip()
    if name in (ALWAYS, DESK):
        raise BadInput(f"'{name}' is a name of our own: choose another for these hours.", key="calendar_ours", name=name)
    if not hours:
        return None
    country = str(given.get("holidays") or "").strip().upper()
    try:
        zone = ZoneInfo(str(given.get("timezone") or "Europe/Paris"))
        spans = parse_hours(hours)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise BadInput(f"Hours '{name}': there is no time zone {str(given.get('timezone'))[:40]!r}.", key="calendar_zone", name=name, zone=str(given.get("timezone"))[:40]) from error
    except ConfigurationError as error:
        raise BadInput(
            f"Hours '{name}': cannot read {hours[:60]!r}; write e.g. 'mon-fri 08:00-20:00; sat 09:00-18:00'.",
            key="calendar_hours", name=name, hours=hours[:60],
        ) from error
    if country and not is_calendar(country):
        raise BadInput(f"Hours '{name}': there is no holiday calendar for {country[:20]!r}.", key="calendar_holidays", name=name, country=country[:20])
    return Desk(zone, spans, country) if any(spans) else None      # "; ;" reads well and never opens


def _within(value: object, low: float, high: float, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise BadInput(f"{name} is a number from {low:g} to {high:g}.", key="number_range", name=name, low=f"{low:g}", high=f"{high:g}")
    return float(value)
