"""Which flow the best articles belong to, as evidence for the decision."""

from __future__ import annotations

import numpy as np
import pytest

from bot.faq.articles import Article
from bot.faq.retriever import Retriever
from bot.understanding.data import FLOWS
from bot.understanding.flow_evidence import best_slugs, flow_evidence

ARTICLES = [
    Article("resilier", "fr", "Résilier son contrat", flow="cancel_contract"),
    Article("panne", "fr", "Panne de courant", flow="outage"),
    Article("parrainer", "fr", "Parrainer un proche"),
]


@pytest.fixture(scope="module")
def retriever() -> Retriever:
    return Retriever.fit(ARTICLES, None)


def by_flow(row: np.ndarray) -> dict[str, float]:
    return {flow: round(float(value), 4) for flow, value in zip(FLOWS, row, strict=True) if value}


def test_the_best_article_gives_its_probability_to_its_flow_and_the_next_share_the_rest(retriever: Retriever) -> None:
    best = [("resilier", "panne", "parrainer"), ("parrainer", "panne"), ("parrainer",), ()]
    found = flow_evidence(retriever, best, ["fr"] * 4, np.array([0.9, 0.5, 0.8, 0.1]))
    assert found.shape == (4, len(FLOWS))
    assert [by_flow(row) for row in found] == [{"cancel_contract": 0.9, "outage": 0.04}, {"outage": 0.2}, {}, {}]


def test_articles_of_one_flow_add_up_and_are_found_in_other_languages(retriever: Retriever) -> None:
    found = flow_evidence(retriever, [("panne", "panne")], ["en"], np.array([0.5]))
    assert by_flow(found[0]) == {"outage": 0.7}


def test_slugs_come_from_the_ranking(retriever: Retriever) -> None:
    ranked = retriever.rank(["panne de courant", "résilier contrat"], ["fr", "fr"])
    assert [slugs[0] for slugs in best_slugs(retriever, ranked.topics)] == ["panne", "resilier"]
