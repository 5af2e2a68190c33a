"""One query by postings gives what many queries give by a sparse product."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.faq.lexical import TermMatrix, Vocabulary, character_vocabulary

TEXTS = ["relever mon compteur", "payer ma facture en plusieurs fois", "ma facture a doublé", "panne de courant dans ma rue",
         "changer de RIB", "je déménage le mois prochain", "facture facture facture", ""]


@pytest.mark.parametrize("scheme", ["bm25", "tfidf"])
@given(query=st.one_of(st.sampled_from(TEXTS), st.text(max_size=60), st.lists(st.sampled_from(["facture", "compteur", "RIB", "zut", "15", "kva"])).map(" ".join)))
def test_postings_and_product_agree(scheme: str, query: str) -> None:
    for vocabulary in (character_vocabulary(), Vocabulary(lambda text, _: text.split())):
        matrix = TermMatrix(vocabulary.count(TEXTS, ["fr"] * len(TEXTS), grow=True), scheme)
        many = matrix.scores(vocabulary.count([query], ["fr"]))[0]
        assert matrix.score(vocabulary.terms(query, "fr")) == pytest.approx(many, rel=1e-4, abs=1e-5)


def test_a_vocabulary_that_grew_since_is_no_error() -> None:
    vocabulary = character_vocabulary()
    matrix = TermMatrix(vocabulary.count(TEXTS, ["fr"] * len(TEXTS), grow=True))
    vocabulary.count(["médiateur de l'énergie"], ["fr"], grow=True)
    assert np.isfinite(matrix.score(vocabulary.terms("médiateur et facture", "fr"))).all()
