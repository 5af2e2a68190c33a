"""Noise as people make it in a chat: typos, SMS spelling, joined words, dropped letters.

Case needs no noise: the tokenizer folds it. Applied to what the student reads,
never to what the teacher reads, so that a misspelt message lands where the clean one does.
"""

from __future__ import annotations

import random
import re
import unicodedata

_SMS: dict[str, dict[str, tuple[str, ...]]] = {
    "fr": {
        "pourquoi": ("pk", "pq", "prk", "pourkoi"), "parce que": ("pcq", "psk", "pck"),
        "quelqu'un": ("qqn", "kelkun"), "quelque": ("qq", "kelk"), "beaucoup": ("bcp",),
        "toujours": ("tjrs", "tjs", "tjr"), "bonjour": ("bjr", "slt", "bjour"),
        "s'il vous plaît": ("svp", "stp"), "c'est": ("c", "ces", "cé"), "j'ai": ("g", "jai", "gé"),
        "que": ("k", "ke", "q"), "qui": ("ki",), "quoi": ("koi",), "quand": ("qd", "kan", "kand"),
        "comment": ("cmt", "coment", "comen"), "combien": ("cmb", "combi1", "combien"),
        "vous": ("vs", "vou"), "nous": ("ns", "nou"), "dans": ("ds",), "pour": ("pr",),
        "pas": ("pa",), "plus": ("+", "plu"), "mais": ("mé", "mai"), "avec": ("ac", "avk"),
        "un": ("1",), "une": ("1",), "est": ("é", "e"), "et": ("é", "&"), "sont": ("st", "son"),
        "même": ("mm",), "maintenant": ("mtn", "mnt"), "rendez-vous": ("rdv",), "depuis": ("dps",),
        "problème": ("pb", "prob", "probleme"), "message": ("msg",), "demain": ("2main", "dm1"),
        "aujourd'hui": ("ajd", "auj", "aujourdui"), "temps": ("tps", "tmps"), "tout": ("tt",),
        "tous": ("ts",), "fait": ("fé", "fai"), "suis": ("sui",), "je": ("j", "jeu"), "moi": ("mwa",),
        "téléphone": ("tel", "phone"), "numéro": ("num", "n°"), "ordinateur": ("ordi", "pc"),
        "s'est": ("c",), "ça": ("sa", "ca"), "a": ("à",), "à": ("a",), "ai": ("é",), "faut": ("fo",),
        "eau": ("o",), "très": ("tro", "trè"), "rien": ("ri1",), "bien": ("bi1", "b1"), "jour": ("jr",),
    },
    "en": {
        "you": ("u", "ya"), "your": ("ur", "yr"), "are": ("r",), "please": ("pls", "plz"),
        "because": ("cos", "cuz", "bc"), "thanks": ("thx",), "be": ("b",), "to": ("2",),
        "for": ("4",), "and": ("n", "&"), "what": ("wot", "wat"), "with": ("w/", "wiv"),
        "about": ("abt",), "message": ("msg",), "don't": ("dont", "dnt"), "want to": ("wanna",),
        "going to": ("gonna",), "isn't": ("isnt", "aint"), "why": ("y",), "months": ("mnths",),
        "right": ("rite",), "have": ("hv", "ave"), "account": ("acct", "acc"), "money": ("cash",),
    },
    "es": {
        "que": ("q", "k", "ke"), "qué": ("q", "k"), "por qué": ("xq", "pq"), "porque": ("xq", "pq"),
        "por": ("x",), "también": ("tb", "tmb"), "está": ("ta", "esta"), "he": ("e",),
        "ha": ("a",), "me": ("m",), "te": ("t",), "para": ("pa", "xa"), "hacer": ("acer",),
        "mensaje": ("msj",), "favor": ("fa",), "mucho": ("mxo",), "hay": ("ai", "ay"),
        "quiero": ("kiero",), "cuando": ("cdo", "kuando"), "bien": ("bn",), "hoy": ("oy",),
    },
    "de": {
        "nicht": ("nich", "ned", "net"), "ist": ("is",), "ich habe": ("hab", "habe"),
        "habe": ("hab",), "eine": ("ne", "n"), "einen": ("nen",), "ein": ("n",), "und": ("u", "u."),
        "auch": ("au",), "bitte": ("bidde", "pls"), "ich": ("i",), "vielleicht": ("vllt",),
        "jetzt": ("jz", "jetz"), "kein": ("k1",), "keine": ("k1e",), "warum": ("wieso", "warm"),
        "danke": ("thx",), "wir": ("wr",), "mein": ("mei",), "etwas": ("was",), "mal": ("ma",),
    },
    "nl": {
        "niet": ("nie", "ni"), "het": ("t", "'t"), "een": ("n", "'n"), "ik": ("k", "ikk"),
        "waarom": ("wrm", "waarm"), "dat": ("da",), "wat": ("wa",), "is": ("iss",), "mijn": ("mn", "m'n"),
        "even": ("ff",), "bedankt": ("thx",), "alsjeblieft": ("aub", "plz"), "maar": ("mr",),
        "heb": ("hep",), "iets": ("ies",), "jullie": ("julie",), "zijn": ("zn",), "morgen": ("mrgn",),
    },
    "it": {
        "che": ("ke", "k"), "perché": ("xke", "xk", "xché"), "per": ("x",), "non": ("nn",),
        "sono": ("sn",), "come": ("cm",), "anche": ("anke",), "qualcuno": ("qlcn",),
        "cosa": ("cs", "ksa"), "chi": ("ki",), "più": ("+",), "comunque": ("cmq",), "ho": ("o",),
        "tutto": ("tt",), "quando": ("qnd",), "grazie": ("grz",), "messaggio": ("msg",), "con": ("cn",),
    },
}  # fmt: skip
_MATCH = {
    language: re.compile(
        r"\b(" + "|".join(re.escape(key) for key in sorted(table, key=len, reverse=True)) + r")\b",
        re.IGNORECASE,
    )
    for language, table in _SMS.items()
}
_NEAR = {
    "a": "zqs", "b": "vgn", "c": "xvd", "d": "sfe", "e": "rzd", "f": "dgr", "g": "fht", "h": "gjy",
    "i": "uok", "j": "hku", "k": "jli", "l": "kmo", "m": "ln", "n": "bm", "o": "ipl", "p": "om",
    "q": "sa", "r": "etf", "s": "dqz", "t": "ryg", "u": "iyj", "v": "cb", "w": "xq", "x": "wc",
    "y": "tu", "z": "ae",
}  # fmt: skip


