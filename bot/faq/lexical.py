"""Lexical search: BM25 over stems and cosine over character n-grams, numpy and scipy only.

Used twice: as channels of the retriever, and alone as the search that still answers when no dialogue
process does (:class:`LexicalSearch`; no encoder, no scikit-learn, built in well under a second).
BM25 after Robertson & Zaragoza 2009; both scores are one sparse product a query.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from copy import copy
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from bot.faq.articles import Article
from bot.language.detect import detect
from bot.language.tokens import (
    CompoundSplitter,
    analyse_words,
    character_pieces,
    piece_ngrams,
    words,
)

Floats = npt.NDArray[np.float32]
Analyser = Callable[[str, str], list[str]]
#: Columns of a text's terms, each once, and how often each occurs.
Terms = tuple[npt.NDArray[np.int64], Floats]

BM25_K1 = 1.2
BM25_B = 0.6


#: Up to so many texts are scored one by one, by postings; more are one sparse product.
FEW = 16


class Vocabulary:
    """Numbers the terms of texts and counts them; grows as texts with new terms come in.

    ``split`` cuts a text into pieces (words, say), ``expand`` gives the terms of a piece (its n-grams);
    what a piece expands to is remembered, since customers use few words often.
    """

    def __init__(self, split: Analyser, expand: Callable[[str], Sequence[str]] | None = None) -> None:
        self._split = split
        self._expand = expand
        self._columns: dict[str, int] = {}
        self._pieces: dict[str, list[int]] = {}

    def __len__(self) -> int:
        return len(self._columns)

    def count(self, texts: Sequence[str], languages: Sequence[str], grow: bool = False) -> sparse.csr_matrix:
        """Texts × terms, raw counts; unknown terms are numbered if ``grow``, else left out."""
        indptr, indices = [0], list[int]()
        pieces = self._pieces
        for text, language in zip(texts, languages, strict=True):
            for piece in self._split(text, language):
                found = pieces.get(piece)
                indices.extend(self._number(piece, grow) if found is None else found)
            indptr.append(len(indices))
        counts = sparse.csr_matrix(
            (np.ones(len(indices), np.float32), np.array(indices, np.int32), np.array(indptr, np.int32)),
            shape=(len(indptr) - 1, len(self._columns)),
        )
        counts.sum_duplicates()
        return counts

    def terms(self, text: str, language: str) -> Terms:
        """One text counted, unknown terms left out: :meth:`count` without the sparse matrix."""
        numbers = list[int]()
        pieces = self._pieces
        for piece in self._split(text, language):
            found = pieces.get(piece)
            numbers.extend(self._number(piece, False) if found is None else found)
        columns, counts = np.unique(np.array(numbers, np.int64), return_counts=True)
        return columns, counts.astype(np.float32)

    def _number(self, piece: str, grow: bool) -> list[int]:
        columns = self._columns
        terms = (piece,) if self._expand is None else self._expand(piece)
        if not grow:
            return [columns[t] for t in terms if t in columns]
        numbers = [columns.setdefault(t, len(columns)) for t in terms]
        self._pieces[piece] = numbers
        return numbers


def character_vocabulary() -> Vocabulary:
    """Counts character n-grams of words and, in French, of their sounds."""
    return Vocabulary(character_pieces, piece_ngrams)


class TermMatrix:
    """Weighted documents; scores counted queries against all of them at once.

    ``scheme`` is "bm25" or "tfidf" (sublinear term frequency, unit length). Terms in more than
    ``max_share`` of many documents are dropped: they cost most and tell least. :meth:`append` adds
    documents without recounting: a term unknown so far gets the weight of a term seen once.
    """

    def __init__(self, counts: sparse.csr_matrix, scheme: str = "tfidf", max_share: float = 0.12) -> None:
        self._scheme = scheme
        n, terms = counts.shape
        df = np.bincount(counts.indices, minlength=terms).astype(np.float32)
        if scheme == "bm25":
            self._idf = np.log1p((n - df + 0.5) / (df + 0.5)).astype(np.float32)
        else:
            self._idf = (np.log((1 + n) / (1 + df)) + 1).astype(np.float32)
            if n > 200:
                self._idf[df > max_share * n] = 0.0
        self._average = float(counts.sum() / max(n, 1)) or 1.0
        self._set(self._weigh(counts, documents=True))

    @property
    def matrix(self) -> sparse.csr_matrix:
        """Documents × terms, weighted."""
        return self._matrix

    def append(self, counts: sparse.csr_matrix) -> None:
        """Adds documents at the end, counted in a vocabulary that may have grown; see the class."""
        fresh = counts.shape[1] - len(self._idf)
        top = float(self._idf.max()) if self._idf.size else 1.0
        self._idf = np.concatenate([self._idf, np.full(fresh, top, np.float32)])
        self._set(sparse.vstack([widen(self._matrix, counts.shape[1]), self._weigh(counts, documents=True)], format="csr"))

    def keep(self, mask: npt.NDArray[np.bool_]) -> None:
        """Drops the documents whose mask is false."""
        self._set(self._matrix[mask])

    def subset(self, mask: npt.NDArray[np.bool_]) -> TermMatrix:
        """Another matrix of some of the documents, weights as here."""
        other = copy(self)
        other.keep(mask)
        return other

    def scores(self, counts: sparse.csr_matrix) -> Floats:
        """Queries × documents, dense. The queries' vocabulary may have grown since."""
        known = len(self._idf)
        if counts.shape[1] != known:
            counts = counts[:, :known] if counts.shape[1] > known else widen(counts, known)
        return np.asarray((self._weigh(counts, documents=False) @ self._transposed).toarray(), np.float32)

    def score(self, terms: Terms) -> Floats:
        """One query against all documents, by the postings of its terms: what :meth:`scores` gives for a
        row, without the half millisecond that sparse matrices cost however small they are."""
        columns, values = terms
        known = columns < len(self._idf)
        columns, values = columns[known], values[known]
        if self._scheme == "bm25":
            values = np.minimum(values, 2.0)
        else:
            values = (1 + np.log(values)) * self._idf[columns]
            values = values / max(float(np.sqrt((values * values).sum())), 1e-6)
        starts = self._transposed.indptr[columns].astype(np.int64)
        lengths = self._transposed.indptr[columns + 1] - starts
        before = np.cumsum(lengths) - lengths
        postings = np.repeat(starts - before, lengths) + np.arange(int(lengths.sum()))
        weights = self._transposed.data[postings] * np.repeat(values, lengths)
        return np.bincount(self._transposed.indices[postings], weights, self._transposed.shape[1]).astype(np.float32)

    def gram(self) -> Floats:
        """Similarities of all documents with each other."""
        return np.asarray((self._matrix @ self._transposed).toarray(), np.float32)

    def _set(self, matrix: sparse.csr_matrix) -> None:
        self._matrix = matrix
        self._transposed = matrix.T.tocsr()

    def _weigh(self, counts: sparse.csr_matrix, documents: bool) -> sparse.csr_matrix:
        columns, pointers, values = counts.indices, counts.indptr, counts.data
        if self._scheme == "bm25":
            if documents:
                length = np.asarray(counts.sum(axis=1)).ravel()
                norm = np.repeat(BM25_K1 * (1 - BM25_B + BM25_B * length / max(self._average, 1e-6)), np.diff(pointers))
                values = self._idf[columns] * values * (BM25_K1 + 1) / (values + norm)
            else:
                values = np.minimum(values, 2.0)
            return sparse.csr_matrix((values.astype(np.float32), columns, pointers), shape=counts.shape)
        values = (1 + np.log(np.maximum(values, 1))) * self._idf[columns]
        rows = sparse.csr_matrix((values.astype(np.float32), columns.copy(), pointers.copy()), shape=counts.shape)
        norms = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
        rows.data *= np.repeat(1 / np.maximum(norms, 1e-6), np.diff(rows.indptr)).astype(np.float32)
        rows.eliminate_zeros()
        return rows


