"""All evidence of one FAQ: its texts as units, and what each channel says of each topic.

A topic is an article id with its locales. Its units are titles, titles with answers, phrasings and
passages. :meth:`Index.channels` scores queries against every topic by every channel; how channels are
joined is the ranker's business (:mod:`bot.faq.ranker`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bot.faq import kernel as krr
from bot.faq.articles import Article
from bot.faq.dense import DenseIndex
from bot.faq.lexical import TermMatrix, WordAnalyser
from bot.faq.vectors import VectorCache
from bot.language.normalise import clean
from bot.language.tokens import analyse_characters, stem, words

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
_KIND_WEIGHT = np.array([1.0, 0.7, 1.0], np.float32)
_POOL = 0.06   # temperature of the soft maximum over phrasings


class Terms:
    """Analysers that remember, since folds analyse the same texts again and again."""

    def __init__(self, word_analyser: Callable[[str, str], list[str]]) -> None:
        self._memory: dict[tuple[str, str, str], list[str]] = {}
        self._word_analyser = word_analyser

    def characters(self, text: str, language: str) -> list[str]:
        """Character n-grams and sounds."""
        return self._remember("c", text, language, analyse_characters)

    def grams(self, text: str, language: str) -> list[str]:
        """Stems, pairs of neighbours and pairs with one word between."""
        return self._remember("g", text, language, _word_grams)

    def stems(self, text: str, language: str) -> list[str]:
        """Terms for BM25."""
        return self._remember("w", text, language, self._word_analyser)

    def forget(self) -> None:
        """Frees the memory (after training)."""
        self._memory.clear()

    def _remember(self, kind: str, text: str, language: str, analyser: Callable[[str, str], list[str]]) -> list[str]:
        key = (kind, text, language)
        found = self._memory.get(key)
        if found is None:
            found = analyser(text, language)
            if len(self._memory) < 60_000:
                self._memory[key] = found
        return found


def _word_grams(text: str, language: str) -> list[str]:
    tokens = [stem(w, language) for w in words(text, language)]
    pairs = [f"{a} {b}" for a, b in zip(tokens, tokens[1:], strict=False)]
    gaps = [f"{a} * {b}" for a, b in zip(tokens, tokens[2:], strict=False)]
    return tokens + pairs + gaps


@dataclass
class Units:
    """Short texts with the topic, kind and language of each; sorted by topic."""

    texts: list[str]
    topic: Ints
    kind: Ints
    languages: list[str]


class Index:
    """Search structures over a list of articles. ``vectors`` None means no encoder: lexical only."""

    def __init__(self, articles: Sequence[Article], vectors: VectorCache | None, terms: Terms | None = None,
                 parameters: krr.KernelParameters = krr.DEFAULT, ready: tuple[Floats, Floats] | None = None) -> None:
        self._ready = ready      # vectors of units and passages, where they are known already
        self.vectors = vectors
        self.parameters = parameters
        ids = list(dict.fromkeys(a.id for a in articles))
        self.ids = ids
        position = {slug: i for i, slug in enumerate(ids)}
        self.articles = sorted(articles, key=lambda a: position[a.id])
        if terms is None:
            sample = ((t, a.locale) for a in self.articles for t in (a.title, a.answer, a.plain, *a.variants))
            terms = Terms(WordAnalyser(sample))
        self.terms = terms
        self.alpha: Floats | None = None
        self.covered = np.zeros(len(ids), bool)      # topics that the classifier has learnt
        self._build(self.articles)

    # -- building
    def _build(self, articles: Sequence[Article]) -> None:
        units = self._units_of(articles)
        self.units = units
        self._characters = TermMatrix(self.terms.characters).fit(units.texts, units.languages)
        self._grams = TermMatrix(self.terms.grams).fit(units.texts, units.languages)
        heads, fulls, languages, topic = self._documents_of(articles)
        self._document_topic = topic
        self._bm25_head = TermMatrix(self.terms.stems, "bm25").fit(heads, languages)
        self._bm25_full = TermMatrix(self.terms.stems, "bm25").fit(fulls, languages)
        self._char_full = TermMatrix(self.terms.characters).fit(fulls, languages)
        self._passage_texts, self._passage_topic = self._passages_of(articles)
        if self.vectors is not None:
            ready = self._ready
            if ready is None or len(ready[0]) != len(units.texts) or len(ready[1]) != len(self._passage_texts):
                ready = (self._encode_units(units), self.vectors.encode(self._passage_texts, kind="passage"))
            self._dense = DenseIndex(self.vectors.dimension).fit(ready[0])
            self._dense_passages = DenseIndex(self.vectors.dimension).fit(ready[1])
            self._ready = None
        self._segments()

    def unit_vectors(self) -> Floats:
        """Vectors of the units, in their order."""
        return self._dense.vectors

    def passage_vectors(self) -> Floats:
        """Vectors of the passages, in their order."""
        return self._dense_passages.vectors

    def _units_of(self, articles: Sequence[Article]) -> Units:
        position = {slug: i for i, slug in enumerate(self.ids)}
        rows: list[tuple[str, int, int, str]] = []
        for a in articles:
            topic = position[a.id]
            rows.append((a.title, topic, TITLE, a.locale))
            rows.append((f"{a.title} {a.answer}".strip(), topic, ANSWER, a.locale))
            rows.extend((v, topic, VARIANT, a.locale) for v in a.variants)
        return Units(
            [r[0] for r in rows], np.array([r[1] for r in rows], np.int64),
            np.array([r[2] for r in rows], np.int64), [r[3] for r in rows],
        )

    def _documents_of(self, articles: Sequence[Article]) -> tuple[list[str], list[str], list[str], Ints]:
        position = {slug: i for i, slug in enumerate(self.ids)}
        heads = [f"{a.title} {a.title} {a.answer}" for a in articles]
        fulls = [" ".join((h, *a.variants, a.plain)) for h, a in zip(heads, articles, strict=True)]
        return heads, fulls, [a.locale for a in articles], np.array([position[a.id] for a in articles], np.int64)

    def _passages_of(self, articles: Sequence[Article]) -> tuple[list[str], Ints]:
        position = {slug: i for i, slug in enumerate(self.ids)}
        rows = [(p, position[a.id]) for a in articles for p in a.passages]
        return [p for p, _ in rows], np.array([t for _, t in rows], np.int64)

    def _encode_units(self, units: Units) -> Floats:
        assert self.vectors is not None
        out = np.zeros((len(units.texts), self.vectors.dimension), np.float32)
        for kind, name in ((TITLE, "passage"), (ANSWER, "passage"), (VARIANT, "query")):
            rows = np.flatnonzero(units.kind == kind)
            if len(rows):
                out[rows] = self.vectors.encode([units.texts[i] for i in rows], kind=name)  # type: ignore[arg-type]
        return out

    def _segments(self) -> None:
        """Row numbers by kind, and where each topic starts in them."""
        self._by_kind = [np.flatnonzero(self.units.kind == k) for k in (TITLE, ANSWER, VARIANT)]
        n = len(self.ids)
        self.variants = np.bincount(self.units.topic[self._by_kind[VARIANT]], minlength=n)
        self.has_passages = np.bincount(self._passage_topic, minlength=n) > 0 if len(self._passage_topic) else np.zeros(n, bool)
        self.locales: list[frozenset[str]] = [frozenset() for _ in range(n)]
        found: dict[int, set[str]] = {}
        for topic, article in zip(self._document_topic, self.articles, strict=True):
            found.setdefault(int(topic), set()).add(article.locale)
        for topic, codes in found.items():
            self.locales[topic] = frozenset(codes)

    # -- the classifier over phrasings
    def fit_kernel(self, limit: int = krr.MAX_TEXTS) -> None:
        """Learns to tell topics apart from titles, answers and phrasings."""
        n = len(self.units.texts)
        if n < 4 or len(self.ids) < 2 or n > limit:
            self.alpha = None
            return
        characters = np.asarray((self._characters.matrix @ self._characters.matrix.T).toarray(), np.float32)
        grams = np.asarray((self._grams.matrix @ self._grams.matrix.T).toarray(), np.float32)
        dense = None if self.vectors is None else self._dense.vectors @ self._dense.vectors.T
        matrix = krr.kernel(characters, grams, dense, self.parameters)
        self.alpha = krr.solve(matrix, self.units.topic, len(self.ids), _KIND_WEIGHT[self.units.kind], self.parameters.ridge)
        self.covered = np.ones(len(self.ids), bool)

    # -- changes while running
    def add(self, articles: Sequence[Article]) -> None:
        """Adds articles of one new topic; found at once. The classifier does not know it yet."""
        slug = articles[0].id
        self.ids.append(slug)
        self.articles = [*self.articles, *articles]
        units = self._units_of(articles)
        self._characters.append(units.texts, units.languages)
        self._grams.append(units.texts, units.languages)
        heads, fulls, languages, topic = self._documents_of(articles)
        self._bm25_head.append(heads, languages)
        self._bm25_full.append(fulls, languages)
        self._char_full.append(fulls, languages)
        self._document_topic = np.concatenate([self._document_topic, topic])
        texts, owner = self._passages_of(articles)
        self._passage_texts += texts
        self._passage_topic = np.concatenate([self._passage_topic, owner])
        if self.vectors is not None:
            self._dense.append(self._encode_units(units))
            self._dense_passages.append(self.vectors.encode(texts, kind="passage"))
        self.units = Units(
            self.units.texts + units.texts, np.concatenate([self.units.topic, units.topic]),
            np.concatenate([self.units.kind, units.kind]), self.units.languages + units.languages,
        )
        if self.alpha is not None:
            self.alpha = np.pad(self.alpha, ((0, len(units.texts)), (0, 1)))
        self.covered = np.append(self.covered, False)
        self._segments()

    def remove(self, topic: int) -> None:
        """Drops a topic with all its texts."""
        unit, document, passage = self.units.topic != topic, self._document_topic != topic, self._passage_topic != topic
        self._characters.keep(unit)
        self._grams.keep(unit)
        for matrix in (self._bm25_head, self._bm25_full, self._char_full):
            matrix.keep(document)
        self._passage_texts = [t for t, kept in zip(self._passage_texts, passage, strict=True) if kept]
        if self.vectors is not None:
            self._dense.fit(self._dense.vectors[unit])
            self._dense_passages.fit(self._dense_passages.vectors[passage])
        down = lambda a: np.where(a > topic, a - 1, a)  # noqa: E731
        self.units = Units(
            [t for t, kept in zip(self.units.texts, unit, strict=True) if kept], down(self.units.topic[unit]),
            self.units.kind[unit], [c for c, kept in zip(self.units.languages, unit, strict=True) if kept],
        )
        self._document_topic = down(self._document_topic[document])
        self._passage_topic = down(self._passage_topic[passage])
        self.articles = [a for a, kept in zip(self.articles, document, strict=True) if kept]
        del self.ids[topic]
        if self.alpha is not None:
            self.alpha = np.delete(self.alpha[unit], topic, axis=1)
        self.covered = np.delete(self.covered, topic)
        self._segments()

    # -- asking
    def channels(self, texts: Sequence[str], languages: Sequence[str], query_vectors: Floats | None = None) -> Floats:
        """Queries × topics × channels; NaN where a topic has nothing for a channel."""
        n, q = len(self.ids), len(texts)
        texts = [clean(t) for t in texts]
        out = np.full((q, n, len(CHANNELS)), np.nan, np.float32)
        topic = self.units.topic
        characters = self._characters.scores(texts, languages)
        grams = self._grams.scores(texts, languages)
        dense: Floats | None = None
        column = {name: i for i, name in enumerate(CHANNELS)}
        if self.vectors is not None:
            if query_vectors is None:
                query_vectors = self.vectors.encode(texts, kind="query")
            dense = self._dense.scores(query_vectors)
            for kind, name in enumerate(("dense_title", "dense_answer", "dense_variant")):
                rows = self._by_kind[kind]
                _segment_max(dense[:, rows], topic[rows], out[:, :, column[name]])
            rows = self._by_kind[VARIANT]
            _segment_pool(dense[:, rows], topic[rows], out[:, :, column["dense_variants"]])
            if len(self._passage_topic):
                _segment_max(self._dense_passages.scores(query_vectors), self._passage_topic, out[:, :, column["dense_passage"]])
        for kind, name in enumerate(("char_title", "char_answer", "char_variant")):
            rows = self._by_kind[kind]
            _segment_max(characters[:, rows], topic[rows], out[:, :, column[name]])
        rows = self._by_kind[VARIANT]
        _segment_max(grams[:, rows], topic[rows], out[:, :, column["word_variant"]])
        for matrix, name in ((self._char_full, "char_full"), (self._bm25_head, "bm25_head"), (self._bm25_full, "bm25_full")):
            _segment_max(matrix.scores(texts, languages), self._document_topic, out[:, :, column[name]])
        if self.alpha is not None:
            scores = krr.kernel(characters, grams, dense, self.parameters) @ self.alpha
            out[:, self.covered, column["kernel"]] = scores[:, self.covered]
        return out


def _segment_max(scores: Floats, owner: Ints, out: Floats) -> None:
    """Writes the best score of each owner into its column; ``owner`` is sorted."""
    if not len(owner):
        return
    starts = np.flatnonzero(np.diff(owner, prepend=-1))
    out[:, owner[starts]] = np.maximum.reduceat(scores, starts, axis=1)


def _segment_pool(scores: Floats, owner: Ints, out: Floats) -> None:
    """As :func:`_segment_max`, but several good phrasings count more than one (a soft maximum)."""
    if not len(owner):
        return
    starts = np.flatnonzero(np.diff(owner, prepend=-1))
    summed = np.add.reduceat(np.exp(scores / _POOL), starts, axis=1)
    counts = np.diff(np.append(starts, len(owner)))
    out[:, owner[starts]] = _POOL * np.log(summed / np.sqrt(counts))
