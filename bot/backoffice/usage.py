"""How much a household uses on which day: an annual figure, the shape of a year, and some weather.

Pure and deterministic: the same profile gives the same counters for ever, so bills, readings and
estimates of the demo agree with each other whatever day it is seeded.
"""

from __future__ import annotations

import calendar
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from bot.backoffice.prices import PriceBook
from bot.backoffice.records import Register

EPOCH = date(2021, 1, 1)       # counters stand at Profile.first_index on this day


@dataclass(frozen=True)
class Profile:
    """The habits behind a meter."""

    seed: int
    electricity_kwh: float = 0.0     # a year
    heating_share: float = 0.0       # of electricity_kwh, follows the cold
    off_peak_share: float = 0.0      # of electricity_kwh; 0 on the base tariff
    gas_kwh: float = 0.0             # a year
    gas_heating_share: float = 0.8
    trend: float = 0.0               # growth a year, 0.05 = 5 % more each year
    away: tuple[int, ...] = ()       # months the home is empty (second homes)
    bias: float = 1.0                # how wrong estimates are; 1.2 = 20 % too high
    first_index: int = 12_000


@lru_cache(maxsize=200_000)
def _weather(seed: int, year: int, month: int) -> float:
    """A month's factor: some of it everyone's, some of it a household's own."""
    return 1 + 0.09 * _chance(f"{year}-{month}") + 0.07 * _chance(f"{seed}-{year}-{month}")


def _chance(what: str) -> float:
    """Between -1 and 1, always the same for the same words."""
    return zlib.crc32(what.encode()) / 0x7FFF_FFFF - 1


def _months(start: date, end: date) -> Iterator[tuple[int, int, int, int]]:
    """(year, month, days of it inside, days in it) of the days start..end, both included."""
    day = start
    while day <= end:
        length = calendar.monthrange(day.year, day.month)[1]
        last = min(end, date(day.year, day.month, length))
        yield day.year, day.month, (last - day).days + 1, length
        day = last + timedelta(days=1)


def use(profile: Profile, register: Register, start: date, end: date, prices: PriceBook) -> float:
    """kWh used from ``start`` to ``end``, both days included (gas too: kWh, not m³)."""
    if register == "gas":
        total, heating, share = profile.gas_kwh, profile.gas_heating_share, 1.0
    else:
        total, heating = profile.electricity_kwh, profile.heating_share
        share = {"base": 1.0, "peak": 1 - profile.off_peak_share, "off_peak": profile.off_peak_share}[register]
    kwh = 0.0
    for year, month, inside, length in _months(start, end):
        shape = heating * prices.heating_shape[month - 1] + (1 - heating) * prices.other_shape[month - 1]
        presence = 0.12 if month in profile.away else 1.0
        growth = (1 + profile.trend) ** (year - 2025)
        kwh += total * share * shape * presence * growth * _weather(profile.seed, year, month) * inside / length
    return kwh


@lru_cache(maxsize=100_000)
def _year_use(profile: Profile, register: Register, year: int, prices: PriceBook) -> float:
    return use(profile, register, date(year, 1, 1), date(year, 12, 31), prices)


def index_on(profile: Profile, register: Register, day: date, prices: PriceBook) -> int:
    """What the counter shows at the end of ``day``: kWh, or m³ for gas."""
    kwh = sum(_year_use(profile, register, year, prices) for year in range(EPOCH.year, day.year))
    kwh += use(profile, register, date(day.year, 1, 1), day, prices)
    if register == "gas":
        kwh /= float(prices.gas_kwh_per_m3)
    return profile.first_index + int(kwh)
