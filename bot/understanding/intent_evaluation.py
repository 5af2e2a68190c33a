"""Measures intent classification with out of scope on labelled files: `relais evaluate intents`.

The classifier is the one that serves customers (:mod:`bot.understanding.intents`), trained on the file; what it
knows of out of scope comes from held-out training lines, from rows labelled null where there are any, and
from how near the nearest training line is.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.errors import BadInput
from bot.faq.calibration import Calibrator, fit_calibrator, threshold_for
from bot.faq.datafiles import Labelled
from bot.faq.kernel import MAX_TEXTS
from bot.faq.vectors import VectorCache
from bot.language.detect import detect
from bot.understanding.data import Phrase
from bot.understanding.intents import PARAMETERS, IntentScorer

Doubles = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
_OUT = "\0out of scope"
COVERAGES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)


@dataclass(frozen=True)
class Predicted:
    """Best class of each text (None where out of scope is likelier) and the probability that it is right."""

    labels: list[str]
    probabilities: Doubles


class IntentClassifier:
    """Classes of a training file with a calibrated probability of each decision."""

    def __init__(self, scorer: IntentScorer, calibrator: Calibrator, out_column: int | None) -> None:
        self._scorer = scorer
        self._calibrator = calibrator
        self._out = out_column
        self.held: tuple[Doubles, Bools] | None = None

    @staticmethod
    def fit(rows: Sequence[Labelled], vectors: VectorCache | None, seed: int = 11) -> IntentClassifier:
        """Trains on labelled rows; more than :data:`MAX_TEXTS` are sampled down, every class kept."""
        rows = _sampled(rows, seed)
        phrases = [Phrase(r.text, _OUT if r.label is None else r.label, r.locale or detect(r.text).language) for r in rows]
        classes = sorted({p.intent for p in phrases})
        folds = 3 if len(phrases) <= 6000 else 2
        scorer, held = IntentScorer.fit(phrases, classes, vectors, PARAMETERS, seed, folds)
        out = classes.index(_OUT) if _OUT in classes else None
        nearest = _nearest(scorer)
        signals, best = _signals(held, nearest, out)
        right = (best == scorer.labels) & (scorer.labels != (-1 if out is None else out))
        calibrator = fit_calibrator(signals, right) if 0 < right.sum() < len(right) else _certain(signals)
        made = IntentClassifier(scorer, calibrator, out)
        made.held = (calibrator.probabilities(signals), right)
        return made

    def predict(self, texts: Sequence[str], languages: Sequence[str]) -> Predicted:
        """Best class within scope and the probability that it is right (low where out of scope)."""
        labels: list[str] = []
        chunks: list[Doubles] = []
        for i in range(0, len(texts), 512):
            scores, nearest = self._scorer.scores(texts[i : i + 512], languages[i : i + 512],
                                                  self._scorer.vectors.encode(texts[i : i + 512]) if self._scorer.vectors else None)
            signals, best = _signals(scores, nearest, self._out)
            labels += [self._scorer.classes[b] for b in best]
            chunks.append(self._calibrator.probabilities(signals))
        return Predicted(labels, np.concatenate(chunks))


def _sampled(rows: Sequence[Labelled], seed: int) -> list[Labelled]:
    if len(rows) <= MAX_TEXTS:
        return list(rows)
    groups: dict[str | None, list[Labelled]] = {}
    for i in np.random.default_rng(seed).permutation(len(rows)):
        groups.setdefault(rows[i].label, []).append(rows[i])
    share = MAX_TEXTS / len(rows)
    return [r for group in groups.values() for r in group[: max(1, int(len(group) * share))]]


def _nearest(scorer: IntentScorer) -> npt.NDArray[np.float32]:
    gram = scorer.unit_characters.gram() if scorer.dense is None else scorer.dense @ scorer.dense.T
    np.fill_diagonal(gram, -1.0)
    return np.asarray(gram.max(axis=1), np.float32)


def _signals(scores: npt.NDArray[np.float32], nearest: npt.NDArray[np.float32], out: int | None) -> tuple[Doubles, npt.NDArray[np.int64]]:
    """Signals of a decision, and its best class within scope."""
    inside = scores.astype(np.float64).copy()
    beyond = np.zeros(len(scores))
    if out is not None:
        beyond = inside[:, out].copy()
        inside[:, out] = -np.inf
    best = inside.argmax(axis=1)
    ordered = np.sort(inside, axis=1)
    top = ordered[:, -1]
    second = ordered[:, -2] if ordered.shape[1] > 1 and np.isfinite(ordered[:, -2]).all() else np.zeros(len(top))
    return np.column_stack([top, top - second, top - beyond, nearest, top * nearest]), best


def _certain(signals: Doubles) -> Calibrator:
    """Where every held-out decision was right (or wrong): a slope on the best score alone."""
    return Calibrator.of_one(signals.shape[1], 0, 4.0, -2.0)


def evaluate_intents(train: Sequence[Labelled], test: Sequence[Labelled], vectors: VectorCache | None, *, max_wrong: float = 0.1,
                     calibrate: Sequence[Labelled] | None = None) -> dict[str, Any]:
    """In-scope accuracy, out-of-scope recall at the dial and at the balanced threshold, and the risk–coverage table."""
    counts: dict[str, int] = {}
    for r in train:
        if r.label is not None:
            counts[r.label] = counts.get(r.label, 0) + 1
    unknown = sorted({r.label for r in test if r.label is not None and r.label not in counts})
    if unknown:
        raise BadInput(f"The test file has the label “{unknown[0]}”, which the training file does not have.")
    started = time.perf_counter()
    classifier = IntentClassifier.fit(train, vectors)
    trained = time.perf_counter() - started
    started = time.perf_counter()
    found = classifier.predict([r.text for r in test], [r.locale or detect(r.text).language for r in test])
    millis = (time.perf_counter() - started) * 1000 / max(1, len(test))
    inside = np.array([r.label is not None for r in test])
    right = np.array([r.label == label for r, label in zip(test, found.labels, strict=True)])
    p_held, right_held = _calibration(classifier, calibrate)
    dial = threshold_for(p_held, right_held, max_wrong)
    balanced = _balanced_threshold(p_held, right_held)
    out: dict[str, Any] = {
        "train": len(train), "test": len(test), "labels": len(counts), "in_scope": int(inside.sum()), "out_of_scope": int((~inside).sum()),
        "accuracy": round(float(right[inside].mean()), 4) if inside.any() else None,
        "max_wrong": max_wrong, "threshold": round(dial.value, 4), "guaranteed": dial.guaranteed,
        **_at(found.probabilities, right, inside, dial.value, ""), **_at(found.probabilities, right, inside, balanced, "balanced_"),
        "balanced_threshold": round(balanced, 4), "risk_coverage": risk_coverage(found.probabilities, right),
        "train_seconds": round(trained, 2), "millis_a_text": round(millis, 2),
    }
    rare = sorted(k for k, n in counts.items() if n == 1)
    if rare:
        out["warnings"] = [f"{len(rare)} label{'s' if len(rare) > 1 else ''} with one example only (first: “{rare[0]}”): they can hardly be learnt."]
    return out


def _calibration(classifier: IntentClassifier, calibrate: Sequence[Labelled] | None) -> tuple[Doubles, Bools]:
    if calibrate:
        found = classifier.predict([r.text for r in calibrate], [r.locale or detect(r.text).language for r in calibrate])
        return found.probabilities, np.array([r.label == label for r, label in zip(calibrate, found.labels, strict=True)])
    assert classifier.held is not None
    return classifier.held


def _balanced_threshold(p: Doubles, right: Bools) -> float:
    """One threshold for acceptance: the one with most right decisions (accepted right + refused wrong)."""
    order = np.argsort(-p, kind="stable")
    gain = np.cumsum(np.where(right[order], 1, -1))
    return float(p[order][int(gain.argmax())]) if len(p) else 0.5


def _at(p: Doubles, right: Bools, inside: Bools, threshold: float, prefix: str) -> dict[str, Any]:
    """At a threshold: accuracy over in-scope texts (refused ones count as wrong), out-of-scope texts refused."""
    accepted = p >= threshold
    out: dict[str, Any] = {}
    if inside.any():
        out[f"{prefix}in_scope_accuracy"] = round(float((right & accepted)[inside].mean()), 4)
    if (~inside).any():
        out[f"{prefix}out_of_scope_recall"] = round(float((~accepted)[~inside].mean()), 4)
    out[f"{prefix}share_answered"] = round(float(accepted.mean()), 4)
    out[f"{prefix}share_wrong"] = round(float((~right[accepted]).mean()), 4) if accepted.any() else 0.0
    return out


def risk_coverage(p: Doubles, right: Bools) -> list[dict[str, float]]:
    """Answering only the surest share: which share of those answers is wrong."""
    order = np.argsort(-p, kind="stable")
    out = []
    for share in COVERAGES:
        n = max(1, round(share * len(p)))
        rows = order[:n]
        out.append({"coverage": share, "threshold": round(float(p[rows[-1]]), 4), "risk": round(float((~right[rows]).mean()), 4)})
    return out
