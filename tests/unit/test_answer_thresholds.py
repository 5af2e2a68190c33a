"""Thresholds from phrasings and from questions kept out of learning: shares, the promise, what no evidence gives."""

from __future__ import annotations

import numpy as np
import pytest

from bot.faq.calibration import NEVER, threshold_for
from bot.faq.retriever import SIGNALS
from bot.understanding.answers import Decided, article_signals, fit_answers
from bot.understanding.data import INTENTS
from bot.understanding.thresholds import Evidence, shares


def decisions(n: int, seed: int, ease: float) -> tuple[np.ndarray, np.ndarray]:
    """True probabilities and outcomes; ``ease`` says how sure the decisions are on the whole."""
    rng = np.random.default_rng(seed)
    p = 1 / (1 + np.exp(-(rng.normal(size=n) * 2 + ease)))
    return p, rng.random(n) < p


def evidence(seed: int, questions: int, phrasings: int = 1500) -> Evidence:
    """Hard phrasings and easier questions of one language."""
    (hard, right), (easy, answered) = decisions(phrasings, seed, 0.5), decisions(questions, seed + 1000, 2.5)
    asked = np.arange(phrasings + questions) >= phrasings
    return Evidence(np.concatenate([hard, easy]), np.concatenate([right, answered]), ["fr"] * len(asked), asked)


def test_questions_weigh_as_much_as_all_other_lines_of_their_language() -> None:
    languages = ["fr"] * 6 + ["de"] * 2
    weights = shares(languages, np.array([True, True, False, False, False, False, False, False]))
    assert weights.tolist() == [1, 1, 0.5, 0.5, 0.5, 0.5, 1, 1]
    assert shares(["fr"] * 3, np.array([True, True, False])).tolist() == [1, 1, 1]      # never more than one each
    assert shares(["fr"] * 3, np.zeros(3, bool)).tolist() == [1, 1, 1]


def test_easier_questions_lower_the_threshold() -> None:
    with_questions, without = evidence(1, 500), evidence(1, 0)
    assert with_questions.thresholds(0.05).sure_in("fr") < without.thresholds(0.05).sure_in("fr")


def test_the_promise_holds_for_what_customers_ask_as_for_the_evidence() -> None:
    """Twenty draws: the share of wrong answers on fresh messages of the same mixture stays at the dial."""
    held = 0
    for seed in range(20):
        threshold = evidence(seed, 500).thresholds(0.1).sure_in("fr")
        (hard, right), (easy, answered) = decisions(20_000, seed + 5000, 0.5), decisions(20_000, seed + 6000, 2.5)
        p, y = np.concatenate([hard, easy]), np.concatenate([right, answered])
        held += (~y[p >= threshold]).mean() <= 0.1
    assert held >= 19


def test_weights_below_one_count_as_fewer_data() -> None:
    p, y = decisions(800, 3, 2.0)
    whole = threshold_for(p, y, 0.05)
    half = threshold_for(p, y, 0.05, weights=np.full(800, 0.5))
    assert threshold_for(p, y, 0.05, weights=np.ones(800)) == whole
    assert half.value > whole.value
    assert threshold_for(p[:150], np.ones(150, bool), 0.05, weights=np.full(150, 0.1)).value == NEVER


def test_a_few_bad_decisions_among_the_surest_do_not_silence_all() -> None:
    p = np.linspace(1.0, 0.0, 4000)
    y = np.ones(4000, bool)
    y[:15] = False        # the very surest are wrong, as where two articles say nearly the same
    assert threshold_for(p, y, 0.05).guaranteed


def decided(n: int, seed: int) -> Decided:
    """Messages that are right as often as the retriever says where they are short, and less often the longer they are."""
    rng = np.random.default_rng(seed)
    retrieved = rng.random(n)
    signals = rng.normal(size=(n, len(SIGNALS)))
    words = rng.integers(2, 40, n)
    signals[:, SIGNALS.index("length")] = np.log1p(words)
    intents = np.full((n, len(INTENTS)), 0.02 / (len(INTENTS) - 1))
    intents[:, 0] = 0.98
    longer = np.log1p(words) - np.log1p(2)
    right = rng.random(n) < 1 / (1 + np.exp(-np.log(retrieved / (1 - retrieved)) * (1 - 0.3 * longer) + 0.5 * longer))
    return Decided(["fr"] * n, retrieved, intents, signals, right, np.zeros(n, bool))


def test_probabilities_are_true_for_short_and_long_messages() -> None:
    calibrator, found = fit_answers(decided(4000, 1), seed=7)
    fresh = decided(4000, 2)
    p = calibrator.probabilities(article_signals(fresh.retrieved, fresh.intents, fresh.signals), fresh.languages)
    long = fresh.signals[:, SIGNALS.index("length")] > np.log1p(15)
    for rows in (long, ~long):
        assert p[rows].mean() == pytest.approx(fresh.right[rows].mean(), abs=0.05)
    assert len(found.probabilities) == 4000


def test_small_talk_is_not_at_stake() -> None:
    data = decided(600, 3)
    data.intents[:300] = np.eye(len(INTENTS))[INTENTS.index("greet")]
    assert len(fit_answers(data, seed=7)[1].probabilities) == 300
