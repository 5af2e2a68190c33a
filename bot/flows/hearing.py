"""What parsers of steps share: buttons, yes and no, patterns over normalised words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from bot.flows.types import Heard, choice_id
from bot.language.normalise import clean, normalise
from bot.language.normalise import fold as _fold

Patterns = Mapping[str, Sequence[re.Pattern[str]]]

_BEFORE = r"^(?:(?:ah|ben|bah|euh|hm+|well|ja nun|beh)[ ,]+)*"
#: Words that are a yes in one language and something else in another, or before another word, are
#: taken only where what follows lets them be one: Italian "prima" is "first", "vale per" "is valid for".
_YES = re.compile(
    rf"{_BEFORE}(?:oui|ouais|ouai|oui oui|wi|ok|okay|d'accord|daccord|dac|"
    r"c'est bon|c'est ca|c'est cela|c'est (?:exact|correct)|c'est juste(?=[ .!]*$|[,.!] )|exact|exactement|parfait|je confirme|confirme[rz]?|vas[- ]?y|allez[- ]?y|go(?! back)|"
    r"volontiers|bien sur|tout a fait|absolument|yes|yeah|yep|yup|sure|correct(?! (?:it|the|my|this|these|that(?! is|'s))\b)|that(?:'s| is) (?:right|correct|fine)|right|go ahead|please do|i confirm|"
    r"ja|jawel|(?:dat )?klopt|prima(?=[ .!]*$|[,.!] |[ ,.!]+(?:hoor|zo|bedankt|dank|danke|doe|dat|is|voor mij|so|machen)\b)|akkoord|graag|graag gedaan|doe maar|"
    r"si(?=[ ,.!]*(?:$|si\b|claro|por favor|confirmo|confermo|grazie|gracias|certo)|, )|vale(?! (?:la|il|lo|anche|pure|per|solo|da)\b)|claro|de acuerdo|confirmo|adelante|"
    r"jawohl|genau|(?:das )?stimmt|einverstanden|gerne?|in ordnung|certo|va bene|confermo|esatto|d'accordo)\b"
)
#: "Sì è giusto": with its accent it is never "if".
_ACCENTED = re.compile(r"s[íì]\b", re.IGNORECASE)
_NO = re.compile(
    rf"{_BEFORE}(?:non|nan|nn|nope|no|nee|nein|pas du tout|surtout pas|"
    r"pas maintenant|laisse[rz]? tomber|annule[rz]?|cancel|stop|abbrechen|annuleren|annulla|cancela)\b"
)
#: Negations that deny nothing: "pas de souci", "no problem", "warum nicht".
_FINE = re.compile(
    r"\b(?:(?:il n'y a )?(?:pas de|pas d'|aucun|sans|y a pas de) (?:souci|soucis|problemes?|inconvenient)|pourquoi pas(?=[ .!]*$|,)|n'est-?ce pas|n'hesitez pas|"
    r"(?:no|not an?|without a) (?:problems?|probs?|worries|issues?|objections?|doubt)|why not(?=[ .!]*$|,)|"
    r"(?:geen|zonder) (?:enkel )?(?:probleem|bezwaar|problemen)|waarom niet(?=[ .!]*$|,)|"
    r"(?:no hay|ningun|no es|sin) (?:ningun )?(?:problema|inconveniente)|no pasa nada|no problema|(?:por que|como) no(?=[ .!]*$|,)|"
    r"(?:gar |uberhaupt )?kein(?:e|en)? (?:problem|thema|ding|einwand|einwande|frage)|warum nicht(?=[ .!]*$|,)|"
    r"(?:non c'e |non ci sono )?(?:nessun|alcun) problema|non c'e problema|senza problemi|(?:perche|come) no(?=[ .!]*$|,)|ci mancherebbe)\b"
)
_THANKS = re.compile(r"merci|thank|bedankt|dank|gracias|grazie")
#: The very word of agreement denied: "absolument pas", "stimmt nicht", "claro que no".
_DENIED = re.compile(
    rf"{_BEFORE}(?:absolument|bien sur|surement|exactement|tout a fait|volontiers|(?:je )?confirme|please do|i confirm|"
    r"(?:dat )?klopt|akkoord|graag|doe maar|claro|confirmo|de acuerdo|genau|(?:das )?stimmt|einverstanden|gerne?|certo|confermo|esatto|d'accordo)"
    r"(?: (?:so|das|dat|dit|helemaal|allemaal|gar|uberhaupt|will ich))*,? (?:pas(?! (?:de|d'|besoin))|que non?|che non?|niet|nicht|not)\b"
)
#: "Ok laisse tomber": what comes after the yes takes it back.
_DROPPED = re.compile(
    r"^(?:oui|ok|okay|d'accord|dac|bon|yes|yeah|sure|right|ja|prima|akkoord|si|vale|claro|in ordnung|gut|va bene|certo)[ ,.!]+(?:(?:alors|donc|then|dan|dann|dan maar|entonces|allora|please|bitte)[ ,]+)?"
    r"(?:laisse[rz]? (?:tomber|ca|comme ca)|oublie[rz]?(?: ca)?|forget it|never ?mind|drop it|laat maar|vergeet (?:het|maar)|"
    r"vergessen sie|lassen (?:sie|wir) (?:es|das)|dejalo|dejelo|olvidalo|olvidelo|lasci(?:a|amo)? (?:perdere|stare)|"
    r"(?P<end>annule[rz]?|arrete[rz]?|stop|cancel|annule(?:er|ren)|abbrechen|stornieren|cancel[ae]r?|anul[ae]r?|annull[aio](?:re)?))\b"
)
_JOINTS = re.compile(r"[’'`´\-–_\s]+")
#: "Oui mais…": someone who adds a condition has not agreed to what was read to them.
_CONDITION = re.compile(r"\b(?:mais|sauf|but|except|(?<!doe )(?<!ga )maar(?![ .!]*$)|(?<=^ja )maar|(?<=^ja, )maar|(?<=^ok )maar|(?<=^ok, )maar|behalve|aber|ausser|pero|excepto|salvo|ma|tranne)\b")
#: What keeps a yes from being one to an effect: a negation, time to think, another wish, an "if".
_DOUBT = re.compile(
    r"\?|\b(?:pas|jamais|non|ne \w+ rien|(?<!j')attend(?:s|ez)|reflech\w*|une? (?:petite )?(?:instant|seconde|minute|moment)|plus tard|stop|annule[rz]?|arrete[rz]?|laisse[rz]?|oublie[rz]?|"
    r"on verra|je verrai|finalement|je reste|on reste|d'abord|plutot|en arriere|retour|(?:oui|d'accord),? (?:seulement |uniquement )?si \w|seulement si|a condition|"
    r"not|\w+n't|no|never|wait|hold on|hang on|one (?:moment|second|sec|minute)|think(?! so)|later|cancel|forget|never ?mind|(?:i'll|i will|rather|we'll|we will) stay|first|instead|rather|go back|if|unless|"
    r"niet|geen|nee|nooit|wacht|even (?:denken|nadenken|kijken)|nadenken|denk er|bedenk\w*|straks|annuleren?|annuleer|laat maar|vergeet|ik blijf|eerst|liever|terug|mits|indien|"
    r"nicht|kein\w*|nein|nie|wart(?:e|en|et)|moment|augenblick|uberleg\w*|spater|abbrechen|storni\w*|vergessen|ich bleibe|zuerst|lieber|stattdessen|zuruck|wenn|falls|sofern|"
    r"nunca|tampoco|esper[ae]\w*|un momento|pens(?:ar|arlo|are|armelo)|(?:lo|me lo) pienso|mas tarde|(?<!hasta )luego|cancel[ae]r?|anul[ae]r?|dej[ae](?:lo|me)|olvid\w*|me quedo|primero|(?<!cuanto )(?<!lo )antes|mejor(?! asi)|atras|siempre que|a menos|"
    r"mai piu|aspett\w*|un (?:attimo|momento)|ci penso|pensarci|piu tardi|annull\w*|lasci\w*|fermi|resto|prima (?:di|che|vorrei|voglio|devo|mi)|piuttosto|invece|indietro|purche|se (?:e|il|costa|non|posso))\b"
)
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


def yes_no(heard: Heard, *, firm: bool = True, wish: re.Pattern[str] | None = None) -> bool | None:
    """A yes or a no to the question just put, in words or as understood; ``None`` for a button.

    ``firm``: something is done at once on a yes, so a question, a negation or a hesitation beside it
    ("ok, et ça coûte combien ?", "ok, je réfléchis") makes it no answer. ``wish``: words that ask for
    the very thing the question is about ("yes, cancel my contract") and take nothing back.
    """
    if heard.choice is not None:
        return None
    text = plain(heard)
    if wish:
        text = wish.sub(" ", text).strip()
    nothing = _FINE.match(text)
    after = text[nothing.end():].strip() if nothing else ""
    fine = nothing is not None and (not after or after[0] in ",.!;" or bool(_YES.match(after) or _THANKS.match(after)))
    rest = _FINE.sub(" ", text)
    if not fine and (_NO.match(text) or _DENIED.match(rest)):
        return False
    dropped = None if fine else _DROPPED.match(text)
    if dropped:      # "ok annule" says both where the question is whether to cancel
        return None if wish and dropped["end"] else False
    first = text.startswith("prima") and heard.understanding.language == "it"
    said = fine or (not first and _YES.match(text) is not None) or _ACCENTED.match(clean(heard.text)) is not None
    if not said and heard.understanding.intent != "affirm":
        return False if heard.understanding.intent in ("deny", "cancel") else None
    return None if _CONDITION.search(text) or (firm and _DOUBT.search(rest)) else True
