"""The decision on top: intent scores and retrieval signals → probabilities of every intent.

Multinomial logistic regression on held-out evidence, so that its probabilities are those of texts it
has not seen. Small (a few dozen inputs), fitted by L-BFGS in a second.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Decision:
    """Weights of the regression; ``classes`` in the order of its outputs."""

    classes: tuple[str, ...]
    mean: Doubles
    scale: Doubles
    weights: Doubles      # inputs + 1 × classes

    def probabilities(self, inputs: Doubles) -> Doubles:
        """Rows that sum to 1."""
        z = np.hstack([(inputs - self.mean) / self.scale, np.ones((len(inputs), 1))]) @ self.weights
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return np.asarray(e / e.sum(axis=1, keepdims=True))

    def to_json(self) -> dict[str, Any]:
        """Plain numbers."""
        return {"classes": list(self.classes), "mean": self.mean.tolist(), "scale": self.scale.tolist(), "weights": self.weights.round(6).tolist()}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Decision:
        """The inverse of :meth:`to_json`."""
        return Decision(tuple(data["classes"]), *(np.array(data[k], np.float64) for k in ("mean", "scale", "weights")))


def fit_decision(inputs: Doubles, labels: npt.NDArray[np.int64], classes: Sequence[str], weights: Doubles | None = None,
                 ridge: float = 3.0) -> Decision:
    """Penalised maximum likelihood; the diagonal (a class's own score) starts at a sensible slope."""
    x = np.asarray(inputs, np.float64)
    mean, scale = x.mean(axis=0), x.std(axis=0) + 1e-6
    z = np.hstack([(x - mean) / scale, np.ones((len(x), 1))])
    k, d = len(classes), z.shape[1]
    w = np.ones(len(x)) if weights is None else weights
    prior = np.zeros((d, k))
    prior[np.arange(min(k, d - 1)), np.arange(min(k, d - 1))] = 1.0
    penalty = np.full((d, 1), ridge)
    penalty[-1] = 0.01

    def loss(flat: Doubles) -> tuple[float, Doubles]:
        b = flat.reshape(d, k)
        s = z @ b
        s -= s.max(axis=1, keepdims=True)
        e = np.exp(s)
        total = e.sum(axis=1, keepdims=True)
        p = e / total
        rows = np.arange(len(x))
        value = float((w * (np.log(total[:, 0]) - s[rows, labels])).sum())
        p[rows, labels] -= 1
        delta = b - prior
        gradient = z.T @ (w[:, None] * p) + penalty * delta
        return value + 0.5 * float((penalty * delta**2).sum()), gradient.ravel()

    found = minimize(loss, prior.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": 100})
    return Decision(tuple(classes), mean, scale, np.asarray(found.x).reshape(d, k))
