"""What people type, brought to one form; words, stems, sounds; languages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.language.detect import detect
from bot.language.normalise import clean, fold, normalise
from bot.language.tokens import CompoundSplitter, sound, stems, words
from bot.settings import LOCALES


@pytest.mark.parametrize(("typed", "read"), [
    ("15Kva", "15 kva"), ("15 000 VA", "15 kva"), ("9kVA", "9 kva"), ("65m²", "65 m2"), ("C koi le délai svp", "c'est quoi le delai s'il vous plait"),
    ("Nonnnnn !!!", "nonn !"), ("jveux un RDV", "je veux un rendez-vous"), ("L’œuf", "l'oeuf"),
])
def test_one_form_for_what_is_typed(typed: str, read: str) -> None:
    assert normalise(typed, "fr") == read


@given(st.text(max_size=300), st.sampled_from(LOCALES))
def test_any_text_is_normalised_without_error_and_controls_are_gone(text: str, language: str) -> None:
    shown = clean(text)
    assert clean(shown) == shown
    assert not any(c in shown for c in "\u202e\u200b\u0000\u2066")
    assert fold(fold(shown)) == fold(shown)
    assert isinstance(normalise(text, language), str)
    assert all(w for w in words(text, language))


def test_spellings_that_sound_alike_share_a_key() -> None:
    assert sound("factur") == sound("facture")
    assert sound("demenaje") == sound("demenage")
    assert sound("kompteur") == sound("compteur")
    assert sound("facture") != sound("compteur")


def test_stems_meet_over_inflection_and_accents() -> None:
    assert set(stems("résiliation", "fr")) & set(stems("resiliations", "fr"))
    assert stems("les", "fr") == ["le"] or stems("les", "fr")   # only stop words: kept rather than nothing


def test_compounds_split_into_known_words_only() -> None:
    german = CompoundSplitter(["strom", "zahler", "rechnung"], "de")
    assert german.split("stromrechnung") == ("strom", "rechnung")
    assert german.split("kindergarten") == ("kindergarten",)
    assert CompoundSplitter(["strom", "rechnung"], "fr").split("stromrechnung") == ("stromrechnung",)


@pytest.mark.parametrize(("text", "page", "previous", "language"), [
    ("ok", "nl", (), "nl"), ("15 kVA", "fr", ("de", "de"), "de"), ("non", "fr", (), "fr"), ("I want to cancel my contract", "fr", ("fr",), "en"),
    ("Ich möchte meinen Vertrag kündigen", "fr", (), "de"), ("quiero cambiar mi cuenta bancaria", "fr", ("fr",), "es"),
    ("vorrei disdire il contratto", "fr", (), "it"), ("ik wil mijn contract opzeggen", "fr", (), "nl"), ("jé pa resu ma factur", "fr", (), "fr"),
    ("Chcę rozwiązać umowę o dostawę prądu", "fr", (), "pl"), ("أريد إلغاء عقد الكهرباء", "fr", (), "ar"),
])
def test_language_with_priors(text: str, page: str, previous: tuple[str, ...], language: str) -> None:
    assert detect(text, locale_hint=page, previous=previous).language == language


@given(st.text(max_size=200))
def test_detection_never_raises_and_gives_a_probability(text: str) -> None:
    found = detect(text, locale_hint="fr")
    assert 0 <= found.confidence <= 1
    assert found.language
