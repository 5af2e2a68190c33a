"""Scores into probabilities, and probabilities into thresholds with a guarantee.

* :class:`Calibrator`: logistic regression over signals of a decision (Platt 1999), then isotonic
  regression where there are data enough (Zadrozny & Elkan 2002), with an offset per language.
* :func:`expected_calibration_error`, :func:`reliability`: how true the probabilities are.
* :func:`threshold_for`: the lowest threshold whose share of wrong answers is at most what the lead
  accepts, with confidence: an exact binomial bound (Clopper & Pearson 1934) tested down fixed sequences
  of thresholds ("Learn then Test", Angelopoulos et al. 2021), so that looking at many costs nothing.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import beta

Doubles = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

ISOTONIC_FROM = 400    # decisions below which isotonic regression would follow noise
#: Of the bound behind thresholds. Stricter than 95 %, so that not only the true share of wrong answers but
#: the share counted on a next batch as large as the labelled data stays below in 95 of 100 cases.
CONFIDENCE = 0.99
#: Where the sequences of thresholds start, as shares of the decisions, and which part of the error each may spend.
#: From far down, a few bad decisions among the very surest weigh little; from the top, a set is served too in
#: which few decisions can be trusted at all.
STARTS: tuple[tuple[float | None, float], ...] = ((0.2, 0.8), (0.0, 0.2))
#: The same for a few hundred decisions at most, with a third sequence from the fewest that can prove anything:
#: of 200 decisions, the 92 surest would already have to be right almost without exception.
FEW_STARTS: tuple[tuple[float | None, float], ...] = ((0.2, 0.5), (0.0, 0.2), (None, 0.3))
LANGUAGE_FROM = 150    # decisions in a language below which it has no offset of its own


@dataclass(frozen=True)
class Calibrator:
    """Signals of a decision → probability that it is right."""

    mean: Doubles
    scale: Doubles
    weights: Doubles
    bias: float
    offsets: Mapping[str, float] = field(default_factory=dict)   # per language, in logits
    knots_x: Doubles = field(default_factory=lambda: np.zeros(0))
    knots_y: Doubles = field(default_factory=lambda: np.zeros(0))

    def probabilities(self, signals: Doubles, languages: Sequence[str] | None = None) -> Doubles:
        """One probability a row, never exactly 0 or 1."""
        logits = ((np.asarray(signals, np.float64) - self.mean) / self.scale) @ self.weights + self.bias
        if languages is not None and self.offsets:
            logits = logits + np.array([self.offsets.get(c, 0.0) for c in languages])
        p = expit(logits)
        if len(self.knots_x):
            # half isotonic, half logistic: keeps the order where the steps are flat
            p = 0.8 * np.interp(p, self.knots_x, self.knots_y) + 0.2 * p
        return np.asarray(np.clip(p, 0.002, 0.998))

    @staticmethod
    def of_one(width: int, column: int, slope: float, bias: float) -> Calibrator:
        """A calibration that reads one of ``width`` signals as it is: where there was nothing to fit one on."""
        weights = np.zeros(width)
        weights[column] = slope
        return Calibrator(np.zeros(width), np.ones(width), weights, bias)

    def to_json(self) -> dict[str, Any]:
        """Plain numbers."""
        return {
            "mean": self.mean.tolist(), "scale": self.scale.tolist(), "weights": self.weights.tolist(), "bias": self.bias,
            "offsets": dict(self.offsets), "knots_x": self.knots_x.tolist(), "knots_y": self.knots_y.tolist(),
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Calibrator:
        """The inverse of :meth:`to_json`."""
        mean, scale, weights, knots_x, knots_y = (np.array(data[k], np.float64) for k in ("mean", "scale", "weights", "knots_x", "knots_y"))
        return Calibrator(mean, scale, weights, float(data["bias"]), dict(data["offsets"]), knots_x, knots_y)


def fit_calibrator(signals: Doubles, right: Bools, languages: Sequence[str] | None = None, weights: Doubles | None = None,
                   ridge: float = 1.0) -> Calibrator:
    """Fits on decisions that the scoring model has not been fitted on."""
    x = np.asarray(signals, np.float64)
    y = np.asarray(right, np.float64)
    w = np.ones(len(y)) if weights is None else np.asarray(weights, np.float64)
    mean, scale = x.mean(axis=0), x.std(axis=0) + 1e-6
    z = (x - mean) / scale
    seen = Counter(languages or ())
    codes = sorted(c for c, n in seen.items() if n >= LANGUAGE_FROM) if len(seen) > 1 else []
    dummies = np.array([[float(c == d) for d in codes] for c in languages]) if codes and languages else np.zeros((len(y), 0))
    full = np.hstack([z, dummies, np.ones((len(y), 1))])
    penalty = np.array([ridge] * z.shape[1] + [2.0] * len(codes) + [1e-3])

    def loss(b: Doubles) -> tuple[float, Doubles]:
        logit = full @ b
        p = expit(logit)
        value = float((w * (np.logaddexp(0, logit) - y * logit)).sum() + 0.5 * (penalty * b**2).sum())
        return value, full.T @ (w * (p - y)) + penalty * b

    b = np.asarray(minimize(loss, np.zeros(full.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 300}).x)
    k = z.shape[1]
    offsets = {c: float(v) for c, v in zip(codes, b[k:-1], strict=True)}
    first = Calibrator(mean, scale, b[:k], float(b[-1]), offsets)
    if len(y) < ISOTONIC_FROM:
        return first
    knots_x, knots_y = isotonic(first.probabilities(x, languages), y, w)
    return Calibrator(mean, scale, b[:k], float(b[-1]), offsets, knots_x, knots_y)


def crossed(signals: Doubles, right: Bools, languages: Sequence[str], ridge: float = 1.0, folds: int = 5, seed: int = 5) -> Doubles:
    """Probabilities of decisions by calibrators that were fitted without them, a fold at a time."""
    out = np.zeros(len(right))
    fold = np.random.default_rng(seed).permutation(len(right)) % folds
    for k in range(folds):
        rest = fold != k
        made = fit_calibrator(signals[rest], right[rest], [c for c, kept in zip(languages, rest, strict=True) if kept], ridge=ridge)
        out[~rest] = made.probabilities(signals[~rest], [c for c, kept in zip(languages, rest, strict=True) if not kept])
    return out


def isotonic(x: Doubles, y: Doubles, weights: Doubles | None = None) -> tuple[Doubles, Doubles]:
    """Pool-adjacent-violators: knots of a non-decreasing step function, one a block at its mean."""
    order = np.argsort(x, kind="stable")
    w = np.ones(len(x)) if weights is None else weights[order]
    blocks: list[list[float]] = []     # weight, sum of y, sum of x
    for xi, yi, wi in zip(x[order], y[order], w, strict=True):
        blocks.append([float(wi), float(wi * yi), float(wi * xi)])
        while len(blocks) > 1 and blocks[-2][1] * blocks[-1][0] >= blocks[-1][1] * blocks[-2][0]:
            last = blocks.pop()
            blocks[-1] = [a + b for a, b in zip(blocks[-1], last, strict=True)]
    return (np.array([b[2] / b[0] for b in blocks]), np.array([b[1] / b[0] for b in blocks]))


@dataclass(frozen=True)
class Bin:
    """One bar of the reliability diagram."""

    low: float
    high: float
    count: int
    confidence: float    # mean probability
    accuracy: float      # share right


def reliability(probabilities: Doubles, right: Bools, bins: int = 10) -> list[Bin]:
    """Decisions grouped by probability, equal widths, empty groups left out."""
    edges = np.linspace(0, 1, bins + 1)
    place = np.clip(np.digitize(probabilities, edges[1:-1]), 0, bins - 1)
    out = []
    for i in range(bins):
        rows = place == i
        if rows.any():
            out.append(Bin(float(edges[i]), float(edges[i + 1]), int(rows.sum()), float(probabilities[rows].mean()), float(right[rows].mean())))
    return out


def expected_calibration_error(probabilities: Doubles, right: Bools, bins: int = 10) -> float:
    """Mean distance of stated and true probability over the bins of :func:`reliability`."""
    n = max(1, len(right))
    return sum(b.count * abs(b.confidence - b.accuracy) for b in reliability(probabilities, right, bins)) / n


def upper_bound(wrong: float, n: float, confidence: float = 0.95) -> float:
    """Clopper–Pearson: the share of wrong answers is below this with the given confidence."""
    if n == 0 or wrong >= n:
        return 1.0
    return float(beta.ppf(confidence, wrong + 1, n - wrong))


@dataclass(frozen=True)
class Threshold:
    """A threshold and what it did on the data it came from. ``value`` above 1 answers nothing."""

    value: float
    answered: int
    wrong: int
    total: int
    bound: float          # upper bound of the share of wrong answers among answers given
    guaranteed: bool


NEVER = 1.01


def threshold_for(probabilities: Doubles, right: Bools, max_wrong: float, confidence: float = CONFIDENCE, steps: int = 60,
                  weights: Doubles | None = None, starts: Sequence[tuple[float | None, float]] = STARTS) -> Threshold:
    """The lowest threshold that keeps wrong answers among answers given at ``max_wrong`` or below.

    ``right`` is false for decisions on questions without an answer. The thresholds tested are fixed by
    quantiles of the probabilities, highest first; testing stops at the first that fails. The
    sequences (``starts``, see :data:`STARTS`) share the error allowed, and the lowest threshold counts. Where all fail at
    once, or the decisions are too few to prove anything, the threshold is :data:`NEVER` and not guaranteed.
    ``weights`` of at most 1 make a mixture of known shares out of parts of other sizes; a weighted decision
    counts as so much of one, so that the bound rests on no more data than there are.
    """
    p = np.asarray(probabilities, np.float64)
    y = np.asarray(right, bool)
    w = np.ones(len(p)) if weights is None else np.asarray(weights, np.float64)
    total = len(p)
    if total == 0:
        return Threshold(NEVER, 0, 0, 0, 1.0, False)
    if max_wrong >= 1:
        return Threshold(0.0, total, int((~y).sum()), total, 1.0, True)
    found = [_down(p, y, w, max_wrong, 1 - part * (1 - confidence), steps, start) for start, part in starts]
    return min(found, key=lambda t: t.value)


def _down(p: Doubles, y: Bools, w: Doubles, max_wrong: float, confidence: float, steps: int, start: float | None) -> Threshold:
    """Tests thresholds from the surest ``start`` share of the decisions downwards (None: from the fewest that may do)."""
    best = Threshold(NEVER, 0, 0, len(p), 1.0, False)
    order = np.argsort(-p, kind="stable")
    reached = np.cumsum(w[order])
    need = math.ceil(math.log(1 - confidence) / math.log1p(-max(max_wrong, 1e-4)))
    # Start where a few mistakes among the surest are still allowed: with none allowed one unlucky
    # decision would end the sequence at once.
    least = float(need) if start is None else max(need * 2.0, start * float(reached[-1]))
    first = min(float(reached[-1]), max(30.0, least))
    if first < need:
        return best
    places = np.minimum(np.searchsorted(reached, np.linspace(first, reached[-1], steps) - 1e-9), len(p) - 1)
    for place in np.unique(places):
        value = float(p[order[place]])
        chosen = p >= value
        answered, wrong = float(w[chosen].sum()), float(w[chosen & ~y].sum())
        bound = upper_bound(wrong, answered, confidence)
        if bound > max_wrong:
            break
        best = Threshold(value, int(chosen.sum()), int((~y[chosen]).sum()), len(p), bound, True)
    return best
