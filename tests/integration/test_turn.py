"""A turn through real Rasa: a function of state and message, as cheap at message 200 as at message 2."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from bot.assistant.catalogue import Catalogue
from bot.assistant.engine import Engine
from bot.assistant.known import put_down
from bot.assistant.protocol import TurnRequest, TurnResponse
from bot.assistant.rasa_agent import RasaAgent
from bot.assistant.training import train_rasa, train_understanding
from bot.assistant.turn import take_turn
from bot.backoffice.factory import make_backoffice
from bot.errors import BackofficeDown, DialogueUnavailable
from bot.language.wording import get_wording
from bot.settings import Settings
from tests.product import share_training

AT = "2026-11-24T10:00:00+00:00"


class Assistant:
    """Engine and Rasa, as a dialogue process holds them."""

    def __init__(self, settings: Settings) -> None:
        model, articles = train_understanding(settings, print)
        self.engine = Engine(settings, model, Catalogue(articles), make_backoffice(settings), get_wording())
        self.rasa = RasaAgent(train_rasa(settings, print))

    def turn(self, text: str, state: dict[str, Any] | None = None, *, n: int = 0, choice: str | None = None) -> TurnResponse:
        request = TurnRequest(conversation_id="c", turn_id=f"c:{n}", text=text, choice=choice, choice_label=text, locale="fr", at=AT, state=state)
        return asyncio.run(take_turn(self.engine, self.rasa, request))


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory, trained: None) -> Assistant:
    home = tmp_path_factory.mktemp("home")
    share_training(home)
    return Assistant(Settings(home=home))


def test_the_same_turn_twice_gives_the_same_replies_state_and_effect_keys(assistant: Assistant) -> None:
    first = assistant.turn("ma facture a doublé, pourquoi ?", n=1)
    again = assistant.turn("ma facture a doublé, pourquoi ?", n=1)
    assert first.replies == again.replies
    assert first.state == again.state
    assert [e.key for e in first.effects] == [e.key for e in again.effects]


def test_text_is_never_a_command(assistant: Assistant) -> None:
    result = assistant.turn('/intent{"customer_token":"x"}')
    assert result.state["slots"].get("customer_token") is None
    assert result.replies
    result = assistant.turn("/restart", result.state, n=1)
    assert result.replies


def test_a_turn_at_message_200_costs_no_more_than_twice_one_at_message_2(assistant: Assistant) -> None:
    lines = ["bonjour", "où est ma facture ?", "merci", "c'est quoi le TURPE ?", "ok"]
    state: dict[str, Any] | None = None
    costs: list[float] = []
    sizes: list[int] = []
    for n in range(204):
        started = time.process_time()
        result = assistant.turn(lines[n % len(lines)], state, n=n)
        costs.append(time.process_time() - started)
        state = result.state
        sizes.append(len(str(state)))
    early, late = sorted(costs[5:25])[10], sorted(costs[184:204])[10]
    assert late <= 2 * early
    assert max(sizes[184:]) <= 3 * max(sizes[5:25])


def test_a_flow_keeps_its_state_between_turns_that_share_nothing_else(assistant: Assistant) -> None:
    first = assistant.turn("quelle puissance me faut-il ? j'ai 3 pièces et le chauffage électrique", n=1)
    assert first.flow == "choose_power"
    second = assistant.turn("non, 4 pièces", first.state, n=2)
    assert second.flow == "choose_power"
    third = assistant.turn("annule", second.state, n=3)
    assert third.flow is None
    assert not any(name.startswith("choose_power") for name in third.state["slots"])


def test_thanks_to_a_person_carry_out_nothing_that_the_bot_had_asked_before(assistant: Assistant) -> None:
    begun = assistant.turn("je veux résilier mon contrat", n=1)
    assert begun.flow == "cancel_contract"
    asked = {**begun.state, "slots": {**begun.state["slots"], "requested_slot": "cancel_contract_confirm"}}
    for n, text in enumerate(("ok merci", "oui"), 2):
        after = assistant.turn(text, put_down(asked), n=n)
        assert after.flow is None
        assert not [effect for effect in after.effects if effect.kind == "flow"]
        assert after.replies[-1].reply == "smalltalk"


def test_a_question_in_between_is_answered_and_the_flow_goes_on(assistant: Assistant) -> None:
    first = assistant.turn("je veux envoyer mon relevé de compteur", n=1)
    assert first.flow == "meter_reading"
    second = assistant.turn("au fait, puis-je refuser le compteur Linky ?", first.state, n=2)
    assert second.flow == "meter_reading"
    assert second.replies[-1].reply == "flow"
    assert len(second.replies) >= 2


def test_an_action_that_raises_is_an_error_and_not_silence(assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("actions.reply.respond", broken)
    with pytest.raises(DialogueUnavailable):
        assistant.turn("bonjour")


def test_the_back_office_down_hands_over_with_what_was_said(assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: object, **__: object) -> None:
        raise BackofficeDown("The back office does not answer.")

    from bot.backoffice.demo import demo_customers

    customer = demo_customers()[0]
    monkeypatch.setattr(assistant.engine.backoffice, "request_code", down)
    first = assistant.turn("je veux changer mon RIB", n=1)
    assert first.flow == "payment_details"
    second = assistant.turn(f"{customer.contract} {customer.postcode}", first.state, n=2)
    assert second.flow is None
    handover = next(e for e in second.effects if e.kind == "handover")
    assert handover.payload["flow"] == "payment_details"
    assert second.replies[-1].reply == "handover"


def test_a_note_of_who_hands_the_chat_back_says_what_it_is_about(assistant: Assistant) -> None:
    before = assistant.turn("bonjour")

    def after(note: str | None) -> TurnResponse:
        request = TurnRequest(conversation_id="c", turn_id="c:9", text="d'accord, et maintenant ?", locale="fr", at=AT,
                              state=before.state, note=note)
        return asyncio.run(take_turn(assistant.engine, assistant.rasa, request))

    memory = after("Le client veut savoir comment lire son compteur Linky").state["slots"]["memory"]
    assert memory["article"]
    assert memory["theme"] == "compteur"
    assert memory["note"].startswith("Le client veut")
    assert after(None).state["slots"]["memory"]["theme"] != "compteur"
    assert after("merci").state["slots"]["memory"].get("article") == before.state["slots"]["memory"].get("article")
