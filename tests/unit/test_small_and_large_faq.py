"""An FAQ without phrasings proves nothing about itself; one that memory could not hold teaches a sample."""

from __future__ import annotations

import pytest

from bot.errors import BadInput
from bot.faq.articles import Article
from bot.faq.datafiles import Question
from bot.faq.interference import interference
from bot.settings import ROOT
from bot.understanding import fitting
from bot.understanding.data import FAQ, Phrase, load_phrases
from bot.understanding.model import Model

SUBJECTS = ("payer la facture", "relever le compteur", "changer de puissance", "quitter le logement", "changer de banque",
            "lire sa facture", "une panne de courant", "choisir une offre", "appeler un conseiller", "déménager")
ARTICLES = [Article(id=f"a{n}", locale="fr", title=title, answer=f"{title}, voici comment.", theme="facture") for n, title in enumerate(SUBJECTS)]


@pytest.fixture(scope="module")
def lines() -> list[Phrase]:
    few: dict[str, list[Phrase]] = {}
    for phrase in load_phrases(ROOT / "data" / "nlu"):
        if phrase.language == "fr" and len(few.setdefault(phrase.intent, [])) < 6:
            few[phrase.intent].append(phrase)
    return [p for some in few.values() for p in some]


def test_titles_found_by_themselves_prove_no_threshold(lines: list[Phrase]) -> None:
    model = Model.fit(ARTICLES, lines)
    assert not model.thresholds.guaranteed
    assert model.thresholds.sure >= 0.95
    assert model.understand("payer la facture").articles[0].id == "a0"


def test_labelled_questions_prove_one_where_phrasings_cannot(lines: list[Phrase], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "LABELLED_FROM", 20)
    asked = [Question(f"{how} {title}", (f"a{n}",)) for n, title in enumerate(SUBJECTS) for how in ("comment", "je veux", "où", "quand")]
    model = Model.fit(ARTICLES, lines, questions=[*asked, *(Question(f"la météo {n}", ()) for n in range(20))])
    assert model.evidence.asked.all()
    assert len(model.evidence.right) > 20


def test_of_a_large_faq_a_sample_teaches_the_intents(lines: list[Phrase], monkeypatch: pytest.MonkeyPatch) -> None:
    many = [Article(id=f"b{n}", locale="fr", title=f"sujet {n}", answer="", variants=tuple(f"phrase {n} {i}" for i in range(5))) for n in range(40)]
    monkeypatch.setattr("bot.faq.kernel.MAX_TEXTS", len(lines) + 60)
    monkeypatch.setattr(fitting, "LEAST_OF_FAQ", 10)
    model = Model.fit(many, lines)
    assert sum(p.intent == FAQ for p in model.scorer.phrases) == 60
    assert model.understand("phrase 7 3").articles[0].id == "b7"


def test_too_few_phrasings_for_interference_are_said_to_be_too_few() -> None:
    with pytest.raises(BadInput, match="Too few phrasings to compare: 60 in all"):
        interference(ARTICLES, None)


def test_a_phrasing_that_two_articles_have_counts_for_both() -> None:
    def article(slug: str, title: str) -> Article:
        return Article(slug, "fr", title, title, variants=(*(f"{title} {n} fois" for n in range(14)), "la même phrase pour deux"))

    thefts, _ = interference([article(f"a{n}", title) for n, title in enumerate(SUBJECTS[:5])], None)
    assert any("la même phrase pour deux" in t.examples for t in thefts)
    assert {t.asked for t in thefts} == {15}
