"""Texts for people: nothing their author set is lost, no line is torn before a French mark or inside an amount."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.faq.articles import load_articles
from bot.faq.markdown import to_html
from bot.language.normalise import clean
from bot.language.typography import tidy, typeset
from bot.settings import LOCALES, ROOT

TORN = re.compile(r"\S [;!?](?!\[)|\S :(?:\s|$)|« | »")
LOOSE_AMOUNT = re.compile(r"\d [€%]|€ \d")


@pytest.mark.parametrize(("written", "set_"), [
    ("Une question ? Oui !", "Une question\u202f? Oui\u202f!"),
    ("Deux cas : l'un ; l'autre", "Deux cas\u00a0: l'un\u202f; l'autre"),
    ("touchez « Payer », puis", "touchez «\u00a0Payer\u00a0», puis"),
    ("- **FSL** : don\n- **CAF** :\n", "- **FSL**\u00a0: don\n- **CAF**\u00a0:\n"),
    ("voir [payer](faq:a) ; sinon `a ; b`", "voir [payer](faq:a)\u202f; sinon `a ; b`"),
    ("environ 1 250 € ou 5,5 %", "environ 1\u00a0250\u00a0€ ou 5,5\u00a0%"),
    ("au 0 800 47 33 33 ; 24 h/24", "au 0 800 47 33 33\u202f; 24 h/24"),
    ("https://a.example/x?y=1 : ici", "https://a.example/x?y=1\u00a0: ici"),
    ("![image](x) et ![autre](y)", "![image](x) et ![autre](y)"),
    ("| a | b |\n| :-- | --: |", "| a | b |\n| :-- | --: |"),
])
def test_french_spacing(written: str, set_: str) -> None:
    assert typeset(written, "fr") == set_


@pytest.mark.parametrize(("locale", "written", "set_"), [
    ("nl", "vanaf € 60, 30 % korting", "vanaf €\u00a060, 30\u00a0% korting"), ("de", "etwa 4 € : nein", "etwa 4\u00a0€ : nein"),
    ("en", "about €4, isn't it?", "about €4, isn't it?"), ("es", "«Pagar»: ¿sí?", "«Pagar»: ¿sí?"),
])
def test_other_languages_keep_their_amounts_together(locale: str, written: str, set_: str) -> None:
    assert typeset(written, locale) == set_


def test_a_shown_text_keeps_quotation_marks_and_signs() -> None:
    assert tidy(" « Mot de passe »\n en m² …\u202e „so“ ‘zo’ “so” 1 000\u00a0€ ") == "« Mot de passe » en m² … „so“ ‘zo’ “so” 1 000\u00a0€"
    assert tidy("e\u0301 a\t\u00a0b") == "\u00e9 a\u00a0b"


@given(st.text(alphabet=st.sampled_from("a1 €%;:!?«»`[]()*\n\u00a0\u202f"), max_size=60), st.sampled_from(LOCALES))
def test_setting_twice_changes_nothing_and_no_word_is_touched(text: str, locale: str) -> None:
    once = typeset(text, locale)
    assert typeset(once, locale) == once
    assert clean(once) == clean(text)
    assert len(once) == len(text)


def test_articles_show_the_quotation_marks_of_their_language() -> None:
    texts = {(a.id, a.locale): a.answer for a in load_articles(ROOT / "data" / "faq")}
    assert "«\u00a0Mot de passe oublié\u00a0»" in texts["mot-de-passe", "fr"]
    assert "„Passwort vergessen“" in texts["mot-de-passe", "de"]
    assert "“Forgotten password”" in texts["mot-de-passe", "en"]
    assert not [key for key, answer in texts.items() if '"' in answer]
    assert "m³" in texts["compteur-gaz", "fr"]


def test_no_article_can_be_torn() -> None:
    shown = [(a.id, a.locale, text) for a in load_articles(ROOT / "data" / "faq") for text in (a.answer, a.body)]
    assert [(slug, locale) for slug, locale, text in shown if LOOSE_AMOUNT.search(text) or (locale == "fr" and TORN.search(text))] == []


def test_markdown_means_the_same_after_setting() -> None:
    for article in load_articles(ROOT / "data" / "faq"):
        plain = article.body.replace("\u00a0", " ").replace("\u202f", " ")
        assert to_html(article.body).replace("&nbsp;", " ").replace("\u00a0", " ").replace("\u202f", " ") == to_html(plain), article.id
