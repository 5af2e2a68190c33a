"""The desk's pure parts: placeholders, mentions, asking again, signs of trouble, snippets."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversations.model import Event
from bot.desk.listing import snippet
from bot.desk.mentions import mentioned
from bot.desk.placeholders import (
    KNOWN,
    BrokenPlaceholder,
    UnfilledPlaceholder,
    check,
    fill,
    names,
    refuse_leftovers,
)
from bot.desk.reask import asked_again, known_things
from bot.desk.search import terms
from bot.desk.trouble import signs
from bot.storage.clock import iso

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=timezone.utc)


# -- placeholders
def test_known_placeholders_and_questions_are_accepted() -> None:
    check(" ".join(f"{{{{{name}}}}}" for name in KNOWN))
    check("Rendez-vous le {{ask.jour du rendez-vous}}, {{ customer.name }}. Une accolade { seule } passe.")


@pytest.mark.parametrize(("text", "said"), [
    ("Bonjour {{customer.nam}}", "{{customer.name}}"), ("Bonjour {{custmer.name}}", "customer.name"), ("Bonjour {{}}", "empty"),
    ("Bonjour {{customer.name}", "not closed"), ("Bonjour customer.name}}", "not closed"), ("{{x", "not closed"),
    ("Bonjour {customer.name},", "two braces"), ("le { ask.jour }", "{{ask.jour}}"),
    ("{{contract.iban}}", "Nobody can fill"), ("{{ask.}}", "Nobody can fill"),
])
def test_broken_placeholders_are_refused_with_what_is_wrong(text: str, said: str) -> None:
    with pytest.raises(BrokenPlaceholder) as caught:
        check(text)
    assert said in caught.value.detail


def test_missing_values_are_named_not_sent() -> None:
    done = fill("{{customer.name}}, {{contract.number}} le {{ask.jour}}", {"customer.name": "Mme Roy", "contract.number": "  "})
    assert done.text == "Mme Roy, {{contract.number}} le {{ask.jour}}"
    assert done.missing == ("contract.number", "ask.jour")


def test_a_value_that_looks_like_a_placeholder_is_only_text() -> None:
    done = fill("« {{ticket.request}} »", {"ticket.request": "{{contract.number}}"})
    assert (done.text, done.missing) == ("« {{contract.number}} »", ())


@given(st.dictionaries(st.sampled_from(KNOWN), st.text(max_size=20)), st.lists(st.sampled_from(KNOWN), max_size=6))
def test_what_is_missing_is_what_has_no_value(values: dict[str, str], wanted: list[str]) -> None:
    text = " | ".join(f"{{{{{name}}}}}" for name in wanted)
    assert set(fill(text, values).missing) == {name for name in wanted if not values.get(name, "").strip()}
    assert set(names(text)) == set(wanted)


@pytest.mark.parametrize("text", ["Bonjour {{customer.name}}", "le {{ ask.jour }}", "voir {{customer.nam", "{{anything}}", "Bonjour {customer.name},", "le {ask.jour}", "{customer.name}}"])
def test_a_reply_with_a_placeholder_left_is_refused(text: str) -> None:
    with pytest.raises(UnfilledPlaceholder):
        refuse_leftovers(text)


@pytest.mark.parametrize("text", ["Bonjour Mme Roy", "accolades {simples}", "un smiley :{{", "if (x) { y }"])
def test_other_text_passes(text: str) -> None:
    refuse_leftovers(text)


# -- mentions
@pytest.mark.parametrize(("text", "called"), [
    ("@ana tu peux voir ?", ["ana"]), ("vois avec @paul et @ana.", ["paul", "ana"]), ("@Ana @ana", ["ana"]),
    ("écrire à jean@ana.fr", []), ("@personne", []), ("(@ana)", ["ana"]), ("@ana.b", ["ana.b"]), ("@anabelle", []),
])
def test_mentions_are_user_names(text: str, called: list[str]) -> None:
    assert mentioned(text, ["ana", "paul", "ana.b"]) == called


# -- asking again
PACKET = {"slots": {"contract_number": "C-12345674", "contract_postcode": "69003", "move_home_leave_on": "2026-12-01",
                    "meter_reading_base": 12345, "choose_power_heating": "electric"}, "contact": "camille@exemple.fr"}


@pytest.mark.parametrize(("text", "things"), [
    ("Pouvez-vous me donner votre numéro de contrat ?", ["contract"]), ("Merci de m'indiquer votre code postal.", ["postcode"]),
    ("Could you send me your contract number and your postcode?", ["contract", "postcode"]),
    ("Kunt u mij uw contractnummer geven?", ["contract"]), ("¿Cuál es su código postal?", ["postcode"]),
    ("Wie lautet Ihre Vertragsnummer?", ["contract"]), ("Mi può dire il codice postale?", ["postcode"]),
    ("Quelle est la date de votre déménagement ?", ["move_date"]), ("Quel est votre relevé ?", ["index"]),
    ("Votre adresse e-mail, s'il vous plaît ?", ["email"]), ("Wie heizen Sie, welche Heizung?", ["heating"]),
])
def test_questions_about_what_is_known_are_found(text: str, things: list[str]) -> None:
    assert asked_again(text, PACKET) == things


@pytest.mark.parametrize("text", [
    "J'ai votre contrat C-12345674 sous les yeux.", "Votre contrat C-12345674, c'est bien cela ?", "Pouvez-vous me donner votre nom ?",
    "Quel est votre numéro de téléphone ?", "Je regarde votre relevé et je reviens vers vous.", "Bonjour, je suis Ana.",
    "Could you tell me your phone number?", "C'est bien le 69003, votre code postal ?",
])
def test_confirming_and_asking_for_something_else_are_not_counted(text: str) -> None:
    assert asked_again(text, PACKET) == []


def test_nothing_known_nothing_asked_again() -> None:
    assert asked_again("Votre numéro de contrat ?", {"slots": {}}) == []
    assert asked_again("Votre numéro de contrat ?", {"slots": {"contract_number": None}}) == []
    assert set(known_things(PACKET)) == {"contract", "postcode", "move_date", "index", "heating", "email"}


@pytest.mark.parametrize(("packet", "text", "things"), [
    ({"identity": {"user_id": "u1", "name": "Camille Roy", "email": "camille@exemple.fr"}},
     "Quel est votre nom ? Et votre adresse e-mail ?", ["name", "email"]),
    ({"account": {"values": {"contract.number": "C-12345674", "contract.address": "3 rue des Lilas, 69003 Lyon"}, "verified": True}},
     "Pouvez-vous me donner votre numéro de contrat et votre adresse ?", ["contract", "address"]),
    ({"account": {"values": {"contract.number": "C-12345674"}}}, "Votre contrat C-12345674, c'est bien cela ?", []),
    ({"identity": {"user_id": "u1", "name": None, "email": None}, "account": None}, "Quel est votre nom ?", []),
])
def test_what_the_site_vouched_for_and_the_contract_says_is_known_too(
    packet: dict[str, object], text: str, things: list[str]
) -> None:
    assert asked_again(text, packet) == things


# -- signs of trouble
def said(author: str, seconds_ago: float = 60, kind: str = "message", **payload: object) -> Event:
    said.seq += 1  # type: ignore[attr-defined]
    return Event("c", said.seq, iso(NOW - timedelta(seconds=seconds_ago)), kind, author, payload)  # type: ignore[attr-defined]


said.seq = 0  # type: ignore[attr-defined]


def bot(reply: str, intent: str = "faq", **meta: object) -> Event:
    return said("bot", text="…", reply=reply, meta={"intent": intent, "source": "dialogue", **meta})


@pytest.mark.parametrize(("events", "found"), [
    ([said("customer"), bot("answer")], ()),
    ([said("customer"), bot("nonanswer")], ("failed_once",)),
    ([bot("nonanswer"), said("customer"), bot("nonanswer")], ("failed_twice",)),
    ([bot("nonanswer"), said("customer"), bot("answer"), said("customer"), bot("nonanswer")], ("failed_once",)),
    ([bot("smalltalk", "insult"), bot("nonanswer"), bot("nonanswer")], ("failed_twice", "anger")),
    ([bot("answer", "urgent")], ("urgent",)), ([bot("answer", theme="urgence")], ("urgent",)),
    ([bot("answer", effects=[{"kind": "refused"}])], ("refused",)),
    ([bot("answer"), said("customer", kind="survey", helped=False)], ("refused",)),
    ([bot("answer"), said("customer", 30)], ("waiting",)), ([bot("answer"), said("customer", 2)], ()),
    ([bot("answer", source="fallback"), bot("options", source="fallback")], ("failed_twice",)),
])
def test_signs_of_trouble(events: list[Event], found: tuple[str, ...]) -> None:
    assert signs(events, NOW) == found


# -- words
def test_words_are_folded_and_bounded() -> None:
    assert terms("Régularisation  de l'ŒUVRE ! 214,50 €") == ["regularisation", "de", "l", "oeuvre", "214", "50"]
    assert terms('"; DROP TABLE -- * ( ) :') == ["drop", "table"]
    assert len(terms("mot " * 50)) == 8
    assert terms("👍 …") == []


def test_a_snippet_shows_the_word_in_its_line() -> None:
    text = "Bonjour, " + "je vous écris depuis longtemps " * 5 + "au sujet de ma régularisation de 214 euros\nmerci"
    found = snippet(text, "regul")
    assert found.startswith("…")
    assert "régularisation" in found
    assert "\n" not in found
    assert snippet("court", "absent") == "court"
