"""Whether a message names one of our subjects: a word of an article's title that small talk never uses.

Small talk is short and many-sided, so its class wins narrowly where a short question is about something the
classifier has hardly seen ("c'est quoi un kVA au juste ?" read as "what can you do?"). A customer who names a
subject has asked about it: :func:`gives_way` is the one rule by which small talk then yields to the articles.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.faq.articles import Article
from bot.language.tokens import STOP, stem, words
from bot.understanding.data import Phrase
from bot.understanding.thresholds import MAYBE
from bot.understanding.types import SMALLTALK

#: Small talk ahead of "a question" by less than this yields to it where a subject is named.
NARROWLY = 0.25
#: Small talk that asks the bot something, as a question about a subject does ("tu connais une blague ?", "tu connais
#: le turpe ?"): where a subject is named it yields to an article worth offering, however sure it is.
ASKING = frozenset({"joke", "ability", "bot_challenge", "how_are_you"})
LEAST_LETTERS = 3      # shorter words are particles


def gives_way(intent: str, talk: float, question: float, *, names_subject: bool) -> bool:
    """Whether small talk of this intent and probability ``talk`` yields to a question: ``question`` is the probability
    that it is one, or that the best article answers it, whichever is higher."""
    return names_subject and (talk - question < NARROWLY or (intent in ASKING and question >= MAYBE))


class SubjectWords:
    """Stems of the articles' titles, by language, without those that small talk uses too."""

    def __init__(self, articles: Iterable[Article], phrases: Sequence[Phrase]) -> None:
        talk = {(p.language, s) for p in phrases if p.intent in SMALLTALK for s in _stems(p.text, p.language)}
        found: dict[str, set[str]] = {}
        for article in articles:
            mine = (s for s in _stems(article.title, article.locale) if (article.locale, s) not in talk)
            found.setdefault(article.locale, set()).update(mine)
        self._found = {language: frozenset(stems) for language, stems in found.items()}

    def named_in(self, text: str, language: str) -> bool:
        """Whether the text holds one of these words."""
        known = self._found.get(language, frozenset[str]())
        return any(s in known for s in _stems(text, language))


def _stems(text: str, language: str) -> list[str]:
    stop = STOP.get(language, frozenset())
    return [stem(w, language) for w in words(text, language) if len(w) >= LEAST_LETTERS and not w.isdigit() and w not in stop]
