"""Recognises the shortest messages by their words: thanks, a greeting, a call for a person, in the six languages.

Used where no dialogue process answers and no model is at hand; the assistant itself reads intents.
"""

from __future__ import annotations

import re
import unicodedata

_WORDS = frozenset(
    ["merci", "beaucoup", "bcp", "mille", "grand", "super", "parfait", "top", "genial", "nickel", "ok", "okay", "d", "accord", "daccord", "c", "est", "bon", "bien", "tres", "note", "au", "revoir", "aurevoir", "bonne", "journee", "soiree", "a", "bientot", "a", "vous", "aussi", "cool", "thanks", "thank", "you", "very", "much", "great", "perfect", "bye", "goodbye", "cheers", "have", "nice", "day", "fine", "bedankt", "dank", "je", "u", "wel", "hartelijk", "prima", "tot", "ziens", "fijne", "dag", "goed", "gracias", "muchas", "muy", "amable", "perfecto", "vale", "adios", "hasta", "luego", "buen", "dia", "danke", "schon", "schoen", "vielen", "dank", "herzlichen", "tschuss", "tschuess", "wiedersehen", "auf", "super", "alles", "klar", "schonen", "tag", "grazie", "mille", "perfetto", "arrivederci", "buona", "giornata", "gentilissimo", "va", "bene", "ciao"]
)
#: Pictures that say thanks or "fine" by themselves (with any skin tone); an angry face is a message.
_PLEASED = re.compile(r"[👍🙏👌🙂😊😀😃😄😁😉🥰😍🤗❤💙💚💛🌞🌟⭐🎉👏✅🤝🫶💐🌹☺✌💪\U0001F3FB-\U0001F3FF\ufe0f\u200d]")
_PICTURES = re.compile(r"[\U0001F300-\U0001FAFF\u2600-\u27bf\ufe0f\u200d]")
#: Of the words above, those that stand for nothing alone ("a", "c'est bien" without an end).
_FILLERS = frozenset(["a", "c", "d", "je", "u", "wel", "vous", "est", "au", "aussi", "you", "have", "day", "nice", "tot", "hasta", "buen", "buona", "auf", "alles", "tag", "dia", "dag", "muy", "tres", "very", "much", "schon", "schoen"])


_HELLO = frozenset(
    ["bonjour", "bonsoir", "salut", "coucou", "hello", "hi", "hey", "good", "morning", "evening", "afternoon", "there", "hallo", "goedendag", "goedemorgen", "goedenavond", "hoi", "hola", "buenos", "buenas", "dias", "tardes", "noches", "guten", "tag", "morgen", "abend", "servus", "moin", "buongiorno", "buonasera", "ciao", "salve", "madame", "monsieur", "messieurs", "mesdames", "a", "tous", "allo"]
)


_PERSON = frozenset(
    ["personne", "humain", "humaine", "quelqu", "quelqun", "quelquun", "kelkun", "conseiller", "conseillere", "agent", "operateur", "operatrice", "teleconseiller", "rappelez", "human", "person", "someone", "somebody", "adviser", "advisor", "operator", "representative", "mens", "iemand", "medewerker", "persoon", "adviseur", "persona", "humano", "alguien", "asesor", "asesora", "agente", "operador", "operadora", "mensch", "menschen", "mitarbeiter", "mitarbeiterin", "berater", "beraterin", "jemand", "jemanden", "jemandem", "umano", "qualcuno", "operatore", "operatrice", "consulente"]
)


def asks_for_person(text: str) -> bool:
    """Whether a short text names a person to talk to ("une personne svp", "kan ik iemand spreken?")."""
    words = _words(text)
    return 0 < len(words) <= 8 and any(word in _PERSON for word in words)


def is_greeting(text: str) -> bool:
    """Whether a short text only says hello."""
    words = _words(text)
    return "?" not in text and 0 < len(words) <= 5 and all(word in _HELLO for word in words)


def is_courtesy(text: str) -> bool:
    """Whether a short text is thanks or farewell and nothing else ("Merci beaucoup !", "👍").

    Every word must be one of these, and at least one word or picture must say it: another script,
    bare punctuation or an angry face may mean anything, and so is for a person.
    """
    words = _words(text)
    if len(words) > 8 or "?" in text or re.search(r"\d", text) or _PICTURES.search(_PLEASED.sub("", text)):
        return False
    if any(ch.isalpha() and ch not in _LATIN for ch in _plain(text)):
        return False
    return all(word in _WORDS for word in words) and bool(
        set(words) - _FILLERS or _PLEASED.search(text))


_LATIN = frozenset("abcdefghijklmnopqrstuvwxyz")


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", _PICTURES.sub(" ", text).casefold())
    return "".join(ch for ch in decomposed if not unicodedata.combining(ch))


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z]+", _plain(text))
