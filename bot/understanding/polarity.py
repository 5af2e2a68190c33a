"""Negation of a wish, and mood: what the words say beside their subject."""

from __future__ import annotations

import re

from bot.language.normalise import clean, normalise
from bot.understanding.types import Mood

#: "I do not want to …", per language, on normalised text. French "ne … plus" is no negation of a wish
#: ("je ne veux plus être client" is a cancellation), so it is not here.
_NEGATED: dict[str, re.Pattern[str]] = {
    "fr": re.compile(
        r"(?:\b(?:je|j'?|nous|on)\s*|^\W*)(?:ne\s+|n'?\s*)?(?:veux|veut|voulons|veulent|souhaite|souhaitons|voudrais|desire|compte|comptons|pense|envisage|demande|demandais|vais|allons|ai|cherche|tiens)\s+"
        r"(?:surtout |vraiment |absolument |du tout )?(?:pas|aucunement|jamais|nullement)(?:\s+(?:du tout|a|de|que|encore|forcement|envie de|demande a|demande de|demande la|l'intention de|prevu de|question de))*\s+"
        r"(?:\w+['\s]){0,3}?(?:resili\w*|part\w+|quitt\w+|arret\w+|ferm\w+|chang\w+|demenag\w+|annul\w+|coup\w+|clotur\w+|pay\w+|regl\w+|augment\w+|baiss\w+|diminu\w+|modifi\w+|transmet\w+|envoy\w+|donn\w+|echelonn\w+|mett\w+ fin)"
        r"|\bpas question (?:de|que)\b|\b(?:surtout|absolument) pas (?:resili\w*|chang\w*|coup\w*|ferm\w*|annul\w*)|\bsans (?:vouloir )?(?:resili\w+|chang\w+|coup\w+|ferm\w+)\b|\b(?:ne|n')\s?(?:me |nous )?(?:resili|coup|ferm|annul)e[zs]?\s(?:pas|surtout pas)\b"
    ),
    "en": re.compile(r"\b(?:do not|don'?t|did not|didn'?t|never|wouldn'?t|not)\s+(?:really |actually )?(?:want|wish|ask|asked|plan|planning|intend|mean|going|trying|like)\w*\s+(?:to|for)\b|\bplease (?:do not|don'?t)\s+(?:cancel|close|stop|change|cut|terminate)\b|\bwithout (?:cancelling|canceling|changing|closing)\b"),
    "nl": re.compile(r"\b(?:wil|wou|wens|ga|hoef|zou)\s+(?:ik |we |wij |mijn |het |de |dit |dat |contract |abonnement |helemaal |echt )*(?:niet|geenszins)\s+(?:\w+\s){0,3}?(?:opzeg\w*|stop\w*|verhuiz\w*|wijzig\w*|betal\w*|verander\w*|annul\w*|beeindig\w*|afsluit\w*)|\b(?:niet|zonder)\s+(?:op te zeggen|opzeggen|te wijzigen|te stoppen)\b"),
    "es": re.compile(r"\bno\s+(?:quiero|queremos|deseo|pienso|voy a|he pedido|pretendo|quisiera)\s+(?:\w+\s){0,3}?(?:cancel\w*|dar\w*|baja|cambi\w*|mudar\w*|pag\w*|rescind\w*|cerr\w*|termin\w*|anul\w*)|\bsin (?:cancelar|dar de baja|cambiar)\b|\bno (?:me )?(?:canceleis|cancelen|deis|den)\b"),
    "de": re.compile(r"\b(?:will|mochte|wollte|werde|habe|wunsche)\s+(?:ich |wir |meinen |den |vertrag |gar |uberhaupt |doch |auf keinen fall )*(?:nicht|keinesfalls|nie)\s+(?:\w+\s){0,3}?(?:kundig\w*|gekundigt|wechsel\w*|umzieh\w*|zahl\w*|ander\w*|beend\w*|storni\w*)|\b(?:nicht|ohne zu)\s+kundigen\b|\bkeine kundigung\b"),
    "it": re.compile(r"\bnon\s+(?:voglio|vorrei|vogliamo|desidero|intendo|ho chiesto|penso)\s+(?:\w+\s){0,3}?(?:disd\w*|recede\w*|cambi\w*|traslo\w*|pag\w*|chiud\w*|termin\w*|annull\w*|modific\w*)|\bsenza (?:disdire|cambiare|chiudere)\b"),
}

_ANGRY = re.compile(
    r"\b(?:scandal\w+|inadmissible|honte|honteux|inacceptable|ras le bol|marre|foutage|foutez|foutre|merde|putain|bordel|arnaque\w*|escroc\w*|voleurs?|incompeten\w+|nul(?:s|le|les)?|degage|colere|furieu\w+|excede\w*|exasper\w+|se moque\w*|vous moquez|plainte|avocat|ca suffit|intolerable|"
    r"unacceptable|disgrace\w*|ridiculous|furious|angry|outrageous|fed up|scam\w*|fuck\w*|shit|bloody|useless|lawyer|"
    r"belachelijk|schandalig|oplicht\w*|woedend|boos|onacceptabel|klote|"
    r"vergüenza|verguenza|indignad\w+|inaceptable|estafa\w*|harto|harta|mierda|ladrones|"
    r"unverschamt\w*|frechheit|wutend|inakzeptabel|abzocke\w*|scheiss\w*|unfahig|anwalt|"
    r"vergogna|inaccettabile|furios\w+|truff\w+|stufo|stufa|schifo)\b"
)
_THANKFUL = re.compile(r"\b(?:merci|remercie|thanks|thank you|thx|bedankt|dank|gracias|danke|grazie)\b")
_SAD_FACE = re.compile("[🙁☹😞😒🙄😠😡😤😕😢🤬]|:-?[(/]|>:\\(")


def negated(text: str, language: str) -> bool:
    """Whether the message says that something shall not be done ("je ne veux PAS résilier")."""
    pattern = _NEGATED.get(language)
    return bool(pattern and pattern.search(normalise(text, language)))


def mood(text: str, language: str, intent: str) -> Mood:
    """The mood of a message, from its intent, its words, capitals and marks."""
    if intent == "urgent":
        return "urgent"
    if intent == "sarcasm":
        return "ironic"
    text = clean(text)
    folded = normalise(text, language)
    thankful = bool(_THANKFUL.search(folded))
    if thankful and _SAD_FACE.search(text):
        return "ironic"
    if intent in ("insult", "frustration"):
        return "angry"
    letters = [c for c in text if c.isalpha()]
    shouting = len(letters) >= 12 and sum(c.isupper() for c in letters) > 0.7 * len(letters)
    marks = text.count("!") >= 3 or "?!" in text or "!?" in text
    if _ANGRY.search(folded) or (shouting and marks) or (_SAD_FACE.search(text) and any(c in text for c in "😠😡🤬")):
        return "angry"
    return "thankful" if thankful or intent == "thanks" else "neutral"
