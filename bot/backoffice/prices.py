"""Prices of the supplier by date, read from ``data/solenne.yml`` and ``data/prices.yml``.

Nothing here holds a figure: change the files. All amounts are ``Decimal`` euros, tax included.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from bot.backoffice.records import Register, Tariff
from bot.errors import ConfigurationError

CENT = Decimal("0.01")


def cents(amount: Decimal) -> Decimal:
    """Rounded to the cent, half up, as bills are."""
    return amount.quantize(CENT, ROUND_HALF_UP)


@dataclass(frozen=True)
class PricePeriod:
    """Prices in force from a day."""

    start: date
    subscription: Mapping[int, Decimal]      # euros a month by kVA, base tariff
    kwh: Mapping[Register, Decimal]          # euros a kWh, gas included
    gas_subscription: Decimal                # euros a month


@dataclass(frozen=True, eq=False)      # by identity: usable as a cache key
class PriceBook:
    """All prices, rules and shapes that billing needs."""

    periods: tuple[PricePeriod, ...]         # oldest first
    off_peak_surcharge: Decimal              # euros a month
    kwh_surcharge: Mapping[str, Decimal]     # by offer
    fixed_months: Mapping[str, int]          # by offer
    offer_names: Mapping[str, str]
    vat_rate: Decimal
    electricity_excise: Decimal
    gas_excise: Decimal
    gas_kwh_per_m3: Decimal
    heating_shape: tuple[float, ...]
    other_shape: tuple[float, ...]
    fees: Mapping[str, Decimal]              # network_fees_eur
    payment: Mapping[str, Any]
    plan: Mapping[str, int]                  # figures of payment plans
    rules: Mapping[str, Any]

    @property
    def steps(self) -> tuple[int, ...]:
        """Powers on offer, in kVA, ascending."""
        return tuple(sorted(self.periods[-1].subscription))

    def at(self, day: date) -> PricePeriod:
        """The period in force on a day (the oldest one for earlier days)."""
        return self.periods[max(0, bisect_right([p.start for p in self.periods], day) - 1)]

    def subscription(self, kva: int, tariff: Tariff, on: date | None = None) -> Decimal:
        """Euros a month of an electricity subscription. ``KeyError`` for a power not on offer."""
        period = self.at(on) if on else self.periods[-1]
        surcharge = self.off_peak_surcharge if tariff == "off_peak" else Decimal(0)
        return cents(period.subscription[kva] + surcharge)

    def year(self, kva: int, tariff: Tariff = "base") -> Decimal:
        """Euros a year of a subscription at today's prices."""
        return self.subscription(kva, tariff) * 12

    def kwh(self, offer: str, register: Register, on: date, signed: date) -> Decimal:
        """Euros a kWh on a day, for a contract signed on another (a fixed offer keeps its price)."""
        months = self.fixed_months.get(offer) if register != "gas" else None
        if months:
            elapsed = (on.year - signed.year) * 12 + on.month - signed.month - (on.day < signed.day)
            term = max(0, elapsed) // months * months      # renewed at the price of that day
            year, month = divmod(signed.year * 12 + signed.month - 1 + term, 12)
            on = date(year, month + 1, min(signed.day, 28))
        surcharge = self.kwh_surcharge.get(offer, Decimal(0)) if register != "gas" else Decimal(0)
        return self.at(on).kwh[register] + surcharge


def _decimal(value: object) -> Decimal:
    return Decimal(str(value))


@lru_cache(maxsize=4)
def load_prices(data: Path) -> PriceBook:
    """The price book of a content folder. ``ConfigurationError`` names the file that is wrong."""
    try:
        sheet = yaml.safe_load((data / "solenne.yml").read_text(encoding="utf-8"))
        extra = yaml.safe_load((data / "prices.yml").read_text(encoding="utf-8"))
        return _build(sheet, extra)
    except (OSError, KeyError, TypeError, ValueError, ArithmeticError, yaml.YAMLError) as error:
        raise ConfigurationError(
            f"The prices in {data}/solenne.yml and {data}/prices.yml cannot be read: {error!r}"
        ) from error


def _build(sheet: dict[str, Any], extra: dict[str, Any]) -> PriceBook:
    now, gas = sheet["electricity"], sheet["gas"]
    subscription = {int(k): _decimal(v) for k, v in now["subscription_eur_per_month"].items()}
    periods = [
        PricePeriod(
            start=row["from"],
            subscription={
                k: cents(v * _decimal(row["electricity"]["subscription_factor"]))
                for k, v in subscription.items()
            },
            kwh=_kwh(row["electricity"], row["gas"]),
            gas_subscription=_decimal(row["gas"]["subscription_eur_per_month"]),
        )
        for row in extra["earlier"]
    ]
    periods.append(PricePeriod(
        start=extra["current_from"], subscription=subscription, kwh=_kwh(now, gas),
        gas_subscription=_decimal(gas["subscription_eur_per_month"]),
    ))
    if [p.start for p in periods] != sorted({p.start for p in periods}):
        raise ValueError("price periods must ascend")
    season = extra["season"]
    for name, shape in season.items():
        if len(shape) != 12 or abs(sum(shape) - 1) > 1e-6:
            raise ValueError(f"season {name}: twelve shares that sum to 1 are needed")
    offers = extra["offers"]
    return PriceBook(
        periods=tuple(periods),
        off_peak_surcharge=_decimal(now["off_peak_surcharge_eur_per_month"]),
        kwh_surcharge={k: _decimal(v["kwh_surcharge_eur"]) for k, v in offers.items() if "kwh_surcharge_eur" in v},
        fixed_months={k: int(v["fixed_months"]) for k, v in offers.items() if "fixed_months" in v},
        offer_names={k: v["name"] for k, v in sheet["offers"].items()},
        vat_rate=_decimal(extra["taxes"]["vat_rate"]),
        electricity_excise=_decimal(extra["taxes"]["electricity_excise_eur_per_kwh"]),
        gas_excise=_decimal(extra["taxes"]["gas_excise_eur_per_kwh"]),
        gas_kwh_per_m3=_decimal(extra["gas_kwh_per_m3"]),
        heating_shape=tuple(season["heating"]),
        other_shape=tuple(season["other"]),
        fees={k: _decimal(v) for k, v in sheet["network_fees_eur"].items()},
        payment=sheet["payment"],
        plan={k: int(v) for k, v in extra["payment_plan"].items()},
        rules=sheet["terms"],
    )


def _kwh(electricity: Mapping[str, Any], gas: Mapping[str, Any]) -> dict[Register, Decimal]:
    return {
        "base": _decimal(electricity["kwh_base_eur"]),
        "peak": _decimal(electricity["kwh_peak_eur"]),
        "off_peak": _decimal(electricity["kwh_off_peak_eur"]),
        "gas": _decimal(gas["kwh_eur"]),
    }
