"""The flow "choose the power of a meter": advice without an account, change with one."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bot.backoffice.demo import demo_customers
from bot.backoffice.prices import load_prices
from bot.errors import BackofficeDown
from bot.flows.choose_power import FLOW
from bot.flows.power_advice import recommendation
from bot.settings import ROOT
from tests.unit.conftest import Desk
from tests.unit.flow_talk import Talk

SECOND_HOME, OLD_METER, GAS_ONLY = (demo_customers()[i] for i in (0, 1, 5))
PRICES = load_prices(ROOT / "data")


def say(talk: Talk, text: str, **more: str) -> str:
    return talk.say(text, **more).replace("\u00a0", " ")


def euros(amount: Decimal) -> str:
    return f"{amount:.2f}".replace(".", ",") + " €"


def verified(desk: Desk, contract: str) -> dict[str, str]:
    return {"customer_token": desk.token(contract), "contract_number": contract}


def test_the_second_home_with_15_kva_is_advised_without_an_account(desk: Desk) -> None:
    """The question the market's bot could not answer: reasons and the yearly saving, no identity."""
    talk = Talk(FLOW, desk.backoffice)
    first = say(talk, "bonjour, ai-je vraiment besoin d'un abonnement 15Kva dans ma résidence secondaire ?")
    assert "15 kVA" in first
    assert euros(PRICES.subscription(15, "base")) in first
    assert talk.asked == "choose_power_size"
    say(talk, "maison de 80 m2, radiateurs électriques")
    text = say(talk, "non rien")
    assert talk.asked == "choose_power_offer"
    assert "6 kVA suffisent" in text
    assert "chauffage" in text
    assert euros(PRICES.year(15) - PRICES.year(6)) + " de moins par an" in text
    assert talk.slots.get("contract_number") is None


def test_all_in_one_message_asks_only_what_is_left(desk: Desk) -> None:
    talk = Talk(FLOW, desk.backoffice)
    say(talk, "quelle puissance pour 3 pièces, chauffage électrique, plaque induction, eau chaude au gaz, pas de piscine, "
              "résidence principale ?")
    assert talk.asked == "choose_power_offer"
    assert talk.slots["choose_power_size"] == {"rooms": 3}
    assert talk.slots["choose_power_heating"] == "electric"
    assert talk.slots["choose_power_hob"] == "induction"
    assert talk.slots["choose_power_hot_water"] == "gas"


def test_a_question_that_cannot_change_the_result_is_not_asked(desk: Desk) -> None:
    """A studio heated by gas with gas hot water stays at 3 or 6 kVA whatever one cooks on or how often one comes."""
    talk = Talk(FLOW, desk.backoffice)
    asked = []
    for text in ("studio, chauffage collectif", "rien", "gaz", "gaz", "principale"):
        say(talk, text)
        asked.append(talk.asked)
        if talk.end or talk.asked == "choose_power_offer":
            break
    tried = [recommendation({**talk.slots, "choose_power_use": use}).kva for use in ("main", "second")]
    assert ("choose_power_use" in asked) == (len(set(tried)) > 1)


def test_a_correction_beside_a_no_is_a_correction(desk: Desk) -> None:
    talk = Talk(FLOW, desk.backoffice)
    say(talk, "80 m², chauffage électrique, ballon électrique, induction, pas de piscine, résidence principale")
    before = recommendation(talk.slots).kva
    text = say(talk, "non, 180 m2")
    assert talk.end is None
    assert talk.slots["choose_power_size"] == {"surface_m2": 180.0}
    assert recommendation(talk.slots).kva > before
    assert f"{recommendation(talk.slots).kva} kVA suffisent" in text


def test_a_detail_that_changes_nothing_is_not_answered_with_everything_again(desk: Desk) -> None:
    talk = Talk(FLOW, desk.backoffice)
    first = say(talk, "80 m², chauffage électrique, ballon électrique, induction, pas de piscine, résidence principale")
    again = say(talk, "il y a un four aussi")
    assert again != first
    assert len(again) < len(first) / 2


def test_i_do_not_know_is_an_answer_and_what_was_assumed_is_said(desk: Desk) -> None:
    talk = Talk(FLOW, desk.backoffice)
    say(talk, "3 pièces, chauffage électrique, plaques induction, résidence principale")
    say(talk, "rien de tout ça")
    assert talk.asked == "choose_power_hot_water"
    text = say(talk, "aucune idée")
    assert talk.asked == "choose_power_offer"
    assert "j'ai supposé" in text
    assert "eau chaude" in text


