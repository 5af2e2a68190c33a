"""Lexical search: BM25 over stems and cosine over character n-grams, numpy and scipy only.

Used twice: as channels of the retriever, and alone as the search that still answers when no dialogue
process does (:class:`LexicalSearch`; no encoder, no scikit-learn, built in well under a second).
BM25 after Robertson & Zaragoza 2009; both scores are one sparse product a query.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from bot.faq.articles import Article
from bot.language.detect import detect
from bot.language.tokens import CompoundSplitter, analyse_characters, analyse_words, words

Floats = npt.NDArray[np.float32]
Analyser = Callable[[str, str], list[str]]

BM25_K1 = 1.2
BM25_B = 0.6


class TermMatrix:
    """Documents as weighted terms; scores queries against all documents at once.

    ``scheme`` is "bm25" or "tfidf" (sublinear term frequency, unit length). :meth:`append` adds documents
    without recounting document frequencies: a term unknown so far gets the weight of a term seen once.
    """

    def __init__(self, analyser: Analyser, scheme: str = "tfidf", min_df: int = 1) -> None:
        self._analyser = analyser
        self._scheme = scheme
        self._min_df = min_df
        self._vocabulary: dict[str, int] = {}
        self._idf = np.zeros(0, np.float32)
        self._average = 1.0
        self._matrix = sparse.csr_matrix((0, 0), dtype=np.float32)
        self._transposed = sparse.csr_matrix((0, 0), dtype=np.float32)

    @property
    def matrix(self) -> sparse.csr_matrix:
        """Documents × terms, weighted."""
        return self._matrix

    def fit(self, texts: Sequence[str], languages: Sequence[str]) -> TermMatrix:
        """Counts, weighs and stores the documents."""
        counts = [Counter(self._analyser(t, c)) for t, c in zip(texts, languages, strict=True)]
        frequency: Counter[str] = Counter()
        for count in counts:
            frequency.update(count.keys())
        kept = sorted(term for term, n in frequency.items() if n >= self._min_df)
        self._vocabulary = {term: i for i, term in enumerate(kept)}
        df = np.array([frequency[t] for t in kept], np.float32)
        n = max(1, len(texts))
        if self._scheme == "bm25":
            self._idf = np.log1p((n - df + 0.5) / (df + 0.5)).astype(np.float32)
        else:
            self._idf = (np.log((1 + n) / (1 + df)) + 1).astype(np.float32)
        self._average = float(np.mean([sum(c.values()) for c in counts])) if counts else 1.0
        self._set(self._rows(counts, documents=True))
        return self

    def append(self, texts: Sequence[str], languages: Sequence[str]) -> None:
        """Adds documents at the end; see the class."""
        counts = [Counter(self._analyser(t, c)) for t, c in zip(texts, languages, strict=True)]
        fresh = {t for count in counts for t in count} - self._vocabulary.keys()
        for term in sorted(fresh):
            self._vocabulary[term] = len(self._vocabulary)
        top = float(self._idf.max()) if self._idf.size else 1.0
        self._idf = np.concatenate([self._idf, np.full(len(fresh), top, np.float32)])
        rows = self._rows(counts, documents=True)
        old = self._matrix
        old = sparse.csr_matrix((old.data, old.indices, old.indptr), shape=(old.shape[0], rows.shape[1]))
        self._set(sparse.vstack([old, rows], format="csr"))

    def keep(self, mask: npt.NDArray[np.bool_]) -> None:
        """Drops the documents whose mask is false."""
        self._set(self._matrix[mask])

    def take(self, order: npt.NDArray[np.int64]) -> None:
        """Reorders (or drops) documents."""
        self._set(self._matrix[order])

    def query(self, texts: Sequence[str], languages: Sequence[str]) -> sparse.csr_matrix:
        """Queries × terms in the documents' vocabulary, ready for a product with the documents."""
        counts = [Counter(self._analyser(t, c)) for t, c in zip(texts, languages, strict=True)]
        return self._rows(counts, documents=False)

    def scores(self, texts: Sequence[str], languages: Sequence[str]) -> Floats:
        """Queries × documents, dense."""
        return self.multiply(self.query(texts, languages))

    def multiply(self, queries: sparse.csr_matrix) -> Floats:
        """Scores of queries made by :meth:`query`."""
        return np.asarray((queries @ self._transposed).toarray(), np.float32)

    def _set(self, matrix: sparse.csr_matrix) -> None:
        self._matrix = matrix
        self._transposed = matrix.T.tocsr()

    def _rows(self, counts: Sequence[Counter[str]], documents: bool) -> sparse.csr_matrix:
        known = self._vocabulary
        indptr, indices, data, lengths = [0], list[int](), list[float](), list[int]()
        for count in counts:
            for term, n in count.items():
                column = known.get(term)
                if column is not None:
                    indices.append(column)
                    data.append(n)
            indptr.append(len(indices))
            lengths.append(sum(count.values()))
        columns = np.array(indices, np.int32)
        values = np.array(data, np.float32)
        pointers = np.array(indptr, np.int32)
        shape = (len(counts), len(known))
        if self._scheme == "bm25":
            if documents:
                length = np.repeat(np.array(lengths, np.float32), np.diff(pointers))
                norm = BM25_K1 * (1 - BM25_B + BM25_B * length / max(self._average, 1e-6))
                values = self._idf[columns] * values * (BM25_K1 + 1) / (values + norm)
            else:
                values = np.minimum(values, 2.0)
            return sparse.csr_matrix((values.astype(np.float32), columns, pointers), shape=shape)
        values = (1 + np.log(np.maximum(values, 1))) * self._idf[columns]
        rows = sparse.csr_matrix((values.astype(np.float32), columns, pointers), shape=shape)
        norms = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
        scale = np.repeat(1 / np.maximum(norms, 1e-6), np.diff(pointers))
        rows.data = (rows.data * scale).astype(np.float32)
        return rows


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
        self._bm25 = TermMatrix(WordAnalyser(zip(texts, languages, strict=True)), "bm25").fit(texts, languages)
        units = [(i, t) for i, a in enumerate(self._articles) for t in (a.title, *a.variants)]
        self._owner = np.array([i for i, _ in units], np.int64)
        self._units = TermMatrix(analyse_characters, "tfidf").fit(
            [t for _, t in units], [languages[i] for i, _ in units]
        )
        self._starts = np.flatnonzero(np.diff(self._owner, prepend=-1)) if len(units) else np.zeros(0, np.int64)

    def search(self, text: str, *, language: str | None = None, k: int = 5) -> list[Hit]:
        """The ``k`` best articles, one a slug, the customer's language preferred; [] where no word fits."""
        if not self._articles or not text.strip():
            return []
        code = language or detect(text).language
        words_ = self._bm25.scores([text], [code])[0]
        characters = np.maximum.reduceat(self._units.scores([text], [code])[0], self._starts)
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
