"""What the demo site's account page shows: the site stands in for a supplier's own, whose customer is signed in."""

from __future__ import annotations

from dataclasses import dataclass

from bot.backoffice.records import AnnualUse, Bill, Contract, MeterReading


@dataclass(frozen=True)
class Showcase:
    """One customer's contract, bills (newest first), last reading of each counter, and twelve months of use."""

    contract: Contract
    bills: tuple[Bill, ...]
    readings: tuple[MeterReading, ...]
    use: AnnualUse


def newest(readings: tuple[MeterReading, ...]) -> tuple[MeterReading, ...]:
    """The last reading of each counter, in the order of their first."""
    last: dict[str, MeterReading] = {}
    for reading in sorted(readings, key=lambda each: each.on):
        last[reading.register] = reading
    return tuple(last.values())
