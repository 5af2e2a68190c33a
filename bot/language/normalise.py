"""Brings what people type to one form before words are looked at.

Two levels. :func:`clean` keeps the sentence as written but makes it safe and regular (Unicode form,
control characters, whitespace, typographic apostrophes). :func:`normalise` goes further for
matching: case and accents folded, units written one way ("15Kva", "15 000 VA" → "15 kva"), letters
held down ("nonnnn"), and SMS spellings of the message's language spelled out ("c koi" → "c est quoi").
Both are idempotent and never raise.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "`": "'", "´": "'", "ʼ": "'", "′": "'", "«": '"', "»": '"', "“": '"', "”": '"'})
_CONTROL = re.compile(r"[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_SPACES = re.compile(r"\s+")
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "ł": "l", "đ": "d"})

_LONG = re.compile(r"([a-z])\1{2,}")
_MARKS = re.compile(r"([!?.…])\1+")
_THOUSANDS = re.compile(r"(?<=\d)[ \u202f\u00a0.](?=000\b)")
_VA = re.compile(r"\b(\d{1,3})000\s*(?:v\.?a\.?|voltamperes?|volt-amperes?)\b")
_KVA = re.compile(r"\b(\d{1,3})[\s-]*(?:k\.?v\.?a\.?s?|kilo\s?volt[\s-]?amperes?|kav|kvh)\b")
_GLUED_UNIT = re.compile(r"\b(\d+(?:[.,]\d+)?)(kwh?|wh?|m2|m3|m²|m³|eur|euros?|€|h|mois|jours?|ans?|pieces?|amperes?|amp|a|%)(?![a-z])")
_GLUED_WORD = re.compile(r"([a-z]{3,})(\d+)\b")

#: Spellings of SMS and chat, whole words after folding; the value is folded too. Only those that
#: mean one thing whatever stands around them.
SMS: dict[str, dict[str, str]] = {
    "fr": {
        "pk": "pourquoi", "pq": "pourquoi", "pkoi": "pourquoi", "prk": "pourquoi", "pourkoi": "pourquoi", "prq": "pourquoi",
        "pcq": "parce que", "psk": "parce que", "pck": "parce que", "paske": "parce que",
        "resu": "recu", "koi": "quoi", "kwa": "quoi", "ki": "qui", "ke": "que", "kel": "quel", "kelle": "quelle", "kels": "quels",
        "qd": "quand", "kan": "quand", "kand": "quand", "cmt": "comment", "coment": "comment", "komen": "comment", "koman": "comment", "comen": "comment",
        "cb": "combien", "cbien": "combien", "cmb": "combien", "combi1": "combien", "konbien": "combien",
        "qqn": "quelqu'un", "qqun": "quelqu'un", "kelkun": "quelqu'un", "qqch": "quelque chose", "qlq": "quelque",
        "bcp": "beaucoup", "bp": "beaucoup", "tjrs": "toujours", "tjr": "toujours", "tjs": "toujours", "tt": "tout", "ts": "tous", "tte": "toute",
        "bjr": "bonjour", "bjour": "bonjour", "bonjr": "bonjour", "slt": "salut", "bsr": "bonsoir", "cc": "coucou",
        "svp": "s'il vous plait", "stp": "s'il te plait", "dsl": "desole", "merki": "merci", "mci": "merci", "mrc": "merci", "mrci": "merci",
        "ds": "dans", "pr": "pour", "pa": "pas", "ac": "avec", "avk": "avec", "vs": "vous", "ns": "nous", "ms": "mais", "mé": "mais",
        "mtn": "maintenant", "mnt": "maintenant", "mnten": "maintenant", "rdv": "rendez-vous", "dps": "depuis", "pb": "probleme", "prob": "probleme", "pbm": "probleme",
        "msg": "message", "ajd": "aujourd'hui", "auj": "aujourd'hui", "aujourdui": "aujourd'hui", "tps": "temps", "num": "numero", "tel": "telephone",
        "jsp": "je sais pas", "jpp": "j'en peux plus", "jcomprend": "je comprends", "jveu": "je veux", "jveux": "je veux", "jpeu": "je peux", "jpeux": "je peux", "jdois": "je dois", "chui": "je suis", "jsuis": "je suis", "chuis": "je suis", "jai": "j'ai", "jaimerai": "j'aimerais", "jarrive": "j'arrive", "jaten": "j'attends",
        "fo": "faut", "fau": "faut", "sa": "ca", "ces": "c'est", "cest": "c'est", "cé": "c'est", "ya": "il y a", "yora": "il y aura",
        "factur": "facture", "fact": "facture", "abo": "abonnement", "abonement": "abonnement", "elec": "electricite", "élec": "electricite", "edf": "edf", "conso": "consommation", "prelevmt": "prelevement",
        "wifi": "wifi", "mdp": "mot de passe", "cpt": "compteur", "compte": "compte", "info": "information", "infos": "informations", "rib": "rib", "demenag": "demenagement",
        "kelke": "quelque", "oci": "aussi", "ossi": "aussi", "vrmt": "vraiment", "vrm": "vraiment", "rep": "reponse", "rien": "rien", "ri1": "rien", "bi1": "bien", "b1": "bien", "jms": "jamais",
    },
    "en": {
        "u": "you", "ur": "your", "r": "are", "pls": "please", "plz": "please", "cos": "because", "cuz": "because", "thx": "thanks", "ty": "thank you", "wot": "what", "wat": "what", "abt": "about", "dont": "don't", "dnt": "don't", "wanna": "want to", "gonna": "going to", "gotta": "have to", "isnt": "isn't", "cant": "can't", "wont": "won't", "mnths": "months", "hv": "have", "acct": "account", "elec": "electricity", "leccy": "electricity", "info": "information", "appt": "appointment", "asap": "as soon as possible", "idk": "i don't know",
    },
    "es": {
        "q": "que", "k": "que", "ke": "que", "xq": "por que", "pq": "por que", "x": "por", "tb": "tambien", "tmb": "tambien", "msj": "mensaje", "kiero": "quiero", "kuando": "cuando", "cdo": "cuando", "bn": "bien", "oy": "hoy", "porfa": "por favor", "xfa": "por favor", "grax": "gracias", "dnd": "donde", "cmo": "como", "toy": "estoy",
    },
    "de": {
        "nich": "nicht", "ned": "nicht", "hab": "habe", "ne": "eine", "nen": "einen", "bidde": "bitte", "vllt": "vielleicht", "jz": "jetzt", "jetz": "jetzt", "k1": "kein", "thx": "danke", "mfg": "", "wieviel": "wie viel", "iwie": "irgendwie", "evtl": "eventuell", "zb": "zum beispiel", "gibts": "gibt es", "gehts": "geht es",
    },
    "nl": {
        "ff": "even", "aub": "alstublieft", "plz": "alsjeblieft", "svp": "alstublieft", "mn": "mijn", "wrm": "waarom", "wnr": "wanneer", "nie": "niet", "da": "dat", "hep": "heb", "idd": "inderdaad", "iig": "in ieder geval", "morge": "morgen", "bvd": "bij voorbaat dank", "mvg": "",
    },
    "it": {
        "ke": "che", "k": "che", "xke": "perche", "xk": "perche", "xche": "perche", "x": "per", "nn": "non", "cmq": "comunque", "qlc": "qualcosa", "qnd": "quando", "grz": "grazie", "pf": "per favore", "dv": "dove", "tt": "tutto", "kosa": "cosa",
    },
}
#: Patterns of more than one word, tried before single words.
_SMS_PHRASES: dict[str, tuple[tuple[re.Pattern[str], str], ...]] = {
    "fr": (
        (re.compile(r"\bc\s+(?=koi|quoi|qui|ki|quand|ou\b|pas?\b|combien|cb\b|normal|trop|la\b|le\b|un\b|une\b|mon\b|bon\b|pour\b|pr\b)"), "c'est "),
        (re.compile(r"\bkes(?:ke|que)?\b|\bkesk\w*\b|\bqu'?est\s?ce\s?q'?"), "qu'est-ce que "),
        (re.compile(r"\best\s?ce\s?(?:k|q|ke|que)\b|\besk[e']?\b|\beske\b|\best-?ce\s?q\b"), "est-ce que "),
        (re.compile(r"\b(?:g|gé|ge)\s+(?=\w)"), "j'ai "),
        (re.compile(r"\bje\s+sé\b|\bjsé\b"), "je sais"),
    ),
}
_WORD = re.compile(r"[a-z0-9]+")


def clean(text: str) -> str:
    """The text as written, safe to show: NFKC, no control or bidirectional marks, single spaces."""
    text = unicodedata.normalize("NFKC", text.translate(_APOSTROPHES))
    return _SPACES.sub(" ", _CONTROL.sub(" ", text)).strip()


def fold(text: str) -> str:
    """Lower case without accents; "Œ" becomes "oe" and "ß" "ss"."""
    lowered = text.casefold().translate(_LIGATURES)
    if lowered.isascii():
        return lowered
    return "".join(c for c in unicodedata.normalize("NFD", lowered) if not unicodedata.combining(c))


def units(text: str) -> str:
    """Folded text with quantities written one way: "15 kva", "3 pieces", "65 m2"."""
    text = _THOUSANDS.sub("", text)
    text = _VA.sub(r"\1 kva", text)
    text = _KVA.sub(r"\1 kva", text)
    text = _GLUED_UNIT.sub(r"\1 \2", text)
    return text.replace("m²", "m2").replace("m³", "m3").replace("€", " euros ").replace("£", " pounds ")


@lru_cache(maxsize=32768)
def normalise(text: str, language: str = "fr") -> str:
    """The form in which words are compared; see the module's docstring."""
    text = units(fold(clean(text)))
    text = _LONG.sub(r"\1\1", text)
    text = _MARKS.sub(r"\1", text)
    for pattern, value in _SMS_PHRASES.get(language, ()):
        text = pattern.sub(value, text)
    table = _FOLDED.get(language)
    if table:
        text = _WORD.sub(lambda m: table.get(m.group(), m.group()), text)
    return _SPACES.sub(" ", text).strip()


_FOLDED: dict[str, dict[str, str]] = {
    language: {fold(k): fold(v) for k, v in table.items()} for language, table in SMS.items()
}
