"""Which articles steal each other's questions, found from the phrasings alone.

Every phrasing is asked of an index that does not hold it (the folds of :mod:`bot.faq.training`); where
another article comes first, that one has stolen it. Pairs that steal much should be merged, told apart by
better titles, or linked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bot.errors import BadInput, TooLarge
from bot.faq import kernel as krr
from bot.faq.articles import Article
from bot.faq.retriever import FEWEST, REFIT_FROM, Retriever
from bot.faq.vectors import VectorCache


@dataclass(frozen=True)
class Theft:
    """``thief`` came first for ``stolen`` of ``asked`` phrasings of ``owner``; ``examples`` are some."""

    owner: str
    thief: str
    stolen: int
    asked: int
    examples: tuple[str, ...]


def interference(articles: Sequence[Article], encoder: VectorCache | None, examples: int = 3) -> tuple[list[Theft], float]:
    """Pairs with at least one theft, most first, and the share of phrasings that found their own article.

    An FAQ with fewer phrasings than folds need is refused (:class:`bot.errors.BadInput`), and so is one with more texts
    than folds can hold (:class:`bot.errors.TooLarge`).
    """
    retriever = Retriever.fit(articles, encoder)
    if (texts := len(retriever.index.units.texts)) > krr.MAX_TEXTS:
        raise TooLarge(f"The articles have {texts:,} titles, answers and phrasings; at most {krr.MAX_TEXTS:,} can be compared with one another. Give fewer articles.")
    held = retriever.hidden
    if not held:
        raise BadInput(f"Too few phrasings to compare: {REFIT_FROM} in all over at least {FEWEST} articles are needed.")
    asked = Counter(h.slug for _, h in held)
    stolen: dict[tuple[str, str], list[str]] = {}
    for text, h in held:
        if h.found[0] != h.slug:
            stolen.setdefault((h.slug, h.found[0]), []).append(text)
    thefts = [Theft(owner, thief, len(lines), asked[owner], tuple(lines[:examples])) for (owner, thief), lines in stolen.items()]
    thefts.sort(key=lambda t: (-t.stolen, t.owner, t.thief))
    own = sum(h.found[0] == h.slug for _, h in held) / len(held)
    return thefts, own
