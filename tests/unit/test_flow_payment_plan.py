"""The flow "more time to pay": delay or instalments, within the supplier's rules."""

from __future__ import annotations

import re
import sqlite3
from datetime import date, timedelta
from decimal import Decimal

import pytest

from bot.backoffice.demo import demo_customers
from bot.backoffice.prices import load_prices
from bot.backoffice.records import PaymentOptions
from bot.errors import BackofficeDown
from bot.flows.format import day, money
from bot.flows.payment_plan import FLOW
from bot.settings import ROOT
from bot.understanding.types import Entity
from tests.unit.conftest import NOW, Desk
from tests.unit.flow_talk import Talk

OWES, IN_CREDIT = demo_customers()[3].contract, demo_customers()[6].contract
RULES = load_prices(ROOT / "data").plan


def verified(desk: Desk, contract: str) -> Talk:
    return Talk(FLOW, desk.backoffice, slots={"customer_token": desk.token(contract), "contract_number": contract})


def options(desk: Desk) -> PaymentOptions:
    return desk.backoffice.payment_plan_options(desk.access(OWES))


def owe(desk: Desk, contract: str, cents: int) -> None:
    """Make the oldest open bill the only one, of this amount."""
    with sqlite3.connect(desk.home / "backoffice.db") as connection:
        numbers = [r[0] for r in connection.execute(
            "SELECT number FROM bills WHERE contract = ? AND status <> 'paid' AND to_pay_cents > 0 ORDER BY due", (contract,))]
        assert numbers
        connection.executemany("UPDATE bills SET status = 'paid' WHERE number = ?", [(n,) for n in numbers[1:]])
        connection.execute("UPDATE bills SET to_pay_cents = ? WHERE number = ?", (cents, numbers[0]))


@pytest.mark.parametrize("language", ["fr", "en", "nl", "es", "de", "it"])
@pytest.mark.parametrize("chosen", [{"kind": "plan", "count": 3}, {"kind": "delay"}])
def test_the_recap_names_the_contract(desk: Desk, language: str, chosen: dict[str, object]) -> None:
    talk = verified(desk, OWES)
    talk.language = language
    talk.slots.update({f"payment_plan_{name}": value for name, value in chosen.items()})
    if chosen["kind"] == "delay":
        talk.slots["payment_plan_until"] = str(options(desk).delay_until)
    assert OWES in talk.say("…")
    assert talk.asked == "payment_plan_confirm"


def on(talk: Talk, text: str, when: date) -> str:
    return talk.say(text, entities=[Entity("date", when.isoformat(), 0, len(text), text)])


def test_both_ways_are_offered_with_their_limits(desk: Desk) -> None:
    found = options(desk)
    talk = verified(desk, OWES)
    text = talk.say("je n'arrive pas à payer")
    assert talk.asked == "payment_plan_kind"
    assert money(found.owed_eur, "fr") in text
    assert found.delay_until
    assert day(found.delay_until, "fr") in text


def test_a_plan_is_shown_line_by_line_and_agreed_once(desk: Desk) -> None:
    found = options(desk)
    talk = verified(desk, OWES)
    recap = talk.say("je voudrais payer en 4 fois")
    assert talk.asked == "payment_plan_confirm"
    lines = re.findall(r"^- (.+) : ([\d\u00a0]+,\d\d)\u00a0€$", recap, re.MULTILINE)
    assert len(lines) == 4
    assert sum(Decimal(a.replace("\u00a0", "").replace(",", ".")) for _, a in lines) == found.owed_eur
    first = next(p for p in found.plans if len(p.instalments) == 4).instalments[0]
    assert lines[0][0] == day(first.on, "fr")
    assert first.on <= NOW.date() + timedelta(days=RULES["first_within_days"])
    done = talk.press("yes")
    assert talk.finish
    assert talk.finish.reference
    assert talk.finish.reference in done
    assert talk.finish.reference in talk.again()
    assert desk.agreements("plan") == 1


def test_a_correction_changes_the_plan_before_it_is_agreed(desk: Desk) -> None:
    talk = verified(desk, OWES)
    talk.say("payer en 3 fois")
    recap = talk.say("non, en six fois")
    assert talk.asked == "payment_plan_confirm"
    assert recap.count("\n- ") == 6
    assert desk.agreements("plan") == 0


def test_more_instalments_than_allowed_are_answered_with_the_range(desk: Desk) -> None:
    talk = verified(desk, OWES)
    talk.say("plusieurs fois")
    assert talk.asked == "payment_plan_count"
    text = talk.say("12")
    assert talk.asked == "payment_plan_count"
    assert str(RULES["max_instalments"]) in text
    talk.say("bon, 5")
    assert talk.asked == "payment_plan_confirm"


