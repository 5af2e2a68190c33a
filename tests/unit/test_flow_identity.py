"""Who is it: contract and postcode in one question, then a code; the same words for everyone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.backoffice.demo import demo_customers
from bot.backoffice.numbers import contract_number
from bot.errors import BackofficeDown
from bot.flows.explain_bill import FLOW
from bot.flows.types import choice_id
from tests.unit.conftest import Desk
from tests.unit.flow_talk import Talk

CUSTOMER, OTHER = demo_customers()[3], demo_customers()[0]
NOBODY = contract_number(999_999)


def started(desk: Desk) -> Talk:
    talk = Talk(FLOW, desk.backoffice)
    talk.say("explique ma facture")
    return talk


@pytest.mark.parametrize("message", [
    f"{CUSTOMER.contract} {CUSTOMER.postcode}",
    f"mon contrat c'est le {CUSTOMER.contract[2:]}, code postal {CUSTOMER.postcode}",
    f"{CUSTOMER.postcode} - {CUSTOMER.contract.lower()}",
    f"c {CUSTOMER.contract[2:4]} {CUSTOMER.contract[4:6]} {CUSTOMER.contract[6:8]} {CUSTOMER.contract[8:]} et {CUSTOMER.postcode}",
])
def test_number_and_postcode_are_heard_together_in_any_writing(desk: Desk, message: str) -> None:
    talk = started(desk)
    talk.say(message)
    assert talk.slots["contract_number"] == CUSTOMER.contract
    assert talk.slots["contract_postcode"] == CUSTOMER.postcode
    assert talk.asked == "identity_code"


def test_one_after_the_other_works_too(desk: Desk) -> None:
    talk = started(desk)
    talk.say(CUSTOMER.contract)
    assert talk.asked == "contract_postcode"
    talk.say(CUSTOMER.postcode)
    assert talk.asked == "identity_code"


def test_the_right_code_opens_the_account_and_is_not_kept(desk: Desk) -> None:
    talk = started(desk)
    talk.say(f"{CUSTOMER.contract} {CUSTOMER.postcode}")
    code = desk.code()
    talk.say(f"c'est {code[:3]} {code[3:]}")
    assert talk.end == "done"
    assert talk.slots["customer_token"]
    assert code not in repr(talk.slots)


def test_a_stranger_hears_the_same_words_as_a_customer(desk: Desk) -> None:
    """Neither the question for the code nor the answer to a wrong one tells whether a customer exists."""
    known, unknown = started(desk), started(desk)
    unknown.turn = 50
    said = [(t.say(f"{number} {CUSTOMER.postcode}"), t.say("000000" if desk.code() != "000000" else "000001"))
            for t, number in ((known, CUSTOMER.contract), (unknown, NOBODY))]
    real, stranger = ([text.replace(CUSTOMER.contract, "#").replace(NOBODY, "#") for text in pair] for pair in said)
    assert real == stranger
    assert [c.id for c in known.replies[-1].choices] == [c.id for c in unknown.replies[-1].choices]


def test_a_number_that_cannot_be_one_is_told_without_asking_the_back_office(desk: Desk) -> None:
    desk.break_down()
    talk = started(desk)
    text = talk.say("C-12345678 44000")
    assert "C-12345678" in text
    assert talk.asked == "contract_number"


def test_a_wrong_code_may_be_tried_again(desk: Desk) -> None:
    talk = started(desk)
    talk.say(f"{CUSTOMER.contract} {CUSTOMER.postcode}")
    right = desk.code()
    text = talk.say(str((int(right) + 1) % 1_000_000).zfill(6))
    assert talk.asked == "identity_code"
    assert "code" in text
    talk.say(right)
    assert talk.end == "done"


def test_a_code_of_the_wrong_length_is_not_sent_at_all(desk: Desk) -> None:
    talk = started(desk)
    talk.say(f"{CUSTOMER.contract} {CUSTOMER.postcode}")
    assert "6 chiffres" in talk.say("12345")


@pytest.mark.parametrize("words", ["j'ai rien reçu", "renvoyez-moi le code svp", "je n'ai pas reçu de mail"])
def test_a_code_is_sent_again_on_request_and_the_old_one_is_dead(desk: Desk, words: str) -> None:
    talk = started(desk)
    talk.say(f"{CUSTOMER.contract} {CUSTOMER.postcode}")
    first = desk.code()
    text = talk.say(words)
    assert "nouveau code" in text
    assert talk.say(first)
    assert talk.end is None
    talk.say(desk.code())
    assert talk.end == "done"


def test_the_button_sends_again_too(desk: Desk) -> None:
    talk = started(desk)
    talk.say(f"{CUSTOMER.contract} {CUSTOMER.postcode}")
    assert "nouveau code" in talk.press(choice_id("identity_code", "resend"))


def test_too_many_wrong_codes_send_a_new_one(desk: Desk) -> None:
    talk = started(desk)
    talk.say(f"{CUSTOMER.contract} {CUSTOMER.postcode}")
    challenge = talk.slots["identity_challenge"]["id"]
    right = desk.code()
    wrong = str((int(right) + 1) % 1_000_000).zfill(6)
    for attempt in range(5):
        desk.backoffice.check_code(challenge, wrong, "conv", f"t{attempt}")
    text = talk.say(right)
    assert talk.end is None
    assert "protéger" in text
    talk.say(desk.code())
    assert talk.end == "done"


def test_asking_for_codes_without_end_is_stopped_with_a_time_and_a_person(desk: Desk) -> None:
    talk = started(desk)
    talk.say(f"{CUSTOMER.contract} {CUSTOMER.postcode}")
    code = desk.code()
    for n in range(60):
        try:
            desk.backoffice.request_code(CUSTOMER.contract, CUSTOMER.postcode, f"flood-{n}", f"flood-{n}")
        except Exception:
            break
    text = talk.say("renvoyer le code")
    assert "min" in text
    assert "human" in [c.id for c in talk.replies[-1].choices]
    talk.say("renvoyer le code")
    talk.say(code)      # "if you have a recent one, type it"
    assert talk.end == "done"


def test_another_contract_gets_its_own_code(desk: Desk) -> None:
    talk = started(desk)
    talk.say(f"{CUSTOMER.contract} {CUSTOMER.postcode}")
    before = talk.slots["identity_challenge"]["id"]
    talk.say(f"pardon c'est le {OTHER.contract} {OTHER.postcode}")
    assert talk.slots["contract_number"] == OTHER.contract
    assert talk.slots["identity_challenge"]["id"] != before
    talk.say(desk.code())
    assert OTHER.contract == talk.slots["contract_number"]
    assert talk.end == "done"


def test_the_same_turn_twice_sends_one_code_and_checks_once(desk: Desk) -> None:
    talk = started(desk)
    before = dict(talk.slots), talk.turn
    talk.say(f"{CUSTOMER.contract} {CUSTOMER.postcode}")
    first = talk.slots["identity_challenge"]
    talk.slots, talk.turn = dict(before[0]), before[1]
    talk.say(f"{CUSTOMER.contract} {CUSTOMER.postcode}")
    assert talk.slots["identity_challenge"] == first
    before = dict(talk.slots), talk.turn
    code = desk.code()
    talk.say(code)
    token = talk.slots["customer_token"]
    talk.slots, talk.turn, talk.finish = dict(before[0]), before[1], None
    talk.say(code)
    assert talk.slots["customer_token"] == token
    assert talk.end == "done"


def test_a_verified_customer_is_not_asked_again(desk: Desk) -> None:
    talk = Talk(FLOW, desk.backoffice, slots={"customer_token": desk.token(CUSTOMER.contract)})
    talk.say("explique ma facture")
    assert talk.end == "done"


def test_a_token_of_another_conversation_opens_nothing(desk: Desk) -> None:
    from bot.errors import NotAllowed

    token = desk.token(CUSTOMER.contract, "someone-else")
    talk = Talk(FLOW, desk.backoffice, slots={"customer_token": token})
    with pytest.raises(NotAllowed):
        talk.say("explique ma facture")


def test_back_office_down_while_sending_the_code_raises_and_keeps_nothing(desk: Desk) -> None:
    talk = started(desk)
    desk.break_down()
    with pytest.raises(BackofficeDown):
        talk.say(f"{CUSTOMER.contract} {CUSTOMER.postcode}")
    desk.repair()
    talk.say(f"{CUSTOMER.contract} {CUSTOMER.postcode}")
    assert talk.asked == "identity_code"


@pytest.mark.parametrize(("later", "new"), [(timedelta(minutes=2), False), (timedelta(hours=1), True)])
def test_a_code_sent_before_another_request_counts_only_while_it_is_good(desk: Desk, later: timedelta, new: bool) -> None:
    first = started(desk)
    first.say(f"{CUSTOMER.contract} {CUSTOMER.postcode}")
    kept = {slot: first.slots[slot] for slot in ("contract_number", "contract_postcode", "identity_challenge")}
    talk = Talk(FLOW, desk.backoffice, slots=kept, at=first.at + later)
    talk.turn = 20
    talk.say("explique ma facture")
    assert talk.asked == "identity_code"
    assert (talk.slots["identity_challenge"]["id"] != kept["identity_challenge"]["id"]) is new


def test_a_wrong_code_typed_late_asks_for_one_code_and_not_for_two(desk: Desk) -> None:
    talk = started(desk)
    talk.say(f"{CUSTOMER.contract} {CUSTOMER.postcode}")
    before = talk.slots["identity_challenge"]["id"]
    talk.at += timedelta(hours=1)
    talk.say("12345")
    assert talk.slots["identity_challenge"]["id"] == before      # the check of a whole code says that it is too old
