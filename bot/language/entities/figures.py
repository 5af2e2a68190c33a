"""Quantities: power, money, counters, size of a home, people in it, a charger's kilowatts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.language.entities.folding import Folded
from bot.language.entities.found import Found
from bot.language.entities.numbers import decimal, integer

STEPS = frozenset({3, 6, 9, 12, 15, 18, 24, 30, 36})

_INT = r"\d{1,3}(?:[ .'\u00a0]\d{3})+(?![\d])|\d+"
_MONEY = r"\d{1,3}(?:[ .,']\d{3})+(?:[.,]\d{1,2})?|\d+(?:[.,]\d{1,2})?"
_LINK = r"\s*(?:-|/|,|a|au|ou|et|to|or|and|of|en|naar|tot|oder|und|auf|bis|zu|o|y|e|da)\s*"
_KVA_UNIT = r"(?:k\s?\.?v\.?\s?a\.?s?(?:\b|(?=[^a-z]))|kav\b|kvh\b|kilo\s?-?volt\s?-?amperes?\b|kilovoltamperios?\b|kilovoltampere\b)"
_KVA = re.compile(rf"(?<![\d.,])(?:(\d{{1,3}}){_LINK})?(?:(\d{{1,3}}){_LINK})?(\d{{1,3}}(?:[.,]\d)?)\s*-?\s*{_KVA_UNIT}")
_KVA_BEFORE = re.compile(r"\bkva\s*(?:[:=]|de|a|of|von|di)?\s*(\d{1,2})(?![\d.,]|\s*(?:euros?|eur|€|m2|ans?|mois))\b")
_VA = re.compile(r"(?<![\d.,])(\d{1,2})[ .,]?000\s*(?:v\.?a\b|volt\s?-?amperes?\b)")

_CURRENCY = r"(?:€|euros?\b|eur\b|balles\b|e(?=\s|$|[.,!?])(?!\s+[a-z]))"
_AMOUNT = re.compile(rf"(?<![\w.,])({_MONEY})\s?{_CURRENCY}(?:\s?(\d{{2}})(?:\s?(?:centimes?|cents?|ct|cts))?(?!\d|\s*(?:mois|jours|ans|/)))?")
_AMOUNT_AFTER = re.compile(rf"€\s?({_MONEY})(?![\d])")

_HIGH = r"hp\b|heures? pleines?|plein(?:es?)?\b|peak\b|day rate|dag(?:tarief|stand)?\b|hoog(?:tarief)?|punta\b|llano\b|tag(?:strom)?\b|ht\b|hochtarif|f1\b|ore piene|piene\b"
_LOW = r"hc\b|heures? creuses?|creuses?\b|off[ -]?peak|night rate|nacht(?:tarief|stand|strom)?\b|laag(?:tarief)?|valle\b|nt\b|niedertarif|ore vuote|vuote\b|f23?\b"
_RATE = rf"(?:(?P<{{low}}>{_LOW})|(?P<{{high}}>{_HIGH}))"
_SEP = r"\s*(?:(?:en|le|la|les|de|est|is|ist|es|e|a|at|kwh|index|:|=|-)\s*){0,3}"
_RATE_THEN_INDEX = re.compile(rf"\b{_RATE.format(low='low', high='high')}{_SEP}({_INT})(?!\s*(?:€|eur))")
_INDEX_THEN_RATE = re.compile(rf"(?<![\w.,])({_INT})\s*(?:kwh)?{_SEP}{_RATE.format(low='low', high='high')}")
_INDEX_WORD = r"index|releve|compteur(?: (?:affiche|indique|dit|est a|marque))?|chiffres?|reading|meter (?:reads|says|shows)|meterstand|stand|zahlerstand|lectura|contador|lettura|contatore|autolettura"
_INDEX = re.compile(rf"\b(?:{_INDEX_WORD})\b[^\d\n.;!?]{{0,25}}?(?<![\w])({_INT})(?!\s*(?:€|eur|kva|k v a|m2|m3|mois|ans|%|/|h\b|\.\d|,\d))(?!\d)")
_KWH = re.compile(rf"(?<![\w.,])({_INT})\s*k\s?w\s?/?h\b")
_M3 = re.compile(rf"(?<![\w.,])({_INT})(?:[.,]\d{{1,3}})?\s*(?:m3\b|m 3\b|metres? cubes?|cubic met\w+|kubieke meter|metros? cubicos?|kubikmeter|metri cubi)")
_GAS_INDEX = re.compile(r"\b(?:gaz|gas|gazpar)\b[^\d\n.;!?]{0,18}?(?<!\w)(\d{3,6})(?!\d|\s*(?:€|eur|kva|kwh|m2))\b")

_SURFACE = re.compile(r"(?<![\w.,])(\d{1,4}(?:[.,]\d{1,2})?)\s*(?:m2\b|m 2\b|metres? carres?|m carres?|mc\b|sqm\b|sq m\b|square met\w+|vierkante meters?|quadratmeter|qm\b|metros? cuadrados?|metri quadr\w+|mq\b)")
_ROOMS = re.compile(r"(?<![\w.,])(\d{1,2})\s*-?\s*(?:pieces?|pces?|p\b(?!\w)|rooms?|kamer(?:s|appartement|woning)?\b|habitaciones|estancias|cuartos|zimmer(?:wohnung)?|zi\b|stanze|locali|vani|camere)\b")
_TYPE = re.compile(r"\b[tf]\s?([1-9])(?:\s?(?:bis|/\d))?\b(?!\s*(?:€|eur))")
_BEDROOMS = re.compile(r"(?<![\w.,])(\d{1,2})\s*(?:chambres?|ch\b|bed\s?rooms?|slaapkamers?|dormitorios?|schlafzimmer|camere da letto)\b")
_PERSONS = re.compile(r"(?<![\w.,])(\d{1,2})\s*(?:personnes?|pers\b|adultes?|habitants?|occupants?|people|persons?|adults?|of us|personen|mensen|personas?|persone|leute|kopfe)\b|\b(?:on est|nous sommes|we are|wir sind|somos|siamo(?: in)?|we zijn met)\s+(?:a\s+)?(\d{1,2})\b")
_KW = re.compile(r"(?<![\w.,])(\d{1,2}(?:[.,]\d)?)\s*k\s?w(?![\w/]|\s?h\b)")
_CHARGER = re.compile(r"\b(?:bornes?|wall ?box|recharge|voitures? elec\w*|vehicules? elec\w*|green ?up|charg(?:er|ing|eur)|ev|laad(?:paal|punt|station)|ladestation|ladesaule|wandladestation|elektroauto|e-?auto|cargador|coche electrico|colonnina|auto elettrica|tesla|zoe)\b")


_ENGLISH_GROUPS = re.compile(r"(?<![\d.,'])[1-9]\d{0,2}(?:,\d{3})+(?!\d|,\d)")


def grouped(text: str, language: str) -> str:
    """English "45,230" with an apostrophe between thousands, which every pattern takes; as long as before.

    In the other five languages a comma is the decimal mark, and the text stays as it is.
    """
    return _ENGLISH_GROUPS.sub(lambda found: found.group().replace(",", "'"), text) if language == "en" else text


def find(text: Folded, language: str = "fr") -> Iterator[Found]:
    """Every quantity with its unit; overlaps are the caller's to settle."""
    words = grouped(text.text, language)
    yield from _power(words)
    yield from _money(words)
    yield from _indexes(words)
    yield from _home(words)


