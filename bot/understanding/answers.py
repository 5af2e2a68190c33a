"""How probable it is that the best article answers a message, and the decisions that thresholds follow from.

The probability is calibrated on messages that nothing had learnt when they were decided: phrasings while they
were hidden, lines of flows, small talk and other subjects, and questions that are kept out of learning altogether
(`data/calibration`). Phrasings are written to differ from one another, so on the whole they are harder than what
customers type; the questions are what customers type. Where a language has such questions, they weigh as much as
all its other lines together, in the calibration and in the risk that thresholds are held to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bot.faq.calibration import Calibrator, fit_calibrator
from bot.faq.retriever import SIGNALS
from bot.understanding.data import FLOWS, INTENTS, OUT_OF_SCOPE
from bot.understanding.thresholds import Evidence, shares

Doubles = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

CROSSED = 5      # folds in which the calibration is fitted to say what it would have said of the others
FLOW_COLUMNS = [INTENTS.index(f"flow_{f}") for f in FLOWS]
_OUT = INTENTS.index(OUT_OF_SCOPE)
_LENGTH = SIGNALS.index("length")
_USUAL = np.log1p(7)     # the length of a usual message, as the signal has it


@dataclass(frozen=True)
class Decided:
    """Messages decided by parts that had not learnt them."""

    languages: list[str]
    retrieved: Doubles      # the retriever's probability of its best article
    intents: Doubles        # messages × INTENTS
    signals: Doubles        # messages × SIGNALS
    right: Bools            # whether the best article answers
    asked: Bools            # questions kept out of learning

    @staticmethod
    def together(parts: Sequence[Decided]) -> Decided:
        """All of them."""
        arrays = (np.concatenate([getattr(p, name) for p in parts]) for name in ("retrieved", "intents", "signals", "right", "asked"))
        return Decided([c for p in parts for c in p.languages], *arrays)


def article_signals(retrieved: Doubles, intents: Doubles, signals: Doubles) -> Doubles:
    """Inputs of the calibration: what retrieval says, whether the message is about our subjects at all, and
    how both change with the length of the message (a long story that looks clear is wrong more often)."""
    domain = _logit(intents[:, 0] + intents[:, FLOW_COLUMNS].sum(axis=1))
    outside = _logit(intents[:, _OUT])
    talk = _logit(1 - intents[:, 0] - intents[:, FLOW_COLUMNS].sum(axis=1) - intents[:, _OUT])
    best = _logit(retrieved)
    longer = signals[:, _LENGTH] - _USUAL
    return np.column_stack([best, domain, signals, outside, talk, best * longer, domain * longer, best * domain / 4])


def retrieved_alone() -> Calibrator:
    """The calibration where nothing was asked of the FAQ yet: the retriever's own probability as it is."""
    width = article_signals(np.zeros(1), np.zeros((1, len(INTENTS))), np.zeros((1, len(SIGNALS)))).shape[1]
    return Calibrator.of_one(width, 0, 1.0, 0.0)


def _logit(p: Doubles) -> Doubles:
    p = np.clip(p, 1e-4, 1 - 1e-4)
    return np.asarray(np.log(p / (1 - p)))


def fit_answers(decided: Decided, seed: int) -> tuple[Calibrator, Evidence]:
    """The calibration, and for each message that reaches an article what a calibration fitted without it says."""
    signals = article_signals(decided.retrieved, decided.intents, decided.signals)
    weights = shares(decided.languages, decided.asked)
    codes = np.array(decided.languages)

    def fitted(rows: Bools) -> Calibrator:
        return fit_calibrator(signals[rows], decided.right[rows], codes[rows].tolist(), weights[rows])

    fold = np.random.default_rng(seed).permutation(len(codes)) % CROSSED
    stated = np.zeros(len(codes))
    for number in range(CROSSED):
        rows = fold == number
        if rows.any() and not rows.all():
            stated[rows] = fitted(~rows).probabilities(signals[rows], codes[rows].tolist())
    # Small talk is answered as such, whatever article is near.
    top = decided.intents.argmax(axis=1)
    stake = (top == 0) | np.isin(top, FLOW_COLUMNS) | (top == _OUT)
    evidence = Evidence(stated[stake], decided.right[stake], codes[stake].tolist(), decided.asked[stake])
    return fitted(np.ones(len(codes), bool)), evidence
