"""Which power (kVA) a home needs, with the reasoning. Pure.

Method, as suppliers and electricians size a household subscription: the installed power of each
appliance times a simultaneity factor (how much of it runs at the busiest moment, usually a winter
evening), summed, then the smallest step on sale that covers the sum with a 7 % tolerance (meters
let short peaks pass). Checked against the usual guide values: 3 kVA only for a tiny home with no
electric heating or hot water, 6 kVA for most homes not heated by electricity, 9 kVA for 80-120 m²
of electric heating, 12 kVA and more for a large all-electric house or a fast car charger.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from decimal import Decimal
from typing import Literal

from bot.backoffice.prices import PriceBook
from bot.backoffice.records import Tariff

DwellingType = Literal["studio", "flat", "house"]
Heating = Literal["electric", "heat_pump", "gas", "wood", "oil", "collective"]
HotWater = Literal["electric", "heat_pump", "gas", "collective", "solar", "oil"]
Hob = Literal["induction", "vitro", "electric", "gas", "none"]
Appliance = Literal[
    "small", "laundry", "heating", "hot_water", "hob", "oven", "air_conditioning", "pool", "spa",
    "car_charger", "workshop",
]

_TOLERANCE = 0.07
_HEATING_W_PER_M2 = 70.0          # a home of average insulation, France's climate zones H1/H2
_HEAT_PUMP_W_PER_M2 = 28.0        # electric input at -5 °C with its back-up sharing the load
_SECOND_HOME_FACTOR = 0.8         # few people: seldom everything at once, and waiting a minute is fine
_SURFACE_BY_ROOMS = {1: 30.0, 2: 45.0, 3: 65.0, 4: 85.0, 5: 110.0, 6: 135.0}
_PERSONS_DEFAULT = 2


@dataclass(frozen=True)
class Home:
    """What is known of a home; ``None`` means not asked, and a usual value is assumed."""

    dwelling: DwellingType | None = None
    surface_m2: float | None = None
    rooms: int | None = None
    persons: int | None = None
    heating: Heating | None = None
    hot_water: HotWater | None = None
    hob: Hob | None = None
    oven: bool | None = None
    dryer: bool | None = None
    air_conditioning: bool | None = None
    pool: bool | None = None
    spa: bool | None = None
    car_charger_kw: float | None = None
    second_home: bool = False
    rarely_used: bool = False
    three_phase: bool = False


@dataclass(frozen=True)
class Reason:
    """One load at the busiest moment: ``watts * factor`` of it counts."""

    appliance: Appliance
    watts: int
    factor: float

    @property
    def counted(self) -> int:
        """Watts that count."""
        return round(self.watts * self.factor)


@dataclass(frozen=True)
class Recommendation:
    """A power, why, and what it costs next to another one."""

    kva: int
    peak_watts: int                     # the sum of what counts
    reasons: tuple[Reason, ...]         # largest first
    assumed: tuple[str, ...]            # fields of Home that were not known
    year_eur: Decimal                   # subscription a year
    compared_kva: int | None            # the power it is compared with
    compared_year_eur: Decimal | None
    difference_year_eur: Decimal | None # this - compared; negative: cheaper
    step_below: int | None              # for those who accept not running everything at once
    step_above: int | None
    note: Literal["", "three_phase_likely", "three_phase_balance", "business", "off_peak_lost"] = ""


def recommend_power(home: Home, prices: PriceBook, current_kva: int | None = None,
                    tariff: Tariff = "base") -> Recommendation:
    """The smallest step on sale that fits ``home``, compared with ``current_kva`` where given."""
    known, assumed = _complete(home)
    reasons = tuple(sorted(_loads(known), key=lambda r: (-r.counted, r.appliance)))
    peak = sum(reason.counted for reason in reasons)
    steps = prices.steps
    floor = max(_floor(known), peak / 1000 / (1 + _TOLERANCE))
    kva = next((step for step in steps if step >= floor), steps[-1])
    note: Literal["", "three_phase_likely", "three_phase_balance", "business", "off_peak_lost"] = ""
    if floor > steps[-1]:
        note = "business"
    elif known.three_phase and _floor(known) > peak / 1000 / (1 + _TOLERANCE):
        note = "three_phase_balance"
    elif kva > 12 and not known.three_phase:
        note = "three_phase_likely"
    elif kva == steps[0] and tariff == "off_peak":
        note = "off_peak_lost"
    year = _year(prices, kva, tariff)
    other = current_kva if current_kva in steps else None
    other_year = _year(prices, other, tariff) if other is not None else None
    place = steps.index(kva)
    return Recommendation(
        kva=kva, peak_watts=peak, reasons=reasons, assumed=assumed, year_eur=year,
        compared_kva=other, compared_year_eur=other_year,
        difference_year_eur=None if other_year is None else year - other_year,
        step_below=steps[place - 1] if place else None,
        step_above=steps[place + 1] if place + 1 < len(steps) else None,
        note=note,
    )


def _year(prices: PriceBook, kva: int, tariff: Tariff) -> Decimal:
    """The lowest step has no off-peak option, so it never bears the surcharge."""
    return prices.year(kva, "base" if kva == prices.steps[0] else tariff)


def _complete(home: Home) -> tuple[Home, tuple[str, ...]]:
    """Fill what is not known with the usual case, and say which fields that were."""
    rooms = home.rooms
    if home.surface_m2 is not None:
        surface = home.surface_m2
    elif rooms is not None:
        surface = _SURFACE_BY_ROOMS.get(max(1, rooms), 135.0 + 22.0 * max(0, rooms - 6))
    else:
        surface = {"studio": 28.0, "flat": 60.0, "house": 100.0}[home.dwelling or "flat"]
    dwelling: DwellingType = home.dwelling or ("studio" if surface <= 32 else "flat" if surface < 80 else "house")
    small = surface <= 32
    heating: Heating = home.heating or "electric"     # the case that needs most: never too small
    water: HotWater = home.hot_water or ("electric" if heating in ("electric", "wood") else
                                         "heat_pump" if heating == "heat_pump" else
                                         "collective" if heating == "collective" else
                                         "oil" if heating == "oil" else "gas")
    full = replace(
        home, dwelling=dwelling, surface_m2=surface, heating=heating, hot_water=water,
        persons=home.persons or (1 if small else _PERSONS_DEFAULT),
        hob=home.hob or ("electric" if small else "induction"),
        oven=home.oven if home.oven is not None else not small,
        dryer=home.dryer or False, air_conditioning=home.air_conditioning or False,
        pool=home.pool or False, spa=home.spa or False, car_charger_kw=home.car_charger_kw or 0.0,
    )
    assumed = tuple(
        f.name for f in fields(home)
        if f.name in {"heating", "hot_water", "hob", "oven"} and getattr(home, f.name) is None
    )
    if home.surface_m2 is None and rooms is None:
        assumed = ("surface_m2", *assumed)
    return full, assumed


def _loads(home: Home) -> list[Reason]:
    surface = home.surface_m2 or 0.0
    loads = [Reason("small", round(500 + 5 * surface), 0.5)]
    studio = surface <= 32
    loads.append(Reason("laundry", 2000 + (2500 if home.dryer else 0), 0.2 if studio else 0.3))
    if home.heating == "electric":
        loads.append(Reason("heating", round(_HEATING_W_PER_M2 * surface), 0.5))
    elif home.heating == "heat_pump":
        loads.append(Reason("heating", round(_HEAT_PUMP_W_PER_M2 * surface + 1000), 0.7))
    elif home.heating in ("gas", "oil", "wood"):
        loads.append(Reason("heating", 150, 1.0))          # boiler, pump or fan
    if home.hot_water == "electric":
        watts = 1200 if studio else 2200 if (home.persons or 2) <= 4 else 3000
        loads.append(Reason("hot_water", watts, 0.3))
    elif home.hot_water in ("heat_pump", "solar"):
        loads.append(Reason("hot_water", 700, 0.5))
    hob = {"induction": 7000, "vitro": 6500, "electric": 5500}.get(home.hob or "none")
    if hob:
        loads.append(Reason("hob", 2900 if studio else hob, 0.25))
    if home.oven:
        loads.append(Reason("oven", 2500, 0.5))
    if home.air_conditioning and home.heating != "heat_pump":
        loads.append(Reason("air_conditioning", 1500, 0.3 if home.heating == "electric" else 0.6))
    if home.pool:
        loads.append(Reason("pool", 1500, 0.6))
    if home.spa:
        loads.append(Reason("spa", 3000, 0.6))
    if home.car_charger_kw:
        loads.append(Reason("car_charger", round(home.car_charger_kw * 1000), 0.5))
    if home.second_home and home.rarely_used:
        loads = [replace(load, factor=round(load.factor * _SECOND_HOME_FACTOR, 3)) for load in loads]
    return loads


def _floor(home: Home) -> float:
    """A step below which some single thing could not run at all, in kVA."""
    floor = 0.0
    if home.heating in ("electric", "heat_pump") or home.hot_water == "electric":
        floor = 3.5              # heating or a tank plus one appliance trip 3 kVA, however small the home
    if home.car_charger_kw:
        floor = max(floor, home.car_charger_kw)
    if home.three_phase:
        # One phase carries a third: the largest one-phase load (an oven, half a hob) must fit it.
        single = 3.7 if home.hob in ("induction", "vitro", "electric") or home.oven else 2.2
        if home.car_charger_kw and home.car_charger_kw <= 7.4:
            single = max(single, home.car_charger_kw)
        floor = max(floor, 3 * single)
    return floor
