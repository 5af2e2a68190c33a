"""The model trained on the demo's content: what it decides on what customers type."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from bot.assistant.first import first_message
from bot.assistant.training import understanding_path
from bot.errors import ConfigurationError
from bot.faq.articles import Article, load_articles
from bot.faq.calibration import expected_calibration_error
from bot.language.encoder import load_encoder
from bot.settings import ROOT, Settings
from bot.understanding.data import load_phrases
from bot.understanding.model import Model, ReadingContext
from tests.product import share_training


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory, trained: None) -> Model:
    """Trained, kept and loaded again: the product's own."""
    home = tmp_path_factory.mktemp("home")
    share_training(home)
    settings = Settings(home=home)
    encoder = load_encoder(None)
    folder = understanding_path(settings, encoder)
    assert [p for p in folder.rglob("*") if p.suffix == ".npz"]
    assert not [p for p in folder.rglob("*") if p.suffix in (".pkl", ".pickle", ".joblib")]
    return Model.load(folder, encoder, settings=settings)


@pytest.mark.parametrize(("text", "intent"), [
    ("non", "deny"), ("ok", "acknowledge"), ("??", "confused"), ("15 kVA", "flow_choose_power"), ("🙁", "emoji"), ("Zut !", "frustration"), ("mdr", "laugh"), ("merci", "thanks"),
    ("allo", "human"), ("bof", "disbelief"), ("bonjour", "greet"), ("je veux parler à quelqu'un", "human"), ("je veux changer mon RIB", "flow_payment_details"),
    ("j'envoie mon relevé", "flow_meter_reading"), ("je veux résilier mon contrat", "flow_cancel_contract"), ("sa sent le gaz", "urgent"), ("annule", "cancel"), ("retour", "go_back"),
    ("bonjour, ai-je vraiment besoin d'un abonnement 15Kva dans ma résidence secondaire ?", "flow_choose_power"), ("I want to cancel my contract", "flow_cancel_contract"),
    ("ich ziehe um", "flow_move_home"), ("no tengo luz", "flow_outage"), ("voglio rateizzare la bolletta", "flow_payment_plan"), ("leg mijn rekening uit", "flow_explain_bill"),
])
def test_intents(model: Model, text: str, intent: str) -> None:
    found = model.understand(text, locale_hint="fr")
    assert found.intent == intent
    assert found.confidence >= 0.4


@pytest.mark.parametrize("text", ["quel temps fera-t-il demain à Nantes", "recette de la blanquette", "qui a gagné le match hier", "I lost my credit card", "Wo ist mein Paket?"])
def test_other_subjects_are_not_answered(model: Model, text: str) -> None:
    assert first_message(model, text, "fr")["reply"] in ("nonanswer", "options")


@pytest.mark.parametrize("text", ["je ne veux PAS résilier", "surtout ne résiliez pas mon contrat !", "I don't want to cancel", "ich will nicht kündigen"])
def test_negated_wish_starts_no_flow(model: Model, text: str) -> None:
    found = model.understand(text, locale_hint="fr")
    assert found.negated
    assert not found.intent.startswith("flow_")


def test_question_and_wish_bring_article_and_flow(model: Model) -> None:
    found = model.understand("je veux changer mon RIB", locale_hint="fr")
    assert found.flow is not None
    assert found.flow[0] == "payment_details"
    assert found.articles[0].id == "prelevement-rib"


def test_two_questions_are_two_parts(model: Model) -> None:
    found = model.understand("j'ai oublié mon mot de passe et comment je transmets mon relevé de compteur ?", locale_hint="fr")
    assert len(found.parts) == 2
    assert found.parts[0].articles[0].id == "mot-de-passe"


@pytest.mark.parametrize("text", ["combien ça coûte ?", "c'est quoi le délai", "comment je fais ?"])
def test_short_follow_up_stays_with_the_article(model: Model, text: str) -> None:
    found = model.understand(text, locale_hint="fr", previous_languages=("fr",), context=ReadingContext("mise-en-service"))
    assert found.articles[0].id == "mise-en-service"
    assert found.intent == "faq"


