"""Amounts, days and lists as a native writes them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.flows.format import day, either, listed, money, month, number
from bot.settings import LOCALES


@pytest.mark.parametrize(("language", "amount", "first_of_march", "list_"), [
    ("fr", "1 182,40 €", "1er mars 2027", "a, b et c"),
    ("en", "€1,182.40", "1 March 2027", "a, b and c"),
    ("nl", "€ 1.182,40", "1 maart 2027", "a, b en c"),
    ("es", "1.182,40 €", "1 de marzo de 2027", "a, b y c"),
    ("de", "1.182,40 €", "1. März 2027", "a, b und c"),
    ("it", "1.182,40 €", "1 marzo 2027", "a, b e c"),
])
def test_each_language_writes_in_its_own_way(language: str, amount: str, first_of_march: str, list_: str) -> None:
    assert money(Decimal("1182.40"), language).replace("\u00a0", " ") == amount
    assert day(date(2027, 3, 1), language) == day("2027-03-01", language) == first_of_march
    assert listed(["a", "b", "c"], language) == list_


def test_french_numbers_its_days_except_the_first() -> None:
    assert day("2027-03-03", "fr") == "3 mars 2027"
    assert day("2027-03-01", "fr", year=False) == "1er mars"
    assert day("2027-03-11", "fr", year=False) == "11 mars"
    assert month("2027-03", "fr") == "mars 2027"


@pytest.mark.parametrize(("amount", "short"), [("4.00", "4 €"), ("4.50", "4,50 €"), ("1000.00", "1 000 €"), ("0.00", "0 €")])
def test_short_amounts_drop_only_empty_cents(amount: str, short: str) -> None:
    assert money(Decimal(amount), "fr", short=True).replace("\u00a0", " ") == short


def test_empty_lists_are_empty() -> None:
    assert listed([], "fr") == either([], "fr") == ""


@given(st.decimals(min_value=-99_999, max_value=99_999, places=2), st.sampled_from(LOCALES))
def test_an_amount_keeps_its_cents_and_is_never_torn_over_two_lines(amount: Decimal, language: str) -> None:
    text = money(amount, language)
    assert " " not in text
    assert "\u202f" not in text
    assert "".join(c for c in text if c.isdigit()) == f"{abs(amount):.2f}".replace(".", "")


@given(st.integers(min_value=0, max_value=9_999_999), st.sampled_from(LOCALES))
def test_a_number_keeps_its_digits(value: int, language: str) -> None:
    assert "".join(c for c in number(value, language) if c.isdigit()) == str(value)
