"""Held-out folds over an FAQ's own phrasings, from which ranker and calibration learn.

Warm folds hide a tenth of every article's phrasings at a time: what is asked then meets nearly all that will be known
when customers ask, so that probabilities and thresholds are those of the FAQ as it is used. (Hidden in thirds, one
French phrasing in ten more misses its article, and thresholds are set for an FAQ poorer than the one that answers.)
Cold folds hide all phrasings of half the articles, so that the ranker also learns to serve an article that has none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bot.faq import kernel as krr
from bot.faq.index import Index
from bot.faq.units import CHANNELS, VARIANT

Floats = npt.NDArray[np.float32]

WARM_FOLDS = 10
COLD_QUERIES = 4          # phrasings asked of each article that a cold fold has stripped
MAX_QUERIES = 2500        # a fold's queries are sampled down to this
_KERNEL = CHANNELS.index("kernel")


@dataclass(frozen=True)
class Plan:
    """What a fold hides and asks: masks and rows over the units of an index."""

    hidden: npt.NDArray[np.bool_]
    asked: npt.NDArray[np.int64]
    share: float                  # weight of each query
    warm: bool                    # every article keeps some phrasings


@dataclass(frozen=True)
class Fold:
    """A fold's evidence: channels of queries that its index has not seen."""

    queries: list[str]
    languages: list[str]
    truth: npt.NDArray[np.int64]
    channels: Floats
    has_variants: npt.NDArray[np.bool_]
    share: float
    warm: bool

    def without_truth(self) -> npt.NDArray[np.bool_]:
        """Queries × topics: everything but the right topic, as if the question had no answer."""
        mask = np.ones(self.channels.shape[:2], bool)
        mask[np.arange(len(self.queries)), self.truth] = False
        return mask


def folds_of(index: Index, seed: int = 7) -> list[Plan]:
    """Warm folds, then two cold ones; deterministic for the same articles."""
    rng = np.random.default_rng(seed)
    variant = index.units.kind == VARIANT
    rows = np.flatnonzero(variant)
    number = np.full(len(variant), -1)
    groups: dict[tuple[int, str], list[int]] = {}
    for i in rows:
        groups.setdefault((int(index.units.topic[i]), index.units.languages[i]), []).append(int(i))
    for key in groups:
        number[groups[key]] = rng.permutation(len(groups[key])) % WARM_FOLDS
    plans = [_plan(number == fold, rows[number[rows] == fold], 1.0, True, rng) for fold in range(WARM_FOLDS)]
    topics = rng.permutation(np.unique(index.units.topic[rows]))
    for half in (topics[::2], topics[1::2]):
        hidden = variant & np.isin(index.units.topic, half)
        asked = [rng.permutation(mine)[:COLD_QUERIES] for t in half
                 if len(mine := np.flatnonzero(hidden & (index.units.topic == t)))]
        plans.append(_plan(hidden, np.concatenate(asked) if asked else rows[:0], 0.5, False, rng))
    return [p for p in plans if len(p.asked)]


def _plan(hidden: npt.NDArray[np.bool_], asked: npt.NDArray[np.int64], share: float, warm: bool, rng: np.random.Generator) -> Plan:
    if len(asked) > MAX_QUERIES:
        asked = np.sort(rng.choice(asked, MAX_QUERIES, replace=False))
    return Plan(hidden, asked, share, warm)


def held_out(index: Index, plans: Sequence[Plan]) -> list[Fold]:
    """Each plan's queries asked of the index as if their phrasings had never been written.

    Similarities of units are computed once and cut to each fold, and the classifier is fitted once, on everything
    (which leaves ``index`` ready to serve), then taken back for each fold.
    """
    characters, grams = index.unit_characters.gram(), index.unit_grams.gram()
    vectors = index.unit_vectors() if index.vectors is not None else None
    dense = None if vectors is None else vectors @ vectors.T
    solution = index.fit_kernel_for_folds(krr.kernel(characters, grams, dense, index.parameters))
    out = []
    for plan in plans:
        other = index.without(plan.hidden)
        kept = np.flatnonzero(~plan.hidden)
        cut = np.ix_(plan.asked, kept)
        passages = None if vectors is None else index.passage_scores(vectors[plan.asked])
        found = other.joined(index.counts.rows(plan.asked), characters[cut], grams[cut], None if dense is None else dense[cut], passages)
        channels = other.by_topic(found)
        if solution is not None:
            hidden = np.flatnonzero(plan.hidden)
            channels[:, :, _KERNEL] = solution.without(hidden)[np.searchsorted(hidden, plan.asked)]
        out.append(Fold([index.units.texts[i] for i in plan.asked], [index.units.languages[i] for i in plan.asked],
                        index.units.topic[plan.asked], channels, other.variants > 0, plan.share, plan.warm))
    return out