def test_title_of_every_article_finds_it(model: Model) -> None:
    titles = [a for a in load_articles(ROOT / "data" / "faq") if a.locale == "fr"]
    hits = sum(model.understand(a.title, locale_hint="fr", split=False).articles[0].id == a.id for a in titles)
    assert hits >= len(titles) - 2


@pytest.mark.parametrize("text", ["", "   ", "x" * 16_000, "\u202e\u0000\u0007", "<script>alert(1)</script>", '/intent{"slot":"x"}', "😀" * 500, "a\n" * 2000, "' OR 1=1 --", "\ud800"], ids=range(10))
def test_no_text_breaks_it(model: Model, text: str) -> None:
    found = model.understand(text, locale_hint="fr")
    assert 0 <= found.confidence <= 1
    assert first_message(model, text)["reply"] in ("answer", "options", "flow", "handover", "smalltalk", "nonanswer")


def test_new_article_answers_at_once_and_the_old_model_is_untouched(model: Model) -> None:
    article = Article("zebre", "fr", "Adopter un zèbre électrique", "Oui.", variants=("je voudrais un zèbre électrique", "zebre electrique"))
    other = model.updated([article], [("mot-de-passe", "fr")])
    assert other.understand("zèbre électrique", locale_hint="fr").articles[0].id == "zebre"
    assert all(a.id != "mot-de-passe" or a.locale != "fr" for a in other.understand("mot de passe oublié", locale_hint="fr").articles)
    assert model.understand("mot de passe oublié", locale_hint="fr").articles[0].id == "mot-de-passe"


def test_dial_moves_the_threshold(model: Model) -> None:
    strict, loose = model.with_max_wrong(0.02), model.with_max_wrong(0.3)
    assert strict.thresholds.sure >= loose.thresholds.sure
    assert model.max_wrong == 0.05


def test_french_is_held_to_questions_that_nothing_learns_from(model: Model) -> None:
    assert model.evidence.asked.sum() > 400
    learnt = {p.text for p in model.scorer.phrases} | {v for a in model.retriever.index.articles for v in a.variants}
    assert len([q for q in model.questions if q.text in learnt]) <= len(model.questions) / 50
    p, right = model.evidence.probabilities[model.evidence.asked], model.evidence.right[model.evidence.asked]
    assert expected_calibration_error(p, right) <= 0.06
    sure = p >= model.thresholds.sure_in("fr")
    assert sure.mean() >= 0.4
    assert (~right[sure]).mean() <= model.max_wrong


@pytest.mark.parametrize(("text", "language"), [("c'est quoi un kVA au juste ?", "fr"), ("tu connais le turpe ?", "fr"), ("ma che cos'è un kVA?", "it"), ("what even is a kVA", "en"), ("was ist denn ein kVA?", "de")])
def test_a_question_that_names_a_subject_is_no_small_talk(model: Model, text: str, language: str) -> None:
    found = model.understand(text, locale_hint=language)
    assert found.intent in ("faq", "flow_choose_power")
    assert found.articles[0].id in ("choisir-puissance", "taxes-acheminement")


def test_foreign_or_damaged_models_are_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="relais train"):
        Model.load(tmp_path)
    (tmp_path / "model.json").write_text("{")
    with pytest.raises(ConfigurationError, match="relais train"):
        Model.load(tmp_path)


def test_reading_is_quick(model: Model) -> None:
    """CPU time, not wall time: other work on the machine does not count. Twice the aim, for slow machines."""
    texts = ["comment payer ma facture par carte", "mon compteur ne marche plus", "vous êtes ouverts quand le samedi"] * 10
    model.understand(texts[0])
    started = time.process_time()
    for text in texts:
        model.understand(text, locale_hint="fr")
    assert (time.process_time() - started) / len(texts) < 0.04


def test_phrases_and_articles_load_with_frozen_types() -> None:
    phrase = load_phrases(ROOT / "data" / "nlu")[0]
    assert replace(phrase, text="x").text == "x"
