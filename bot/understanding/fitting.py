"""Fits what stands on top of retriever and intent scorer, on evidence that neither has been fitted on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bot.faq import kernel as krr
from bot.faq.articles import Article
from bot.faq.calibration import Calibrator
from bot.faq.datafiles import Question
from bot.faq.retriever import SIGNALS, Retriever, line_key
from bot.faq.vectors import VectorCache
from bot.understanding.answers import FLOW_COLUMNS, Decided, fit_answers, retrieved_alone
from bot.understanding.data import FAQ, INTENTS, Phrase
from bot.understanding.decision import Decision, fit_decision
from bot.understanding.flow_evidence import best_slugs, flow_evidence
from bot.understanding.intents import IntentScorer
from bot.understanding.thresholds import Evidence

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]

SOURCE_PHRASINGS = 16     # of an article's phrasings in the source language, how many teach the class `faq`
OTHER_PHRASINGS = 5       # and in each other language
BATCH = 256
LEAST_OF_FAQ = 2_000      # lines of a large FAQ that teach the class `faq`, however many other lines there are
LABELLED_FROM = 100       # questions with an answer from which they alone say how often answers are right
_USED = [SIGNALS.index(s) for s in ("logit", "margin", "dense_answer", "dense_best", "char_variant", "char_full", "bm25", "kernel", "agreement", "length")]


@dataclass(frozen=True)
class Fitted:
    """The parts of a model beside its retriever."""

    scorer: IntentScorer
    decision: Decision
    articles: Calibrator
    evidence: Evidence


def inputs_of(scores: Floats, nearest: Floats, article: Doubles, signals: Doubles, flows: Doubles, texts: Sequence[str]) -> Doubles:
    """Inputs of the decision: every class's score first, then what retrieval says."""
    logit = np.log(article / (1 - article))
    short = np.array([float(len(t.split()) <= 2) for t in texts])
    return np.column_stack([scores.astype(np.float64), nearest, logit, short, signals[:, _USED], flows])


def faq_phrases(articles: Sequence[Article], seed: int, most: int = krr.MAX_TEXTS) -> list[Phrase]:
    """A sample of each article's phrasings for the class ``faq``, and all titles: at most ``most``, a sample of these again."""
    rng = np.random.default_rng(seed)
    out: list[Phrase] = []
    for a in articles:
        limit = SOURCE_PHRASINGS if a.locale == "fr" else OTHER_PHRASINGS
        rows = np.sort(rng.permutation(len(a.variants))[:limit])
        out += [Phrase(a.variants[i], FAQ, a.locale) for i in rows]
        out.append(Phrase(a.title, FAQ, a.locale))
    return out if len(out) <= most else [out[i] for i in np.sort(rng.permutation(len(out))[:most])]


def fit_parts(retriever: Retriever, articles: Sequence[Article], phrases: Sequence[Phrase], vectors: VectorCache | None,
              seed: int, questions: Sequence[Question] = ()) -> Fitted:
    """See the module. ``questions`` teach nothing: calibration and thresholds alone come from them."""
    # The classifier's memory grows with the square of its lines: of a large FAQ it learns a sample.
    room = max(LEAST_OF_FAQ, krr.MAX_TEXTS - len(phrases))
    everything = [*phrases, *faq_phrases(articles, seed, room)]
    scorer, held_scores = IntentScorer.fit(everything, INTENTS, vectors)
    texts, languages = [p.text for p in everything], [p.language for p in everything]
    signals, known, right, best = _evidence(retriever, everything, vectors)
    p = retriever.calibrator.probabilities(signals, languages)
    inputs = inputs_of(held_scores, _nearest_other(scorer), p, signals, flow_evidence(retriever, best, languages, p), texts)
    labels = scorer.labels
    share = _balance(labels)
    decision = fit_decision(inputs[known], labels[known], INTENTS, share[known])
    honest = _crossed(inputs, labels, known, share, seed)
    # A flow's line counts where the article belongs to the flow, else not at all.
    flows = np.isin(labels, FLOW_COLUMNS)
    rows = np.flatnonzero(known & (~flows | right))
    ours = (labels[rows] == 0) | flows[rows]
    learnt = Decided([languages[i] for i in rows], p[rows], honest[rows], signals[rows], right[rows] & ours, np.zeros(len(rows), bool))
    later = Unlearnt(retriever, scorer, decision, vectors)
    asked = later.questions(questions)
    if retriever.held:
        return Fitted(scorer, decision, *fit_answers(Decided.together([learnt, later.phrasings(set(texts)), asked]), seed))
    # No phrasing was hidden: lines that the index holds word for word tell nothing of what customers will ask.
    if answerable(questions, retriever.index.ids) >= LABELLED_FROM:
        return Fitted(scorer, decision, *fit_answers(asked, seed))
    return Fitted(scorer, decision, retrieved_alone(), Evidence.none())


def answerable(questions: Sequence[Question], ids: Sequence[str]) -> int:
    """How many of the questions an article answers."""
    have = set(ids)
    return sum(bool(have & set(q.ids)) for q in questions)


