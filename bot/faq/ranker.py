"""Joins the channels of evidence into one score per topic: a small learned listwise ranker.

A linear model over, for each channel, the score standardised over all topics, its distance to the
channel's best, its reciprocal rank among the candidates and its raw value, each also for topics
that have no phrasings yet. It is fitted by maximum likelihood of the right topic under a softmax over
the candidates (ListNet's top-one form: Cao et al. 2007), with a Gaussian prior around the weights that
Relais ships. So an FAQ never seen is served by the shipped weights, and one with phrasings pulls them
its own way as far as its data can tell.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from bot.faq.units import CHANNELS

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

CANDIDATES = 30
_SCALE = np.array([0.1 if name.startswith("bm25") else 1.0 for name in CHANNELS], np.float32)
#: Channels that choose the candidates (a plain sum of standard scores).
_CHOOSE = np.array([name in ("dense_answer", "dense_variants", "dense_passage", "char_full", "bm25_full", "kernel", "char_variant", "dense_title")
                    for name in CHANNELS], np.float32)
FAMILIES = ("z", "gap", "rank", "raw", "z_cold", "gap_cold", "rank_cold")
N_FEATURES = len(CHANNELS) * len(FAMILIES) + 3


@dataclass(frozen=True)
class Candidates:
    """For each query the candidate topics (columns into the index) and their features."""

    topics: Ints         # queries × candidates
    features: Floats     # queries × candidates × N_FEATURES
    raw: Floats          # queries × candidates × channels, NaN → 0
    z: Floats            # queries × candidates × channels


def candidates(channels: Floats, has_variants: npt.NDArray[np.bool_], allowed: npt.NDArray[np.bool_] | None = None,
               limit: int = CANDIDATES) -> Candidates:
    """Chooses candidates and describes them.

    ``allowed`` (queries × topics) masks topics that must not be found, as if they did not exist; the
    training of the calibration uses it to make questions that no article answers.
    """
    scores = channels * _SCALE
    if allowed is not None:
        scores = np.where(allowed[:, :, None], scores, np.nan)
    missing = np.isnan(scores)
    count = np.maximum((~missing).sum(axis=1, keepdims=True), 1)
    filled = np.where(missing, 0.0, scores)
    mean = filled.sum(axis=1, keepdims=True) / count
    centred = np.where(missing, 0.0, scores - mean)
    deviation = np.sqrt((centred**2).sum(axis=1, keepdims=True) / count) + 1e-4
    z = centred / deviation
    best = z.max(axis=1, keepdims=True)
    sums = z @ _CHOOSE
    if allowed is not None:
        sums = np.where(allowed, sums, -np.inf)
    k = min(limit, z.shape[1])
    top = np.argpartition(-sums, k - 1, axis=1)[:, :k] if k < z.shape[1] else np.tile(np.arange(z.shape[1]), (len(z), 1))
    order = np.argsort(-np.take_along_axis(sums, top, axis=1), axis=1, kind="stable")
    top = np.take_along_axis(top, order, axis=1)
    pick = top[:, :, None]
    zc = np.take_along_axis(z, pick, axis=1)
    gap = zc - best
    rank = 1.0 / (1.0 + np.argsort(np.argsort(-zc, axis=1, kind="stable"), axis=1, kind="stable"))
    raw = np.take_along_axis(filled, pick, axis=1)
    lost = np.take_along_axis(missing, pick, axis=1)
    gap = np.where(lost, -best, gap)
    rank = np.where(lost, 0.0, rank)
    cold = ~has_variants[top]
    c = cold[:, :, None]
    n = channels.shape[1]
    extra = np.stack([cold.astype(np.float32), np.full(top.shape, 1.0 / np.sqrt(n), np.float32) * cold, lost.any(axis=2).astype(np.float32)], axis=2)
    features = np.concatenate([zc, gap, rank, raw, zc * c, gap * c, rank * c, extra], axis=2).astype(np.float32)
    return Candidates(top, features, raw.astype(np.float32), zc.astype(np.float32))


@dataclass(frozen=True)
class Ranker:
    """Weights of the linear model. ``scores`` are log-odds up to a constant per query."""

    weights: Floats

    def scores(self, found: Candidates) -> Floats:
        """Queries × candidates; topics masked out have been excluded from the candidates' front."""
        return np.asarray(found.features @ self.weights, np.float32)

    def save(self, path: Path) -> None:
        """Writes numbers only."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as stream:
            np.savez(stream, weights=self.weights, channels=np.array(CHANNELS), families=np.array(FAMILIES))

    @staticmethod
    def load(path: Path) -> Ranker | None:
        """The ranker in a file, or None where there is none or it is for other channels."""
        try:
            with np.load(path, allow_pickle=False) as data:
                if tuple(data["channels"]) == CHANNELS and tuple(data["families"]) == FAMILIES:
                    return Ranker(np.asarray(data["weights"], np.float32))
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            pass
        return None


def plain() -> Ranker:
    """Equal standard scores: what to start from where no weights were ever fitted."""
    weights = np.zeros(N_FEATURES, np.float32)
    weights[: len(CHANNELS)] = 0.35
    weights[CHANNELS.index("kernel")] = 0.8
    return Ranker(weights)


def fit(features: Floats, positive: npt.NDArray[np.bool_], prior: Ranker, strength: float = 20.0,
        query_weights: Doubles | None = None, start: Ranker | None = None) -> Ranker:
    """Maximum a posteriori weights.

    ``features`` queries × candidates × features; ``positive`` marks the right candidates (several may
    be right; queries without any are left out). ``strength`` is the prior's precision in units of
    queries: the higher, the closer to the prior. ``start`` is where the search begins (by default at the
    prior): weights fitted on much of the same data save most of its steps.
    """
    usable = positive.any(axis=1)
    if not usable.any():
        return prior
    x = features[usable]
    y = positive[usable]
    share = np.ones(len(x)) if query_weights is None else query_weights[usable]
    shape = x.shape
    spread = np.sqrt((x.reshape(-1, shape[2]).astype(np.float64) ** 2).mean(axis=0)) + 1e-3
    flat = (x.reshape(-1, shape[2]) / spread).astype(np.float32)      # preconditioned: every feature of unit size
    centre = prior.weights.astype(np.float64) * spread

    def loss(w: Doubles) -> tuple[float, Doubles]:
        s = (flat @ w.astype(np.float32)).reshape(shape[:2]).astype(np.float64)
        s -= s.max(axis=1, keepdims=True)
        e = np.exp(s)
        total = e.sum(axis=1)
        good = np.where(y, e, 0.0)
        right = np.maximum(good.sum(axis=1), 1e-30)
        value = float((share * (np.log(total) - np.log(right))).sum())
        slope = share[:, None] * (e / total[:, None] - good / right[:, None])
        gradient = (slope.astype(np.float32).ravel() @ flat).astype(np.float64)
        delta = w - centre
        return value + 0.5 * strength * float((delta**2).sum()), gradient + strength * delta

    begin = centre.copy() if start is None else start.weights.astype(np.float64) * spread
    found = minimize(loss, begin, jac=True, method="L-BFGS-B", options={"maxiter": 50})
    return Ranker(np.asarray(found.x / spread, np.float32))
