"""All evidence of one FAQ: its texts as units, and what each channel says of each topic.

A topic is an article id with its locales. Its units are titles, titles with answers, phrasings and
passages. :meth:`Index.channels` scores queries against every topic by every channel; how channels are
joined is the ranker's business (:mod:`bot.faq.ranker`).
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy

import numpy as np
import numpy.typing as npt
from scipy import sparse

from bot.faq import kernel as krr
from bot.faq.articles import Article
from bot.faq.dense import DenseIndex
from bot.faq.lexical import (
    FEW,
    TermMatrix,
    Terms,
    Vocabulary,
    WordAnalyser,
    character_vocabulary,
    widen,
)
from bot.faq.units import (
    ANSWER,
    CHANNELS,
    KIND_WEIGHT,
    TITLE,
    VARIANT,
    Counted,
    Evidence,
    Floats,
    Ints,
    Units,
    closed_up,
    segment_max,
    segment_pool,
    summed,
    word_grams,
)
from bot.faq.vectors import VectorCache
from bot.language.encoder import Kind
from bot.language.normalise import clean


class Index:
    """Search structures over a list of articles. ``vectors`` None means no encoder: lexical only."""

    def __init__(self, articles: Sequence[Article], vectors: VectorCache | None, *,
                 parameters: krr.KernelParameters = krr.DEFAULT, ready: tuple[Floats, Floats] | None = None) -> None:
        self.vectors = vectors
        self.parameters = parameters
        self.ids = list(dict.fromkeys(a.id for a in articles))
        position = {slug: i for i, slug in enumerate(self.ids)}
        self.articles = sorted(articles, key=lambda a: position[a.id])
        sample = ((t, a.locale) for a in self.articles for t in (a.title, a.answer, a.plain, *a.variants))
        self._characters = character_vocabulary()
        self._grams = Vocabulary(word_grams)
        self._stems = Vocabulary(WordAnalyser(sample))
        self.units = self._units_of(self.articles)
        self.counts = self._count(self.units.texts, self.units.languages, grow=True)
        self._bodies = self._count([a.plain for a in self.articles], [a.locale for a in self.articles], grow=True)
        self.counts = self._wide(self.counts)
        self._passage_texts, self._passage_topic = self._passages_of(self.articles)
        if vectors is not None:
            if ready is None or len(ready[0]) != len(self.units.texts) or len(ready[1]) != len(self._passage_texts):
                ready = (self._encode_units(self.units), vectors.encode(self._passage_texts, kind="passage"))
            self._dense = DenseIndex(vectors.dimension).fit(ready[0])
            self._dense_passages = DenseIndex(vectors.dimension).fit(ready[1])
        self.alpha: Floats | None = None
        self.covered = np.zeros(len(self.ids), bool)      # topics that the classifier has learnt
        self.unit_characters = TermMatrix(self.counts.characters)
        self.unit_grams = TermMatrix(self.counts.grams, max_share=0.5)
        self._documents()

    # -- building
    def _count(self, texts: Sequence[str], languages: Sequence[str], grow: bool) -> Counted:
        return Counted(*(v.count(texts, languages, grow) for v in (self._characters, self._grams, self._stems)))

    def _wide(self, counts: Counted) -> Counted:
        return Counted(widen(counts.characters, len(self._characters)), widen(counts.grams, len(self._grams)),
                       widen(counts.stems, len(self._stems)))

    def _documents(self) -> None:
        """Documents from the counts of units and bodies: heads (title twice, answer), and all of it."""
        position = {slug: i for i, slug in enumerate(self.ids)}
        place = {(position[a.id], a.locale): d for d, a in enumerate(self.articles)}
        self._document_topic = np.array([position[a.id] for a in self.articles], np.int64)
        owner = np.array([place[int(t), c] for t, c in zip(self.units.topic, self.units.languages, strict=True)], np.int64)
        shape = (len(self.articles), len(owner))
        everything = sparse.csr_matrix((np.ones(len(owner), np.float32), (owner, np.arange(len(owner)))), shape=shape)
        head_units = (self.units.kind != VARIANT).astype(np.float32)
        heads = sparse.csr_matrix((head_units, (owner, np.arange(len(owner)))), shape=shape)
        self._bm25_head = TermMatrix(summed(heads @ self.counts.stems), "bm25")
        self._bm25_full = TermMatrix(summed(everything @ self.counts.stems + self._bodies.stems), "bm25")
        self._char_full = TermMatrix(summed(everything @ self.counts.characters + self._bodies.characters), max_share=0.9)
        self._segments()

    def _units_of(self, articles: Sequence[Article]) -> Units:
        position = {slug: i for i, slug in enumerate(self.ids)}
        rows: list[tuple[str, int, int, str]] = []
        for a in articles:
            topic = position[a.id]
            rows.append((clean(a.title), topic, TITLE, a.locale))
            rows.append((clean(f"{a.title} {a.answer}"), topic, ANSWER, a.locale))
            rows.extend((v, topic, VARIANT, a.locale) for v in a.variants)
        return Units(
            [r[0] for r in rows], np.array([r[1] for r in rows], np.int64),
            np.array([r[2] for r in rows], np.int64), [r[3] for r in rows],
        )

    def _passages_of(self, articles: Sequence[Article]) -> tuple[list[str], Ints]:
        position = {slug: i for i, slug in enumerate(self.ids)}
        rows = [(p, position[a.id]) for a in articles for p in a.passages]
        return [p for p, _ in rows], np.array([t for _, t in rows], np.int64)

    def _encode_units(self, units: Units) -> Floats:
        assert self.vectors is not None
        out = np.zeros((len(units.texts), self.vectors.dimension), np.float32)
        kinds: tuple[tuple[int, Kind], ...] = ((TITLE, "passage"), (ANSWER, "passage"), (VARIANT, "query"))
        for kind, name in kinds:
            rows = np.flatnonzero(units.kind == kind)
            if len(rows):
                out[rows] = self.vectors.encode([units.texts[i] for i in rows], kind=name)
        return out

    def _segments(self) -> None:
        """Row numbers by kind, how many phrasings each topic has."""
        self._by_kind = [np.flatnonzero(self.units.kind == k) for k in (TITLE, ANSWER, VARIANT)]
        self.variants = np.bincount(self.units.topic[self._by_kind[VARIANT]], minlength=len(self.ids))

    def unit_vectors(self) -> Floats:
        """Vectors of the units, in their order."""
        return self._dense.vectors

    def passage_vectors(self) -> Floats:
        """Vectors of the passages, in their order."""
        return self._dense_passages.vectors

    # -- the classifier over phrasings
    def gram(self) -> Floats:
        """The kernel of all units with each other."""
        dense = None if self.vectors is None else self._dense.vectors @ self._dense.vectors.T
        return krr.kernel(self.unit_characters.gram(), self.unit_grams.gram(), dense, self.parameters)

    def fit_kernel(self) -> None:
        """Learns to tell topics apart from titles, answers and phrasings."""
        if self._learnable():
            self.alpha = krr.solve(self.gram(), self.units.topic, len(self.ids), KIND_WEIGHT[self.units.kind], self.parameters.ridge)

    def fit_kernel_for_folds(self, gram: Floats) -> krr.Solution | None:
        """As :meth:`fit_kernel`, from :meth:`gram` (overwritten); what comes back predicts held-out phrasings."""
        if not self._learnable():
            return None
        solution = krr.solve_for_folds(gram, self.units.topic, len(self.ids), KIND_WEIGHT[self.units.kind], self.parameters.ridge)
        self.alpha = solution.alpha
        return solution

    def _learnable(self) -> bool:
        """Whether there is anything to learn; forgets what was learnt."""
        self.alpha, self.covered = None, np.ones(len(self.ids), bool)
        return 4 <= len(self.units.texts) <= krr.MAX_TEXTS and len(self.ids) >= 2

    def without(self, hidden: npt.NDArray[np.bool_]) -> Index:
        """The FAQ as if some units (phrasings) had never been written: joins evidence, has no classifier or vectors."""
        kept = ~hidden
        other = copy(self)
        rows = np.flatnonzero(kept)
        other.units = Units([self.units.texts[i] for i in rows], self.units.topic[kept], self.units.kind[kept],
                            [self.units.languages[i] for i in rows])
        other.counts = self.counts.rows(rows)
        other.alpha = None
        other._documents()
        return other

    # -- changes while running
    def copy(self) -> Index:
        """The same index, free to change: matrices are replaced by changes, never written into."""
        other = copy(self)
        other.unit_characters, other.unit_grams = copy(self.unit_characters), copy(self.unit_grams)
        if self.vectors is not None:
            other._dense, other._dense_passages = copy(self._dense), copy(self._dense_passages)
        return other

    def add(self, articles: Sequence[Article]) -> None:
        """Adds articles of one new topic; found at once. The classifier does not know it yet."""
        self.ids = [*self.ids, articles[0].id]
        self.articles = [*self.articles, *articles]
        units = self._units_of(articles)
        counts = self._count(units.texts, units.languages, grow=True)
        bodies = self._count([a.plain for a in articles], [a.locale for a in articles], grow=True)
        self.unit_characters.append(self._wide(counts).characters)
        self.unit_grams.append(self._wide(counts).grams)
        self.counts = self.counts.stack(self._wide(counts))
        self._bodies = self._bodies.stack(bodies)
        texts, owner = self._passages_of(articles)
        self._passage_texts = self._passage_texts + texts
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
        self._documents()

    def remove(self, topic: int) -> None:
        """Drops a topic with all its texts."""
        unit, document, passage = self.units.topic != topic, self._document_topic != topic, self._passage_topic != topic
        rows = np.flatnonzero(unit)
        self.unit_characters.keep(unit)
        self.unit_grams.keep(unit)
        self.counts = self.counts.rows(rows)
        self._bodies = self._bodies.rows(np.flatnonzero(document))
        self._passage_texts = [t for t, kept in zip(self._passage_texts, passage, strict=True) if kept]
        if self.vectors is not None:
            self._dense.fit(self._dense.vectors[unit])
            self._dense_passages.fit(self._dense_passages.vectors[passage])
        self.units = Units([self.units.texts[i] for i in rows], closed_up(self.units.topic[unit], topic), self.units.kind[unit],
                           [self.units.languages[i] for i in rows])
        self._passage_topic = closed_up(self._passage_topic[passage], topic)
        self.articles = [a for a, kept in zip(self.articles, document, strict=True) if kept]
        self.ids = [*self.ids[:topic], *self.ids[topic + 1 :]]
        if self.alpha is not None:
            self.alpha = np.delete(self.alpha[unit], topic, axis=1)
        self.covered = np.delete(self.covered, topic)
        self._documents()

    # -- asking
    def evidence(self, texts: Sequence[str], languages: Sequence[str], query_vectors: Floats | None = None) -> Evidence:
        """Similarities of new texts with everything."""
        texts = [clean(t) for t in texts]
        dense = passages = None
        if self.vectors is not None:
            if query_vectors is None:
                query_vectors = self.vectors.fresh(texts)
            dense = self._dense.scores(query_vectors)
            passages = self._dense_passages.scores(query_vectors) if len(self._passage_topic) else None
        if len(texts) <= FEW:
            return self._by_postings(texts, languages, dense, passages)
        counts = self._count(texts, languages, grow=False)
        return self.joined(counts, self.unit_characters.scores(counts.characters), self.unit_grams.scores(counts.grams), dense, passages)

    def _by_postings(self, texts: Sequence[str], languages: Sequence[str], dense: Floats | None, passages: Floats | None) -> Evidence:
        lines = list(zip(texts, languages, strict=True))
        characters = [self._characters.terms(*line) for line in lines]
        grams = [self._grams.terms(*line) for line in lines]
        stems = [self._stems.terms(*line) for line in lines]

        def rows(matrix: TermMatrix, queries: list[Terms]) -> Floats:
            return np.stack([matrix.score(query) for query in queries])

        return Evidence(rows(self.unit_characters, characters), rows(self.unit_grams, grams), dense, passages,
                        rows(self._char_full, characters), rows(self._bm25_head, stems), rows(self._bm25_full, stems))

    def joined(self, counts: Counted, characters: Floats, grams: Floats, dense: Floats | None, passages: Floats | None) -> Evidence:
        """Evidence from similarities with units that are known, and counts to score documents with."""
        return Evidence(characters, grams, dense, passages, self._char_full.scores(counts.characters),
                        self._bm25_head.scores(counts.stems), self._bm25_full.scores(counts.stems))

    def passage_scores(self, query_vectors: Floats) -> Floats | None:
        """Similarities with the passages, None where there are none."""
        return self._dense_passages.scores(query_vectors) if len(self._passage_topic) else None

    def channels(self, texts: Sequence[str], languages: Sequence[str], query_vectors: Floats | None = None) -> Floats:
        """Queries × topics × channels; NaN where a topic has nothing for a channel."""
        return self.by_topic(self.evidence(texts, languages, query_vectors))

    def by_topic(self, found: Evidence) -> Floats:
        """Joins evidence by topic; see :meth:`channels`."""
        out = np.full((len(found.characters), len(self.ids), len(CHANNELS)), np.nan, np.float32)
        topic = self.units.topic
        column = {name: i for i, name in enumerate(CHANNELS)}
        variants = self._by_kind[VARIANT]
        for source, names in ((found.dense, ("dense_title", "dense_answer", "dense_variant")),
                              (found.characters, ("char_title", "char_answer", "char_variant"))):
            if source is not None:
                for kind, name in enumerate(names):
                    rows = self._by_kind[kind]
                    segment_max(source[:, rows], topic[rows], out[:, :, column[name]])
        if found.dense is not None:
            segment_pool(found.dense[:, variants], topic[variants], out[:, :, column["dense_variants"]])
        if found.passages is not None:
            segment_max(found.passages, self._passage_topic, out[:, :, column["dense_passage"]])
        segment_max(found.grams[:, variants], topic[variants], out[:, :, column["word_variant"]])
        for scores, name in ((found.char_full, "char_full"), (found.bm25_head, "bm25_head"), (found.bm25_full, "bm25_full")):
            segment_max(scores, self._document_topic, out[:, :, column[name]])
        if self.alpha is not None:
            scores = krr.kernel(found.characters, found.grams, found.dense, self.parameters) @ self.alpha
            out[:, self.covered, column["kernel"]] = scores[:, self.covered]
        return out
