"""What needs no model: a wish to be called, and a detail with no words around it ("45230", "le 3 décembre")."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.language.normalise import normalise
from bot.understanding.types import Entity

# "Me rappeler mon numéro" asks to be reminded. SMS "mé" is spelled "mais" when normalised.
_REMIND = r"(?! ?(?:mon|ma|mes|le (?!\d|lundi|mardi|mercredi|jeudi|vendredi|samedi|matin|soir|plus)|la|les|l'|quel|comment|de\b|d'|du\b|si\b|s'il|combien|quand(?! (?:vous|tu|quelqu'un|un conseiller))|que\b|qu'|ce qu|notre|nos|ton|ta|tes|votre|vos|ou\b))"
_CALL: dict[str, re.Pattern[str]] = {
    "fr": re.compile(
        rf"\b(?:rappel(?:lez|ez|le|er?)?[- ](?:moi|nous)|appelez[- ](?:moi|nous))\b{_REMIND}|\b(?:me |mais |m'|nous |m )(?:r?appele[rz]?|telephone[rz]?|passer un (?:coup de )?(?:fil|tel\w*))\b{_REMIND}"
        r"|\b(?:etre |qu'on (?:me |mais |m')|que (?:quelqu'un|vous) (?:me |mais |m'))(?:rappele[zse]*|rappelle|appelle)\b|\bdemande de rappel\b|\brappel telephonique\b"),
    "en": re.compile(r"(?<!don't )(?<!not )(?<!never )(?<!stop )\b(?:call|ring|phone|telephone) (?:me|us)\b(?! (?:mr|mrs|ms|a|an|by|names?)\b)|\bcall ?back\b|\bgive me a (?:call|ring|bell)\b|\b(?:be|get) called back\b"),
    "nl": re.compile(r"\b(?:bel|belt|bellen)(?: u)? (?:me|mij|ons) (?:dan |even |alstublieft |graag )?(?:terug|op|morgen|vandaag|eens|even)\b|\b(?:me|mij|ons) (?:\w+ ){0,2}(?:terug ?bellen|opbellen|bellen)\b|\bterugbel\w*|\bterug ?gebeld\b"),
    "es": re.compile(r"\bllam(?:arme|arnos|enme|ennos|eme|ame|adme)\b|\bme (?:pueden|puede|podrian|podria|podeis) llamar\b|\bque me (?:llamen|llame|llameis)\b|\bdevolver(?:me)? la llamada\b"),
    "de": re.compile(r"\bruf(?:en|t|e)?(?: sie)? (?:mich|uns) (?:\w+ ){0,3}?(?:zuruck|an)\b|\b(?:mich|uns) (?:\w+ ){0,3}?(?:zuruck ?rufen|zuruckgerufen|anrufen)\b|\bruckruf\w*\b"),
    "it": re.compile(r"\b(?:ri)?chiam(?:armi|arci|atemi|ateci|ami|mi)\b|\bmi (?:potete|puo|potreste|potrebbe) (?:ri)?chiamare\b|\bessere (?:ri)?chiamat[oa]\b|\bfarmi (?:ri)?chiamare\b"),
}
#: Said of calls that were not wanted, or that did not come.
_UNWANTED = re.compile(
    r"\b(?:arretez|cessez|pourquoi|stop|jamais|ne (?:me|mais|nous)|why|keeps?|stop|waarom|niet|nooit|deje|dejen|no (?:me|quiero)|por que|warum|nicht|nie|aufhoren|perche|smett\w+|non (?:mi|(?:ri)?chiam\w+|voglio|serve|occorre|c'e bisogno)|continuano|"
    r"ne m'(?=r?appel)\w*|(?:veux|souhaite|voudrais|desire) (?:pas|plus)|pas (?:besoin|la peine|de rappel)|inutile|vien(?:s|t|nent) (?:de (?:me|nous|mais)|de m'(?=appel)\w*|d'etre)|tous les jours|sans (?:arret|cesse)|"
    r"(?:don't|do not|didn't) (?:want|need)|no (?:need|call ?back)|every day|all the time|geen (?:terugbel\w*|telefoon)|blijven|elke dag|kein\w* (?:ruckruf|anruf)\w*|standig|dauernd|jeden tag|no (?:paran|hace falta|necesito|vuelvan))\b"
)
_WORD = re.compile(r"[^\W\d_]{2,}")
#: Words that carry a detail and say nothing else.
_CARRIERS = frozenset(["le", "la", "les", "du", "de", "des", "au", "aux", "a", "vers", "pour", "est", "cest", "il", "the", "on", "at", "in", "its", "it", "is", "op", "de", "het", "om", "am", "an", "der", "die", "das", "um", "el", "los", "las", "en", "alle", "ore", "il", "lo", "dal", "fin"])
#: Values that say nothing of what is wanted; "15 kVA" or "gaz" do.
_DETAILS = frozenset({"date", "debit_day", "index_kwh", "index_m3", "phone", "code", "amount_eur", "contract", "postcode", "pdl", "pce"})


def wants_call(text: str, language: str) -> bool:
    """Whether somebody asks to be called (not to be reminded of something, nor to be left in peace)."""
    pattern = _CALL.get(language)
    folded = normalise(text, language)
    return pattern is not None and len(folded) <= 400 and pattern.search(folded) is not None and _UNWANTED.search(folded) is None


def detail_alone(text: str, entities: Sequence[Entity]) -> str | None:
    """``phone`` or ``detail`` where a message is a number, a date or the like with nothing said about it, else None."""
    if not (entities or any(character.isdigit() for character in text)) or any(entity.name not in _DETAILS for entity in entities):
        return None
    rest = list(text)
    for entity in entities:
        rest[entity.start : entity.end] = " " * (entity.end - entity.start)
    left = [word for word in _WORD.findall("".join(rest).casefold()) if word not in _CARRIERS]
    if left:
        return None
    # Eight digits are as well a contract number; a reading may begin with zeros.
    called = any(e.name == "phone" and e.valid and sum(c.isdigit() for c in e.text) >= 9 for e in entities)
    return "phone" if called else "detail"
