"""Articles and macros that fit a ticket, by the retrieval that answers customers.

Articles come from the dialogue process (``/understand``), macros from the same lexical search that stands
in for it; where no dialogue process answers, both come from the lexical search.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from bot.assistant.client import DialogueClient
from bot.desk.macros import Macro
from bot.errors import DialogueUnavailable
from bot.faq.articles import Article

_MOST = 5


class MacroSearch:
    """Lexical search over macros, rebuilt where one changed."""

    def __init__(self) -> None:
        self._stamp: tuple[tuple[int, int], ...] | None = None
        self._search: Any = None
        self._lock = threading.Lock()

    def find(self, found: Sequence[Macro], text: str, language: str, theme: str | None) -> list[int]:
        """Ids of the macros that fit, best first; those of the ticket's theme before equals."""
        from bot.faq.lexical import LexicalSearch  # scipy: half a second, only when needed

        with self._lock:
            stamp = tuple((macro["id"], macro["version"]) for macro in found)
            if stamp != self._stamp or self._search is None:
                self._search = LexicalSearch([
                    Article(id=str(macro["id"]), locale=locale, title=macro["name"], answer=words)
                    for macro in found for locale, words in macro["texts"].items()])
                self._stamp = stamp
            hits = self._search.search(text, language=language, k=_MOST * 2)
        themes = {macro["id"]: macro["theme"] for macro in found}
        scores = {int(hit.id): hit.score * (1.5 if theme and themes.get(int(hit.id)) == theme else 1.0) for hit in hits}
        for macro in found:          # of the same theme, though no word fits
            if theme and macro["theme"] == theme:
                scores.setdefault(macro["id"], 0.0)
        return sorted(scores, key=lambda number: -scores[number])[:_MOST]


async def articles(
    client: DialogueClient, fallback: Callable[[str, str], list[dict[str, Any]]], text: str, language: str
) -> list[dict[str, Any]]:
    """The articles the assistant weighs for ``text``: ``id``, ``locale``, ``probability`` where known."""
    if not text.strip():
        return []
    try:
        found = await client.understand(text[:2000], language)
        return list(found.get("articles") or ())[:_MOST]
    except DialogueUnavailable:
        return fallback(text, language)[:_MOST]
