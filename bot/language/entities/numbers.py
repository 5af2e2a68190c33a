# ruff: noqa: SIM905 - lists of words read better as text
"""Numbers written in words, 0 to 100, in six languages, and figures as people type them."""

from __future__ import annotations

import re
from functools import lru_cache

#: What may follow a number whose word means something else as well ("neuf", "un", "sei", "acht").
COUNTED = (
    r"k\s?v\s?a|kw|m2|metres?|euros?|eur|€|pieces?|pces?|chambres?|personnes?|pers|adultes?|enfants?|etages?|mois|jours?|ans?|"
    r"semaines?|heures?|rooms?|bedrooms?|people|persons?|adults?|months?|days?|weeks?|kamers?|slaapkamers?|personen|maanden?|dagen|"
    r"weken|habitaciones|personas?|meses|mes|dias?|semanas?|zimmer|monate?n?|tage?n?|wochen?|stanze|locali|vani|persone|mesi|giorni|settimane"
)

_FR_UNITS = "zero un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize".split()
_EN = ("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
       " eighteen nineteen").split()
_ES = ("cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciseis diecisiete"
       " dieciocho diecinueve veinte veintiuno veintidos veintitres veinticuatro veinticinco veintiseis veintisiete"
       " veintiocho veintinueve").split()
_NL = ("nul een twee drie vier vijf zes zeven acht negen tien elf twaalf dertien veertien vijftien zestien zeventien"
       " achttien negentien").split()
_DE = ("null ein zwei drei vier funf sechs sieben acht neun zehn elf zwolf dreizehn vierzehn funfzehn sechzehn siebzehn"
       " achtzehn neunzehn").split()
_IT = ("zero uno due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici quindici sedici"
       " diciassette diciotto diciannove").split()


def _french() -> dict[str, int]:
    words = {word: n for n, word in enumerate(_FR_UNITS)} | {"dix sept": 17, "dix huit": 18, "dix neuf": 19, "une": 1}
    tens = {20: "vingt", 30: "trente", 40: "quarante", 50: "cinquante", 60: "soixante", 70: "septante", 80: "huitante", 90: "nonante"}
    for ten, name in tens.items():
        words[name] = ten
        words |= {f"{name} et un": ten + 1, f"{name} et une": ten + 1, f"{name} un": ten + 1}
        words |= {f"{name} {_FR_UNITS[n]}": ten + n for n in range(2, 10)}
    below_twenty = {n: word for word, n in words.items() if 10 <= n < 20}
    words |= {f"soixante {word}": 60 + n for n, word in below_twenty.items()} | {"soixante et onze": 71}
    for plural in ("quatre vingt", "quatre vingts"):
        words[plural] = 80
        words |= {f"{plural} {_FR_UNITS[n]}": 80 + n for n in range(1, 10)}
        words |= {f"{plural} {word}": 80 + n for n, word in below_twenty.items()}
    return words | {"cent": 100}


def _tens(units: list[str], names: dict[int, str], join: str, reverse: bool = False) -> dict[str, int]:
    words = {word: n for n, word in enumerate(units)}
    for ten, name in names.items():
        words[name] = ten
        for n in range(1, 10):
            words[units[n] + join + name if reverse else name + join + units[n]] = ten + n
    return words


def _italian() -> dict[str, int]:
    names = {20: "venti", 30: "trenta", 40: "quaranta", 50: "cinquanta", 60: "sessanta", 70: "settanta", 80: "ottanta", 90: "novanta"}
    words = _tens(_IT, names, "")
    for ten, name in names.items():     # ventuno, ventotto
        words |= {name[:-1] + "uno": ten + 1, name[:-1] + "otto": ten + 8}
    return words | {"cento": 100}


def _all_words(language: str) -> dict[str, int]:
    if language == "en":
        names = dict(zip(range(20, 100, 10), "twenty thirty forty fifty sixty seventy eighty ninety".split(), strict=True))
        return _tens(_EN, names, " ") | {"hundred": 100, "a hundred": 100, "one hundred": 100}
    if language == "es":
        names = dict(zip(range(30, 100, 10), "treinta cuarenta cincuenta sesenta setenta ochenta noventa".split(), strict=True))
        return _tens(_ES, names, " y ") | {"una": 1, "un": 1, "cien": 100, "ciento": 100}
    if language == "nl":
        names = dict(zip(range(20, 100, 10), "twintig dertig veertig vijftig zestig zeventig tachtig negentig".split(), strict=True))
        return _tens(_NL, names, "en", reverse=True) | {"honderd": 100}
    if language == "de":
        names = dict(zip(range(20, 100, 10), "zwanzig dreissig vierzig funfzig sechzig siebzig achtzig neunzig".split(), strict=True))
        words = _tens(_DE, names, "und", reverse=True) | {"eins": 1, "eine": 1, "einen": 1, "hundert": 100, "einhundert": 100}
        return words | {word.replace("funf", "fuenf").replace("zwolf", "zwoelf"): n for word, n in words.items()}
    if language == "it":
        return _italian() | {"un": 1, "una": 1}
    return _french()


#: Also everyday words of their language; read as numbers only before something that is counted.
_AMBIGUOUS = {
    "fr": {"un", "une", "neuf", "cent", "zero"}, "en": {"one", "zero"}, "es": {"un", "una", "uno"},
    "nl": {"een", "nul", "acht"}, "de": {"ein", "eine", "einen", "null", "acht", "sieben"}, "it": {"un", "una", "uno", "sei", "sette"},
}


@lru_cache(maxsize=8)
def number_words(language: str) -> tuple[re.Pattern[str], dict[str, int]]:
    """A pattern for folded text and the value of what it finds (hyphens written as spaces)."""
    language = language if language in _AMBIGUOUS else "fr"
    values = _all_words(language)
    ambiguous = _AMBIGUOUS[language]
    clear = sorted((word for word in values if word not in ambiguous), key=len, reverse=True)
    loose = "|".join(re.escape(word).replace(r"\ ", r"[\s-]+") for word in clear)
    unclear = "|".join(sorted(ambiguous & set(values), key=len, reverse=True))
    # An ambiguous one also counts beside another number: "6 ou neuf kva", and alone as an answer.
    pattern = (
        rf"(?<![\w-])(?:{loose})(?![\w-])"
        rf"|(?<![\w-])(?:{unclear})(?=[\s-]*(?:{COUNTED})\b|\s+(?:a|ou|to|or|of|naar|o|oder|auf)\s+(?:\d|{loose}\b))"
        rf"|^\s*\b(?:{unclear})(?=\s*[.!]?\s*$)"
    )
    return re.compile(pattern), {**values, **{" " + k: v for k, v in values.items()}}


def integer(figure: str) -> int:
    """The digits of a figure with any separators."""
    return int(re.sub(r"\D", "", figure) or 0)


def decimal(figure: str) -> float:
    """"1 234,56", "1.234,56", "1,234.56", "45" as a number; the last separator decides."""
    compact = re.sub(r"[\s']", "", figure)
    match = re.fullmatch(r"([\d.,]*?)[.,](\d{1,2})", compact)
    if match:
        return float(f"{re.sub(r'[.,]', '', match.group(1)) or '0'}.{match.group(2)}")
    return float(re.sub(r"[.,]", "", compact) or 0)
