"""Direct debits: the day asked for in a message, the account number, and which debit comes first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta

from stdnum import iban as _iban
from stdnum.exceptions import ValidationError

from bot.flows.hearing import fold

#: Countries whose accounts can be debited in euros (single euro payments area).
SEPA = frozenset([
    "AD", "AT", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GI", "GR", "HR", "HU", "IE",
    "IS", "IT", "LI", "LT", "LU", "LV", "MC", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK", "SM", "VA",
])
#: A debit this close is already with the bank and leaves on the old terms.
NOTICE_DAYS = 5
_TYPED = re.compile(r"(?<![A-Z0-9])[A-Z]{2}[ .-]?\d{2}(?:[ .-]?[A-Z0-9]){10,32}(?![A-Z0-9])", re.IGNORECASE)
_RIB = re.compile(r"(?<!\d)(\d{5})[ .-]?(\d{5})[ .-]?([A-Z0-9]{11})[ .-]?(\d{2})(?!\d)", re.IGNORECASE)
_DAY = re.compile(r"\b(?:le|du|au|the|de|den|el|am|zum|il|op|op de|al) (\d{1,2}|premier|cinq|dix|quinze|vingt(?: cinq)?)(?:er|th|st|e|ten)?\b(?! (?:rue|avenue|ans|pieces|h|heures))")
_BARE = re.compile(r"(\d{1,2})(?:er|th|st|e)?\b")
#: What stands before a day that is not the one wanted: the old one, pay day.
_OTHER = re.compile(r"(?:plutot (?:que|qu)|(?:au|o) lieu|pas|et non|instead of|not|rather than|statt|niet|en lugar|invece|avant c etait|touche|paye?e?|payes|salaire|retraite|pension|arrive|verse|recois|paid|salary|actuellement|aujourd hui)\b[^,;.]{0,14}$")
_WORDS = {"premier": 1, "cinq": 5, "dix": 10, "quinze": 15, "vingt": 20, "vingt cinq": 25}


#: Characters of an IBAN by country, for those customers have; elsewhere whatever was typed in one go.
_LENGTHS = {
    "FR": 27, "MC": 27, "DE": 22, "BE": 16, "ES": 24, "IT": 27, "LU": 20, "NL": 18, "PT": 25, "CH": 21, "GB": 22, "IE": 22,
    "LT": 20, "AT": 20,
}


def _locate(text: str) -> tuple[str, int, int] | None:
    """Compact number, start and end; words that follow it ("… 189 merci") are not part of it."""
    typed = _TYPED.search(text)
    if typed is None:
        return None
    length = _LENGTHS.get(typed.group()[:2].upper(), 34)
    compact, end = "", typed.start()
    for end in range(typed.start(), typed.end()):
        compact += text[end] if text[end].isalnum() else ""
        if len(compact) == length:
            break
    return compact.upper(), typed.start(), end + 1


def find_iban(text: str) -> str | None:
    """The first thing that looks like an account number, compact; a French RIB becomes its IBAN.

    Says nothing about its being right: see :func:`check_iban`.
    """
    located = _locate(text)
    if located:
        return located[0]
    rib = _RIB.search(text)
    if rib is None:
        return None
    bban = "".join(rib.groups()).upper()
    digits = "".join(str(int(c, 36)) for c in f"{bban}FR00")
    return f"FR{98 - int(digits) % 97:02d}{bban}"


def without_iban(text: str) -> str:
    """The message without its account number, so that the digits are not read as anything else."""
    located = _locate(text)
    return _RIB.sub(" ", text[:located[1]] + text[located[2]:] if located else text)


def check_iban(compact: str) -> str | None:
    """``None`` for a usable IBAN, else why not: ``length``, ``checksum`` or ``sepa``."""
    try:
        _iban.validate(compact)
    except ValidationError:
        french = compact[:2] == "FR"
        return "length" if french and len(compact) != 27 else "checksum"
    return None if compact[:2] in SEPA else "sepa"


def find_day(text: str, *, asked: bool) -> int | None:
    """The day of the month wanted in a message ("le 20 plutôt que le 5" is 20); any number from 1 to 31."""
    words = fold(text)
    found = [m for m in _DAY.finditer(words) if not _OTHER.search(words[:m.start()])]
    value = found[0].group(1) if found else None
    if value is None and asked:
        bare = _BARE.search(words)
        value = bare.group(1) if bare else next((w for w in sorted(_WORDS, key=len, reverse=True) if w in words), None)
    day = _WORDS.get(value, 0) or int(value) if value else 0
    return day if 1 <= day <= 31 else None


def nearest_days(day: int, offered: Sequence[int]) -> tuple[int, ...]:
    """The offered days around one that is not: the one before and the one after, where there are such."""
    before = [d for d in offered if d < day][-1:]
    after = [d for d in offered if d > day][:1]
    return (*before, *after)


def working_days_after(day: date, steps: int) -> date:
    """The day ``steps`` working days later; Saturdays and Sundays do not count."""
    while steps:
        day += timedelta(days=1)
        steps -= day.weekday() < 5
    return day


def next_debit(after: date, day: int) -> date:
    """The first debit strictly after a date, for a debit day of at most 28."""
    if after.day < day:
        return after.replace(day=day)
    following = after.replace(day=1) + timedelta(days=32)
    return following.replace(day=day)
