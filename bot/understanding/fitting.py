"""Fits what stands on top of retriever and intent scorer, on evidence that neither has been fitted on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bot.faq.articles import Article
from bot.faq.calibration import Calibrator, fit_calibrator
from bot.faq.retriever import SIGNALS, Retriever
from bot.faq.vectors import VectorCache
from bot.understanding.data import FAQ, FLOWS, INTENTS, Phrase
from bot.understanding.decision import Decision, fit_decision
from bot.understanding.intents import IntentScorer
from bot.understanding.thresholds import Evidence

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]

SOURCE_PHRASINGS = 16     # of an article's phrasings in the source language, how many teach the class `faq`
OTHER_PHRASINGS = 5       # and in each other language
_USED = [SIGNALS.index(s) for s in ("logit", "margin", "dense_answer", "dense_best", "char_variant", "char_full", "bm25", "kernel", "agreement", "length")]


@dataclass(frozen=True)
class Fitted:
    """The parts of a model beside its retriever."""

    scorer: IntentScorer
    decision: Decision
    articles: Calibrator
    evidence: Evidence


def inputs_of(scores: Floats, nearest: Floats, article: Doubles, signals: Doubles, texts: Sequence[str]) -> Doubles:
    """Inputs of the decision: every class's score first, then what retrieval says."""
    logit = np.log(article / (1 - article))
    short = np.array([float(len(t.split()) <= 2) for t in texts])
    return np.column_stack([scores.astype(np.float64), nearest, logit, short, signals[:, _USED]])


def article_signals(p: Doubles, domain: Doubles) -> Doubles:
    """Inputs of the articles' final calibration: the retriever's probability, and whether the message is
    about our subjects at all."""
    d = np.clip(domain, 1e-4, 1 - 1e-4)
    return np.column_stack([np.log(p / (1 - p)), np.log(d / (1 - d))])


def faq_phrases(articles: Sequence[Article], seed: int) -> list[Phrase]:
    """A sample of each article's phrasings for the class ``faq``, and all titles."""
    rng = np.random.default_rng(seed)
    out: list[Phrase] = []
    for a in articles:
        limit = SOURCE_PHRASINGS if a.locale == "fr" else OTHER_PHRASINGS
        rows = np.sort(rng.permutation(len(a.variants))[:limit])
        out += [Phrase(a.variants[i], FAQ, a.locale) for i in rows]
        out.append(Phrase(a.title, FAQ, a.locale))
    return out


def fit_parts(retriever: Retriever, articles: Sequence[Article], phrases: Sequence[Phrase], vectors: VectorCache | None,
              seed: int) -> Fitted:
    """See the module."""
    everything = [*phrases, *faq_phrases(articles, seed)]
    scorer, held_scores = IntentScorer.fit(everything, INTENTS, vectors)
    texts, languages = [p.text for p in everything], [p.language for p in everything]
    signals, known, right = _evidence(retriever, everything, vectors)
    nearest = _nearest_other(scorer)
    p = retriever.calibrator.probabilities(signals, languages)
    inputs = inputs_of(held_scores, nearest, p, signals, texts)
    labels = scorer.labels
    usable = known
    share = _balance(labels)
    decision = fit_decision(inputs[usable], labels[usable], INTENTS, share[usable])
    honest = _crossed(inputs, labels, usable, share, seed)
    calibrator, evidence = _calibrate_articles(everything, labels, p, honest, known, right)
    return Fitted(scorer, decision, calibrator, evidence)


def _evidence(retriever: Retriever, phrases: Sequence[Phrase], vectors: VectorCache | None) -> tuple[Doubles, npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Signals of each phrase as if unseen; which are known so; where the best article is right."""
    n = len(phrases)
    signals = np.zeros((n, len(SIGNALS)))
    known = np.zeros(n, bool)
    right = np.zeros(n, bool)
    others: list[int] = []
    for i, phrase in enumerate(phrases):
        if phrase.intent != FAQ:
            others.append(i)
        elif (held := retriever.held.get(phrase.text)) is not None:
            signals[i], known[i], right[i] = held.signals, True, held.found[0] == held.slug
    for start in range(0, len(others), 256):
        rows = others[start : start + 256]
        texts = [phrases[i].text for i in rows]
        query = vectors.encode(texts) if vectors is not None else None
        ranked = retriever.rank(texts, [phrases[i].language for i in rows], query)
        signals[rows], known[rows] = ranked.signals, True
        for row, i in enumerate(rows):
            best = retriever.article(retriever.index.ids[ranked.topics[row][0]], phrases[i].language)
            right[i] = phrases[i].intent.startswith("flow_") and best is not None and best.flow == phrases[i].intent[5:]
    if not any(p.intent == FAQ and known[i] for i, p in enumerate(phrases)):
        rows = [i for i, p in enumerate(phrases) if p.intent == FAQ]       # an FAQ too small for folds
        texts = [phrases[i].text for i in rows]
        signals[rows] = retriever.rank(texts, [phrases[i].language for i in rows], vectors.encode(texts) if vectors else None).signals
        known[rows] = right[rows] = True
    return signals, known, right


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


def _calibrate_articles(phrases: Sequence[Phrase], labels: npt.NDArray[np.int64], p: Doubles, intents: Doubles, known: npt.NDArray[np.bool_],
                        right: npt.NDArray[np.bool_]) -> tuple[Calibrator, Evidence]:
    """Probability that the best article answers, over phrasings, small talk and out of scope; and the
    decisions that thresholds follow from. A flow's line counts where the article belongs to the flow, else not at all."""
    columns = [INTENTS.index(f"flow_{f}") for f in FLOWS]
    domain = intents[:, 0] + intents[:, columns].sum(axis=1)
    flows = np.isin(labels, columns)
    rows = np.flatnonzero(known & (~flows | right))
    signals = article_signals(p, domain)[rows]
    languages = [phrases[i].language for i in rows]
    y = right[rows] & ((labels[rows] == 0) | flows[rows])
    calibrator = fit_calibrator(signals, y, languages)
    stated = calibrator.probabilities(signals, languages)
    # Only messages that reach an article are at stake: small talk is answered as such.
    top = intents.argmax(axis=1)[rows]
    at_stake = np.flatnonzero((top == 0) | np.isin(top, columns))
    return calibrator, Evidence(stated[at_stake], y[at_stake], [languages[i] for i in at_stake])
