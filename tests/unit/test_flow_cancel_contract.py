"""Cancelling: the right way first, what it costs, a date, one coherent end."""

from __future__ import annotations

import pytest
from flow_talk import AT, Talk

from bot.errors import BackofficeDown
from bot.flows.cancel_contract import FLOW

LINKY, OLD_METER, CREDIT = "C-10421293", "C-10422651", "C-10420614"


def talk(desk, contract: str | None = LINKY, **kwargs) -> Talk:
    slots = {"customer_token": desk.token(contract), "contract_number": contract} if contract else {}
    return Talk(FLOW, desk.backoffice, slots=slots, **kwargs)


def to_recap(desk, contract: str = LINKY, day: str = "le 20 décembre") -> Talk:
    t = talk(desk, contract)
    t.say("je veux résilier")
    t.press("moving_only")
    t.say(day)
    t.press("email")
    assert t.asked == "cancel_contract_confirm"
    return t


def test_from_the_first_word_to_the_reference(desk) -> None:
    t = talk(desk, None)
    t.say("je veux résilier, je vends mon appartement")
    assert t.asked == "cancel_contract_next_home"
    t.press("no")
    assert t.asked == "contract_number"
    t.say(f"{LINKY} {desk.row(LINKY)['postcode']}")
    t.say(desk.code())
    assert t.asked == "cancel_contract_end_on"
    t.say("le 20 décembre")
    recap = t.press("email")
    for part in ("20 décembre 2026", "0\u00a0€", "17 janvier 2027", "4 semaines"):
        assert part in recap
    words = t.say("oui")
    assert t.finish is not None
    assert t.finish.reference in words
    assert "bonne route" in words
    assert (desk.row(LINKY)["status"], desk.row(LINKY)["ends_on"]) == ("closing", "2026-12-20")


def test_everything_in_one_message(desk) -> None:
    t = talk(desk)
    t.say("résilier au 20 décembre, j'ai vendu la maison")
    t.press("no")
    assert t.asked == "cancel_contract_forward"


def test_who_changes_supplier_need_not_cancel_and_need_not_say_who_they_are(desk) -> None:
    t = talk(desk, None)
    t.say("je veux résilier, je pars chez EDF")
    assert t.asked == "cancel_contract_advice"
    words = t.press("stop")
    assert t.end == "done"
    assert "PDL" in words
    assert desk.agreements("end") == 0


@pytest.mark.parametrize(("first", "said"), [("je change de fournisseur", "je résilie quand même"), ("c'est trop cher", "quand même"), ("trop déçu du service", "non")])
def test_who_cancels_anyway_is_told_about_the_cut(desk, first: str, said: str) -> None:
    t = talk(desk)
    t.say(f"résilier, {first}")
    assert t.asked == "cancel_contract_advice"
    t.say(said)
    recap = t.say("le 20 décembre")
    assert t.asked == "cancel_contract_confirm"     # whoever stays has a known address
    assert "coupé" in recap
    assert "l'autre contrat" in t.say("oui")


def test_who_moves_is_offered_the_new_home(desk) -> None:
    t = talk(desk, None)
    t.say("je déménage, résiliez mon contrat")
    assert next(c.id for c in t.replies[0].choices) == "flow:move_home"
    t.say("oui")
    assert t.end == "cancelled"
    assert [c.id for c in t.replies[0].choices] == ["flow:move_home"]


@pytest.mark.parametrize("text", ["mon père est décédé, je veux arrêter son contrat", "suite au décès de ma mère je veux résilier", "my husband passed away"])
@pytest.mark.parametrize("before", [[], ["je veux résilier"]])
def test_the_death_of_the_holder_goes_to_a_person_with_condolences(desk, text: str, before: list[str]) -> None:
    t = talk(desk, None)
    for line in before:
        t.say(line)
    words = t.say(text)
    assert t.end == "handover"
    assert "condoléances" in words
    assert t.advance is not None
    assert not t.advance.urgent


