"""Negation of a wish, a person declined, and mood: what the words say beside their subject."""

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

# Where "me" stands in French, "mais" may: the spelling of SMS "mé" is spelled out.
#: Whom one is put through to; a "conseiller virtuel" is nobody.
_PERSON: dict[str, str] = {
    "fr": r"(?:tele)?conseill(?:er|ere)s?|etre humain|humaine?s?|quelqu'un|(?:vraie )?personne|agents?|operat(?:eur|rice)s?|interlocut\w+|collegues?|services? clients?",
    "en": r"humans?|(?:real )?persons?|people|someone|somebody|anyone|anybody|agents?|advis[eo]rs?|operators?|representatives?|reps?|customer services?|staff|colleagues?",
    "nl": r"medewerk\w+|mens(?:en)?|iemand|niemand|adviseurs?|persoon|agent|klantenservice|klantendienst|collega",
    "es": r"agentes?|asesor(?:a|es)?|personas?|humanos?|operador(?:a|es)?|alguien|nadie|companeros?|atencion al cliente",
    "de": r"mitarbeiter\w*|(?:kunden)?berater\w*|mensch(?:en)?|person|jemand(?:em|en)?|niemand(?:em|en)?|agent(?:en)?|kundendienst|kundenservice|kollegen",
    "it": r"operator[ei]|operatrice|consulent[ei]|person[ae]|essere umano|umano|qualcuno|nessuno|agent[ei]|addett[oi]|colleg[ah]i?|(?:assistenza|servizio) clienti",
}
#: A wish denied ("je ne veux pas parler à"), and words at the head of a clause or anywhere that do without ("pas de", "sans").
_DECLINED: dict[str, tuple[str, str, str]] = {
    "fr": (
        r"(?:je |j'|on |nous )?(?:ne |n')*(?:(?:veux|veut|voulons|souhaite|souhaitons|voudrais|desire|demande|cherche) (?:surtout |vraiment |absolument )?(?:pas|plus|aucunement|nullement)|(?:ai|avons) (?:pas|plus|aucun|nul) (?:besoin|envie)) "
        r"(?:(?:besoin|envie|a|de|d'|du|des|un|une|aucun|l'aide|vos|que|l'on|qu'on|me|mais|m'|mettiez|passiez|passe|mis|mise|etre|en relation|en contact|au|avec|parler|discuter|voir|avoir|joindre|contacter|appeler|passer|par) ?)*|"
        r"(?:veux|souhaite|envie de) parler (?:a|avec) (?=personne)|ne (?:me |mais |nous )(?:passez|transferez|mettez|dirigez)(?: surtout)? pas (?:(?:a|au|en relation|en contact|avec|vers|de|un|une|vos) ?)*",
        r"(?:surtout )?pas (?:besoin )?(?:de |d'|un |une )+(?:parler (?:a|avec) (?:un |une )?)?|inutile de (?:me|mais|m'y) (?:passer|mettre en relation avec) (?:un |une )?|(?:aucun|nul besoin d'un) ", r"sans (?:(?:passer par|parler a|appeler|un|une) )*"),
    "en": (
        r"(?:do not|don'?t|did not|didn'?t|no longer|would rather not|'?d rather not|wouldn'?t)(?: really| actually)? (?:want|wish|need|like|care|have|speak|talk)"
        r"(?: (?:to|for|a|an|any|the|your|me|be|speak|speaking|talk|talking|chat|deal|dealing|with|contact|call|by|see|put|through|transferred|help|from))* |rather not (?:speak|talk) (?:to|with) (?:a |an )?",
        r"(?:please )?(?:no|not an?|no need for an?|no need to (?:talk|speak) to (?:a |an )?) ?", r"without (?:(?:speaking|talking|calling|having|to|with|a|an|any) )*"),
    "nl": (
        r"(?:wil|wou|hoef|hoeven|wens|heb)(?: (?:ik|we|wij|echt|liever))* (?:niet|geen)(?: (?:met|een|de|uw|naar|door|hulp|van|behoefte|nodig|aan|contact))* |(?:wil|hoef)(?: ik)? (?:met )?(?=niemand)",
        r"(?:geen|niet met een) ", r"zonder (?:een )?"),
    "es": (
        r"no (?:quiero|queremos|deseo|necesito|necesitamos|quisiera|hace falta|me (?:pase|pases|ponga|pongas))(?: (?:que|me|hablar|ver|llamar|pasen|pongan|llame|la|ayuda|de|del|con|a|un|una|ningun|ninguna|el|los))* ",
        r"nada de ", r"sin (?:(?:hablar|llamar|pasar|con|por|a|un|una|ningun) )*"),
    "de": (
        r"(?:will|wollen|mochte|wollte|wunsche|brauche)(?: (?:ich|wir|wirklich|gar|eigentlich|jetzt))* (?:nicht|keine[nmr]?)(?: (?:mit|einem|einen|einer|eine|ihrem|ihren|zu|zum|an|von|hilfe))* |(?:will|mochte)(?: ich)? (?:mit )?(?=niemand)",
        r"(?:bitte )?keine[nm]? ", r"ohne (?:mit )?(?:(?:einem|einen|eine|einer) )?"),
    "it": (
        r"non (?:voglio|vorrei|vogliamo|desidero|ho bisogno|mi serve|serve|mi passi|mi passate)(?: (?:parlare|sentire|di|con|un|una|nessun|il|lo|la|i|vostro|essere|messo|in|contatto|passare|al))*(?: un')? ?",
        r"(?:nessun|niente) ", r"senza (?:(?:parlare|passare|con|per|da|un|una) )*"),
}
#: After a person: nobody there is no wish, a machine is no person, "anyone but a human" asks for one.
_NOBODY = (
    r"\b(?! (?:virtuel|automati\w+|ia\b|artificiel\w*|but\b|except|other than|virtual\w*|disponib\w+|joignable|au bout|en ligne|qui\b|ne\b|n'|pour (?:m|nous)|chez vous|(?:is )?available|answer\w*|there|who|to (?:help|talk)|"
    r"beschikbaar|bereikbaar|aan de lijn|que\b|para\b|contesta|responde|erreichbar|verfugbar|che\b|risponde|humaine|physique|depuis|since))(?!\s*\?)"
)
_DECLINES = {
    language: re.compile(rf"\b(?:{wish}|{anywhere})(?:{_PERSON[language]}){_NOBODY}|(?:^|[,.;:!]|\b(?:non|no|nee|nein)\b,?) ?(?:{head})(?:{_PERSON[language]}){_NOBODY}")
    for language, (wish, head, anywhere) in _DECLINED.items()
}
#: "J'attends depuis une heure, pas de conseiller" is a report.
_WAITING = re.compile(r"\b(?:attend\w*|depuis|waiting|waited|wacht\w*|llevo|esperando|warte\w*|aspett\w*)\b")
#: "I can't sort this out without an agent" asks for one.
_NEEDED = re.compile(
    r"\b(?:(?:peux|pourr\w+|arriv\w+|avance|sais|possible) (?:pas|plus)|can't|cannot|can not|couldn't|unable|kan|kom|lukt|no (?:puedo|consigo|lo)|nicht|non (?:posso|riesco|ce la|risolvo)|impossib\w+|imposible|onmogelijk|unmoglich)\b[^,.;!?]*\b(?:sans|without|zonder|sin|ohne|senza)\b|"
    r"\b(?:sans|without|zonder|sin|ohne|senza)\b[^.;!?]*\b(?:(?:peux|pourr\w+|arriv\w+|avance|sais|possible) (?:pas|plus)|can't|cannot|couldn't|(?:lukt|kom|kan)\b.{0,20}\bniet|no (?:puedo|consigo|lo)|nicht|non (?:posso|riesco|ce la|risolvo)|impossib\w+|imposible)\b"
)
#: Words beside such a refusal that ask for nothing.
_BARE = frozenset(
    ["non", "oui", "no", "yes", "nee", "nein", "je", "ne", "on", "nous", "ik", "wij", "we", "ich", "wir", "yo", "io", "noi", "merci", "thanks", "thank", "you", "bedankt", "dank", "gracias", "danke", "grazie", "svp", "please", "bitte", "alstublieft", "graag", "por", "favor", "per", "favore", "plait", "vous", "pour", "le", "moment", "instant", "maintenant", "now", "nu", "ahora", "jetzt", "adesso", "ora", "vraiment", "really", "ok", "accord", "est", "ca", "va", "it", "fine", "mais", "but", "maar", "pero", "aber", "ma", "la", "tout", "toute", "de", "suite", "ici", "bien", "euh", "ah", "ben", "bonjour", "hello", "hallo", "hola", "ciao", "spreken", "praten", "bellen", "nodig", "sprechen", "reden", "telefonieren", "bei", "for", "hoor", "right", "at", "the", "moment", "que", "te", "met"]
)

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


def declines_person(text: str, language: str) -> bool:
    """Whether the message says that nobody shall be called in ("je ne veux pas de conseiller, juste le prix")."""
    return _beside_person(text, language) is not None


def asks_beside_person(text: str, language: str) -> bool:
    """Whether a message that declines a person asks for something besides ("juste le prix")."""
    rest = _beside_person(text, language) or ""
    return any(len(word) > 1 and word not in _BARE for word in re.findall(r"[^\W_]+", rest))


def _beside_person(text: str, language: str) -> str | None:
    """What is left of a message that declines a person; None where it does not, or asks for one after all."""
    pattern = _DECLINES.get(language)
    if pattern is None:
        return None
    plain = normalise(text, language)
    rest, found = pattern.subn(" ", plain)
    if not found or _NEEDED.search(plain) or _WAITING.search(rest) or re.search(rf"\b(?:{_PERSON[language]})\b", rest):
        return None
    return rest


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
