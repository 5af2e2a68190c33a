"""What parsers of steps share: buttons, yes and no, patterns over normalised words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from bot.flows.types import Heard, choice_id
from bot.language.normalise import clean, normalise
from bot.language.normalise import fold as _fold

Patterns = Mapping[str, Sequence[re.Pattern[str]]]

_YES = re.compile(
    r"^(?:(?:ah|ben|bah|euh|hm+|well|ja nun|beh)[ ,]+)*(?:oui|ouais|ouai|oui oui|wi|ok|okay|d'accord|daccord|dac|"
    r"c'est bon|c'est ca|c'est cela|exact|exactement|parfait|je confirme|confirme[rz]?|vas-?y|allez-?y|go|"
    r"volontiers|bien sur|tout a fait|absolument|yes|yeah|yep|yup|sure|correct|right|go ahead|please do|i confirm|"
    r"ja|jawel|klopt|prima|akkoord|graag|graag gedaan|doe maar|si(?=[ ,.!]*(?:$|si\b|claro|por favor|confirmo|confermo|grazie|gracias|certo))|vale|claro|de acuerdo|confirmo|adelante|"
    r"jawohl|genau|stimmt|einverstanden|gerne?|in ordnung|certo|va bene|confermo|esatto|d'accordo)\b"
)
_NO = re.compile(
    r"^(?:(?:ah|ben|bah|euh|hm+|well|beh)[ ,]+)*(?:non|nan|nn|nope|no|nee|nein|pas du tout|surtout pas|"
    r"pas maintenant|laisse[rz]? tomber|annule[rz]?|cancel|stop|abbrechen|annuleren|annulla|cancela)\b"
)


_JOINTS = re.compile(r"[’'`´\-–_\s]+")
#: "Oui mais…": someone who adds a condition has not agreed to what was read to them.
_CONDITION = re.compile(r"\b(?:mais|sauf|but|except|maar|behalve|aber|ausser|pero|excepto|salvo|ma|tranne)\b")
_MARKS = re.compile(r"[^a-z0-9]+")


def fold(text: str) -> str:
    """Lower case, no accents, words only: "N'ai rien reçu !" becomes "n ai rien recu"."""
    return _MARKS.sub(" ", _fold(clean(text))).strip()


def soft(text: str) -> str:
    """Lower case, no accents, apostrophes and hyphens as spaces, punctuation kept: for clause by clause."""
    return _JOINTS.sub(" ", _fold(clean(text))).strip()


def plain(heard: Heard) -> str:
    """The message as words are compared: folded, SMS spelled out; empty for a button."""
    return "" if heard.choice else normalise(heard.text, heard.understanding.language)


def picked(heard: Heard, slot: str) -> str | None:
    """Value of the button pressed for a slot, if that is what was sent."""
    prefix = choice_id(slot, "")
    if heard.choice and heard.choice.startswith(prefix):
        return heard.choice[len(prefix):]
    return None


def compile_patterns(table: Mapping[str, Sequence[str]]) -> Patterns:
    """Compile a table of value → patterns, each matched at the start of a word."""
    return {value: [re.compile(rf"(?<!\w)(?:{pattern})") for pattern in patterns]
            for value, patterns in table.items()}


def match(text: str, patterns: Patterns) -> str | None:
    """First value, in the table's order, one of whose patterns occurs in the text."""
    return next((value for value, tries in patterns.items() if any(p.search(text) for p in tries)), None)


def yes_no(heard: Heard) -> bool | None:
    """A yes or a no to the question just put, in words or as understood; ``None`` for a button."""
    if heard.choice is not None:
        return None
    text = plain(heard)
    if _NO.match(text):
        return False
    if _YES.match(text):
        return None if _CONDITION.search(text) else True
    return {"affirm": True, "deny": False, "cancel": False}.get(heard.understanding.intent)
