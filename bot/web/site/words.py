"""The site's texts, from ``data/site/<locale>.yml``, and figures as a locale writes them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any

import yaml

from bot.errors import ConfigurationError
from bot.settings import LOCALES, get_settings

_MONTHS = {
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "en": "January February March April May June July August September October November December",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
}


@lru_cache(maxsize=len(LOCALES))
def words(locale: str) -> Mapping[str, Any]:
    """All texts of a locale. Raises ConfigurationError where the file cannot be read."""
    path = get_settings().data / "site" / f"{locale}.yml"
    try:
        loaded = yaml.load(
            path.read_text("utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # noqa: S506
        )
    except (OSError, yaml.YAMLError) as error:
        raise ConfigurationError(f"The site's texts in {path} cannot be read: {error}") from error
    if not isinstance(loaded, dict):
        raise ConfigurationError(f"{path} must hold a mapping of texts.")
    return loaded


def pick(wanted: str | None, accepted: str = "") -> str:
    """The locale to show: the one asked for, else the first of ``Accept-Language`` we have, else French."""
    for code in [wanted or "", *(part.split(";")[0] for part in accepted[:200].split(","))]:
        short = code.strip()[:2].lower()
        if short in LOCALES:
            return short
    return "fr"


def number(value: float, locale: str, digits: int = 2) -> str:
    """A decimal with the locale's separator, no thousands."""
    text = f"{value:.{digits}f}"
    return text if locale == "en" else text.replace(".", ",")


def euros(value: float, locale: str, digits: int = 2) -> str:
    """An amount of euros as the locale writes it, with a no-break space where it has one."""
    amount = number(value, locale, digits)
    return f"€{amount}" if locale == "en" else f"€ {amount}" if locale == "nl" else f"{amount}\u00a0€"


def long_date(value: date, locale: str) -> str:
    """``1 August 2026`` in the locale's words."""
    month = _MONTHS[locale].split()[value.month - 1]
    if locale == "fr":
        return f"{'1er' if value.day == 1 else value.day} {month} {value.year}"
    if locale == "es":
        return f"{value.day} de {month} de {value.year}"
    return f"{value.day}{'.' if locale == 'de' else ''} {month} {value.year}"
