"""Probabilities that mean what they say, and thresholds that keep their promise."""

from __future__ import annotations

import numpy as np
import pytest

from bot.faq.calibration import (
    FEW_STARTS,
    NEVER,
    Calibrator,
    crossed,
    expected_calibration_error,
    fit_calibrator,
    isotonic,
    threshold_for,
    upper_bound,
)


def decisions(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Signals whose truth is a logistic of the first, the second is noise."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 2))
    return x, rng.random(n) < 1 / (1 + np.exp(-(2 * x[:, 0] + 0.5)))


def test_calibration_on_data_it_was_not_fitted_on() -> None:
    calibrator = fit_calibrator(*decisions(2000, 1))
    x, y = decisions(4000, 2)
    assert expected_calibration_error(calibrator.probabilities(x), y) < 0.04


def test_a_language_with_data_gets_its_own_offset() -> None:
    x, y = decisions(2000, 3)
    languages = ["fr" if i % 2 else "de" for i in range(2000)]
    y = y & np.array([c == "fr" or i % 4 == 0 for i, c in enumerate(languages)])     # German is right half as often
    calibrator = fit_calibrator(x, y, languages)
    assert calibrator.probabilities(x[:1], ["fr"])[0] > calibrator.probabilities(x[:1], ["de"])[0]
    again = Calibrator.from_json(calibrator.to_json())
    assert np.allclose(again.probabilities(x, languages), calibrator.probabilities(x, languages))


def test_isotonic_by_hand() -> None:
    x, y = isotonic(np.array([0.1, 0.2, 0.3, 0.4]), np.array([0.0, 1.0, 0.0, 1.0]))
    assert np.allclose(y, [0, 0.5, 1])
    assert np.allclose(x, [0.1, 0.25, 0.4])


@pytest.mark.parametrize(("wrong", "n", "bound"), [(0, 59, 0.0495), (0, 0, 1.0), (5, 5, 1.0), (1, 100, 0.0466)])
def test_clopper_pearson_bound(wrong: int, n: int, bound: float) -> None:
    assert upper_bound(wrong, n) == pytest.approx(bound, abs=5e-4)


def test_threshold_holds_over_random_splits() -> None:
    x, y = decisions(6000, 4)
    calibrator = fit_calibrator(*decisions(2000, 5))
    p = calibrator.probabilities(x)
    held = 0
    for split in range(20):
        half = np.random.default_rng(split).permutation(len(y)) % 2 == 0
        found = threshold_for(p[half], y[half], 0.1)
        assert found.guaranteed
        assert found.bound <= 0.1
        answered = p[~half] >= found.value
        held += (~y[~half][answered]).mean() <= 0.1
    assert held >= 19


def test_nothing_is_promised_without_evidence() -> None:
    assert threshold_for(np.array([0.9] * 20), np.ones(20, bool), 0.05).value == NEVER
    assert threshold_for(np.zeros(0), np.zeros(0, bool), 0.05).guaranteed is False
    assert threshold_for(np.linspace(0, 1, 500), np.zeros(500, bool), 0.05).value == NEVER


def test_a_looser_dial_answers_no_less() -> None:
    x, y = decisions(3000, 6)
    p = fit_calibrator(x, y).probabilities(x)
    answered = [threshold_for(p, y, risk).answered for risk in (0.02, 0.05, 0.1, 0.2, 0.4)]
    assert answered == sorted(answered)
    assert answered[-1] > answered[0]


def test_a_few_hundred_labelled_decisions_are_enough_and_keep_the_promise() -> None:
    """Of 300 of which six in ten are right, some are answered; on what comes next the wrong stay within the dial."""
    kept = answered = 0
    for split in range(20):
        rng = np.random.default_rng(split)
        truth = rng.random(2300) < 0.6
        x = np.column_stack([rng.normal(size=2300) + 3 * truth, rng.normal(size=2300)])
        labelled, later = slice(0, 300), slice(300, 2300)
        stated = crossed(x[labelled], truth[labelled], ["fr"] * 300, ridge=5.0)
        found = threshold_for(stated, truth[labelled], 0.1, starts=FEW_STARTS)
        final = fit_calibrator(x[labelled], truth[labelled], ridge=5.0)
        chosen = final.probabilities(x[later]) >= found.value
        answered += chosen.mean() > 0.3
        kept += not chosen.any() or (~truth[later])[chosen].mean() <= 0.1
    assert answered >= 18
    assert kept >= 19


def test_a_hundred_decisions_can_prove_something_too() -> None:
    p = np.linspace(0.99, 0.01, 100)
    assert threshold_for(p, p > 0.36, 0.1).value == NEVER
    assert threshold_for(p, p > 0.36, 0.1, starts=FEW_STARTS).answered >= 56
