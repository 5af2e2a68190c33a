"""Intent scores: the kernel classifier of :mod:`bot.faq.kernel` over training lines and phrasings.

The class ``faq`` is all articles' phrasings (a sample of each, so that it does not drown the rest).
Held-out scores come from one fit, taken back fold by fold; the decision that reads them is
:mod:`bot.understanding.decision`.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bot.faq import kernel as krr
from bot.faq.lexical import FEW, TermMatrix, Vocabulary, character_vocabulary
from bot.faq.vectors import VectorCache
from bot.language.tokens import stem, words
from bot.understanding.data import Phrase

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

FOLDS = 10
PARAMETERS = krr.KernelParameters(characters=0.1, words=0.1, dense=1.0, ridge=0.1)


def grams(text: str, language: str) -> list[str]:
    """Stems in pairs and alone, edges marked: short lines differ by little else."""
    tokens = ["<", *(stem(w, language) for w in words(text, language)), ">"]
    return tokens[1:-1] + [f"{a} {b}" for a, b in itertools.pairwise(tokens)] + [
        f"{a} * {b}" for a, b in zip(tokens, tokens[2:], strict=False)
    ]


@dataclass
class IntentScorer:
    """Scores every class for a text. ``best`` is the similarity of the nearest training line."""

    phrases: list[Phrase]
    classes: list[str]
    alpha: Floats
    vectors: VectorCache | None
    parameters: krr.KernelParameters = PARAMETERS
    stored: Floats | None = None      # vectors of the phrases, where they are known

    def __post_init__(self) -> None:
        texts, languages = [p.text for p in self.phrases], [p.language for p in self.phrases]
        self._characters = character_vocabulary()
        self._grams = Vocabulary(grams)
        self.unit_characters = TermMatrix(self._characters.count(texts, languages, grow=True))
        self.unit_grams = TermMatrix(self._grams.count(texts, languages, grow=True), max_share=0.5)
        if self.vectors is None:
            self.dense = None
        else:
            self.dense = self.stored if self.stored is not None and len(self.stored) == len(texts) else self.vectors.encode(texts)
        index = {c: i for i, c in enumerate(self.classes)}
        self.labels = np.array([index[p.intent] for p in self.phrases], np.int64)

    @staticmethod
    def fit(phrases: Sequence[Phrase], classes: Sequence[str], vectors: VectorCache | None,
            parameters: krr.KernelParameters = PARAMETERS, seed: int = 11, folds: int = FOLDS) -> tuple[IntentScorer, Floats]:
        """The scorer, and held-out scores (phrases × classes) for what is fitted on top of it."""
        scorer = IntentScorer(list(phrases), list(classes), np.zeros((0, 0), np.float32), vectors, parameters)
        vectors_of = scorer.dense
        similarities = [(parameters.characters, scorer.unit_characters.gram), (parameters.words, scorer.unit_grams.gram)]
        if vectors_of is not None:
            similarities.append((parameters.dense, lambda: vectors_of @ vectors_of.T))
        gram = krr.training_kernel(similarities)
        solution = krr.solve_for_folds(gram, scorer.labels, len(classes), ridge=parameters.ridge)
        scorer.alpha = solution.alpha
        out = np.zeros((len(phrases), len(classes)), np.float32)
        number = np.random.default_rng(seed).permutation(len(phrases)) % max(folds, 1)
        fold_of = number[_same_text(phrases)]      # equal lines share a fold
        for fold in range(folds if folds > 1 else 0):
            rows = np.flatnonzero(fold_of == fold)
            if 0 < len(rows) < len(phrases):
                out[rows] = solution.without(rows)
        return scorer, out

    def scores(self, texts: Sequence[str], languages: Sequence[str], query_vectors: Floats | None = None) -> tuple[Floats, Floats]:
        """(texts × classes, similarity to the nearest line by the encoder or, without one, by n-grams)."""
        if len(texts) <= FEW:
            lines = list(zip(texts, languages, strict=True))
            characters = np.stack([self.unit_characters.score(self._characters.terms(*line)) for line in lines])
            words_ = np.stack([self.unit_grams.score(self._grams.terms(*line)) for line in lines])
        else:
            characters = self.unit_characters.scores(self._characters.count(texts, languages))
            words_ = self.unit_grams.scores(self._grams.count(texts, languages))
        dense = None
        if self.dense is not None and self.vectors is not None:
            if query_vectors is None:
                query_vectors = self.vectors.encode(list(texts))
            dense = query_vectors @ self.dense.T
        nearest = (characters if dense is None else dense).max(axis=1)
        return krr.kernel(characters, words_, dense, self.parameters) @ self.alpha, nearest


def _same_text(phrases: Sequence[Phrase]) -> Ints:
    """For each phrase the row of the first with the same text."""
    first: dict[str, int] = {}
    return np.array([first.setdefault(p.text.casefold(), i) for i, p in enumerate(phrases)], np.int64)
