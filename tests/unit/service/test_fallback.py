"""What customers get when no dialogue process answers: help pages, hello, or a person; never silence."""

from __future__ import annotations

import pytest
from web_support import few_articles

from bot.conversations.fallback import Fallback
from bot.conversations.model import Event
from bot.faq.articles import load_articles

ARTICLES = load_articles(few_articles() / "faq")


def message(text: str, choice: str | None = None) -> Event:
    payload = {"text": text, **({"choice": choice} if choice else {})}
    return Event("c", 2, "2026-11-26T10:00:00.000Z", "message", "customer", payload)


def said(reply: str) -> Event:
    return Event("c", 1, "2026-11-26T09:59:00.000Z", "message", "bot", {"text": "…", "reply": reply})


@pytest.fixture(scope="module")
def fallback() -> Fallback:
    made = Fallback(lambda: (1, ARTICLES))
    made.warm()
    return made


def kinds(result):
    return result.replies[0].reply, [effect.kind for effect in result.effects]


def test_an_offer_then_a_person_never_two_offers(fallback: Fallback):
    first = fallback.plan(message("comment relever mon compteur"), [said("smalltalk")], "fr")
    assert kinds(first) == ("options", [])
    assert first.replies[0].articles[0].id == "relever-compteur"
    assert first.replies[0].choices[-1].id == "human"
    second = fallback.plan(message("comment relever mon compteur"), [said("options")], "fr")
    assert kinds(second) == ("handover", ["handover"])


@pytest.mark.parametrize(("text", "language"), [
    ("Bonjour !", "fr"), ("hello", "en"), ("Goedendag", "nl"), ("buenas tardes", "es"), ("Guten Tag", "de"),
    ("merci beaucoup", "fr"), ("Danke!", "de")])
def test_a_greeting_or_thanks_opens_no_ticket(fallback: Fallback, text, language):
    assert kinds(fallback.plan(message(text), [said("options")], language)) == ("smalltalk", [])


def test_a_greeting_said_again_is_not_asked_the_same_question_again(fallback: Fallback):
    asked = fallback.plan(message("bonjour"), [], "fr").replies[0]
    last = Event("c", 1, "2026-11-26T09:59:00.000Z", "message", "bot", {"text": asked.text, "reply": asked.reply})
    assert kinds(fallback.plan(message("bonjour"), [last], "fr")) == ("handover", ["handover"])
    assert kinds(fallback.plan(message("bonjour"), [last, said("answer")], "fr")) == ("smalltalk", [])


@pytest.mark.parametrize(("text", "language"), [
    ("une personne", "fr"), ("je veux parler à quelqu'un !", "fr"), ("Can I talk to someone?", "en"), ("kan ik iemand spreken", "nl"),
    ("quiero hablar con una persona", "es"), ("Mitarbeiter bitte", "de"), ("vorrei parlare con un operatore", "it")])
def test_whoever_asks_for_a_person_gets_one_at_once(fallback: Fallback, text, language):
    result = fallback.plan(message(text), [said("smalltalk")], language)
    assert kinds(result) == ("handover", ["handover"])
    assert result.effects[0].payload["reason"] == "asked"


@pytest.mark.parametrize(("text", "language"), [("pas de conseiller, refuser le Linky", "fr"), ("keinen Berater, Linky ablehnen", "de")])
def test_whoever_declines_a_person_gets_titles(fallback: Fallback, text, language):
    assert kinds(fallback.plan(message(text), [said("smalltalk")], language)) == ("options", [])


@pytest.mark.parametrize(("text", "language"), [
    ("ça sent le gaz", "fr"), ("I smell gas", "en"), ("gaslucht in huis", "nl"), ("huele a gas", "es"),
    ("es riecht nach Gas", "de"), ("sento odore di gas", "it")])
def test_danger_comes_first_in_every_language(fallback: Fallback, text, language):
    result = fallback.plan(message(text), [], language)
    assert "0 800 47 33 33" in result.replies[0].text
    assert result.effects[0].payload["urgent"] is True
    assert "0 800 47 33 33" in fallback.person(message(text), language).replies[0].text


def test_a_button_shows_its_article_or_a_person(fallback: Fallback):
    shown = fallback.plan(message("Linky", "article:linky"), [said("options")], "nl")
    assert kinds(shown) == ("answer", ["answered"])
    assert shown.replies[0].articles[0].body
    assert kinds(fallback.plan(message("x", "human"), [], "fr")) == ("handover", ["handover"])
    assert kinds(fallback.plan(message("x", "flow:outage"), [], "fr")) == ("handover", ["handover"])


@pytest.mark.parametrize("load", [
    lambda: (1, ()), lambda: (_ for _ in ()).throw(RuntimeError("database away"))], ids=["empty", "broken"])
def test_without_articles_there_is_still_a_person(load):
    assert kinds(Fallback(load).plan(message("comment relever mon compteur"), [], "fr")) == ("handover", ["handover"])


def test_articles_published_later_are_found():
    version = [1]
    found = Fallback(lambda: (version[0], ARTICLES if version[0] > 1 else ()))
    assert kinds(found.plan(message("relever compteur"), [], "fr"))[0] == "handover"
    version[0] = 2
    assert kinds(found.plan(message("relever compteur"), [], "fr"))[0] == "options"
