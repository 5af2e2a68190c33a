"""Text from outside is made safe; the service's own sentences exist in every language."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversations.text import clean, is_blank, one_line
from bot.conversations.wording import say, speak, table
from bot.settings import LOCALES


@pytest.mark.parametrize(("text", "kept"), [
    ("bonjour\x00\x07 !", "bonjour !"), ("a\r\nb\rc", "a\nb\nc"), ("\u202egnp.exe", "gnp.exe"),
    ("\u2066x\u2069", "x"), ("\ud800abc", "abc"), ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"), ("  é\tà ", "é\tà"),
    ("e\u0301", "é"), ("\ufeffok", "ok"), ("🇫🇷 ❤️", "🇫🇷 ❤️"), ("مرحبا", "مرحبا"),
])
def test_clean(text, kept):
    assert clean(text) == kept


@given(st.text())
def test_clean_is_safe_and_stable(text):
    once = clean(text)
    assert clean(once) == once
    once.encode("utf-8")
    assert not set(once) & set("\x00\x1b\x7f\u202a\u202e\u2066\u200f")


@pytest.mark.parametrize("text", ["", "  \n", "\u200b\u200d", "\ufe0f", "\u00ad", "\u3164", "\u2800"])
def test_blank(text):
    assert is_blank(clean(text))


@given(st.text(max_size=500), st.integers(5, 80))
def test_one_line_fits(text, limit):
    line = one_line(text, limit)
    assert len(line) <= limit
    assert "\n" not in line


def test_every_sentence_exists_in_every_language_with_the_same_placeholders():
    for key, by_locale in table().items():
        assert set(by_locale) == set(LOCALES), key
        fields = {locale: {name for _, name, _, _ in string.Formatter().parse(text) if name}
                  for locale, text in by_locale.items()}
        assert len({frozenset(found) for found in fields.values()}) == 1, (key, fields)


def test_no_sentence_scolds_or_asks_to_rephrase():
    for by_locale in table().values():
        for text in by_locale.values():
            assert not any(word in text.lower() for word in ("reformul", "rephrase", "herformul", "umformul", "riformul"))


@pytest.mark.parametrize(("asked", "spoken"), [
    (None, "fr"), ("fr-CA", "fr"), ("NL_be", "nl"), ("pl", "en"), ("", "fr"), ("xx-yy", "en")])
def test_language_spoken(asked, spoken):
    assert speak(asked) == spoken


def test_values_of_customers_are_not_read_as_placeholders():
    assert "{reference}" in say("mail_reply", "fr", name="A", text="{reference}", reference="SOL-1")
