"""The pieces an FAQ index is made of: units of text, their counts, the evidence of a query, joining by topic."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from bot.faq.lexical import widen
from bot.language.tokens import stem, words

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

TITLE, ANSWER, VARIANT = 0, 1, 2
CHANNELS: tuple[str, ...] = (
    "dense_title", "dense_answer", "dense_variant", "dense_variants", "dense_passage",
    "char_title", "char_answer", "char_variant", "char_full",
    "word_variant", "bm25_head", "bm25_full", "kernel",
)
DENSE = frozenset(i for i, name in enumerate(CHANNELS) if name.startswith("dense"))
#: How much a text of each kind counts in the kernel classifier.
KIND_WEIGHT = np.array([1.0, 0.7, 1.0], np.float32)
_POOL = 0.06   # temperature of the soft maximum over phrasings


def word_grams(text: str, language: str) -> list[str]:
    """Stems, pairs of neighbours and pairs with one word between."""
    tokens = [stem(w, language) for w in words(text, language)]
    pairs = [f"{a} {b}" for a, b in itertools.pairwise(tokens)]
    gaps = [f"{a} * {b}" for a, b in zip(tokens, tokens[2:], strict=False)]
    return tokens + pairs + gaps


@dataclass
class Units:
    """Short texts with the topic, kind and language of each; sorted by topic."""

    texts: list[str]
    topic: Ints
    kind: Ints
    languages: list[str]


@dataclass
class Evidence:
    """Similarities of queries with units, passages and documents, before they are joined by topic."""

    characters: Floats           # queries × units
    grams: Floats                # queries × units
    dense: Floats | None         # queries × units
    passages: Floats | None      # queries × passages
    char_full: Floats            # queries × documents
    bm25_head: Floats
    bm25_full: Floats


@dataclass
class Counted:
    """Texts counted in the three vocabularies: characters, word grams, stems."""

    characters: sparse.csr_matrix
    grams: sparse.csr_matrix
    stems: sparse.csr_matrix

    def rows(self, which: npt.NDArray[Any]) -> Counted:
        """Some of the texts."""
        return Counted(self.characters[which], self.grams[which], self.stems[which])

    def stack(self, other: Counted) -> Counted:
        """These texts, then the other's, counted later in grown vocabularies."""
        pairs = ((self.characters, other.characters), (self.grams, other.grams), (self.stems, other.stems))
        return Counted(*(sparse.vstack([widen(a, b.shape[1]), b], format="csr") for a, b in pairs))


def closed_up(topics: Ints, gone: int) -> Ints:
    """Topic numbers after one has gone."""
    return np.where(topics > gone, topics - 1, topics)


def summed(counts: sparse.spmatrix) -> sparse.csr_matrix:
    """A sum of counts in canonical form."""
    rows = counts.tocsr().astype(np.float32)
    rows.eliminate_zeros()
    return rows


def segment_max(scores: Floats, owner: Ints, out: Floats) -> None:
    """Writes the best score of each owner into its column; ``owner`` is sorted."""
    if not len(owner):
        return
    starts = np.flatnonzero(np.diff(owner, prepend=-1))
    out[:, owner[starts]] = np.maximum.reduceat(scores, starts, axis=1)


def segment_pool(scores: Floats, owner: Ints, out: Floats) -> None:
    """As :func:`segment_max`, but several good phrasings count more than one (a soft maximum)."""
    if not len(owner):
        return
    starts = np.flatnonzero(np.diff(owner, prepend=-1))
    summed = np.add.reduceat(np.exp(scores / _POOL), starts, axis=1)
    counts = np.diff(np.append(starts, len(owner)))
    out[:, owner[starts]] = _POOL * np.log(summed / np.sqrt(counts))