def widen(matrix: sparse.csr_matrix, columns: int) -> sparse.csr_matrix:
    """The same rows with more, empty, columns."""
    return sparse.csr_matrix((matrix.data, matrix.indices, matrix.indptr), shape=(matrix.shape[0], columns))


class WordAnalyser:
    """Stems, with compounds split in German and Dutch over the vocabulary it was given."""

    def __init__(self, texts: Iterable[tuple[str, str]] = ()) -> None:
        vocabularies: dict[str, set[str]] = {"de": set(), "nl": set()}
        for text, language in texts:
            if language in vocabularies:
                vocabularies[language].update(words(text, language))
        self._splitters = {code: CompoundSplitter(v, code) for code, v in vocabularies.items() if v}

    def __call__(self, text: str, language: str) -> list[str]:
        return analyse_words(text, language, self._splitters.get(language))


@dataclass(frozen=True)
class Hit:
    """An article found by words alone. ``score`` orders; it is no probability."""

    id: str
    locale: str
    score: float


class LexicalSearch:
    """Search over articles by words alone: title, answer, phrasings and body in one document each,
    and the best single phrasing beside it."""

    def __init__(self, articles: Sequence[Article]) -> None:
        self._articles = list(articles)
        texts = [" ".join((a.title, a.title, a.answer, *a.variants, a.plain)) for a in self._articles]
        languages = [a.locale for a in self._articles]
        self._terms = Vocabulary(WordAnalyser(zip(texts, languages, strict=True)))
        self._bm25 = TermMatrix(self._terms.count(texts, languages, grow=True), "bm25")
        units = [(i, t) for i, a in enumerate(self._articles) for t in (a.title, *a.variants)]
        owner = np.array([i for i, _ in units], np.int64)
        self._starts = np.flatnonzero(np.diff(owner, prepend=-1)) if units else np.zeros(0, np.int64)
        self._grams = character_vocabulary()
        self._units = TermMatrix(self._grams.count([t for _, t in units], [languages[i] for i, _ in units], grow=True))

    def search(self, text: str, *, language: str | None = None, k: int = 5) -> list[Hit]:
        """The ``k`` best articles, one a slug, the customer's language preferred; [] where no word fits."""
        if not self._articles or not text.strip():
            return []
        code = language or detect(text).language
        words_ = self._bm25.score(self._terms.terms(text, code))
        characters = np.maximum.reduceat(self._units.score(self._grams.terms(text, code)), self._starts)
        score = words_ / max(float(words_.max()), 1e-6) + 2.0 * characters
        score[(words_ <= 0) & (characters < 0.15)] = 0.0
        score *= np.array([1.0 if a.locale == code else 0.7 for a in self._articles], np.float32)
        out: dict[str, Hit] = {}
        for i in np.argsort(-score, kind="stable"):
            if score[i] <= 0 or len(out) >= k:
                break
            article = self._articles[i]
            out.setdefault(article.id, Hit(article.id, article.locale, float(score[i])))
        return list(out.values())
