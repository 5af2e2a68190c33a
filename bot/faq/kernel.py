"""A classifier over phrasings: kernel ridge regression on the similarities that search computes anyway.

The kernel of two texts is exp(-Σ γ_c (1 - s_c)), s_c their similarity by character n-grams, by word
n-grams and by the encoder. One Cholesky factorisation serves all classes; a prediction is one small
product with the row of similarities that the index has computed for its own channels, so that the
classifier costs a message next to nothing. Over n-grams alone, on a split of Banking77's training file,
it is level with a linear SVM (0.892 and 0.895). Rifkin, Yeo & Poggio 2003, "Regularized Least-Squares
Classification".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, cho_solve, get_lapack_funcs

Floats = npt.NDArray[np.float32]

#: Above this many texts the factorisation works on a sample (balanced by class) of this size.
MAX_TEXTS = 16_000


@dataclass(frozen=True)
class KernelParameters:
    """Widths of the three similarities and the ridge."""

    characters: float = 0.3
    words: float = 0.3
    dense: float = 1.0
    ridge: float = 0.1


DEFAULT = KernelParameters()


def kernel(characters: Floats, words: Floats, dense: Floats | None, parameters: KernelParameters = DEFAULT) -> Floats:
    """The kernel from similarities of one shape; without an encoder, words and n-grams carry it."""
    p = parameters
    exponent = p.characters * (characters - 1) + p.words * (words - 1)
    if dense is not None:
        exponent += p.dense * (dense - 1)
    return np.exp(exponent, dtype=np.float32)


def training_kernel(similarities: Iterable[tuple[float, Callable[[], Floats]]]) -> Floats:
    """:func:`kernel` of a training set with itself, from (width, what makes the similarities) pairs.

    Each matrix is made in its turn and dropped, so that two are held at once and not five: with 10,000 texts
    one has 400 MB. Raises :class:`ValueError` without any pair.
    """
    exponent: Floats | None = None
    for width, make in similarities:
        part = make()
        part -= 1
        part *= width
        if exponent is None:
            exponent = part
        else:
            exponent += part
        del part
    if exponent is None:
        raise ValueError("a kernel needs at least one similarity")
    return np.asarray(np.exp(exponent, out=exponent))


@dataclass(frozen=True)
class Solution:
    """A fitted classifier that can still say what it would have predicted for texts it had not learnt."""

    alpha: Floats         # texts × classes: dual weights
    targets: Floats       # texts × classes: what was learnt
    inverse: Floats       # of the regularised kernel; only its lower triangle is filled

    def without(self, rows: npt.NDArray[np.int64]) -> Floats:
        """Predictions for the texts in ``rows`` (ascending) by the classifier fitted on all others.

        Exact and without another fit: y - (C_rr)⁻¹ α_r, with C the inverse of the regularised kernel (Pahikkala
        et al. 2006, "Fast n-Fold Cross-Validation for Regularized Least-Squares"; one row at a time it is the
        leave-one-out formula of Rifkin & Lippert 2007).
        """
        factor = cho_factor(self.inverse[np.ix_(rows, rows)], lower=True, overwrite_a=True, check_finite=False)
        return np.asarray(self.targets[rows] - cho_solve(factor, self.alpha[rows], check_finite=False), np.float32)


def solve(matrix: Floats, labels: npt.NDArray[np.int64], classes: int, weights: Floats | None = None,
          ridge: float = DEFAULT.ridge) -> Floats:
    """Dual weights (texts × classes) for one-vs-rest targets.

    ``matrix`` is the kernel of the texts with themselves; it is overwritten. ``weights`` says how much
    each text counts (an answer counts less than a phrasing).
    """
    return _solved(matrix, labels, classes, weights, ridge)[1]


def solve_for_folds(matrix: Floats, labels: npt.NDArray[np.int64], classes: int, weights: Floats | None = None,
                    ridge: float = DEFAULT.ridge) -> Solution:
    """As :func:`solve`, at three times its cost, for predictions of any number of held-out folds."""
    factor, alpha = _solved(matrix, labels, classes, weights, ridge)
    invert = get_lapack_funcs("potri", (factor,))
    inverse, failed = invert(factor, lower=1, overwrite_c=1)
    if failed:
        raise np.linalg.LinAlgError(f"potri: {failed}")
    return Solution(alpha, _targets(labels, classes), inverse)


def _targets(labels: npt.NDArray[np.int64], classes: int) -> Floats:
    targets = np.full((len(labels), classes), -1 / np.sqrt(max(classes, 1)), np.float32)
    targets[np.arange(len(labels)), labels] = 1.0
    return targets


def _solved(matrix: Floats, labels: npt.NDArray[np.int64], classes: int, weights: Floats | None, ridge: float) -> tuple[Floats, Floats]:
    """The Cholesky factor and the dual weights."""
    n = len(labels)
    diagonal = np.full(n, ridge, np.float32) if weights is None else (ridge / np.maximum(weights, 1e-3)).astype(np.float32)
    matrix[np.diag_indices(n)] += diagonal
    factor = cho_factor(matrix, lower=True, overwrite_a=True, check_finite=False)
    return factor[0], np.asarray(cho_solve(factor, _targets(labels, classes), check_finite=False), np.float32)
