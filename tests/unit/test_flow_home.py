"""Hearing what a home is like, with the real extractor, as customers write it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.flows import home
from bot.flows.types import Heard
from bot.language.entities import extract
from bot.understanding.types import Understanding


def heard(text: str, language: str = "fr") -> Heard:
    return Heard(Understanding(text=text, language=language, language_confidence=1, intent="out_of_scope", confidence=1,
                               entities=extract(text, language)))


@pytest.mark.parametrize(("text", "expected"), [
    ("65m2", {"surface_m2": 65.0}), ("65 m²", {"surface_m2": 65.0}), ("un T3", {"rooms": 3}), ("3 pieces", {"rooms": 3}),
    ("trois pièces", {"rooms": 3}), ("un studio", {"rooms": 1}), ("une maison de 110 mètres carrés", {"surface_m2": 110.0}),
])
def test_size(text: str, expected: dict[str, Any]) -> None:
    assert home.size(heard(text), asked=False) == expected


@pytest.mark.parametrize(("text", "expected"), [("4", {"rooms": 4}), ("90", {"surface_m2": 90.0}), ("environ 90", {"surface_m2": 90.0})])
def test_a_bare_number_is_a_size_only_when_asked(text: str, expected: dict[str, Any]) -> None:
    assert home.size(heard(text), asked=True) == expected
    assert home.size(heard(text), asked=False) is None


@pytest.mark.parametrize(("text", "expected"), [
    ("chauffage au gaz", "gas"), ("je me chauffe au bois", "wood"), ("radiateurs électriques", "electric"), ("chauffage collectif", "collective"),
    ("pompe à chaleur", "heat_pump"), ("chauffage elec", "electric"), ("poêle à granulés", "wood"), ("chaudière fioul", "oil"),
])
def test_heating(text: str, expected: str) -> None:
    assert home.heating(heard(text), asked=True) == expected


def test_each_fuel_goes_to_what_it_feeds() -> None:
    said = heard("chauffage électrique, eau chaude au gaz, plaques induction et four")
    assert home.heating(said, asked=False) == "electric"
    assert home.hot_water(said, asked=False) == "gas"
    assert home.hob(said, asked=False) == "induction"
    assert home.oven(said) is True


def test_a_fuel_alone_means_nothing_unless_asked() -> None:
    assert home.heating(heard("et pour le gaz ?"), asked=False) is None
    assert home.hob(heard("gaz"), asked=False) is None
    assert home.hob(heard("gaz"), asked=True) == "gas"


@pytest.mark.parametrize(("text", "expected"), [
    ("une voiture électrique", {"car_charger_kw": home.USUAL_CHARGER_KW}), ("borne de recharge 11 kW", {"car_charger_kw": 11.0}),
    ("piscine et clim", {"pool": True, "air_conditioning": True}), ("un sèche-linge", {"dryer": True}), ("pas de piscine", {}),
    ("pas de voiture électrique mais un jacuzzi", {"spa": True}),
])
def test_appliances(text: str, expected: dict[str, Any]) -> None:
    assert home.appliances(heard(text), asked=True, before=None) == expected


def test_appliances_add_up_and_may_be_taken_back() -> None:
    assert home.appliances(heard("et une piscine"), False, {"dryer": True}) == {"dryer": True, "pool": True}
    assert home.appliances(heard("pas de piscine finalement"), False, {"dryer": True, "pool": True}) == {"dryer": True}


@pytest.mark.parametrize("text", ["non", "rien", "aucun", "rien de tout ça", "nan rien"])
def test_none_of_them_counts_only_when_asked(text: str) -> None:
    assert home.appliances(heard(text), asked=True, before=None) == {}
    assert home.appliances(heard(text), asked=False, before=None) is None


@pytest.mark.parametrize(("text", "expected"), [
    ("ma résidence secondaire", "second"), ("c'est notre maison de vacances", "second"), ("on y va le week-end", "second"),
    ("c'est ma résidence principale", "main"), ("j'y vis toute l'année", "main"), ("une maison", None),
])
def test_use(text: str, expected: str | None) -> None:
    assert home.use(heard(text)) == expected


@pytest.mark.parametrize("text", ["je sais pas", "aucune idée", "chais pas trop", "je ne sais plus", "no idea", "geen idee", "keine Ahnung", "no sé", "non lo so"])
def test_not_knowing_is_heard(text: str) -> None:
    assert home.unknown(heard(text))


@given(st.text(max_size=200))
def test_no_text_makes_it_raise(text: str) -> None:
    said = heard(text)
    for ear in (home.size, home.heating, home.hot_water, home.hob):
        ear(said, True)
    home.appliances(said, True, None)
    home.oven(said), home.use(said), home.dwelling(said), home.unknown(said)