def test_back_puts_the_last_question_again(desk: Desk) -> None:
    talk = Talk(FLOW, desk.backoffice)
    say(talk, "je veux changer de puissance")
    say(talk, "60 m², électrique")
    assert talk.asked == "choose_power_extras"
    say(talk, "rien")
    assert talk.asked == "choose_power_hot_water"
    talk.say("retour", intent="go_back")
    assert talk.asked == "choose_power_extras"


def test_a_no_with_a_correction_does_not_answer_the_question_about_appliances(desk: Desk) -> None:
    talk = Talk(FLOW, desk.backoffice)
    say(talk, "3 pièces, chauffage électrique, plaque induction")
    assert talk.asked == "choose_power_extras"
    say(talk, "non, 4 pièces")
    assert talk.asked == "choose_power_extras"
    assert talk.slots["choose_power_size"] == {"rooms": 4}


def test_asking_what_a_kva_is_names_no_power(desk: Desk) -> None:
    talk = Talk(FLOW, desk.backoffice)
    say(talk, "3 pièces, chauffage électrique, plaque induction")
    say(talk, "c'est quoi un kVA ?", intent="faq")
    assert talk.advance
    assert talk.advance.interrupted
    assert talk.slots.get("choose_power_current") is None


def test_cancel_ends_it(desk: Desk) -> None:
    talk = Talk(FLOW, desk.backoffice)
    say(talk, "je veux changer de puissance")
    talk.say("annule", intent="cancel")
    assert talk.end == "cancelled"


def test_two_failures_lead_to_a_person(desk: Desk) -> None:
    talk = Talk(FLOW, desk.backoffice)
    question = say(talk, "je veux changer de puissance")
    first = say(talk, "gloubi")
    assert "Par exemple" in first
    assert first != question
    say(talk, "boulga")
    assert "human" in [c.id for c in talk.replies[-1].choices]
    say(talk, "hein hein")
    assert talk.end == "handover"


def test_the_power_in_force_is_kept_when_it_is_right(desk: Desk) -> None:
    talk = Talk(FLOW, desk.backoffice)
    text = say(talk, "j'ai 6 kVA, 3 pièces, chauffage électrique, eau chaude au gaz, induction, pas de piscine, résidence principale")
    assert talk.end == "done"
    assert "6 kVA" in text
    assert "bon niveau" in text


def test_no_thanks_changes_nothing(desk: Desk) -> None:
    talk = Talk(FLOW, desk.backoffice)
    say(talk, "80 m², chauffage électrique, ballon électrique, induction, pas de piscine, résidence principale")
    say(talk, "non", intent="deny")
    assert talk.end == "done"
    assert desk.agreements("power") == 0


def test_change_asks_identity_then_recaps_then_acts_once(desk: Desk) -> None:
    talk = Talk(FLOW, desk.backoffice)
    say(talk, "je voudrais passer à 6 kVA")
    assert talk.asked == "choose_power_direct"
    talk.press("yes")
    assert talk.asked == "contract_number"
    say(talk, f"{SECOND_HOME.contract} {SECOND_HOME.postcode}")
    recap = say(talk, desk.code())
    assert talk.asked == "choose_power_confirm"
    for part in (SECOND_HOME.contract, "15", "6 kVA", euros(PRICES.subscription(6, "base")),
                 euros(PRICES.year(15) - PRICES.year(6)) + " de moins par an"):
        assert part in recap
    done = talk.press("yes").replace("\u00a0", " ")
    assert talk.end == "done"
    assert talk.finish
    assert talk.finish.reference
    assert talk.finish.reference in done
    assert desk.row(SECOND_HOME.contract)["power_kva"] == 6
    assert talk.finish.reference in talk.again()
    assert desk.agreements("power") == 1


def test_the_confirmation_names_the_visit_for_an_old_meter(desk: Desk) -> None:
    talk = Talk(FLOW, desk.backoffice, slots=verified(desk, OLD_METER.contract))
    say(talk, "je veux passer à 12 kVA")
    recap = talk.press("yes").replace("\u00a0", " ")
    assert "technicien" in recap
    assert euros(PRICES.fees["power_change_old_meter"]).removesuffix(",00 €") in recap


def test_a_change_said_at_the_recap_is_never_carried_out_unread(desk: Desk) -> None:
    talk = Talk(FLOW, desk.backoffice, slots=verified(desk, SECOND_HOME.contract))
    say(talk, "je veux passer à 6 kVA")
    talk.press("yes")
    assert talk.asked == "choose_power_confirm"
    say(talk, "oui mais passer à 9 kVA")
    assert talk.end is None
    assert desk.agreements("power") == 0


def test_declining_the_recap_changes_nothing(desk: Desk) -> None:
    talk = Talk(FLOW, desk.backoffice, slots=verified(desk, SECOND_HOME.contract))
    say(talk, "je veux passer à 6 kVA")
    talk.press("yes")
    talk.press("no")
    assert talk.end == "cancelled"
    assert desk.agreements("power") == 0
    assert desk.row(SECOND_HOME.contract)["power_kva"] == 15


