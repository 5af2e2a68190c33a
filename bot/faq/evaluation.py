"""Measures retrieval and intents on labelled files: recall, MRR, calibration, what is answered at which risk.

Metrics are pure functions over ranks; every share comes with its count. Nothing here is learnt from the
files that are measured: the ranker and the calibration are Relais' own, refitted on the articles' phrasings
and, where given, calibrated on a file of its own.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.faq.articles import Article
from bot.faq.calibration import (
    FEW_STARTS,
    STARTS,
    Calibrator,
    crossed,
    expected_calibration_error,
    fit_calibrator,
    reliability,
    threshold_for,
    upper_bound,
)
from bot.faq.datafiles import Question
from bot.faq.retriever import Ranking, Retriever
from bot.faq.vectors import VectorCache
from bot.language.detect import detect

Doubles = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
BATCH = 256
SHIPPED_CALIBRATION = "the calibration that Relais ships"
#: Labelled decisions, and right and wrong ones among them, from which a calibration of their own is fitted.
CROSSED_FROM, CLASS_FROM = 80, 5
#: Decisions below which thresholds are looked for among the very surest too.
MANY = 500
#: Questions times articles ranked at once: some hundred megabytes.
CELLS = 3_000_000


@dataclass(frozen=True)
class Answered:
    """What happens at a threshold: of ``total`` questions so many answered, so many of those wrong."""

    threshold: float
    total: int
    answered: int
    wrong: int

    def to_json(self) -> dict[str, Any]:
        """Counts and shares; the bound is Clopper–Pearson at 95 %."""
        return {
            "threshold": round(self.threshold, 4), "questions": self.total, "answered": self.answered, "wrong": self.wrong,
            "share_answered": round(self.answered / max(1, self.total), 4),
            "share_wrong": round(self.wrong / self.answered, 4) if self.answered else 0.0,
            "share_wrong_at_most": round(upper_bound(self.wrong, self.answered), 4) if self.answered else None,
        }


def recall_at(ranks: Sequence[int | None], k: int) -> float:
    """Share of questions whose first right article stands at rank ``k`` or better (ranks from 1)."""
    return sum(r is not None and r <= k for r in ranks) / max(1, len(ranks))


def mrr_at(ranks: Sequence[int | None], k: int = 10) -> float:
    """Mean reciprocal rank of the first right article, 0 beyond ``k``."""
    return sum(1 / r for r in ranks if r is not None and r <= k) / max(1, len(ranks))


def ranks_of(ranked: Ranking, ids: Sequence[str], questions: Sequence[Question]) -> list[int | None]:
    """For each question the rank of the first right article among the candidates, None if not there."""
    out: list[int | None] = []
    for row, question in zip(ranked.topics, questions, strict=True):
        wanted = set(question.ids)
        out.append(next((i for i, t in enumerate(row, 1) if ids[t] in wanted), None))
    return out


def at_threshold(probabilities: Doubles, right: Bools, threshold: float) -> Answered:
    """Counts at a threshold."""
    chosen = probabilities >= threshold
    return Answered(threshold, len(right), int(chosen.sum()), int((~right[chosen]).sum()))


@dataclass
class Asked:
    """A batch of questions asked of a retriever."""

    ranked: Ranking
    languages: list[str]
    ranks: list[int | None]
    probabilities: Doubles
    right: Bools          # false where the first article is wrong or nothing answers


def ask(retriever: Retriever, questions: Sequence[Question], calibrator: Calibrator | None = None, default_locale: str | None = None) -> Asked:
    """Ranks every question, in batches."""
    texts = [q.text for q in questions]
    languages = [q.locale or detect(q.text, locale_hint=default_locale).language for q in questions]
    size = max(16, min(BATCH, CELLS // max(1, len(retriever.index.ids))))
    parts = [retriever.rank(texts[i : i + size], languages[i : i + size]) for i in range(0, len(texts), size)]
    ranked = Ranking(np.vstack([p.topics for p in parts]), np.vstack([p.scores for p in parts]), np.vstack([p.signals for p in parts]))
    ranks = ranks_of(ranked, retriever.index.ids, questions)
    chosen = calibrator or retriever.calibrator
    return Asked(ranked, languages, ranks, chosen.probabilities(ranked.signals, languages), np.array([r == 1 for r in ranks], bool))


def evaluate_faq(articles: Sequence[Article], questions: Sequence[Question], encoder: VectorCache | None, *, max_wrong: float = 0.1,
                 calibrate: Sequence[Question] | None = None) -> dict[str, Any]:
    """Recall, MRR, calibration and the risk dial for an FAQ; see the module for what is learnt from what.

    With ``calibrate`` the calibration and the threshold come from those questions, and the shares on
    ``questions`` are what a lead would get. Without, both come from the articles' phrasings (or, if there
    are none, from the calibration that Relais ships), and are reported as not guaranteed.
    """
    started = time.perf_counter()
    retriever = Retriever.fit(articles, encoder)
    trained = time.perf_counter() - started
    locale = articles[0].locale
    calibrator, threshold, guaranteed, source = _dial(retriever, calibrate, max_wrong, locale)
    started = time.perf_counter()
    asked = ask(retriever, questions, calibrator, locale)
    millis = (time.perf_counter() - started) * 1000 / max(1, len(questions))
    answerable = [r for r, q in zip(asked.ranks, questions, strict=True) if q.ids]
    counts = at_threshold(asked.probabilities, asked.right, threshold)
    unanswerable = [i for i, q in enumerate(questions) if not q.ids]
    out: dict[str, Any] = {
        "articles": len(retriever.index.ids), "questions": len(questions), "with_answer": len(answerable),
        "recall@1": round(recall_at(answerable, 1), 4), "recall@3": round(recall_at(answerable, 3), 4), "mrr@10": round(mrr_at(answerable), 4),
        "max_wrong": max_wrong, "calibrated_on": source, "guaranteed": guaranteed, **{k: v for k, v in counts.to_json().items() if k != "questions"},
        "ece": round(expected_calibration_error(asked.probabilities, asked.right), 4),
        "reliability": [{"low": b.low, "high": b.high, "n": b.count, "stated": round(b.confidence, 4), "true": round(b.accuracy, 4)}
                        for b in reliability(asked.probabilities, asked.right)],
        "train_seconds": round(trained, 2), "millis_a_question": round(millis, 2),
    }
    if source == SHIPPED_CALIBRATION and encoder is not None and not encoder.shipped:
        out["warnings"] = ["Probabilities are those of the encoder that Relais ships, and too high with this one: give labelled queries with --calibrate."]
    if unanswerable:
        out["without_answer"] = len(unanswerable)
        out["without_answer_answered"] = round(float((asked.probabilities[unanswerable] >= threshold).mean()), 4)
    return out


def _dial(retriever: Retriever, calibrate: Sequence[Question] | None, max_wrong: float, locale: str) -> tuple[Calibrator, float, bool, str]:
    """Calibrator, threshold, whether it is guaranteed, and what it comes from."""
    if calibrate:
        asked = ask(retriever, calibrate, None, locale)
        # The guarantee needs probabilities that were not fitted on the decisions they are tested on. A fifth of the
        # file at a time is decided by the rest, so that all of it counts: half would prove nothing where it is short.
        calibrator, stated = retriever.calibrator, asked.probabilities
        if len(asked.right) >= CROSSED_FROM and CLASS_FROM <= asked.right.sum() <= len(asked.right) - CLASS_FROM:
            calibrator = fit_calibrator(asked.ranked.signals, asked.right, asked.languages, ridge=5.0)
            stated = crossed(asked.ranked.signals, asked.right, asked.languages, ridge=5.0)
        found = threshold_for(stated, asked.right, max_wrong, starts=STARTS if len(stated) >= MANY else FEW_STARTS)
        return calibrator, found.value, found.guaranteed, "calibration file"
    if retriever.decisions is not None:
        signals, right, languages = retriever.decisions
        found = threshold_for(retriever.calibrator.probabilities(signals, languages), right, max_wrong)
        if found.guaranteed:
            return retriever.calibrator, found.value, False, "the articles' phrasings, held out"
    return retriever.calibrator, 1 - max_wrong, False, SHIPPED_CALIBRATION
