"""Known cuts by postcode, and reports of new ones, in the embedded back office."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from datetime import datetime, timedelta

from bot.backoffice import wire
from bot.backoffice.records import Outage, OutageReport

_SHORTEST = timedelta(hours=1)


def at(connection: sqlite3.Connection, postcode: str, now: datetime) -> tuple[Outage, ...]:
    """Current ones first, then announced ones by date; over ones are left out.

    The seeded cuts keep happening: one that ended is shifted by whole multiples of its length, so
    that the demo always has a current one to show, and shows the same one for a while.
    """
    found = []
    for row in connection.execute("SELECT body FROM outages WHERE postcode = ?", (postcode,)):
        outage = wire.load(Outage, json.loads(row["body"]))
        end = outage.expected_end
        if end is not None and end < now:
            length = max(end - outage.since, _SHORTEST)
            shift = length * ((now - outage.since) // length)
            outage = replace(outage, since=outage.since + shift, expected_end=end + shift)
        found.append(outage)
    return tuple(sorted(found, key=lambda outage: (outage.since > now, outage.since)))


def store(connection: sqlite3.Connection, reference: str, details: OutageReport, now: datetime) -> None:
    """Keep a report; it belongs to no account, whatever contract number was typed."""
    connection.execute(
        "INSERT INTO agreements VALUES (?, NULL, 'outage', ?, NULL, ?)",
        (reference, now.isoformat(), json.dumps(wire.dump(details))),
    )