def _power(text: str) -> Iterator[Found]:
    for match in _KVA.finditer(text):
        for group in (1, 2, 3):
            if match.group(group):
                value = decimal(match.group(group))
                end = match.end() if group == 3 else match.end(group)
                yield Found("power_kva", int(value) if value.is_integer() else value, match.start(group), end,
                            valid=value in STEPS, strength=9)
    for match in _KVA_BEFORE.finditer(text):
        yield Found("power_kva", int(match.group(1)), match.start(), match.end(), int(match.group(1)) in STEPS, strength=7)
    for match in _VA.finditer(text):
        value = int(match.group(1))
        yield Found("power_kva", value, match.start(), match.end(), value in STEPS, strength=9)


def _money(text: str) -> Iterator[Found]:
    for match in _AMOUNT.finditer(text):
        value = decimal(match.group(1))
        if match.group(2) and float(value).is_integer():
            value += int(match.group(2)) / 100
            yield Found("amount_eur", round(value, 2), match.start(), match.end(), strength=8)
        else:
            end = match.end() if not match.group(2) else match.start(2)
            yield Found("amount_eur", round(value, 2), match.start(), len(text[:end].rstrip()), strength=8)
    for match in _AMOUNT_AFTER.finditer(text):
        yield Found("amount_eur", round(decimal(match.group(1)), 2), match.start(), match.end(), strength=7)


def _indexes(text: str) -> Iterator[Found]:
    for pattern, strength in ((_RATE_THEN_INDEX, 9), (_INDEX_THEN_RATE, 8)):
        for match in pattern.finditer(text):
            figure = next(g for n, g in enumerate(match.groups(), 1) if g and g[0].isdigit())
            if len(re.sub(r"\D", "", figure)) >= 3:
                role = "off_peak" if match.group("low") else "peak"
                yield Found("index_kwh", integer(figure), match.start(), match.end(), _plausible(figure), role, strength)
    for match in _M3.finditer(text):
        yield Found("index_m3", integer(match.group(1)), match.start(), match.end(), _plausible(match.group(1)), "gas", 8)
    for match in _GAS_INDEX.finditer(text):
        yield Found("index_m3", integer(match.group(1)), match.start(1), match.end(1), _plausible(match.group(1)), "gas", 5)
    for match in _INDEX.finditer(text):
        if len(re.sub(r"\D", "", match.group(1))) >= 3:
            yield Found("index_kwh", integer(match.group(1)), match.start(1), match.end(1), _plausible(match.group(1)), None, 6)
    for match in _KWH.finditer(text):
        if len(re.sub(r"\D", "", match.group(1))) >= 3:
            yield Found("index_kwh", integer(match.group(1)), match.start(), match.end(), _plausible(match.group(1)), None, 6)


def _plausible(figure: str) -> bool:
    return len(re.sub(r"\D", "", figure)) <= 6


def _home(text: str) -> Iterator[Found]:
    for match in _SURFACE.finditer(text):
        value = decimal(match.group(1))
        yield Found("surface_m2", value, match.start(), match.end(), 6 <= value <= 1500, strength=8)
    for pattern in (_BEDROOMS, _ROOMS):
        for match in pattern.finditer(text):
            count = int(match.group(1)) + (pattern is _BEDROOMS)      # a living room comes with bedrooms
            yield Found("rooms", count, match.start(), match.end(), 1 <= count <= 20,
                        "bedrooms" if pattern is _BEDROOMS else None, 8)
    for match in _TYPE.finditer(text):
        yield Found("rooms", int(match.group(1)), match.start(), match.end(), strength=6)
    for match in _PERSONS.finditer(text):
        count = int(match.group(1) or match.group(2))
        yield Found("persons", count, match.start(), match.end(), 1 <= count <= 20, strength=7)
    if _CHARGER.search(text):
        for match in _KW.finditer(text):
            value = decimal(match.group(1))
            yield Found("charger_kw", value, match.start(), match.end(), 1.5 <= value <= 22, strength=6)