def test_a_number_too_large_in_the_first_message_is_not_taken(desk: Desk) -> None:
    talk = verified(desk, OWES)
    talk.say("je veux payer en 12 fois")
    assert talk.asked == "payment_plan_count"


def test_a_delay_is_agreed_to_the_day(desk: Desk) -> None:
    latest = options(desk).delay_until
    assert latest
    talk = verified(desk, OWES)
    talk.say("il me faudrait un délai")
    assert talk.asked == "payment_plan_until"
    recap = on(talk, "le jour d'avant", latest - timedelta(days=1))
    assert day(latest - timedelta(days=1), "fr") in recap
    talk.say("oui")
    assert talk.end == "done"
    assert desk.agreements("delay") == 1


def test_a_day_too_late_is_answered_with_the_latest_and_not_refused_outright(desk: Desk) -> None:
    latest = options(desk).delay_until
    assert latest
    talk = verified(desk, OWES)
    talk.say("un délai svp")
    text = on(talk, "dans deux mois", latest + timedelta(days=40))
    assert talk.asked == "payment_plan_until"
    assert day(latest, "fr") in text
    talk.press(latest.isoformat())
    assert talk.asked == "payment_plan_confirm"


def test_a_day_before_the_due_date_is_no_delay(desk: Desk) -> None:
    with sqlite3.connect(desk.home / "backoffice.db") as connection:
        connection.execute("UPDATE bills SET due = ? WHERE contract = ? AND status <> 'paid'", ("2026-12-07", OWES))
    talk = verified(desk, OWES)
    talk.say("un délai svp")
    text = on(talk, "jusqu'au 5", date(2026, 12, 5))
    assert talk.asked == "payment_plan_until"
    assert day("2026-12-07", "fr") in text


def test_days_count_from_the_due_date(desk: Desk) -> None:
    found = options(desk)
    assert found.due
    talk = verified(desk, OWES)
    talk.say("un délai svp")
    talk.say("10 jours")
    assert talk.slots["payment_plan_until"] == (max(found.due, NOW.date()) + timedelta(days=10)).isoformat()


def test_a_second_delay_becomes_the_offer_of_instalments(desk: Desk) -> None:
    found = options(desk)
    assert found.delay_until
    desk.backoffice.agree_delay(desk.access(OWES), found.delay_until, "earlier")
    talk = verified(desk, OWES)
    text = talk.say("je veux encore un délai")
    assert talk.asked == "payment_plan_count"
    assert "déjà eu un délai" in text


def test_above_the_limit_a_person_studies_it(desk: Desk) -> None:
    owe(desk, OWES, int(RULES["up_to_eur"] * 100) + 1)
    talk = verified(desk, OWES)
    text = talk.say("payer en plusieurs fois")
    assert talk.end == "handover"
    assert "conseiller" in text
    assert "needs_study" in talk.finish.note  # type: ignore[union-attr]
    assert desk.agreements("plan") == 0


def test_a_small_sum_may_only_be_put_off(desk: Desk) -> None:
    owe(desk, OWES, int(RULES["from_eur"] * 100) - 1)
    talk = verified(desk, OWES)
    text = talk.say("payer en 3 fois")
    assert talk.asked == "payment_plan_until"
    assert "trop petite" in text


def test_nothing_owed_is_good_news(desk: Desk) -> None:
    talk = verified(desk, IN_CREDIT)
    assert "rien à régler" in talk.say("je veux un échéancier")
    assert talk.end == "done"


def test_a_running_plan_goes_to_a_person(desk: Desk) -> None:
    desk.backoffice.agree_plan(desk.access(OWES), options(desk).plans[0].id, "earlier")
    talk = verified(desk, OWES)
    talk.say("je veux un échéancier")
    assert talk.end == "handover"


def test_back_cancel_and_no(desk: Desk) -> None:
    talk = verified(desk, OWES)
    talk.say("plusieurs fois")
    talk.press("3")
    talk.press("flow:back")
    assert talk.asked == "payment_plan_count"
    talk.press("3")
    talk.press("no")
    assert talk.end == "cancelled"
    other = verified(desk, OWES)
    other.say("plusieurs fois")
    other.say("annule", intent="cancel")
    assert other.end == "cancelled"
    assert desk.agreements("plan") == 0


def test_two_failures_lead_to_a_person(desk: Desk) -> None:
    talk = verified(desk, OWES)
    talk.say("j'ai du mal à payer")
    talk.say("bof")
    talk.say("pff")
    assert "human" in [c.id for c in talk.replies[-1].choices]
    talk.say("rhaaa")
    assert talk.end == "handover"


def test_back_office_down_agrees_nothing(desk: Desk) -> None:
    talk = verified(desk, OWES)
    talk.say("payer en 3 fois")
    desk.break_down()
    with pytest.raises(BackofficeDown):
        talk.press("yes")
    desk.repair()
    assert desk.agreements("plan") == 0
