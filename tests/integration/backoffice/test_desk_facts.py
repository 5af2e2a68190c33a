"""What an agent learns of a verified customer: their contract and bills, while the customer's own key lives."""

from __future__ import annotations

from typing import Any

from bot.assistant.known import key_of, request_of, slots_of
from bot.backoffice.demo import demo_customers
from bot.conversations.model import Conversation
from bot.desk.customer import look_up
from tests.integration.backoffice.conftest import World


def conversation(token: str | None, id: str = "conv") -> Conversation:
    state = {"slots": {"customer_token": token, "contract_number": "C-12345674"}} if token else None
    values: dict[str, Any] = dict.fromkeys(Conversation.__dataclass_fields__)
    return Conversation(**values | {"id": id, "language": "fr", "state": state, "contact": "camille@exemple.fr"})


TICKET: dict[str, Any] = {"packet": {"slots": {"contract_number": "C-12345674"}}}


def test_a_verified_customers_contract_and_bills_stand_beside_the_ticket(world: World) -> None:
    token = world.sign_in().token
    facts = look_up(TICKET, conversation(token), lambda: world.backoffice)
    who = demo_customers()[0]
    assert facts.verified
    assert facts.values["contract.number"] == who.contract
    assert facts.values["customer.postcode"] == who.postcode
    assert facts.values["customer.email"] == "camille@exemple.fr"
    assert facts.values["customer.name"]
    assert 1 <= len(facts.bills) <= 2
    assert {"number", "issued", "total", "status"} == set(facts.bills[0])


def test_another_conversations_key_opens_nothing(world: World) -> None:
    token = world.sign_in(conversation="conv").token
    facts = look_up(TICKET, conversation(token, "other"), lambda: world.backoffice)
    assert not facts.verified
    assert facts.bills == []
    assert facts.values["contract.number"] == "C-12345674", "only what the customer said"


def test_what_was_learnt_stays_when_the_key_has_expired(world: World) -> None:
    token = world.sign_in().token
    known = look_up(TICKET, conversation(token), lambda: world.backoffice).public()
    world.clock.forward(minutes=31)
    kept = {"packet": {**TICKET["packet"], "account": known}}
    facts = look_up(kept, conversation(token), lambda: world.backoffice)
    assert facts.verified
    assert facts.bills == known["bills"]
    assert not look_up(TICKET, conversation(token), lambda: world.backoffice).verified


def test_nobody_is_asked_without_a_key() -> None:
    def never() -> Any:
        raise AssertionError("asked")

    assert not look_up(TICKET, conversation(None), never).verified


def test_the_state_gives_facts_and_keeps_secrets() -> None:
    state = {"loop": "move_home_form", "slots": {
        "customer_token": "t", "identity_code": "123456", "payment_details_iban": "FR76", "flow_key": "k", "requested_slot": "x",
        "contract_number": "C-12345674", "move_home_contract": {"town": "Lyon"}, "move_home_confirm": True, "outage_scope": "home",
        "memory": {"asks": ["je déménage"], "anger": 1, "theme": "demenagement", "refused": ["linky"]}}}
    assert slots_of(state) == {"contract_number": "C-12345674", "outage_scope": "home"}
    assert key_of(state) == "t"
    assert request_of(state) == {"asks": ["je déménage"], "refused": ["linky"], "theme": "demenagement", "flow": "move_home"}
    assert slots_of(None) == {}
    assert key_of(None) is None
    assert request_of(None) == {}
