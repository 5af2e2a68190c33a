"""Hearing meter readings: which figure belongs to which counter.

"HP 12345 HC 6789", "12 345 en heures pleines", "45230 kWh", "gaz 4567,345 m3", or just "45230" after
the question; in English "45,230" is thousands. Decimals are dropped (gas meters bill whole cubic metres). What belongs to another
entity (a contract number, a date, a postcode) is not a reading.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from bot.backoffice.records import Register
from bot.flows.hearing import soft
from bot.flows.types import Heard
from bot.language.entities.figures import grouped

#: Order in which bare figures are given to counters, as meters show them.
REGISTERS: tuple[Register, ...] = ("base", "peak", "off_peak", "gas")
_FIGURE = r"\d{1,3}(?:[ .'\u2019\u00a0\u202f]\d{3})+(?!\d)|\d+"
_NUMBER = re.compile(rf"(?<![\w,.])({_FIGURE})(?:,\d{{1,3}})?(?![\d/:])")
#: Behind a figure that is something else.
_UNITS = re.compile(r" ?(?:kva|€|eur|h\b|heures?\b(?! (?:creuses|pleines))|°|%|ans?\b|jours?\b)", re.IGNORECASE)
_LABELS: tuple[tuple[Register, str], ...] = (
    ("off_peak", r"h ?\.?c\b|heures? creuses?|creuses?|off ?peak|dal(?:uren|tarief)?|laag|nt\b|niedertarif|nachtstrom|valle|fascia notturna|vuote"),
    ("peak", r"h ?\.?p\b|heures? pleines?|pleines?|peak|piek(?:uren)?|hoog|ht\b|hochtarif|tagstrom|punta|piene"),
    ("gas", r"gaz|gas|metano|m3|m³|metres? cubes?|cubic"),
    ("base", r"base\b|elec\w*|electri\w*|elektri\w*|strom|luz|elettri\w*|kwh"),
)
_OTHER = ("contract", "date", "phone", "pdl", "pce", "amount_eur", "power_kva", "iban", "email")
_ELSEWHERE = ("postcode", "code")        # five or six bare digits: a reading where one was asked for
_ENTITY: tuple[tuple[str, Register], ...] = (("index_kwh", "base"), ("index_m3", "gas"))


def readings(heard: Heard, missing: Sequence[Register], asked: bool) -> dict[Register, int]:
    """Counters with their figures. ``missing`` are those still asked for; ``asked`` lets bare figures in."""
    found = _by_entity(heard)
    figures = _figures(heard, _OTHER if asked else (*_OTHER, *_ELSEWHERE))
    text = heard.text
    for position, (start, end, value) in enumerate(figures):
        left = figures[position - 1][1] if position else 0
        right = figures[position + 1][0] if position + 1 < len(figures) else len(text)
        register = _label(soft(text[left:start]), soft(text[end:right]), last=position == len(figures) - 1)
        if register and register not in found and value not in found.values():
            found[register] = value
    least = 0 if missing and asked and len(figures) == 1 else 100     # "2 personnes" is not a reading
    bare = [value for _, _, value in figures if value not in found.values() and value >= least]
    if asked:
        found.update(zip([r for r in REGISTERS if r in missing and r not in found], bare, strict=False))
    open_ = [r for r in REGISTERS if r in missing and r not in found]
    if "base" in found and "base" not in missing and open_ and asked:
        found[open_[0]] = found.pop("base")              # "12345 kWh" while another counter is being asked for
    return found


def _by_entity(heard: Heard) -> dict[Register, int]:
    found: dict[Register, int] = {}
    for name, usual in _ENTITY:
        for entity in heard.entities(name):
            register = entity.role if entity.role in REGISTERS else None
            if isinstance(entity.value, int | float) and (register or usual) not in found:
                found[register or usual] = int(entity.value)
    return found


def _figures(heard: Heard, other: Sequence[str]) -> list[tuple[int, int, int]]:
    """``(start, end, value)`` of figures that no other entity claims."""
    taken = [(e.start, e.end) for name in other for e in heard.entities(name)]
    figures = []
    for match in _NUMBER.finditer(grouped(heard.text, heard.understanding.language)):
        start, end = match.span()
        if any(a < end and start < b for a, b in taken):
            continue
        digits = re.sub(r"\D", "", match.group(1))
        if len(digits) <= 8 and not _UNITS.match(heard.text, end):
            figures.append((start, end, int(digits)))
    return figures


def _label(before: str, after: str, *, last: bool) -> Register | None:
    """The counter named next to a figure: in front of it, else right behind it."""
    near = [(m.end(), register) for register, pattern in _LABELS for m in re.finditer(rf"(?<!\w)(?:{pattern})", before)]
    if near and (last or not re.search(r"[,;\n]", before[max(near)[0]:])):
        return max(near)[1]
    behind = before == "" or not near
    for register, pattern in _LABELS:
        if behind and re.match(rf"\W{{0,3}}(?:kwh\W{{0,3}})?(?:en |in |de |d |des |pour (?:les )?)?(?:{pattern})", after):
            return register
    return None


def reading_date(heard: Heard, today: date) -> str | None:
    """The day the meter was read, ISO, where it is said and not in the future."""
    said = heard.first("date")
    try:
        on = date.fromisoformat(str(said)[:10]) if said else None
    except ValueError:
        return None
    return on.isoformat() if on and on <= today else None
