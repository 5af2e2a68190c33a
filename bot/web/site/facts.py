"""The supplier's offers and contacts, from ``data/solenne.yml``: the pages quote no figure of their own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import yaml

from bot.errors import ConfigurationError
from bot.settings import get_settings
from bot.web.site.words import euros, number, words

_IN_FORCE = re.compile(r"in force on (\d{4}-\d{2}-\d{2})")
_CENTIMES = re.compile(r"\+(\d+),(\d+) centime/kWh")


@dataclass(frozen=True)
class Offer:
    """One card: name, sentence, and its prices as written for customers."""

    id: str
    name: str
    text: str
    monthly: str          # "15,20 €": standing charge, lowest
    kwh: str              # "19,40 c€"
    off_peak: str = ""


@dataclass(frozen=True)
class Facts:
    """What the pages say about the supplier in one locale."""

    offers: tuple[Offer, ...]
    power: tuple[tuple[int, str], ...]    # kVA, price a month
    since: date
    contacts: dict[str, str]
    emergency: dict[str, str]


@lru_cache(maxsize=1)
def _sheet() -> tuple[dict[str, Any], date]:
    path = get_settings().data / "solenne.yml"
    try:
        text = path.read_text("utf-8")
        data = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
        found = _IN_FORCE.search(text)
        return data, date.fromisoformat(found.group(1)) if found else date.today()
    except (OSError, yaml.YAMLError, ValueError) as error:
        raise ConfigurationError(f"The supplier's facts in {path} cannot be read: {error}") from error


def _cents(eur: float, locale: str) -> str:
    return f"{number(eur * 100, locale)}\u00a0c€"


@lru_cache(maxsize=8)
def facts(locale: str) -> Facts:
    """Offers, prices and contacts. Raises ConfigurationError where the sheet lacks something."""
    data, since = _sheet()
    text = words(locale)["offers"]
    try:
        power: dict[int, float] = data["electricity"]["subscription_eur_per_month"]
        base, off = data["electricity"]["kwh_base_eur"], data["electricity"]["kwh_off_peak_eur"]
        found = _CENTIMES.search(data["offers"]["clarte_verte"]["kind"])
        extra = float(f"{found.group(1)}.{found.group(2)}") / 100 if found else 0.0
        lowest = euros(min(power.values()), locale)
        rows = {
            "clarte": (lowest, base, off),
            "clarte_fixe": (lowest, base, off),
            "clarte_verte": (lowest, base + extra, off + extra),
            "gaz": (euros(data["gas"]["subscription_eur_per_month"], locale), data["gas"]["kwh_eur"], None),
        }
        offers = tuple(
            Offer(
                id=key, name=data["offers"][key]["name"],
                text=text[key]["text"].replace("{extra}", _cents(extra, locale)),
                monthly=monthly, kwh=_cents(kwh, locale),
                off_peak=_cents(low, locale) if low is not None else "",
            )
            for key, (monthly, kwh, low) in rows.items()
        )
        return Facts(
            offers=offers,
            power=tuple((kva, euros(price, locale)) for kva, price in power.items()),
            since=since,
            contacts={key: str(value[locale] if isinstance(value, dict) else value) for key, value in data["contacts"].items()},
            emergency={key: str(value) for key, value in data["emergency"].items()},
        )
    except (KeyError, TypeError) as error:
        raise ConfigurationError(f"data/solenne.yml lacks {error}.") from error
