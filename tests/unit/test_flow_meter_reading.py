"""The flow "send a meter reading": odd figures are asked about, never refused."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from bot.backoffice.demo import demo_customers
from bot.backoffice.records import Register
from bot.errors import BackofficeDown
from bot.flows.meter_hearing import readings
from bot.flows.meter_reading import FLOW
from bot.flows.types import Heard
from bot.language.entities import extract
from bot.understanding.types import Entity, Understanding
from tests.unit.conftest import NOW, Desk
from tests.unit.flow_talk import Talk

LINKY, OFF_PEAK, BOTH, GAS, BASE = (demo_customers()[i].contract for i in (0, 1, 2, 5, 7))
TODAY = NOW.date()


def verified(desk: Desk, contract: str) -> Talk:
    return Talk(FLOW, desk.backoffice, slots={"customer_token": desk.token(contract), "contract_number": contract})


def expected(desk: Desk, contract: str) -> dict[Register, int]:
    """What each counter probably shows today, asked of the same verified conversation."""
    return {g.register: g.value for g in desk.backoffice.estimate_index(desk.access(contract), TODAY)}


def last(desk: Desk, contract: str, register: Register) -> int:
    return next(r.value for r in desk.backoffice.readings(desk.access(contract)) if r.register == register)


def stored(desk: Desk, contract: str) -> list[tuple[Register, int]]:
    return [(r.register, r.value) for r in desk.backoffice.readings(desk.access(contract)) if r.kind == "customer" and r.on == TODAY]


def test_a_usual_reading_is_recapped_with_its_effect_and_sent_once(desk: Desk) -> None:
    value = expected(desk, BASE)["base"]
    talk = verified(desk, BASE)
    question = talk.say("je veux envoyer mon relevé")
    assert talk.asked == "meter_reading_base"
    assert "dernier relevé" in question
    recap = talk.say(f"{value}").replace("\u00a0", " ")
    assert talk.asked == "meter_reading_confirm"
    assert f"{value:,}".replace(",", " ") in recap
    assert "26 novembre 2026" in recap
    assert "facture" in recap
    done = talk.say("oui")
    assert talk.finish
    assert talk.finish.reference
    assert talk.finish.reference in done
    assert talk.finish.reference in talk.again()
    assert stored(desk, BASE) == [("base", value)]


def test_a_figure_in_the_first_message_is_not_asked_again(desk: Desk) -> None:
    value = expected(desk, BASE)["base"]
    talk = verified(desk, BASE)
    talk.say(f"bonjour, mon compteur affiche {value} kWh")
    assert talk.asked == "meter_reading_confirm"


def test_a_figure_said_before_the_identity_is_kept(desk: Desk) -> None:
    customer = demo_customers()[7]
    value = expected(desk, BASE)["base"]
    talk = Talk(FLOW, desk.backoffice)
    talk.say(f"relevé {value}")
    assert talk.asked == "contract_number"
    talk.say(f"{customer.contract} {customer.postcode}")
    talk.say(desk.code())
    assert talk.asked == "meter_reading_confirm"
    assert talk.slots["meter_reading_base"] == value


def test_two_counters_in_one_message(desk: Desk) -> None:
    value = expected(desk, OFF_PEAK)
    talk = verified(desk, OFF_PEAK)
    talk.say("je transmets mon index")
    assert talk.asked == "meter_reading_peak"
    talk.say(f"HC {value['off_peak']} et HP {value['peak']}")
    assert talk.asked == "meter_reading_confirm"
    assert (talk.slots["meter_reading_peak"], talk.slots["meter_reading_off_peak"]) == (value["peak"], value["off_peak"])


def test_bare_figures_go_to_peak_then_off_peak(desk: Desk) -> None:
    value = expected(desk, OFF_PEAK)
    talk = verified(desk, OFF_PEAK)
    talk.say("je transmets mon index")
    talk.say(f"{value['peak']} {value['off_peak']}")
    assert (talk.slots["meter_reading_peak"], talk.slots["meter_reading_off_peak"]) == (value["peak"], value["off_peak"])


def test_a_reading_below_the_last_is_asked_about_with_the_reason_and_taken(desk: Desk) -> None:
    before = last(desk, BASE, "base")
    talk = verified(desk, BASE)
    talk.say("mon relevé")
    text = talk.say(str(before - 500)).replace("\u00a0", " ")
    assert talk.asked == "meter_reading_confirm"
    assert "plus bas que le dernier relevé" in text
    assert f"{before:,}".replace(",", " ") in text
    talk.say("oui")
    assert talk.end == "done"
    assert stored(desk, BASE) == [("base", before - 500)]


def test_a_reading_far_from_the_usual_says_what_was_expected(desk: Desk) -> None:
    guess = desk.backoffice.estimate_index(desk.access(BASE), TODAY)[0]
    talk = verified(desk, BASE)
    talk.say("mon relevé")
    text = talk.say(str(guess.high + 5000)).replace("\u00a0", " ")
    assert "plus haut que d'habitude" in text
    assert f"{guess.low:,}".replace(",", " ") in text


def test_a_figure_typed_at_the_recap_corrects_it(desk: Desk) -> None:
    value = expected(desk, BASE)["base"]
    talk = verified(desk, BASE)
    talk.say("mon relevé")
    talk.say("45")
    text = talk.say(f"non, {value}")
    assert talk.asked == "meter_reading_confirm"
    assert "plus bas" not in text
    talk.say("oui")
    assert stored(desk, BASE) == [("base", value)]


def test_more_digits_than_the_counter_has_are_asked_again(desk: Desk) -> None:
    talk = verified(desk, BASE)
    question = talk.say("mon relevé")
    text = talk.say("12345678")
    assert talk.asked == "meter_reading_base"
    assert "6 chiffres" in text
    assert text != question


def test_a_linky_needs_nothing_but_may_be_read_all_the_same(desk: Desk) -> None:
    talk = verified(desk, LINKY)
    text = talk.say("je veux transmettre mon relevé")
    assert talk.asked == "meter_reading_anyway"
    assert "tout seul" in text
    other = verified(desk, LINKY)
    other.say("je veux transmettre mon relevé")
    talk.press("no")
    assert talk.end == "done"
    other.press("yes")
    assert other.asked == "meter_reading_base"


def test_gas_of_a_contract_for_both_is_read_alone(desk: Desk) -> None:
    value = expected(desk, BOTH)["gas"]
    talk = verified(desk, BOTH)
    talk.say(f"relevé gaz : {value},345 m3")
    assert talk.asked == "meter_reading_confirm"
    talk.say("oui")
    assert stored(desk, BOTH) == [("gas", value)]


def test_a_contract_for_both_is_asked_which(desk: Desk) -> None:
    talk = verified(desk, BOTH)
    talk.say("j'envoie mon index")
    assert talk.asked == "meter_reading_energy"
    talk.press("gas")
    assert talk.asked == "meter_reading_gas"


def test_the_day_of_the_reading_is_heard_and_a_billed_day_becomes_today(desk: Desk) -> None:
    value = expected(desk, BASE)["base"]
    for on, used in ((TODAY - timedelta(days=1), TODAY - timedelta(days=1)), (TODAY - timedelta(days=90), TODAY)):
        talk = verified(desk, BASE)
        text = f"relevé {value} kWh fait ce jour-là"
        entity = Entity("date", on.isoformat(), len(text) - 11, len(text), "ce jour-là")
        talk.say(text, entities=[entity])
        assert talk.slots["meter_reading_preview"]["on"] == used.isoformat()


def test_back_asks_the_figure_again_and_cancel_sends_nothing(desk: Desk) -> None:
    talk = verified(desk, GAS)
    talk.say("mon relevé")
    talk.say(str(expected(desk, GAS)["gas"]))
    talk.say("retour", intent="go_back")
    assert talk.asked == "meter_reading_gas"
    talk.say("annule", intent="cancel")
    assert talk.end == "cancelled"
    assert stored(desk, GAS) == []


def test_two_failures_lead_to_a_person(desk: Desk) -> None:
    talk = verified(desk, GAS)
    talk.say("mon relevé")
    assert "noirs" in talk.say("euh où ça")
    talk.say("je ne trouve pas")
    assert "human" in [c.id for c in talk.replies[-1].choices]
    talk.say("pff")
    assert talk.end == "handover"


def test_back_office_down_at_the_last_step_sends_nothing(desk: Desk) -> None:
    talk = verified(desk, GAS)
    talk.say("mon relevé")
    talk.say(str(expected(desk, GAS)["gas"]))
    desk.break_down()
    with pytest.raises(BackofficeDown):
        talk.say("oui")
    desk.repair()
    assert stored(desk, GAS) == []


@pytest.mark.parametrize(("text", "missing", "found"), [
    ("HP 12345 HC 6789", ("peak", "off_peak"), {"peak": 12345, "off_peak": 6789}),
    ("12345 en heures pleines, 6789 en heures creuses", ("peak", "off_peak"), {"peak": 12345, "off_peak": 6789}),
    ("heures creuses : 6 789\nheures pleines : 12 345", ("peak", "off_peak"), {"peak": 12345, "off_peak": 6789}),
    ("HP=012345;HC=006789", ("peak", "off_peak"), {"peak": 12345, "off_peak": 6789}),
    ("4567,345", ("gas",), {"gas": 4567}),
    ("45 230 kWh", ("base",), {"base": 45230}),
    ("le compteur marque 045230", ("base",), {"base": 45230}),
    ("12", ("base",), {"base": 12}),
    ("je suis en 9 kVA", ("base",), {}),
    ("j'ai payé 180 €", ("base",), {}),
    ("élec 45230 gaz 4567", ("base", "gas"), {"base": 45230, "gas": 4567}),
])
def test_figures_go_to_their_counters(text: str, missing: tuple[Register, ...], found: dict[Register, int]) -> None:
    heard = Heard(Understanding(text=text, language="fr", language_confidence=1, intent="faq", confidence=1), at=NOW)
    assert readings(heard, missing, True) == found


def test_a_number_that_belongs_to_something_else_is_no_reading() -> None:
    text = "contrat C-10420032 relevé le 12/11/2026"
    entities = (Entity("contract", "C-10420032", 8, 18, "C-10420032"), Entity("date", date(2026, 11, 12).isoformat(), 29, 39, "12/11/2026"))
    heard = Heard(Understanding(text=text, language="fr", language_confidence=1, intent="faq", confidence=1, entities=entities), at=NOW)
    assert readings(heard, ("base",), True) == {}


def test_another_contract_named_at_the_recap_is_verified_and_previewed_anew(desk: Desk) -> None:
    talk = verified(desk, BASE)
    talk.say(f"mon relevé est {expected(desk, BASE)['base']}")
    assert talk.asked == "meter_reading_confirm"
    before, figure = talk.slots["meter_reading_preview"], talk.slots["meter_reading_base"]
    other = next(c for c in demo_customers() if c.contract == LINKY)
    talk.say(f"non, pour le contrat {LINKY} {other.postcode}")
    assert talk.asked == "identity_code"
    assert talk.slots["meter_reading_base"] == figure
    talk.say(desk.code())
    assert talk.slots["meter_reading_meter"]["contract"] == LINKY
    assert talk.slots.get("meter_reading_preview") != before


@pytest.mark.parametrize(("language", "text", "value"), [
    ("en", "45,230", 45230), ("en", "45,230 kWh", 45230), ("en", "it says 145,230", 145230), ("en", "45,23", 45), ("en", "1,045,230", 1045230),
    ("fr", "45,230", 45), ("fr", "45 230,5", 45230), ("de", "45'230", 45230), ("fr", "45\u2019230 kWh", 45230), ("en", "45230", 45230),
])
def test_thousands_as_each_language_writes_them(language: str, text: str, value: int) -> None:
    heard = Heard(Understanding(text=text, language=language, language_confidence=1.0, intent="out_of_scope", confidence=0.9,
                                entities=extract(text, language, today=TODAY)))
    assert readings(heard, ["base"], True) == {"base": value}


def test_two_counters_in_english_thousands() -> None:
    text = "peak 45,230, off-peak 6,789"
    heard = Heard(Understanding(text=text, language="en", language_confidence=1.0, intent="out_of_scope", confidence=0.9,
                                entities=extract(text, "en", today=TODAY)))
    assert readings(heard, ["peak", "off_peak"], True) == {"peak": 45230, "off_peak": 6789}


def test_an_english_reading_with_a_comma_is_not_cut(desk: Desk) -> None:
    value = expected(desk, BASE)["base"]
    talk = Talk(FLOW, desk.backoffice, language="en", slots={"customer_token": desk.token(BASE), "contract_number": BASE})
    talk.say("I want to send my reading")
    talk.say(f"{value:,}")
    assert talk.slots["meter_reading_base"] == value
