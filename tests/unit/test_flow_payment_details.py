"""Bank account and debit day: heard, checked, recapped, changed once."""

from __future__ import annotations

from datetime import date

import pytest
from flow_talk import Talk
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BackofficeDown, BadInput, Conflict, NotAllowed, RelaisError
from bot.flows.debits import (
    check_iban,
    find_day,
    find_iban,
    nearest_days,
    next_debit,
    without_iban,
    working_days_after,
)
from bot.flows.payment_details import FLOW

IBAN = "FR76 3000 6000 0112 3456 7890 189"
COMPACT = "FR7630006000011234567890189"
DEBIT, TRANSFER, ENGLISH = "C-10421584", "C-10420323", "C-10420420"


def talk(desk, contract: str | None = DEBIT, **kwargs) -> Talk:
    slots = {"customer_token": desk.token(contract), "contract_number": contract} if contract else {}
    return Talk(FLOW, desk.backoffice, slots=slots, **kwargs)


def test_new_account_from_first_word_to_reference(desk) -> None:
    t = talk(desk, None)
    t.say("bonjour, j'ai changé de banque, je veux changer de RIB")
    assert t.asked == "contract_number"
    t.say(f"{DEBIT} {desk.row(DEBIT)['postcode']}")
    assert t.asked == "identity_code"
    t.say(desk.code())
    assert t.asked == "payment_details_iban"
    recap = t.say(IBAN)
    assert "•••• 189" in recap
    assert "3456" not in recap
    words = t.say("oui")
    assert t.end == "done"
    assert t.finish is not None
    assert t.finish.reference
    assert t.finish.reference in words
    assert desk.row(DEBIT)["iban"] == COMPACT


def test_everything_in_one_message_asks_only_the_recap(desk) -> None:
    t = talk(desk)
    recap = t.say(f"nouveau RIB {IBAN} et prélevez-moi le 20 plutôt que le 5")
    assert t.asked == "payment_details_confirm"
    assert "le 20 du mois" in recap
    t.press("yes")
    row = desk.row(DEBIT)
    assert (row["iban"], row["debit_day"]) == (COMPACT, 20)


def test_day_alone_by_buttons_offers_the_other_four_days(desk) -> None:
    t = talk(desk)
    t.say("changer la date de prélèvement")
    assert [c.id for c in t.replies[0].choices] == [f"slot:payment_details_day:{d}" for d in (10, 15, 20, 25)]
    assert "15 décembre" in t.press("15")
    t.press("yes")
    assert desk.row(DEBIT)["debit_day"] == 15
    assert desk.agreements("iban") == 0


def test_a_day_that_is_not_offered_gets_the_nearest_ones(desk) -> None:
    t = talk(desk)
    t.say("changer le jour de prélèvement")
    words = t.say("le 12")
    assert "le 10 ou le 15" in words
    assert t.asked == "payment_details_day"
    assert "déjà prélevé le 5" in t.say("le 5")


@pytest.mark.parametrize(("typed", "words"), [
    ("FR7630006000011234567890188", "clé de contrôle|tombe pas juste"), ("FR76 3000 6000 0112 3456 7890 1", "27 caractères"),
    ("TR330006100519786457841326", "SEPA"), ("123456789012", "27 caractères"),
])
def test_a_wrong_account_number_says_what_is_wrong(desk, typed: str, words: str) -> None:
    t = talk(desk)
    t.say("changer de RIB")
    said = t.say(typed)
    assert any(word in said for word in words.split("|"))
    assert t.asked == "payment_details_iban"
    t.say(IBAN)
    assert t.asked == "payment_details_confirm"


@pytest.mark.parametrize("account", ["DE89 3704 0044 0532 0130 00", "ES91 2100 0418 4502 0005 1332", "30006 00001 12345678901 89"])
def test_foreign_accounts_and_a_plain_rib_are_taken(desk, account: str) -> None:
    t = talk(desk)
    t.say("changer de RIB")
    t.say(account)
    assert t.asked == "payment_details_confirm"


def test_a_correction_at_the_recap_is_read_again_before_anything_is_done(desk) -> None:
    t = talk(desk)
    t.say(f"nouveau rib {IBAN}")
    recap = t.say("non, le 25 en plus")
    assert t.asked == "payment_details_confirm"
    assert "le 25 du mois" in recap
    recap = t.say("oui mais plutôt le 10")
    assert t.asked == "payment_details_confirm"
    assert "le 10 du mois" in recap
    assert desk.row(DEBIT)["iban"] != COMPACT
    t.say("oui")
    assert desk.row(DEBIT)["debit_day"] == 10


