"""Recognises a message that only thanks or says goodbye, in the six languages."""

from __future__ import annotations

import re
import unicodedata

_WORDS = frozenset(
    ["merci", "beaucoup", "bcp", "mille", "grand", "super", "parfait", "top", "genial", "nickel", "ok", "okay", "d", "accord", "daccord", "c", "est", "bon", "bien", "tres", "note", "au", "revoir", "aurevoir", "bonne", "journee", "soiree", "a", "bientot", "a", "vous", "aussi", "cool", "thanks", "thank", "you", "very", "much", "great", "perfect", "bye", "goodbye", "cheers", "have", "nice", "day", "fine", "bedankt", "dank", "je", "u", "wel", "hartelijk", "prima", "tot", "ziens", "fijne", "dag", "goed", "gracias", "muchas", "muy", "amable", "perfecto", "vale", "adios", "hasta", "luego", "buen", "dia", "danke", "schon", "schoen", "vielen", "dank", "herzlichen", "tschuss", "tschuess", "wiedersehen", "auf", "super", "alles", "klar", "schonen", "tag", "grazie", "mille", "perfetto", "arrivederci", "buona", "giornata", "gentilissimo", "va", "bene", "ciao"]
)
_THANKS = re.compile(r"[\U0001F300-\U0001FAFF\u2600-\u27bf\ufe0f\u200d]")


_HELLO = frozenset(
    ["bonjour", "bonsoir", "salut", "coucou", "hello", "hi", "hey", "good", "morning", "evening", "afternoon", "there", "hallo", "goedendag", "goedemorgen", "goedenavond", "hoi", "hola", "buenos", "buenas", "dias", "tardes", "noches", "guten", "tag", "morgen", "abend", "servus", "moin", "buongiorno", "buonasera", "ciao", "salve", "madame", "monsieur", "messieurs", "mesdames", "a", "tous", "allo"]
)


def is_greeting(text: str) -> bool:
    """Whether a short text only says hello."""
    words = _words(text)
    return "?" not in text and 0 < len(words) <= 5 and all(word in _HELLO for word in words)


def is_courtesy(text: str) -> bool:
    """Whether every word of a short text is one of thanks or farewell ("Merci beaucoup !", "👍")."""
    words = _words(text)
    if "?" in text or len(words) > 8 or re.search(r"\d", text):
        return False
    return all(word in _WORDS for word in words)


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", _THANKS.sub(" ", text).casefold())
    return re.findall(r"[a-z]+", "".join(ch for ch in plain if not unicodedata.combining(ch)))
