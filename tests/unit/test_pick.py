"""A choice made in words: by its place, by its title; and what is no choice."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from bot.assistant.engine import Engine
from bot.assistant.pick import picked_by_words
from bot.assistant.protocol import TurnRequest
from bot.language.wording import get_wording

OFFERED = ["article:a", "article:b", "flow:outage", "else", "human"]
TITLES = {"article:a": "Payer en plusieurs fois", "article:b": "Ma facture est trop élevée", "flow:outage": "Panne de courant"}
FIRST = ["la première", "le 1", "1", "1er", "the first one", "number one", "de eerste", "la primera por favor", "das erste", "il primo", "la prima", "un"]
SECOND = [
    "oui oui, la deuxième", "la 2", "2", "2.", "la 2e svp", "n°2", "numéro 2", "la seconde", "je prends la 2",
    "non, la deuxième", "Oui, la deuxième option", "yes, the second one please", "number 2", "ja, de tweede", "nummer 2", "sí, la segunda", "la 2ª",
    "ja, die zweite bitte", "ich nehme das zweite", "sì, la seconda", "il secondo", "option deux", "la opción 2",
]
THIRD = ["la troisième", "3", "the third", "de derde", "la tercera", "die dritte", "la terza"]
LAST = ["la dernière", "the last one", "de laatste", "la última", "das letzte", "l'ultima"]
NONE = [
    "oui", "les deux", "the two", "le due", "les 2", "die zwei", "una seconde", "seconde", "un segundo", "prima", "très bien", "merci",
    "pas la deuxième", "2 mois", "ma dernière facture", "deux questions", "ma facture du 2", "6", "la sixième", "un kVA", "", "?",
    "je n'ai pas reçu la deuxième facture",
]


def pick(text: str, offered: list[str] = OFFERED) -> str | None:
    return picked_by_words(text, offered, lambda choice: TITLES.get(choice, ""))


@pytest.mark.parametrize(("text", "wanted"), [
    *((text, "article:a") for text in FIRST), *((text, "article:b") for text in SECOND),
    *((text, "flow:outage") for text in (*THIRD, *LAST)), ("la quatrième", "else"), ("5", "human"), *((text, None) for text in NONE),
])
def test_a_place_in_six_languages(text: str, wanted: str | None) -> None:
    assert pick(text) == wanted


def test_a_title_as_it_stands_there() -> None:
    assert pick("ma facture est trop elevee !") == "article:b"
    assert pick("panne de courant") == "flow:outage"


def test_places_are_counted_on_the_screen_where_a_person_stands_first() -> None:
    offered = ["human", "article:a", "article:b", "else"]
    assert [pick(text, offered) for text in ("la deuxième", "la première", "la dernière")] == ["article:a", "human", "article:b"]
    assert [pick(text, offered) for text in ("1", "le premier", "4", "number 4", "5")] == ["human", "human", "else", "else", None]
    assert pick("2", ["human", "else"]) is None


class Read(Exception):
    """The model was asked."""


@pytest.mark.parametrize(("last", "slot", "choice"), [
    ("options", None, "article:b"), ("answer", None, None), ("options", "outage_scope", None),
])
def test_the_choice_is_made_as_if_pressed(last: str, slot: str | None, choice: str | None) -> None:
    def understand(*_: Any, **__: Any) -> None:
        raise Read

    engine = Engine(settings=None, model=SimpleNamespace(understand=understand, thresholds=None),  # type: ignore[arg-type]
                    catalogue=SimpleNamespace(get=lambda slug, locale: None), backoffice=None, wording=get_wording())  # type: ignore[arg-type]
    request = TurnRequest(conversation_id="c", turn_id="c:1", text="oui oui, la deuxième", at="2026-11-24T10:00:00Z")
    slots = {"memory": {"last": last, "offered": OFFERED}, "requested_slot": slot}
    if choice is None:
        with pytest.raises(Read):
            engine.context(request, slots)
        return
    turn = engine.context(request, slots)
    assert (turn.heard.choice, turn.heard.text) == (choice, "oui oui, la deuxième")
