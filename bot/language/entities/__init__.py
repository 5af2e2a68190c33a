"""Values in a message: numbers with their units, dates, identifiers, what a home has.

``extract`` never raises on any text, reads at most the first 4,000 characters, and returns entities
in order of appearance that do not overlap (except a yes or no, which may contain another). Values
are normalised: see :class:`bot.understanding.types.Entity`. Nothing here knows a dialogue.

Names: power_kva, amount_eur, date, debit_day, index_kwh (role peak, off_peak or none), index_m3, pdl,
pce, contract, postcode, town, phone, email, iban, code, rooms, persons, surface_m2, dwelling, heating,
hot_water, hob, oven, charger_kw, energy, yes_no, outage_scope, person.
"""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from bot.language.entities import dates, figures, identifiers, things
from bot.language.entities.folding import folded
from bot.language.entities.found import settle
from bot.understanding.types import Entity

__all__ = ["extract", "warm"]

LANGUAGES = ("fr", "en", "nl", "es", "de", "it")
_LONGEST = 4000
_PARIS = ZoneInfo("Europe/Paris")


def extract(text: str, language: str, today: date | None = None) -> tuple[Entity, ...]:
    """Entities of a text in a language (French for one not known). ``today``: for relative dates."""
    language = language[:2].lower() if language[:2].lower() in LANGUAGES else "fr"
    today = today or datetime.now(_PARIS).date()
    view = folded(text[:_LONGEST], language)
    if not view.text.strip():
        return ()
    found = [
        *figures.find(view, language), *dates.find(view, language, today), *things.find(view, language),
        *identifiers.find(view, language, things.towns()),
    ]
    answers = [one for one in found if one.name == "yes_no"]
    entities = []
    for one in (*answers, *settle(one for one in found if one.name != "yes_no")):
        start, end = view.span(one.start, one.end)
        value = text[start:end] if one.name in ("town", "person") else one.value
        entities.append(Entity(one.name, _cased(value) if one.name in ("town", "person") else value, start, end,
                               text[start:end], one.valid, one.role))
    return tuple(sorted(entities, key=lambda entity: (entity.start, -entity.end)))


def _cased(name: object) -> str:
    """A name as written, or with capitals where it was typed in one case."""
    text = " ".join(str(name).split())
    return text.title() if text.islower() or text.isupper() else text


def warm() -> None:
    """Load every language now, so that no customer waits for it."""
    for language in LANGUAGES:
        extract("12 kva, 44000 Nantes", language)