def test_the_power_already_in_force_is_said_not_changed(desk: Desk) -> None:
    talk = Talk(FLOW, desk.backoffice, slots=verified(desk, SECOND_HOME.contract))
    say(talk, "je veux passer à 15 kVA")
    text = talk.press("yes")
    assert talk.end == "done"
    assert "déjà" in text
    assert desk.agreements("power") == 0


def test_a_gas_contract_has_no_power_to_change(desk: Desk) -> None:
    talk = Talk(FLOW, desk.backoffice, slots=verified(desk, GAS_ONLY.contract))
    say(talk, "je veux passer à 9 kVA")
    assert "gaz" in talk.press("yes")
    assert desk.agreements("power") == 0


def test_a_power_that_is_not_sold_is_answered_with_the_steps(desk: Desk) -> None:
    talk = Talk(FLOW, desk.backoffice)
    say(talk, "80 m², chauffage électrique, ballon électrique, induction, pas de piscine, résidence principale")
    text = say(talk, "plutôt 7 kVA")
    assert talk.asked == "choose_power_offer"
    assert "6, 9" in text


def test_back_office_down_leaves_nothing_half_done(desk: Desk) -> None:
    talk = Talk(FLOW, desk.backoffice, slots=verified(desk, SECOND_HOME.contract))
    say(talk, "je veux passer à 6 kVA")
    talk.press("yes")
    desk.break_down()
    with pytest.raises(BackofficeDown):
        talk.press("yes")
    desk.repair()
    assert desk.agreements("power") == 0
    assert desk.row(SECOND_HOME.contract)["power_kva"] == 15


def test_a_verification_that_ran_out_is_asked_for_again_and_nothing_else_is_lost(desk: Desk) -> None:
    talk = Talk(FLOW, desk.backoffice, slots={"customer_token": "0" * 64, "contract_number": SECOND_HOME.contract})
    say(talk, "je veux passer à 6 kVA")
    text = talk.press("yes")
    assert talk.asked == "contract_postcode"
    assert "entre-temps" in text
    assert talk.slots["choose_power_target"] == 6
    say(talk, SECOND_HOME.postcode)
    say(talk, desk.code())
    assert talk.asked == "choose_power_confirm"


@pytest.mark.parametrize("said", [
    "non, plutôt 12 kVA", "12 kVA finalement", "oui mais 12 kVA", "12 kVA au lieu de 6 kVA", "pas 6 kVA mais 12 kVA", "no, rather 12 kVA",
    "nee, liever 12 kVA", "nein, lieber 12 kVA", "no, mejor 12 kVA", "no, piuttosto 12 kVA",
])
@pytest.mark.parametrize("at", ["choose_power_direct", "choose_power_confirm"])
def test_another_power_where_the_wish_is_read_back_is_another_wish(desk: Desk, said: str, at: str) -> None:
    talk = Talk(FLOW, desk.backoffice, slots=verified(desk, SECOND_HOME.contract))
    say(talk, "je veux passer à 6 kVA")
    if at == "choose_power_confirm":
        talk.press("yes")
    assert talk.asked == at
    text = say(talk, said)
    assert talk.slots["choose_power_target"] == 12
    assert talk.asked == "choose_power_direct"
    assert "12 kVA" in text
    assert "12 kVA" in talk.press("yes").replace("\u00a0", " ")
    talk.press("yes")
    assert desk.row(SECOND_HOME.contract)["power_kva"] == 12


def test_the_power_in_force_said_at_the_direct_question_is_no_wish(desk: Desk) -> None:
    talk = Talk(FLOW, desk.backoffice)
    say(talk, "je veux passer à 6 kVA")
    say(talk, "oui, j'ai 15 kVA")
    assert talk.slots["choose_power_target"] == 6
    assert talk.slots["choose_power_current"] == 15


def test_another_power_at_the_recap_of_the_advice_is_another_wish(desk: Desk) -> None:
    talk = Talk(FLOW, desk.backoffice, slots=verified(desk, SECOND_HOME.contract))
    say(talk, "80 m², chauffage électrique, ballon électrique, induction, pas de piscine, résidence principale")
    say(talk, "9 kVA")
    assert talk.asked == "choose_power_confirm"
    say(talk, "non, plutôt 12 kVA")
    assert talk.asked == "choose_power_direct"
    assert "12 kVA" in talk.press("yes").replace("\u00a0", " ")
    talk.press("yes")
    assert desk.row(SECOND_HOME.contract)["power_kva"] == 12
