"""The flow "explain my bill": parts in words and in a picture that add up to the difference."""

from __future__ import annotations

import re
import sqlite3
from decimal import Decimal

import pytest

from bot.backoffice.bills import compare_bills
from bot.backoffice.demo import demo_customers
from bot.errors import BackofficeDown
from bot.flows.explain_bill import FLOW
from bot.flows.format import money
from tests.unit.conftest import Desk
from tests.unit.flow_talk import Talk

CUSTOMERS = demo_customers()


def explained(desk: Desk, contract: str, language: str = "fr") -> Talk:
    talk = Talk(FLOW, desk.backoffice, language=language,
                slots={"customer_token": desk.token(contract), "contract_number": contract})
    talk.say("pourquoi ma facture a augmenté ?")
    return talk


def amounts(text: str) -> list[Decimal]:
    """Signed amounts at the start of the explanation's lines."""
    found = re.findall(r"^- ([+−])([\d\u00a0]+,\d\d)\u00a0€", text, re.MULTILINE)
    return [Decimal(value.replace("\u00a0", "").replace(",", ".")) * (-1 if sign == "−" else 1) for sign, value in found]


@pytest.mark.parametrize("customer", CUSTOMERS, ids=lambda c: c.holder)
def test_the_lines_add_up_to_the_difference(desk: Desk, customer: object) -> None:
    """Whatever the customer's situation, words and picture say the whole difference, to the cent."""
    contract = customer.contract  # type: ignore[attr-defined]
    now, before = desk.backoffice.last_bills(desk.access(contract), 2)
    talk = explained(desk, contract)
    assert talk.end == "done"
    first = talk.replies[0]
    assert sum(amounts(first.text)) == now.total_eur - before.total_eur
    assert money(now.total_eur, "fr") in first.text
    assert first.picture
    bars = sum(Decimal(str(bar["value"])) for bar in first.picture.bars)
    assert bars == now.total_eur - before.total_eur
    for bar in first.picture.bars:
        assert bar["label"] in first.picture.alt


def test_the_largest_cause_comes_first(desk: Desk) -> None:
    contract = CUSTOMERS[3].contract
    now, before = desk.backoffice.last_bills(desk.access(contract), 2)
    compared = compare_bills(before, now)
    told = amounts(explained(desk, contract).replies[0].text)
    assert told[0] == compared.parts[0].amount_eur


def test_money_back_is_explained_by_the_real_reading(desk: Desk) -> None:
    """The old meter whose estimates were too high: the correction is in the customer's favour."""
    contract = CUSTOMERS[1].contract
    now = desk.backoffice.last_bills(desk.access(contract), 1)[0]
    assert now.regularisation_eur < 0
    text = explained(desk, contract).replies[0].text
    assert "vous sont rendus" in text
    assert f"{abs(now.regularised_kwh)}" in text.replace("\u00a0", "")


def test_an_open_bill_says_until_when_and_offers_more_time(desk: Desk) -> None:
    talk = explained(desk, CUSTOMERS[3].contract)
    assert "à régler" in talk.replies[0].text
    assert "en tout" in talk.replies[0].text            # the older unpaid bill is not hidden
    assert "flow:payment_plan" in [c.id for c in talk.replies[-1].choices]


def test_a_debit_is_announced_with_its_day(desk: Desk) -> None:
    contract = CUSTOMERS[0].contract
    assert "prélevés le" in explained(desk, contract).replies[0].text


def test_a_credit_is_said_as_one(desk: Desk) -> None:
    talk = explained(desk, CUSTOMERS[6].contract)
    assert "en votre faveur" in talk.replies[0].text
    assert "flow:payment_plan" not in [c.id for c in talk.replies[-1].choices]


def test_an_estimated_bill_offers_to_send_a_reading(desk: Desk) -> None:
    contract = CUSTOMERS[7].contract
    newest = desk.backoffice.last_bills(desk.access(contract), 1)[0]
    with sqlite3.connect(desk.home / "backoffice.db") as connection:
        row = connection.execute("SELECT body FROM bills WHERE number = ?", (newest.number,)).fetchone()
        connection.execute("UPDATE bills SET body = ? WHERE number = ?",
                           (row[0].replace('"estimated": false', '"estimated": true'), newest.number))
    assert "flow:meter_reading" in [c.id for c in explained(desk, contract).replies[-1].choices]


def test_nothing_is_asked_of_a_verified_customer_and_nothing_is_changed(desk: Desk) -> None:
    talk = explained(desk, CUSTOMERS[0].contract)
    assert talk.turn == 1
    assert talk.finish
    assert talk.finish.reference is None
    with sqlite3.connect(desk.home / "backoffice.db") as connection:
        assert connection.execute("SELECT COUNT(*) FROM effects").fetchone() == (0,)


def test_back_office_down_raises(desk: Desk) -> None:
    talk = Talk(FLOW, desk.backoffice, slots={"customer_token": desk.token(CUSTOMERS[0].contract)})
    desk.break_down()
    with pytest.raises(BackofficeDown):
        talk.say("explique ma facture")