def sms(text: str, language: str, rng: random.Random, rate: float = 0.6) -> str:
    """Common words in the short spellings that people of that language use."""
    pattern, table = _MATCH.get(language), _SMS.get(language, {})
    if pattern is None:
        return text

    def shorten(match: re.Match[str]) -> str:
        short = table.get(match.group(0).lower())
        return rng.choice(short) if short and rng.random() < rate else match.group(0)

    return pattern.sub(shorten, text)


def _typo(word: str, rng: random.Random) -> str:
    """One slip of the finger or one phonetic simplification in a word of four letters or more."""
    at = rng.randrange(1, len(word) - 1)
    kind = rng.randrange(6)
    if kind == 0:  # letters swapped
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if kind == 1:  # letter dropped
        return word[:at] + word[at + 1 :]
    if kind == 2:  # letter doubled
        return word[:at] + word[at] + word[at:]
    if kind == 3:  # neighbouring key
        return word[:at] + rng.choice(_NEAR.get(word[at].lower(), word[at])) + word[at + 1 :]
    if kind == 4:  # double letters written once
        return re.sub(r"(.)\1", r"\1", word)
    for old, new in (("qu", "k"), ("ph", "f"), ("eau", "o"), ("er", "é"), ("ez", "é"), ("h", "")):
        if old in word:
            return word.replace(old, new, 1)
    return word


def typos(text: str, rng: random.Random, rate: float = 0.12) -> str:
    """Slips in some of the longer words."""
    return " ".join(
        _typo(word, rng) if len(word) >= 4 and rng.random() < rate else word
        for word in text.split(" ")
    )


def joined(text: str, rng: random.Random, rate: float = 0.08) -> str:
    """Some spaces, apostrophes and hyphens left out."""
    return "".join(
        "" if character in " '’-" and rng.random() < rate else character for character in text
    )


def noisy(text: str, language: str, rng: random.Random, amount: float = 0.35) -> str:
    """With chance ``amount``, the text as somebody in a hurry would have typed it."""
    if rng.random() >= amount:
        return text
    if rng.random() < 0.5:
        text = sms(text, language, rng)
    if rng.random() < 0.5:
        text = typos(text, rng)
    if rng.random() < 0.3:
        text = joined(text, rng)
    if rng.random() < 0.3:
        text = re.sub(r"[^\w\s]", " ", text)
    return text


def without_accents(text: str) -> str:
    """The text as typed on a keyboard that has no accents at hand."""
    return "".join(sign for sign in unicodedata.normalize("NFD", text) if not unicodedata.combining(sign))
