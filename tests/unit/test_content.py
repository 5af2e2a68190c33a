"""The demo's content: complete, consistent, linked, in every locale."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest
import yaml

from bot.faq.articles import Article, load_articles
from bot.flows.registry import FLOWS
from bot.language.wording import Wording
from bot.settings import LOCALES, ROOT
from bot.understanding.data import load_phrases
from bot.understanding.types import CONTROL, SMALLTALK

DATA = ROOT / "data"
ARTICLES = load_articles(DATA / "faq")
FRENCH = {a.id: a for a in ARTICLES if a.locale == "fr"}
LINK = re.compile(r"\]\(faq:([a-z0-9-]+)\)")
THEMES = {"contrat", "demenagement", "facture", "paiement", "compteur", "urgence", "espace-client", "services"}


def test_there_are_sixty_five_articles_in_eight_themes() -> None:
    assert len(FRENCH) == 65
    assert {a.theme for a in FRENCH.values()} == THEMES


@pytest.mark.parametrize("article", FRENCH.values(), ids=lambda a: a.id)
def test_a_french_article_is_complete(article: Article) -> None:
    assert article.title
    assert 40 <= len(article.answer) <= 600
    assert len(article.body.split()) >= 80
    assert len(article.variants) >= 30
    assert len({v.casefold() for v in article.variants}) == len(article.variants)
    assert article.audience
    assert article.review_date
    assert article.related
    assert set(article.related) <= set(FRENCH)
    assert article.flow is None or article.flow in FLOWS


@pytest.mark.parametrize("locale", [locale for locale in LOCALES if locale != "fr"])
def test_every_article_is_translated_with_its_phrasings(locale: str) -> None:
    translated = {a.id: a for a in ARTICLES if a.locale == locale}
    assert set(translated) == set(FRENCH)
    assert all(len(a.variants) >= 10 and a.answer and a.body for a in translated.values())


def test_links_lead_somewhere() -> None:
    for article in ARTICLES:
        assert set(LINK.findall(article.body + article.answer)) <= set(FRENCH), article.id


def test_no_phrasing_belongs_to_two_articles() -> None:
    seen: dict[tuple[str, str], str] = {}
    for article in ARTICLES:
        for variant in article.variants:
            owner = seen.setdefault((article.locale, " ".join(variant.casefold().split())), article.id)
            assert owner == article.id, f"{variant!r}: {owner} and {article.id}"


def test_wording_misses_no_key_in_any_locale() -> None:
    wording = Wording.load(DATA / "wording")
    wanted = wording.keys("fr")
    for locale in LOCALES:
        assert wording.keys(locale) == wanted, locale


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_wording_asks_for_no_placeholder_that_french_does_not_have() -> None:
    wording = Wording.load(DATA / "wording")
    for key in wording.keys("fr"):
        known = set().union(*(placeholders(text) for text in wording.variants(key, "fr")))
        for locale in LOCALES:
            for text in wording.variants(key, locale):
                assert placeholders(text) <= known, f"{locale} {key}"


def test_nothing_ever_asks_to_rephrase() -> None:
    scolding = re.compile(r"reformul|rephrase|herformuleer|formulieren sie .* neu|riformul|reformule", re.I)
    for locale in LOCALES:
        for path in sorted((DATA / "wording" / locale).glob("*.yml")):
            assert not scolding.search(path.read_text("utf-8")), path


def test_every_small_talk_and_flow_has_words() -> None:
    wording = Wording.load(DATA / "wording")
    missing = [f"smalltalk.{i}" for i in SMALLTALK if not wording.has(f"smalltalk.{i}")]
    missing += [f"choice.flow_{flow}" for flow in FLOWS if not wording.has(f"choice.flow_{flow}")]
    assert not missing


def test_training_phrases_cover_every_intent() -> None:
    phrases = load_phrases(DATA / "nlu")
    french: dict[str, int] = {}
    for phrase in phrases:
        if phrase.language == "fr":
            french[phrase.intent] = french.get(phrase.intent, 0) + 1
    for intent in (*SMALLTALK, *CONTROL, *(f"flow_{flow}" for flow in FLOWS)):
        assert french.get(intent, 0) >= 15, intent
    small = sum(french[i] for i in SMALLTALK)
    assert french["out_of_scope"] + small >= 300


def test_rasa_domain_knows_every_intent_flow_and_slot() -> None:
    domain = yaml.safe_load(Path(ROOT / "domain.yml").read_text("utf-8"))
    assert set(SMALLTALK) | set(CONTROL) | {f"flow_{flow}" for flow in FLOWS} <= set(domain["intents"])
    for flow in FLOWS.values():
        assert flow.form in domain["forms"]
        assert set(flow.slots) <= set(domain["slots"])
        assert {f"validate_{flow.form}", f"action_{flow.id}"} <= set(domain["actions"])


@pytest.mark.parametrize("folder", ["site", "wording"])
def test_no_key_of_a_text_is_read_as_a_truth_value(folder: str) -> None:
    """YAML reads a bare ``yes``, ``no``, ``on`` or ``off`` as a boolean: the page that asks for it finds nothing."""
    def keys(value: object) -> list[object]:
        if not isinstance(value, dict):
            return []
        return [*value, *(key for item in value.values() for key in keys(item))]

    files = sorted((ROOT / "data" / folder).rglob("*.yml"))
    assert files
    for path in files:
        assert all(isinstance(key, str) for key in keys(yaml.safe_load(path.read_text(encoding="utf-8")))), path