def test_who_pays_by_transfer_is_asked_for_an_account_first(desk) -> None:
    t = talk(desk, TRANSFER)
    words = t.say("je voudrais changer le jour")
    assert t.asked == "payment_details_iban"
    assert "virement" in words
    t.say(IBAN)
    assert t.asked == "payment_details_day"
    t.press("10")
    t.say("oui")
    row = desk.row(TRANSFER)
    assert (row["payment"], row["iban"], row["debit_day"]) == ("debit", COMPACT, 10)


def test_no_leaves_everything_as_it_was(desk) -> None:
    t = talk(desk)
    t.say(f"nouveau rib {IBAN}")
    t.say("non")
    assert t.end == "cancelled"
    assert desk.row(DEBIT)["iban"] != COMPACT


def test_back_and_cancel(desk) -> None:
    t = talk(desk)
    t.say("les deux : mon rib et la date")
    t.say(IBAN)
    assert t.asked == "payment_details_day"
    t.say("retour", intent="go_back")
    assert t.asked == "payment_details_iban"
    t.say("annule", intent="cancel")
    assert t.end == "cancelled"


def test_restart_forgets_the_account_number(desk) -> None:
    t = talk(desk)
    t.say(f"nouveau rib {IBAN}")
    t.say("on recommence", intent="start_over")
    assert t.slots["payment_details_iban"] is None
    assert t.asked == "payment_details_what"


def test_two_answers_that_do_not_fit_lead_to_a_person(desk) -> None:
    t = talk(desk)
    t.say("changer de RIB")
    t.say("gloubi")
    t.say("boulga")
    assert any(c.id == "human" for c in t.replies[0].choices)
    t.say("bof")
    assert t.end == "handover"


def test_the_same_turn_twice_changes_once(desk) -> None:
    t = talk(desk)
    t.say(f"nouveau rib {IBAN} prélevé le 20")
    once = t.say("oui")
    assert t.again() == once
    assert desk.agreements("iban") == 1
    assert desk.agreements("debit_day") == 1


def test_back_office_down_before_anything_raises(desk) -> None:
    t = talk(desk)
    t.say(f"nouveau rib {IBAN} prélevé le 20")
    desk.break_down()
    with pytest.raises(BackofficeDown):
        t.say("oui")
    desk.repair()
    assert desk.agreements("iban") == 0


def test_back_office_down_between_the_two_says_what_is_done(desk, monkeypatch) -> None:
    t = talk(desk)
    t.say(f"nouveau rib {IBAN} prélevé le 20")

    def down(*_: object) -> None:
        raise BackofficeDown("The back office does not answer.")

    monkeypatch.setattr(desk.backoffice, "update_debit_day", down)
    words = t.say("oui")
    assert t.end == "handover"
    assert t.finish is not None
    assert t.finish.reference
    assert t.finish.reference in words
    assert "conseiller" in words
    assert desk.row(DEBIT)["debit_day"] == 5


@pytest.mark.parametrize(("error", "sure"), [
    (Conflict("Ended."), True), (BadInput("No such day."), True), (NotAllowed("Over.", reason="expired"), True),
    (BackofficeDown("Refused.", untouched=True), True), (BackofficeDown("Lost."), False),
])
def test_whatever_stops_the_second_effect_the_first_is_told(desk, monkeypatch, error: RelaisError, sure: bool) -> None:
    t = talk(desk)
    t.say(f"nouveau rib {IBAN} prélevé le 20")

    def stopped(*_: object) -> None:
        raise error

    monkeypatch.setattr(desk.backoffice, "update_debit_day", stopped)
    words = t.say("oui")
    assert t.finish is not None
    assert (t.end, desk.agreements("iban")) == ("handover", 1)
    assert str(t.finish.reference) in words
    assert ("inchangé" in words) is sure
    assert ("vérifie" in words) is not sure


def test_a_debit_that_is_too_close_is_told_before_and_after(desk) -> None:
    from datetime import datetime, timezone

    t = talk(desk, at=datetime(2026, 12, 1, 9, tzinfo=timezone.utc))
    assert "5 décembre" in t.say(f"nouveau rib {IBAN}")
    words = t.say("oui")
    assert "5 décembre" in words
    assert "ancien compte" in words


def test_english(desk) -> None:
    t = talk(desk, ENGLISH, language="en")
    t.say("I want to change my bank account and the debit day")
    t.say(IBAN)
    t.say("the 20th")
    words = t.say("yes")
    assert "Done" in words
    assert desk.row(ENGLISH)["debit_day"] == 20


