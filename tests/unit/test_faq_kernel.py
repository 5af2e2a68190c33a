"""The classifier over phrasings: predictions for held-out texts without fitting it again."""

from __future__ import annotations

import numpy as np
import pytest

from bot.faq.kernel import KernelParameters, kernel, solve, solve_for_folds, training_kernel


def problem() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A kernel of 60 points in three clusters, their labels and weights."""
    rng = np.random.default_rng(3)
    labels = np.arange(60) % 3
    points = rng.normal(size=(60, 4)) + 1.5 * np.eye(3, 4)[labels]
    distances = ((points[:, None] - points[None]) ** 2).sum(axis=2)
    return np.exp(-0.3 * distances).astype(np.float32), labels, np.where(np.arange(60) % 5, 1.0, 0.7).astype(np.float32)


@pytest.mark.parametrize("rows", [np.array([7]), np.arange(0, 60, 10), np.arange(30, 60)], ids=["one", "tenth", "half"])
def test_held_out_predictions_are_those_of_a_classifier_fitted_on_the_rest(rows: np.ndarray) -> None:
    gram, labels, weights = problem()
    rest = np.setdiff1d(np.arange(60), rows)
    alpha = solve(gram[np.ix_(rest, rest)].copy(), labels[rest], 3, weights[rest])
    expected = gram[np.ix_(rows, rest)] @ alpha
    assert np.allclose(solve_for_folds(gram.copy(), labels, 3, weights).without(rows), expected, atol=2e-3)


def test_both_ways_of_fitting_give_the_same_classifier() -> None:
    gram, labels, weights = problem()
    assert np.allclose(solve(gram.copy(), labels, 3, weights), solve_for_folds(gram.copy(), labels, 3, weights).alpha, atol=1e-5)


def test_training_kernel_is_the_kernel_of_a_set_with_itself() -> None:
    a, b = (np.random.default_rng(i).random((6, 6)).astype(np.float32) for i in (1, 2))
    assert np.allclose(training_kernel([(0.3, a.copy), (0.2, b.copy), (1.0, a.copy)]), kernel(a, b, a, KernelParameters(0.3, 0.2, 1.0)), atol=1e-6)
    with pytest.raises(ValueError, match="at least one"):
        training_kernel([])