def test_money_to_pay_and_money_back_are_said(desk) -> None:
    for contract in (LINKY, CREDIT):
        t = to_recap(desk, contract)
        recap = t.replies[0].text
        preview = desk.backoffice.cancellation_preview(desk.access(contract), AT.date().replace(month=12, day=20))
        assert ("à régler" in recap) == (preview.balance_eur > 0)
        assert ("vous rendrons" in recap) == (preview.balance_eur < 0)


def test_the_past_is_explained_and_today_offered(desk) -> None:
    t = talk(desk)
    t.say("je veux résilier")
    t.press("moving_only")
    assert "26 novembre" in t.say("le 3 novembre")
    t.say("oui")
    assert t.slots["cancel_contract_end_on"] == AT.date().isoformat()


def test_far_away_dates_are_explained(desk) -> None:
    t = talk(desk)
    t.say("je veux résilier")
    t.press("moving_only")
    assert "plus d'un an" in t.say("le 20 décembre 2028")
    assert t.asked == "cancel_contract_end_on"


def test_index_is_asked_on_the_last_day_and_may_wait(desk) -> None:
    t = talk(desk, OLD_METER)
    t.say("je veux résilier")
    t.press("moving_only")
    t.press(AT.date().isoformat())
    assert t.asked == "cancel_contract_index_base"
    t.say("plus tard")
    assert t.asked == "cancel_contract_forward"
    t.press("email")
    assert "7 jours" in t.say("oui")


def test_a_correction_at_the_recap_is_read_again(desk) -> None:
    t = to_recap(desk)
    recap = t.say("non, le 22 décembre")
    assert t.asked == "cancel_contract_confirm"
    assert "22 décembre 2026" in recap
    t.say("oui")
    assert desk.row(LINKY)["ends_on"] == "2026-12-22"


def test_no_back_and_cancel(desk) -> None:
    t = to_recap(desk)
    t.say("retour", intent="go_back")
    assert t.asked == "cancel_contract_forward"
    t.press("email")
    t.say("annule", intent="cancel")
    assert t.end == "cancelled"
    assert desk.row(LINKY)["status"] == "active"
    other = talk(desk, None)
    other.say("je veux résilier")
    other.say("annule", intent="cancel")
    assert other.end == "cancelled"


def test_two_answers_that_do_not_fit_lead_to_a_person(desk) -> None:
    t = talk(desk, None)
    t.say("résilier")
    t.say("gloubi")
    t.say("boulga")
    assert any(c.id == "human" for c in t.replies[0].choices)
    t.say("bof")
    assert t.end == "handover"


def test_ending_twice_says_when_it_ends(desk) -> None:
    to_recap(desk).say("oui")
    t = talk(desk)
    t.say("je veux résilier")
    words = t.press("moving_only")
    assert t.end == "done"
    assert "20 décembre 2026" in words
    assert desk.agreements("end") == 1


def test_the_same_turn_twice_ends_once(desk) -> None:
    t = to_recap(desk)
    once = t.say("oui")
    assert t.again() == once
    assert desk.agreements("end") == 1


def test_back_office_down_does_nothing(desk) -> None:
    t = to_recap(desk)
    desk.break_down()
    with pytest.raises(BackofficeDown):
        t.say("oui")
    desk.repair()
    assert desk.row(LINKY)["status"] == "active"


def test_an_expired_verification_asks_again_and_keeps_the_rest(desk) -> None:
    t = to_recap(desk)
    t.slots["customer_token"] = "expired-token"
    words = t.say("oui")
    assert t.asked in ("identity_code", "contract_postcode", "contract_number")
    assert "refermé" in words
    assert t.slots["cancel_contract_end_on"] == "2026-12-20"
    assert desk.row(LINKY)["status"] == "active"


def test_english(desk) -> None:
    t = talk(desk, language="en")
    t.say("I want to cancel, I'm changing supplier")
    assert t.asked == "cancel_contract_advice"
    assert "new supplier" in t.press("stop")


