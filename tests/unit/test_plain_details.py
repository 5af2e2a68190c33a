"""A wish to be called and a detail with no words around it need no model."""

from __future__ import annotations

import pytest

from bot.language.entities import extract
from bot.understanding.context import asks_why
from bot.understanding.details import detail_alone, wants_call

CALLS = [
    ("fr", "est-ce que vous pouvez me rappeler ?"), ("fr", "rappelez-moi demain"), ("fr", "pouvez-vous m'appeler au 06 12 34 56 78"),
    ("fr", "je voudrais être rappelé"), ("fr", "je veux qu'on me rappelle"), ("fr", "ma facture a doublé, appelez-moi"),
    ("en", "can you call me back"), ("en", "please ring me tomorrow"), ("en", "I'd like a call back"),
    ("nl", "kunt u mij terugbellen"), ("nl", "belt u me even terug"), ("es", "¿pueden llamarme?"), ("es", "quiero que me llamen"),
    ("de", "können Sie mich zurückrufen"), ("de", "bitte rufen Sie mich an"), ("de", "ich hätte gern einen Rückruf"),
    ("it", "potete richiamarmi?"), ("it", "vorrei essere richiamato"),
]
NO_CALLS = [
    ("fr", "je ne veux pas être rappelé"), ("fr", "ne m'appelez pas, écrivez-moi"), ("fr", "je n'arrive pas à me rappeler du mot de passe"),
    ("fr", "à me rappeler si c'était Minou2019"), ("fr", "ma fille vient de m'appeler en larmes"), ("en", "I don't need a call back"),
    ("de", "kein Rückruf bitte"), ("nl", "geen terugbelverzoek"), ("es", "no hace falta que me llamen"), ("es", "no paran de llamarme comerciales"),
    ("it", "non serve richiamarmi"), ("it", "non richiamatemi"), ("de", "Sie rufen mich ständig an"), ("en", "they call me every day"),
    ("fr", "pouvez-vous me rappeler mon numéro de contrat"), ("fr", "rappelle-moi ta question"), ("fr", "je m'appelle Jean"),
    ("fr", "arrêtez de m'appeler"), ("fr", "un commercial m'appelle tous les jours"), ("fr", "je n'ai jamais été rappelé"),
    ("fr", "qui m'a appelé ?"), ("en", "stop calling me"), ("en", "don't call me"), ("en", "someone called me from Solenne"),
    ("es", "me llamo Juan"), ("it", "mi chiamo Luca"), ("nl", "waarom bellen jullie mij"), ("de", "ich heiße Jonas"),
]


@pytest.mark.parametrize(("language", "text"), CALLS)
def test_a_call_is_asked_for(language: str, text: str) -> None:
    assert wants_call(text, language)


@pytest.mark.parametrize(("language", "text"), NO_CALLS)
def test_no_call_is_asked_for(language: str, text: str) -> None:
    assert not wants_call(text, language)


@pytest.mark.parametrize(("language", "text", "kind"), [
    ("fr", "6", "detail"), ("en", "45,230", "detail"), ("fr", "demain 14h", "detail"), ("fr", "le 3 décembre", "detail"),
    ("de", "am 3. Dezember", "detail"), ("fr", "250 euros", "detail"), ("fr", "44000", "detail"), ("fr", "06 12 34 56 78", "phone"), ("it", "05/12/2026", "detail"), ("de", "am 05.12.2026", "detail"), ("fr", "000045230", "detail"),
    ("fr", "15 kva", None), ("fr", "abonnement 15 KVA", None), ("fr", "oui 12", None), ("fr", "gaz", None), ("fr", "??", None),
    ("fr", "3 fois", None), ("fr", "480 euros pour un studio", None), ("fr", "", None), ("fr", "C'est quoi le 0800 ?", None),
])
def test_a_detail_with_nothing_said_about_it(language: str, text: str, kind: str | None) -> None:
    assert detail_alone(text, extract(text, language)) == kind


@pytest.mark.parametrize(("text", "bare"), [
    ("Pourquoi ?", True), ("et pourquoi ça ??", True), ("warum", True), ("¿por qué?", True), ("perché", True), ("waarom dat", True),
    ("pourquoi ma facture a doublé", False), ("why is it so high", False),
])
def test_a_bare_why(text: str, bare: bool) -> None:
    assert asks_why(text) is bare
