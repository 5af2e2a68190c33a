"""Between two answers of a flow: what is noted beside the question, and a person who was not asked for."""

from __future__ import annotations

import pytest

from bot.flows.outage import FLOW as OUTAGE
from bot.flows.payment_plan import FLOW as PAYMENT_PLAN
from tests.unit.conftest import Desk
from tests.unit.flow_talk import Talk


@pytest.mark.parametrize(("language", "text"), [
    ("fr", "en 4 fois"), ("en", "in 4 instalments"), ("nl", "in 4 keer"), ("es", "en 4 veces"), ("de", "in 4 Raten"), ("it", "in 4 rate"),
])
def test_what_is_noted_beside_the_question_is_acknowledged_and_the_question_put_in_other_words(desk: Desk, language: str, text: str) -> None:
    talk = Talk(PAYMENT_PLAN, desk.backoffice, language=language)
    first = talk.say("…")
    assert talk.asked == "contract_number"
    again = talk.say(text)
    assert talk.asked == "contract_number"
    assert talk.slots["payment_plan_count"] == 4
    assert first not in again
    assert again.count("\n\n") >= 1


@pytest.mark.parametrize(("confidence", "end"), [(0.32, None), (0.9, "handover")])
def test_a_guessed_wish_for_a_person_is_an_answer_where_it_answers(desk: Desk, confidence: float, end: str | None) -> None:
    talk = Talk(OUTAGE, desk.backoffice, language="nl")
    talk.say("ik heb geen stroom")
    assert talk.asked == "outage_scope"
    talk.say("alleen bij mij", intent="human", confidence=confidence)
    assert talk.end == end
    assert (talk.slots.get("outage_scope") == "home") is (end is None)


def test_a_number_that_fits_no_contract_is_an_answer_that_failed(desk: Desk) -> None:
    talk = Talk(PAYMENT_PLAN, desk.backoffice)
    talk.say("…")
    said = talk.say("1234567", intent="faq")
    assert talk.advance is not None
    assert not talk.advance.interrupted
    assert talk.slots["flow_failures"] == 1
    assert "C-12345678" in said


def test_the_rest_of_two_answers_is_asked_for_in_full(desk: Desk) -> None:
    talk = Talk(PAYMENT_PLAN, desk.backoffice)
    talk.say("…")
    said = talk.say("44000")
    assert talk.slots["contract_postcode"] == "44000"
    assert "numéro de contrat" in said