@pytest.mark.parametrize(("text", "day"), [
    ("vous pouvez me débiter le 20 plutôt que le 5 ?", 20), ("svp mettre le 10 o lieu du 25 chak moi", 10),
    ("je touche ma paye le 12, faites en sorte que ça sorte à partir du 15", 15), ("Je vous ai demandé le 15, PAS LE 5", 15),
    ("ma retraite arrive le 9, il faudrait passer après", None), ("prélevé le vingt de chaque mois", 20), ("j'habite le 12 rue des Lilas", None),
])
def test_the_day_meant_is_found_among_others(text: str, day: int | None) -> None:
    assert find_day(text, asked=False) == day


def test_nearest_days_and_dates() -> None:
    offered = [5, 10, 15, 20, 25]
    assert nearest_days(12, offered) == (10, 15)
    assert nearest_days(1, offered) == (5,)
    assert nearest_days(30, offered) == (25,)
    assert next_debit(date(2026, 12, 31), 5) == date(2027, 1, 5)
    assert next_debit(date(2026, 12, 5), 5) == date(2027, 1, 5)
    assert working_days_after(date(2026, 11, 27), 5) == date(2026, 12, 4)      # over a weekend


@given(st.text(max_size=200))
def test_any_text_is_taken(text: str) -> None:
    found = find_iban(text)
    assert found is None or check_iban(found) in (None, "length", "checksum", "sepa")
    assert isinstance(without_iban(text), str)
    assert find_day(text, asked=True) in (None, *range(1, 32))


@pytest.mark.parametrize("name", [f"pour mon autre contrat {ENGLISH}, je veux changer de RIB : {IBAN}",
                                  f"pour mon autre contrat, le {ENGLISH[2:]}, je veux changer de RIB : {IBAN}"])
def test_another_contract_than_the_verified_one_is_verified_first(desk, name: str) -> None:
    before = desk.row(DEBIT)["iban"]
    t = talk(desk)
    t.say(name)
    assert t.asked == "contract_postcode"
    assert t.slots["contract_number"] == ENGLISH
    assert not t.slots["customer_token"]
    t.say(str(desk.row(ENGLISH)["postcode"]))
    recap = t.say(desk.code())
    assert t.asked == "payment_details_confirm"
    assert ENGLISH in recap
    t.say("oui")
    assert desk.row(ENGLISH)["iban"] == COMPACT
    assert desk.row(DEBIT)["iban"] == before


def test_another_contract_named_at_the_recap_changes_nothing_on_the_first(desk) -> None:
    before = desk.row(DEBIT)["iban"]
    t = talk(desk)
    assert DEBIT in t.say(f"nouveau rib {IBAN}")
    t.say(f"oui, mais pour le contrat {ENGLISH} {desk.row(ENGLISH)['postcode']}")
    assert t.asked == "identity_code"
    assert ENGLISH in t.say(desk.code())
    assert desk.row(DEBIT)["iban"] == before


@pytest.mark.parametrize("text", [
    f"mon contrat est le {DEBIT}, nouveau rib {IBAN}", f"nouveau rib {IBAN}, et mon index est {ENGLISH[2:]}", f"nouveau rib {IBAN}, pas C-10420421",
])
def test_the_same_contract_or_another_number_asks_nobody_again(desk, text: str) -> None:
    t = talk(desk)
    t.say(text)
    assert t.asked == "payment_details_confirm"
    assert t.slots["customer_token"]


def test_a_person_asked_for_about_another_contract_leaves_who_it_is(desk) -> None:
    t = talk(desk)
    t.say("changer de RIB")
    t.say(f"un conseiller pour mon contrat {ENGLISH}", intent="human")
    assert t.end == "handover"
    assert t.slots["customer_token"]
    assert t.slots["contract_number"] == DEBIT


def test_a_flow_opened_by_a_button_hears_the_contract_named_before(desk) -> None:
    t = talk(desk)
    t.say("", entities=t._entities(f"pour mon autre contrat {ENGLISH}, je veux changer de RIB"))
    assert t.slots["contract_number"] == ENGLISH
    t.say("changer de RIB")
    assert t.asked == "contract_postcode"


def test_starting_over_keeps_who_it_is(desk) -> None:
    t = talk(desk)
    t.say(f"nouveau rib {IBAN}")
    t.say("on recommence", intent="start_over")
    assert t.slots["contract_number"] == DEBIT


@pytest.mark.parametrize("language", ["fr", "en", "nl", "es", "de", "it"])
def test_the_recap_names_the_contract(desk, language: str) -> None:
    t = talk(desk, language=language)
    for seed in (0, 1, 2, 3):
        t.turn = seed
        t.slots.update(payment_details_iban=None, payment_details_what="iban", requested_slot="payment_details_iban")
        assert DEBIT in t.say(IBAN)
