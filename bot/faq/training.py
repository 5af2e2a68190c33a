"""Held-out folds over an FAQ's own phrasings, from which ranker and calibration learn.

Warm folds hide some phrasings of every article. Cold folds hide all phrasings of half the articles,
so that the ranker also learns to serve an article that has none yet. Near copies of a hidden phrasing
are hidden with it: otherwise the folds would teach trust in look-alikes that customers do not send.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from bot.faq.articles import Article
from bot.faq.index import Index, Terms
from bot.faq.kernel import KernelParameters
from bot.faq.vectors import VectorCache

Floats = npt.NDArray[np.float32]

WARM_FOLDS = 3
COLD_QUERIES = 4          # phrasings asked of each article that a cold fold has stripped
MAX_QUERIES = 2500        # a fold's queries are sampled down to this


@dataclass(frozen=True)
class Plan:
    """What a fold keeps and asks."""

    articles: tuple[Article, ...]                     # as known to the fold
    queries: tuple[tuple[str, str, str], ...]         # text, language, id of the right article
    share: float                                      # weight of each query


@dataclass(frozen=True)
class Fold:
    """A fold's evidence: channels of queries that its index has not seen."""

    index: Index
    queries: list[str]
    languages: list[str]
    truth: npt.NDArray[np.int64]
    channels: Floats
    share: float

    def without_truth(self) -> npt.NDArray[np.bool_]:
        """Queries × topics: everything but the right topic, as if the question had no answer."""
        mask = np.ones((len(self.queries), len(self.index.ids)), bool)
        mask[np.arange(len(self.queries)), self.truth] = False
        return mask


def folds_of(articles: Sequence[Article], seed: int = 7) -> list[Plan]:
    """Warm folds, then two cold ones; deterministic for the same articles."""
    rng = random.Random(seed)  # noqa: S311 - folds, not secrets
    assigned: dict[tuple[str, str], list[int]] = {}
    for a in articles:
        numbers = [i % WARM_FOLDS for i in range(len(a.variants))]
        rng.shuffle(numbers)
        assigned[a.id, a.locale] = numbers
    plans = []
    for out in range(WARM_FOLDS):
        known, asked = [], []
        for a in articles:
            numbers = assigned[a.id, a.locale]
            known.append(replace(a, variants=tuple(v for v, n in zip(a.variants, numbers, strict=True) if n != out)))
            asked += [(v, a.locale, a.id) for v, n in zip(a.variants, numbers, strict=True) if n == out]
        plans.append(_plan(known, asked, 1.0, rng))
    ids = sorted({a.id for a in articles if a.variants})
    rng.shuffle(ids)
    for half in (set(ids[::2]), set(ids[1::2])):
        known, asked = [], []
        for a in articles:
            if a.id in half:
                known.append(replace(a, variants=()))
                asked += [(v, a.locale, a.id) for v in rng.sample(a.variants, min(COLD_QUERIES, len(a.variants)))]
            else:
                known.append(a)
        plans.append(_plan(known, asked, 0.5, rng))
    return [p for p in plans if p.queries]


def _plan(known: list[Article], asked: list[tuple[str, str, str]], share: float, rng: random.Random) -> Plan:
    if len(asked) > MAX_QUERIES:
        asked = rng.sample(asked, MAX_QUERIES)
    return Plan(tuple(known), tuple(asked), share)


def held_out(plan: Plan, vectors: VectorCache | None, terms: Terms, parameters: KernelParameters) -> Fold:
    """Builds the fold's index and asks its queries."""
    index = Index(plan.articles, vectors, terms, parameters)
    index.fit_kernel()
    position = {slug: i for i, slug in enumerate(index.ids)}
    texts = [t for t, _, _ in plan.queries]
    languages = [c for _, c, _ in plan.queries]
    truth = np.array([position[slug] for _, _, slug in plan.queries], np.int64)
    chunks = [index.channels(texts[i : i + 512], languages[i : i + 512]) for i in range(0, len(texts), 512)]
    return Fold(index, texts, languages, truth, np.concatenate(chunks), plan.share)
