"""Amounts, days and lists as a native writes them, in six languages (CLDR through Babel).

Spaces inside an amount are no-break spaces, so that "182,40 €" is never torn over two lines.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from babel.dates import format_date
from babel.lists import format_list
from babel.numbers import format_currency, format_decimal

_DAY = {"en": "d MMMM", "de": "d. MMMM", "es": "d 'de' MMMM"}
_NARROW, _NO_BREAK = "\u202f", "\u00a0"


def money(amount: Decimal | float | int, language: str, *, short: bool = False) -> str:
    """Euros: "182,40 €". ``short`` drops ",00" ("environ 4 €")."""
    text = str(format_currency(amount, "EUR", locale=_locale(language))).replace(_NARROW, _NO_BREAK)
    return re.sub(r"[.,]00(?!\d)", "", text) if short else text


def number(value: Decimal | float | int, language: str) -> str:
    """A plain number with its thousands set apart: "12 345"."""
    return str(format_decimal(value, locale=_locale(language))).replace(_NARROW, _NO_BREAK)


def day(on: date | str, language: str, *, year: bool = True) -> str:
    """"3 mars 2027", or "3 mars" without the year. Takes a date or its ISO form."""
    on = date.fromisoformat(on) if isinstance(on, str) else on
    if language == "fr":
        text = format_date(on, "d MMMM y" if year else "d MMMM", locale="fr")
        return f"1er{text[1:]}" if on.day == 1 else str(text)      # the first is an ordinal in French
    if year:
        return str(format_date(on, "long", locale=_locale(language)))
    return str(format_date(on, _DAY.get(language, "d MMMM"), locale=_locale(language)))


def month(on: date | str, language: str) -> str:
    """"mars 2027". Takes a date, its ISO form or "2027-03"."""
    if isinstance(on, str):
        on = date.fromisoformat(on if len(on) > 7 else f"{on}-01")
    return str(format_date(on, "LLLL y", locale=_locale(language)))


def listed(items: Sequence[str], language: str) -> str:
    """"a, b et c"."""
    return str(format_list(list(items), style="standard", locale=_locale(language))) if items else ""


def either(items: Sequence[str], language: str) -> str:
    """"a, b ou c"."""
    return str(format_list(list(items), style="or", locale=_locale(language))) if items else ""


def _locale(language: str) -> str:
    return {"en": "en_GB"}.get(language, language)
