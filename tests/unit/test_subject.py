"""Small talk that wins narrowly yields to the articles where the text names one of our subjects."""

from __future__ import annotations

import pytest

from bot.faq.articles import load_articles
from bot.settings import ROOT
from bot.understanding.data import load_phrases
from bot.understanding.subject import NARROWLY, SubjectWords, gives_way
from bot.understanding.thresholds import MAYBE


@pytest.fixture(scope="module")
def subjects() -> SubjectWords:
    return SubjectWords(load_articles(ROOT / "data" / "faq"), load_phrases(ROOT / "data" / "nlu"))


@pytest.mark.parametrize(("text", "language"), [
    ("c'est quoi un kVA au juste ?", "fr"), ("tu connais linky ?", "fr"), ("what even is a kVA", "en"), ("the breaker, any idea?", "en"),
    ("wat is dat, een kVA?", "nl"), ("¿y la potencia?", "es"), ("was ist denn ein kVA?", "de"), ("ma che cos'è un kVA?", "it"), ("la lettura, dimmi", "it"),
])
def test_subjects_are_named(subjects: SubjectWords, text: str, language: str) -> None:
    assert subjects.named_in(text, language)


@pytest.mark.parametrize(("text", "language"), [
    ("tu sais faire quoi ?", "fr"), ("ça va et toi", "fr"), ("what can you do", "en"), ("wie ben jij", "nl"), ("¿qué tal?", "es"), ("bist du ein Mensch?", "de"),
    ("sei un robot?", "it"), ("grazie mille", "it"), ("", "fr"), ("kVA", "xx"),
])
def test_small_talk_names_none(subjects: SubjectWords, text: str, language: str) -> None:
    assert not subjects.named_in(text, language)


def test_only_a_narrow_lead_yields_and_only_to_a_named_subject() -> None:
    assert gives_way("thanks", 0.40, 0.37, names_subject=True)
    assert not gives_way("thanks", 0.40, 0.37, names_subject=False)
    assert not gives_way("thanks", 0.40 + NARROWLY, 0.37, names_subject=True)
    assert gives_way("joke", 0.99, MAYBE, names_subject=True)
    assert not gives_way("joke", 0.99, MAYBE - 0.01, names_subject=True)
    assert not gives_way("joke", 0.99, 0.9, names_subject=False)
