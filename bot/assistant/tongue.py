"""Messages in a language that Relais does not write: never answered by a guess, but offered to a person as they stand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bot.assistant.context import TurnContext
from bot.settings import LOCALES
from bot.understanding.types import Understanding

#: In an understanding's notes: the words are in another language.
NOTE = "other language"
#: Wording of the offer, said in more than one language.
KEY = "unknown.other_language"
#: Among 13,900 messages of our own in the six languages, misspelt ones included, two are taken for another's.
_SURE = 0.8
#: Letters that tell a language for certain: Latin ones, and others, of which a few say as much.
_LATIN, _OTHER = 12, 4


def marked(found: Understanding) -> Understanding:
    """The message, marked where it is in another language: what was read into it is no wish and no small talk.

    Danger and the wish for a person stay: whatever recognised them, acting on them does no harm.
    """
    if found.language in LOCALES or found.language_confidence < _SURE or not tells(found.text):
        return found
    intent = found.intent if found.intent in ("human", "urgent") else "out_of_scope"
    return replace(found, intent=intent, parts=(), mood="neutral", notes=(*found.notes, NOTE))


def tells(text: str) -> bool:
    """Whether a text is long enough to be sure of its language."""
    letters = [c for c in text if c.isalpha()]
    return len(letters) >= _LATIN or sum(c > "\u036f" and c.isalpha() for c in letters) >= _OTHER


def in_reach(turn: TurnContext, words: Callable[[TurnContext], str]) -> str:
    """Words of ours as the customer has a chance of reading them.

    In the conversation's language; to someone who writes in another in English, French and the page's language.
    """
    memory = turn.memory
    if not memory.tongue:
        return words(turn)
    codes = dict.fromkeys(("en", "fr", memory.language))
    return "\n\n".join(words(replace(turn, memory=replace(memory, language=code))) for code in codes)
