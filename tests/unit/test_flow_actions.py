"""What surrounds a flow in Rasa: faults and refusals at any point end in words that are true."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from flow_talk import AT
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.base import FlowAction
from actions.cancel_contract import SubmitCancelContract, ValidateCancelContract
from actions.explain_bill import SubmitExplainBill, ValidateExplainBill
from bot.assistant.context import TurnContext, set_turn
from bot.assistant.memory import Memory
from bot.errors import BackofficeDown, BadInput, NotFound, RelaisError, TooManyRequests
from bot.flows.types import Heard
from bot.language.entities import extract
from bot.language.wording import get_wording
from bot.understanding.thresholds import Thresholds
from bot.understanding.types import Understanding

LINKY = "C-10421293"


class Rasa:
    """The slots of one conversation, and its turns as Rasa runs them: validate, then submit once the form is over."""

    def __init__(self, desk: Any, validate: type[FlowAction], submit: type[FlowAction], slots: dict[str, Any]) -> None:
        self.desk, self.validate, self.submit, self.slots, self.n = desk, validate(), submit(), dict(slots), 0
        self.turn: TurnContext | None = None

    def say(self, text: str, *, intent: str = "out_of_scope", choice: str | None = None) -> str:
        self.n += 1
        understanding = Understanding(text=text, language="fr", language_confidence=1.0, intent=intent, confidence=0.9,
                                      entities=extract(text, "fr", today=AT.date()))
        self.turn = TurnContext(
            heard=Heard(understanding, choice=choice, at=AT), memory=Memory.load(self.slots.get("memory")), wording=get_wording(),
            backoffice=self.desk.backoffice, thresholds=Thresholds(), article=lambda slug, locale: None, articles=lambda: (),
            extract=lambda said: extract(said, "fr", today=AT.date()), conversation_id="conv", turn_id=f"t{self.n}")
        set_turn(self.turn)
        said = self._run(self.validate)
        if self.slots.get("flow_status"):
            said += "\n" + self._run(self.submit)
        return said

    def _run(self, action: Any) -> str:
        dispatcher = CollectingDispatcher()
        tracker = Tracker("conv", dict(self.slots), {}, [], False, None, {}, action.name())
        for event in asyncio.run(action.run(dispatcher, tracker, {})):
            if event["event"] == "slot":
                self.slots[event["name"]] = event["value"]
        return "\n".join(m["text"] for m in dispatcher.messages)

    def ended(self) -> list[str]:
        assert self.turn
        return [str(e.payload.get("event")) for e in self.turn.effects if e.kind == "flow" and e.payload.get("event") != "step"]

    def note(self) -> str:
        assert self.turn
        return next((str(e.payload["note"]) for e in self.turn.effects if e.kind == "handover"), "")


@pytest.fixture(autouse=True)
def no_turn() -> Iterator[None]:
    yield
    set_turn(None)


def cancelling(desk: Any) -> Rasa:
    """At the recap of a cancellation."""
    rasa = Rasa(desk, ValidateCancelContract, SubmitCancelContract,
                {"customer_token": desk.token(LINKY), "contract_number": LINKY, "contract_postcode": str(desk.row(LINKY)["postcode"])})
    rasa.say("je veux résilier, je pars dans une maison de retraite", intent="flow_cancel_contract")
    rasa.slots["cancel_contract_reason"] = "moving_only"
    rasa.say("le 20 décembre")
    rasa.say("par mail")
    assert rasa.slots["requested_slot"] == "cancel_contract_confirm"
    return rasa


def lost(desk: Any, times: int = 99) -> None:
    """The next cancellations happen, and their answers do not arrive."""
    cancel, left = desk.backoffice.cancel_contract, [times]

    def once(*arguments: Any) -> Any:
        receipt = cancel(*arguments)
        left[0] -= 1
        if left[0] >= 0:
            raise BackofficeDown("The supplier's system does not answer for now.")
        return receipt

    desk.backoffice.cancel_contract = once


def billing(desk: Any, token: str) -> Rasa:
    return Rasa(desk, ValidateExplainBill, SubmitExplainBill,
                {"customer_token": token, "contract_number": LINKY, "contract_postcode": str(desk.row(LINKY)["postcode"])})


@pytest.mark.parametrize("again", ["flow:explain_bill", None])
def test_a_verification_that_ran_out_leads_back_to_a_code_and_not_round_in_circles(desk: Any, again: str | None) -> None:
    rasa = billing(desk, "expired")
    assert "nouveau code" in rasa.say("explique ma facture", intent="flow_explain_bill")
    assert rasa.slots["customer_token"] is None
    assert rasa.turn is not None
    assert rasa.turn.memory.pending == "flow:explain_bill"        # so that "oui" is taken
    rasa.say("oui", intent="affirm", choice=again)
    assert rasa.slots["requested_slot"] == "identity_code"
    rasa.say(desk.code())
    assert rasa.ended() == ["done"]


def test_an_effect_whose_answer_is_lost_is_not_called_undone(desk: Any) -> None:
    rasa = cancelling(desk)
    lost(desk)
    said = rasa.say("oui")
    assert desk.row(LINKY)["status"] == "closing"
    assert "Rien n'a été" not in said
    assert "vérifie avant toute chose" in said
    assert rasa.note().startswith("outcome unknown, check first")
    assert rasa.ended() == ["failed"]


def test_an_answer_lost_once_is_asked_for_again_under_the_same_key(desk: Any) -> None:
    rasa = cancelling(desk)
    lost(desk, times=1)
    assert "référence" in rasa.say("oui")
    assert rasa.ended() == ["done"]
    assert desk.agreements("end") == 1


def test_where_nothing_can_have_happened_it_is_said(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rasa = cancelling(desk)

    def refused(*_: object) -> None:
        raise BackofficeDown("Connection refused.", untouched=True)

    monkeypatch.setattr(desk.backoffice, "cancel_contract", refused)
    said = rasa.say("oui")
    assert "vérifie avant toute chose" not in said
    assert rasa.note() == "Connection refused."


def test_an_aside_at_the_recap_with_the_back_office_down_hands_over(desk: Any) -> None:
    rasa = cancelling(desk)
    desk.break_down()
    said = rasa.say("merci", intent="thanks")
    assert "système de gestion" in said
    assert rasa.ended() == ["failed"]
    desk.repair()
    assert desk.row(LINKY)["status"] == "active"


@pytest.mark.parametrize("choice", [None, "flow:cancel_contract"])
def test_an_aside_at_the_recap_after_the_verification_ran_out_asks_for_a_code(desk: Any, choice: str | None) -> None:
    rasa = cancelling(desk)
    rasa.slots["customer_token"] = "expired"
    said = rasa.say("merci", intent="thanks", choice=choice)
    assert "refermé" in said
    assert rasa.slots["requested_slot"] == "identity_code"
    rasa.say(desk.code())
    assert rasa.slots["requested_slot"] == "cancel_contract_confirm"


def test_a_contract_that_was_ended_elsewhere_meanwhile_goes_to_a_person(desk: Any) -> None:
    rasa = cancelling(desk)
    elsewhere = cancelling(desk)
    assert "référence" in elsewhere.say("oui")
    assert "conseiller" in rasa.say("plutôt le 22 décembre")
    assert rasa.ended() == ["failed"]


@pytest.mark.parametrize("error", [BadInput("The day is in the past."), NotFound("No such contract."), TooManyRequests("Slower.")])
def test_what_a_back_office_refuses_while_asking_goes_to_a_person(desk: Any, monkeypatch: pytest.MonkeyPatch, error: RelaisError) -> None:
    rasa = cancelling(desk)

    def refused(*_: object) -> None:
        raise error

    monkeypatch.setattr(desk.backoffice, "cancellation_preview", refused)
    said = rasa.say("merci", intent="thanks")
    assert "n'accepte pas cette demande" in said
    assert rasa.note() == error.detail
    assert rasa.ended() == ["failed"]