@dataclass(frozen=True)
class Unlearnt:
    """Decides on texts that neither scorer nor decision has learnt."""

    retriever: Retriever
    scorer: IntentScorer
    decision: Decision
    vectors: VectorCache | None

    def phrasings(self, learnt: set[str]) -> Decided:
        """Phrasings outside the sample that taught the intents, as they were retrieved while hidden."""
        held = [(text, h) for text, h in self.retriever.held.items() if text not in learnt]
        signals = np.array([h.signals for _, h in held]).reshape(len(held), len(SIGNALS))
        right = np.array([h.found[0] == h.slug for _, h in held], bool)
        return self._decided([t for t, _ in held], [h.language for _, h in held], signals, [h.found for _, h in held], right, asked=False)

    def questions(self, questions: Sequence[Question]) -> Decided:
        """Questions about articles there are, or about none; those known word for word say nothing."""
        ids = self.retriever.index.ids
        learnt = {line_key(p.text, p.language) for p in self.scorer.phrases}
        rows = [(q, q.locale or "fr") for q in questions if not q.ids or set(q.ids) & set(ids)]
        rows = [(q, code) for q, code in rows if self.retriever.exact(q.text, code) is None and line_key(q.text, code) not in learnt]
        texts, languages = [q.text for q, _ in rows], [code for _, code in rows]
        signals, right, best = [np.zeros((0, len(SIGNALS)))], list[bool](), list[tuple[str, ...]]()
        for start in range(0, len(texts), BATCH):
            part = slice(start, start + BATCH)
            ranked = self.retriever.rank(texts[part], languages[part], self._vectors(texts[part]))
            signals.append(ranked.signals)
            best += best_slugs(self.retriever, ranked.topics)
            right += [ids[first] in q.ids for first, (q, _) in zip(ranked.topics[:, 0], rows[part], strict=True)]
        return self._decided(texts, languages, np.vstack(signals), best, np.array(right, bool), asked=True)

    def _decided(self, texts: list[str], languages: list[str], signals: Doubles, best: list[tuple[str, ...]], right: npt.NDArray[np.bool_],
                 *, asked: bool) -> Decided:
        p = self.retriever.calibrator.probabilities(signals, languages)
        flows = flow_evidence(self.retriever, best, languages, p)
        intents = [np.zeros((0, len(INTENTS)))]
        for start in range(0, len(texts), BATCH):
            part = slice(start, start + BATCH)
            scores, nearest = self.scorer.scores(texts[part], languages[part], self._vectors(texts[part]))
            intents.append(self.decision.probabilities(inputs_of(scores, nearest, p[part], signals[part], flows[part], texts[part])))
        return Decided(languages, p, np.vstack(intents), signals, right, np.full(len(texts), asked))

    def _vectors(self, texts: list[str]) -> Floats | None:
        return self.vectors.encode(texts) if self.vectors is not None else None


def _evidence(retriever: Retriever, phrases: Sequence[Phrase], vectors: VectorCache | None
              ) -> tuple[Doubles, npt.NDArray[np.bool_], npt.NDArray[np.bool_], list[tuple[str, ...]]]:
    """Signals of each phrase as if unseen; which are known so; where the best article is right; the best articles."""
    n = len(phrases)
    signals = np.zeros((n, len(SIGNALS)))
    known = np.zeros(n, bool)
    right = np.zeros(n, bool)
    best: list[tuple[str, ...]] = [()] * n
    others: list[int] = []
    for i, phrase in enumerate(phrases):
        if phrase.intent != FAQ:
            others.append(i)
        elif (held := retriever.held.get(phrase.text)) is not None:
            signals[i], known[i], right[i], best[i] = held.signals, True, held.found[0] == held.slug, held.found
    for start in range(0, len(others), BATCH):
        rows = others[start : start + BATCH]
        texts = [phrases[i].text for i in rows]
        query = vectors.encode(texts) if vectors is not None else None
        ranked = retriever.rank(texts, [phrases[i].language for i in rows], query)
        signals[rows], known[rows] = ranked.signals, True
        for i, slugs in zip(rows, best_slugs(retriever, ranked.topics), strict=True):
            best[i] = slugs
            article = retriever.article(slugs[0], phrases[i].language)
            right[i] = phrases[i].intent.startswith("flow_") and article is not None and article.flow == phrases[i].intent[5:]
    if not any(p.intent == FAQ and known[i] for i, p in enumerate(phrases)):
        rows = [i for i, p in enumerate(phrases) if p.intent == FAQ]       # an FAQ too small for folds
        texts = [phrases[i].text for i in rows]
        ranked = retriever.rank(texts, [phrases[i].language for i in rows], vectors.encode(texts) if vectors else None)
        signals[rows] = ranked.signals
        known[rows] = right[rows] = True
        for i, slugs in zip(rows, best_slugs(retriever, ranked.topics), strict=True):
            best[i] = slugs
    return signals, known, right, best


def _nearest_other(scorer: IntentScorer) -> Floats:
    """Similarity of each phrase to the nearest other one."""
    gram = scorer.unit_characters.gram() if scorer.dense is None else scorer.dense @ scorer.dense.T
    np.fill_diagonal(gram, -1.0)
    return np.asarray(gram.max(axis=1), np.float32)


def _balance(labels: npt.NDArray[np.int64]) -> Doubles:
    """Weights that let rare intents count: the square root of inverse frequency, mean 1."""
    counts = np.bincount(labels, minlength=len(INTENTS)).astype(float)
    weights = 1 / np.sqrt(np.maximum(counts, 1))[labels]
    return np.asarray(weights / weights.mean())


def _crossed(inputs: Doubles, labels: npt.NDArray[np.int64], usable: npt.NDArray[np.bool_], share: Doubles, seed: int) -> Doubles:
    """Decision probabilities of each row by a decision fitted without it."""
    half = np.random.default_rng(seed).permutation(len(labels)) % 2
    out = np.zeros((len(labels), len(INTENTS)))
    for side in (0, 1):
        rows = usable & (half != side)
        out[half == side] = fit_decision(inputs[rows], labels[rows], INTENTS, share[rows]).probabilities(inputs[half == side])
    return out
