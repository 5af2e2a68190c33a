"""Moving home: one request that closes here and opens there, or only closes."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flow_talk import AT, Talk

from bot.errors import BackofficeDown
from bot.flows.move_home import FLOW

GAS, BOTH, OLD_METER = "C-10421584", "C-10420226", "C-10422651"
DAY = timedelta(days=1)
TODAY = AT.date()


def talk(desk, contract: str | None = BOTH, **kwargs) -> Talk:
    slots = {"customer_token": desk.token(contract), "contract_number": contract} if contract else {}
    return Talk(FLOW, desk.backoffice, slots=slots, **kwargs)


def test_from_the_first_word_to_the_reference(desk) -> None:
    t = talk(desk, None)
    t.say("bonjour, je déménage")
    assert t.asked == "contract_number"
    t.say(f"{BOTH}, {desk.row(BOTH)['postcode']}")
    t.say(desk.code())
    assert t.asked == "move_home_leave_on"
    t.say("le 15 décembre")
    t.press("yes")
    t.say("12 rue des Lilas, 35000 Rennes")
    assert t.asked == "move_home_enter_on"
    t.say("le 14 décembre")
    t.press("both")
    t.press("same")
    recap = t.say("passer")
    for part in ("15 décembre 2026", "14 décembre 2026", "12 rue des Lilas, 35000 Rennes", "6 kVA", "39", "0"):
        assert part in recap
    words = t.say("oui")
    assert t.end == "done"
    assert t.finish is not None
    assert t.finish.reference in words
    row = desk.row(BOTH)
    assert (row["status"], row["ends_on"]) == ("closing", "2026-12-15")


def test_everything_in_one_message_asks_only_what_is_missing(desk) -> None:
    t = talk(desk)
    t.say("je rends les clés le 31 décembre et j'emménage le 28 décembre au 12 bis avenue Foch, 54000 Nancy, pas de gaz là-bas, 9 kVA")
    assert t.asked == "move_home_new_pdl"
    recap = t.press("skip")
    for part in ("31 décembre", "28 décembre", "12 bis avenue Foch, 54000 Nancy", "9 kVA", "électricité"):
        assert part in recap


def test_streets_with_a_date_or_an_article_in_their_name_are_kept_whole(desk) -> None:
    t = talk(desk)
    t.say("je déménage le 15 décembre")
    t.press("yes")
    t.say("4 rue du 8 mai 1945, 35000 Rennes")
    assert t.slots["move_home_new_address"] == "4 rue du 8 mai 1945"
    assert t.slots["move_home_leave_on"] == "2026-12-15"
    t.say("pardon, 7 impasse de la Forêt le 18 décembre")
    assert t.slots["move_home_new_address"] == "7 impasse de la Forêt"


def test_leaving_for_good_is_one_coherent_message(desk) -> None:
    t = talk(desk)
    t.say("je pars à l'étranger le 20 décembre")
    assert t.asked == "move_home_forward"
    t.press("email")
    assert "ouverture" not in t.replies[0].text
    words = t.say("oui")
    assert "bonne route" in words
    assert "Bonne installation" not in words
    assert "ouvert à votre nom" not in words
    assert desk.row(BOTH)["status"] == "closing"


def test_final_bill_may_go_to_a_postal_address(desk) -> None:
    t = talk(desk)
    t.say("je pars chez mes parents le 20 décembre")
    recap = t.say("3 rue du Port, 29200 Brest")
    assert "3 rue du Port, 29200 Brest" in recap
    assert t.slots["move_home_stay"] == "no"


def test_the_past_is_explained_and_today_offered(desk) -> None:
    t = talk(desk)
    t.say("je déménage")
    words = t.say("le 3 novembre")
    assert "26 novembre" in words
    assert t.asked == "move_home_leave_on"
    t.say("oui")
    assert t.slots["move_home_leave_on"] == TODAY.isoformat()


def test_last_index_is_asked_only_on_the_last_day_and_of_counters_read_by_hand(desk) -> None:
    later = talk(desk, OLD_METER)
    later.say("je pars à l'étranger le 20 décembre")
    assert later.asked == "move_home_forward"
    same_day = talk(desk, OLD_METER)
    same_day.say("je pars à l'étranger")
    same_day.press(TODAY.isoformat())
    assert same_day.asked == "move_home_index_base"
    linky_and_gas = talk(desk, BOTH)
    linky_and_gas.say("je pars à l'étranger")
    linky_and_gas.press(TODAY.isoformat())
    assert linky_and_gas.asked == "move_home_index_gas"


def test_an_odd_index_is_read_back_once_then_taken(desk) -> None:
    t = talk(desk, OLD_METER)
    t.say("je pars à l'étranger")
    t.press(TODAY.isoformat())
    assert "moins que le dernier" in t.say("12")
    assert t.asked == "move_home_index_base"
    t.say("12")
    assert t.asked == "move_home_forward"
    assert t.slots["move_home_index_base"] == 12


@pytest.mark.parametrize(("language", "text"), [
    ("fr", "oui"), ("en", "yes, that's right"), ("nl", "ja, klopt"), ("es", "sí, es correcto"), ("de", "ja, das stimmt"), ("it", "sì, è giusto"),
])
def test_an_odd_index_is_taken_where_words_confirm_it(desk, language: str, text: str) -> None:
    t = talk(desk, OLD_METER)
    t.say("je pars à l'étranger")
    t.press(TODAY.isoformat())
    t.say("12")
    t.language = language
    t.say(text)
    assert (t.asked, t.slots["move_home_index_base"]) == ("move_home_forward", 12)


@pytest.mark.parametrize("said", [["12", "oui attendez je regarde"], ["12", "oui je relis"], ["12", "ok je vérifie"], ["oui"]])
def test_no_index_is_taken_from_words_that_confirm_none(desk, said: list[str]) -> None:
    t = talk(desk, OLD_METER)
    t.say("je pars à l'étranger")
    t.press(TODAY.isoformat())
    for text in said:
        t.say(text)
    assert t.asked == "move_home_index_base"
    assert t.slots.get("move_home_index_base") is None


def test_a_right_index_goes_with_the_request(desk) -> None:
    expected = next(e for e in desk.backoffice.estimate_index(desk.access(OLD_METER), TODAY) if e.register == "base").value
    t = talk(desk, OLD_METER)
    t.say("je pars à l'étranger")
    t.press(TODAY.isoformat())
    t.say(str(expected))
    t.press("email")
    assert "relevé du jour est enregistré" in t.say("oui")
    newest = desk.backoffice.readings(desk.access(OLD_METER))[0]
    assert (newest.value, newest.kind) == (expected, "customer")


def test_a_power_that_does_not_exist_gets_the_nearest(desk) -> None:
    t = talk(desk)
    t.say("je déménage le 15 décembre")
    t.say("12 rue des Lilas, 35000 Rennes")
    t.say("le 15 décembre")
    t.press("electricity")
    words = t.say("7")
    assert "6 kVA ou 9 kVA" in words
    t.say("9")
    assert t.slots["move_home_new_power"] == 9


@pytest.mark.parametrize(("days", "fee"), [(0, "145"), (2, "55"), (3, "16"), (20, "16")])
def test_the_networks_fee_follows_the_notice(desk, days: int, fee: str) -> None:
    t = talk(desk)
    t.say("je déménage le 20 décembre")
    t.press("yes")
    t.say("12 rue des Lilas, 35000 Rennes")
    t.slots["move_home_enter_on"] = (TODAY + days * DAY).isoformat()
    t.slots["requested_slot"] = "move_home_new_energy"
    t.say("tout électrique")
    t.press("as_is")
    recap = t.press("skip")
    assert f"environ {fee}\u00a0€" in recap
    t.say("oui")
    assert t.end == "done"


def test_corrections_at_any_time_are_read_again(desk) -> None:
    t = talk(desk)
    t.say("je pars à l'étranger le 20 décembre")
    t.press("email")
    recap = t.say("non, plutôt le 22 décembre")
    assert t.asked == "move_home_confirm"
    assert "22 décembre 2026" in recap
    t.say("oui mais le 23 décembre")
    assert t.asked == "move_home_confirm"
    assert desk.row(BOTH)["status"] == "active"
    t.say("oui")
    assert desk.row(BOTH)["ends_on"] == "2026-12-23"


def test_a_bare_date_at_the_recap_moves_both_days_when_they_are_one(desk) -> None:
    t = talk(desk)
    t.say("je déménage le 15 décembre au 12 rue des Lilas 35000 Rennes, tout électrique, 6 kVA")
    t.press("2026-12-15")
    t.press("skip")
    assert t.asked == "move_home_confirm"
    t.say("non, plutôt le 16 décembre")
    assert t.asked == "move_home_confirm"
    assert (t.slots["move_home_leave_on"], t.slots["move_home_enter_on"]) == ("2026-12-16", "2026-12-16")
    t.say("en fait j'emménage le 18 décembre")
    assert (t.slots["move_home_leave_on"], t.slots["move_home_enter_on"]) == ("2026-12-16", "2026-12-18")


def test_back_cancel_and_no(desk) -> None:
    t = talk(desk)
    t.say("je déménage")
    t.say("le 20 décembre")
    assert t.asked == "move_home_stay"
    t.say("retour", intent="go_back")
    assert t.asked == "move_home_leave_on"
    t.say("le 21 décembre")
    t.press("no")
    t.press("email")
    t.say("non")
    assert t.end == "cancelled"
    assert desk.row(BOTH)["status"] == "active"
    other = talk(desk)
    other.say("je déménage")
    other.say("annule", intent="cancel")
    assert other.end == "cancelled"


def test_two_answers_that_do_not_fit_lead_to_a_person(desk) -> None:
    t = talk(desk)
    t.say("je déménage")
    t.say("gloubi")
    t.say("boulga")
    assert any(c.id == "human" for c in t.replies[0].choices)


def test_a_contract_that_is_ending_already_says_so(desk) -> None:
    t = talk(desk)
    t.say("je pars à l'étranger le 20 décembre")
    t.press("email")
    t.say("oui")
    again = talk(desk)
    words = again.say("je déménage")
    assert again.end == "done"
    assert "20 décembre 2026" in words
    assert desk.agreements("move") == 1


def test_the_same_turn_twice_moves_once(desk) -> None:
    t = talk(desk)
    t.say("je pars à l'étranger le 20 décembre")
    t.press("email")
    once = t.say("oui")
    assert t.again() == once
    assert desk.agreements("move") == 1


def test_back_office_down_does_nothing(desk) -> None:
    t = talk(desk)
    t.say("je pars à l'étranger le 20 décembre")
    t.press("email")
    desk.break_down()
    with pytest.raises(BackofficeDown):
        t.say("oui")
    desk.repair()
    assert desk.row(BOTH)["status"] == "active"


def test_gas_only_customers_are_not_asked_to_keep_a_power_they_do_not_have(desk) -> None:
    t = talk(desk, GAS)
    t.say("je déménage le 15 décembre au 12 rue des Lilas 35000 Rennes")
    t.say("le 16 décembre")
    t.press("electricity")
    assert [c.id for c in t.replies[0].choices] == ["slot:move_home_new_power:as_is"]


def test_english(desk) -> None:
    t = talk(desk, language="en")
    t.say("I'm moving abroad")
    t.press(date(2026, 12, 31).isoformat())
    if t.asked == "move_home_stay":
        t.press("no")
    t.press("email")
    assert "all the best" in t.say("yes")