def test_an_index_of_today_does_not_go_with_a_later_last_day(desk) -> None:
    t = talk(desk, OLD_METER)
    t.say("je veux résilier")
    t.press("moving_only")
    t.press(AT.date().isoformat())
    expected = next(e for e in desk.backoffice.estimate_index(desk.access(OLD_METER), AT.date()) if e.register == "base").value
    t.say(str(expected))
    t.press("email")
    t.say("non, plutôt le 22 décembre")
    assert t.asked == "cancel_contract_confirm"
    assert t.slots["cancel_contract_index_base"] is None
    newest = desk.backoffice.readings(desk.access(OLD_METER))[0]
    assert "7 jours" in t.say("oui")
    assert desk.backoffice.readings(desk.access(OLD_METER))[0] == newest


def test_a_later_day_given_when_the_index_is_asked_is_no_index(desk) -> None:
    t = talk(desk, OLD_METER)
    t.say("je veux résilier")
    t.press("moving_only")
    t.press(AT.date().isoformat())
    t.say("plutôt le 22 décembre")
    assert t.asked == "cancel_contract_forward"
    assert t.slots.get("cancel_contract_index_base") is None


@pytest.mark.parametrize("text", ["à partir de lundi", "a partir de demain matin", "A partir de la semaine prochaine", "a partir del lunes", "a partire dal 20 dicembre"])
def test_from_monday_on_does_not_mean_moving(desk, text: str) -> None:
    t = talk(desk)
    t.say("résilier, c'est trop cher")
    t.say("quand même")
    t.say(text)
    assert t.slots["cancel_contract_reason"] == "price"


@pytest.mark.parametrize("text", ["je suis parti de ce logement, résiliez", "résilier : nous sommes partis depuis mardi"])
def test_who_has_left_the_home_is_still_heard_as_moving(desk, text: str) -> None:
    t = talk(desk)
    t.say(text)
    assert t.slots["cancel_contract_reason"] == "moving"


def test_the_postcode_of_another_contract_is_no_index(desk) -> None:
    t = talk(desk, OLD_METER)
    t.say("je veux résilier")
    t.press("moving_only")
    t.press(AT.date().isoformat())
    assert t.asked == "cancel_contract_index_base"
    t.say(f"pardon, c'est le contrat {LINKY} {desk.row(LINKY)['postcode']}")
    assert t.asked == "identity_code"
    assert t.slots.get("cancel_contract_index_base") is None


def test_an_index_is_not_taken_over_to_another_contract(desk) -> None:
    t = talk(desk, OLD_METER)
    t.say("je veux résilier")
    t.press("moving_only")
    t.press(AT.date().isoformat())
    t.say("12")
    t.say("12")
    t.press("email")
    t.say(f"pardon, c'est le contrat {LINKY} {desk.row(LINKY)['postcode']}")
    t.say(desk.code())
    assert t.slots["contract_number"] == LINKY
    assert t.slots["cancel_contract_index_base"] is None
    assert t.slots["cancel_contract_odd"] is None


@pytest.mark.parametrize(("language", "text", "end"), [
    ("fr", "bien sûr que non", "cancelled"), ("en", "correct the date please", None), ("nl", "klopt niet", "cancelled"),
    ("es", "claro que no", "cancelled"), ("de", "genau das nicht", "cancelled"), ("it", "prima vorrei sapere quanto costa", None),
    ("fr", "ok, et ça coûte combien ?", None), ("fr", "ok annule", None), ("fr", "ok laisse tomber", "cancelled"),
])
def test_a_yes_word_that_agrees_to_nothing_ends_no_contract(desk, language: str, text: str, end: str | None) -> None:
    t = to_recap(desk)
    t.language = language
    t.say(text)
    assert t.end == end
    assert t.asked == (None if end else "cancel_contract_confirm")
    assert (desk.row(LINKY)["status"], desk.agreements("end")) == ("active", 0)


@pytest.mark.parametrize(("language", "text"), [
    ("fr", "oui, annulez mon contrat"), ("en", "yes, cancel it"), ("de", "ja, kein Problem"), ("es", "sí, cancele el contrato"),
])
def test_a_yes_that_asks_for_the_end_ends_it(desk, language: str, text: str) -> None:
    t = to_recap(desk)
    t.language = language
    t.say(text)
    assert (t.end, desk.agreements("end")) == ("done", 1)
