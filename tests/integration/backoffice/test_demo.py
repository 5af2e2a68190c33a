"""What only the embedded back office does: its invented customers, its routine over time, its secrets."""

from __future__ import annotations

import itertools
import json
import sqlite3
import threading
import time
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import phonenumbers
import pytest
from stdnum import iban

from bot.backoffice import wire
from bot.backoffice.codes import CodeRules
from bot.backoffice.demo import DemoBackoffice, demo_customers
from bot.backoffice.numbers import contract_number, is_contract_number
from bot.backoffice.prices import load_prices
from bot.backoffice.records import Bill
from bot.errors import BackofficeDown, BadInput, TooManyRequests, Unavailable
from bot.integrations.mail import Mail, SpoolMailer
from bot.settings import ROOT
from tests.integration.backoffice.conftest import Clock, World


def test_customers_are_varied_and_invented(demo_world: World) -> None:
    sql = demo_world.sql
    assert sql("SELECT COUNT(*) FROM customers") == [(200,)]
    for column, least in (("energy", 3), ("offer", 4), ("power_kva", 6), ("cadence", 3), ("payer", 3), ("tariff", 2)):
        assert len(sql(f"SELECT DISTINCT {column} FROM customers")) >= least
    for (count,) in [sql(f"SELECT COUNT(*) FROM customers WHERE {what}")[0] for what in
                     ("second_home", "NOT linky", "protected", "energy = 'both'", "three_phase")]:
        assert count >= 3
    for number, email, phone, account in sql("SELECT number, email, phone, iban FROM customers"):
        assert is_contract_number(str(number))
        assert str(email).endswith("@example.org")
        assert phonenumbers.is_possible_number(phonenumbers.parse(str(phone)))
        assert str(phone).startswith("+3363998")            # kept for fiction by ARCEP
        assert account is None or iban.is_valid(str(account))
    assert sql("SELECT COUNT(*) FROM bills WHERE status IN ('overdue', 'rejected')")[0][0] > 10
    assert sql("SELECT COUNT(*) FROM bills WHERE to_pay_cents < 0")[0][0] > 10
    assert sql("SELECT COUNT(*) FROM appointments")[0][0] > 3


def test_every_history_is_coherent(demo_world: World) -> None:
    """All customers: bills follow each other, readings carry them, a year and more is there."""
    prices = load_prices(ROOT / "data")
    long = 0
    for (number,) in demo_world.sql("SELECT number FROM customers"):
        rows = demo_world.sql("SELECT body FROM bills WHERE contract = ? ORDER BY start", number)
        bills = [wire.load(Bill, json.loads(str(body))) for (body,) in rows]
        assert bills
        for older, newer in itertools.pairwise(bills):
            assert newer.start == older.end + timedelta(days=1)
        long += (bills[-1].end - bills[0].start).days > 390
        readings = {(r, d): v for r, d, v in demo_world.sql(
            "SELECT register, day, value FROM readings WHERE contract = ? ORDER BY kind = 'customer'", number)}
        for bill in bills:
            eve, end = (bill.start - timedelta(days=1)).isoformat(), bill.end.isoformat()
            for register in bill.kwh:
                moved = int(str(readings[register, end])) - int(str(readings[register, eve]))
                if len(bill.kwh) == 1:
                    units = bill.kwh[register] + bill.regularised_kwh
                    expected = moved * float(prices.gas_kwh_per_m3) if register == "gas" else moved
                    assert abs(units - expected) <= 1
    assert long >= 150


def test_time_goes_on_without_breaking_anything(demo_world: World) -> None:
    access = demo_world.sign_in(0)
    before = demo_world.demo.last_bills(access, 60)
    demo_world.demo.change_power(access, 6, "p")
    demo_world.clock.forward(days=65)
    access = demo_world.sign_in(0, "later")
    after = demo_world.demo.last_bills(access, 60)
    assert after[2:] == tuple(b if b.status == "paid" else after[n + 2] for n, b in enumerate(before))
    prorated, full = after[1], after[0]
    assert [line.unit_price_eur for line in prorated.lines if line.kind == "subscription"] == [
        Decimal("26.60"), Decimal("15.20")]
    assert [line.unit_price_eur for line in full.lines if line.kind == "subscription"] == [Decimal("15.20")]
    assert prorated.fees_eur == Decimal("4.00")
    assert full.fees_eur == 0


def test_losing_off_peak_keeps_billing(demo_world: World) -> None:
    access = demo_world.sign_in(4)
    change = demo_world.demo.preview_power(access, 3)
    assert change.loses_off_peak
    assert change.new_month_eur == Decimal("11.40")
    demo_world.demo.change_power(access, 3, "p")
    assert demo_world.demo.get_contract(access).meter.registers == ("base",)
    demo_world.clock.forward(days=70)
    bill, *_ = demo_world.demo.last_bills(demo_world.sign_in(4, "later"), 1)
    assert set(bill.kwh) == {"base"}
    assert 0 < bill.kwh["base"] < 1000


def test_ended_contract_gets_its_final_bill_and_closes(demo_world: World) -> None:
    from bot.backoffice.records import CancelDetails
    end = date(2026, 12, 5)
    access = demo_world.sign_in(5)
    demo_world.demo.cancel_contract(access, CancelDetails(end), "c")
    demo_world.clock.forward(days=40)
    demo_world.demo.outages("44000")            # anything makes the day begin
    number = demo_customers()[5].contract
    assert demo_world.sql("SELECT status FROM customers WHERE number = ?", number) == [("closed",)]
    assert demo_world.sql("SELECT MAX(end) FROM bills WHERE contract = ?", number) == [(end.isoformat(),)]


def test_a_submitted_reading_is_what_the_next_bill_uses(demo_world: World) -> None:
    access = demo_world.sign_in(1)
    demo_world.clock.now = demo_world.clock.now.replace(month=1, day=15, year=2027)
    access = demo_world.sign_in(1, "january")
    today = date(2027, 1, 15)
    index = {e.register: e.value for e in demo_world.demo.estimate_index(access, today)}
    demo_world.demo.submit_reading(access, index, today, "r")
    demo_world.clock.forward(days=15)
    bill, *_ = demo_world.demo.last_bills(demo_world.sign_in(1, "february"), 1)
    assert bill.end > today
    assert not bill.estimated


# -- secrets -------------------------------------------------------------------------------------
def test_unknown_customer_is_answered_alike(demo_world: World) -> None:
    who = demo_customers()[0]
    stranger = contract_number(999_999)
    known = demo_world.demo.request_code(who.contract, who.postcode, "a", "k1")
    cases = [(stranger, who.postcode), (who.contract, "13999")]
    for n, (contract, postcode) in enumerate(cases):
        other = demo_world.demo.request_code(contract, postcode, f"b{n}", f"k2{n}")
        assert (len(other.id), other.masked_hint, other.expires_at) == (len(known.id), known.masked_hint, known.expires_at)
        for _ in range(3):
            assert demo_world.demo.check_code(other.id, "000000", f"b{n}") is None
    assert len(demo_world.mails()) == 1
    with pytest.raises(BadInput):
        demo_world.demo.request_code("C-12345678", who.postcode, "c", "k3")
    for n in range(5):
        demo_world.demo.request_code(stranger, "44000", f"s{n}", f"s{n}") if n < 4 else None
    with pytest.raises(TooManyRequests):        # limited though nobody has this number
        demo_world.demo.request_code(stranger, "44000", "s9", "s9")


def test_even_the_right_digits_open_nothing_for_a_stranger(demo_world: World) -> None:
    challenge = demo_world.demo.request_code(contract_number(999_999), "44000", "s", "k")
    digits = demo_world.demo._codes.code_for(challenge.id)
    assert demo_world.demo.check_code(challenge.id, digits, "s") is None


def test_codes_and_tokens_are_not_in_the_database(demo_world: World) -> None:
    access = demo_world.sign_in(0)
    code = demo_world.code()
    with sqlite3.connect(demo_world.home / "backoffice.db") as connection:
        text = "\n".join(connection.iterdump())
    assert access.token not in text
    assert access.token.upper() not in text
    recent = text[text.index("INSERT INTO \"challenges\""):] if "INSERT INTO \"challenges\"" in text else text
    assert f"'{code}'" not in recent
    assert (demo_world.home / "backoffice.key").stat().st_mode & 0o077 == 0
    assert (demo_world.home / "backoffice.db").stat().st_mode & 0o077 == 0


def test_code_expires_and_a_newer_one_replaces_it(demo_world: World) -> None:
    from bot.errors import NotAllowed
    who = demo_customers()[0]
    first = demo_world.demo.request_code(who.contract, who.postcode, "conv", "k1")
    code = demo_world.code()
    demo_world.demo.request_code(who.contract, who.postcode, "conv", "k2")
    with pytest.raises(NotAllowed):
        demo_world.demo.check_code(first.id, code, "conv")
    third = demo_world.demo.request_code(who.contract, who.postcode, "conv", "k3")
    digits = demo_world.demo._codes.code_for(third.id)
    with pytest.raises(NotAllowed):
        demo_world.demo.check_code(third.id, digits, "another-conversation")
    demo_world.clock.forward(seconds=601)
    with pytest.raises(NotAllowed):
        demo_world.demo.check_code(third.id, digits, "conv")


def test_many_guesses_at_once_do_not_exceed_the_tries(demo_world: World) -> None:
    who = demo_customers()[0]
    challenge = demo_world.demo.request_code(who.contract, who.postcode, "conv", "k")
    right = int(demo_world.demo._codes.code_for(challenge.id))
    outcomes: list[str] = []

    def guess(n: int) -> None:
        try:
            demo_world.demo.check_code(challenge.id, f"{(right + 1 + n) % 10**6:06d}", "conv")
            outcomes.append("wrong")
        except Exception as error:
            outcomes.append(type(error).__name__)

    threads = [threading.Thread(target=guess, args=(n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("wrong") == 5
    assert outcomes.count("NotAllowed") == 7


def test_same_effect_at_once_happens_once(demo_world: World) -> None:
    access = demo_world.sign_in(0)
    references: set[str] = set()
    threads = [threading.Thread(target=lambda: references.add(demo_world.demo.change_power(access, 6, "p").reference))
               for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(references) == 1
    assert demo_world.sql("SELECT COUNT(*) FROM effects") == [(1,)]


class _Flaky:
    """A mail server that is down for its first calls."""

    def __init__(self, inner: SpoolMailer, failures: int) -> None:
        self.inner, self.failures = inner, failures

    def send(self, mail: Mail) -> str:
        if self.failures:
            self.failures -= 1
            raise Unavailable("down")
        return self.inner.send(mail)


def test_mail_server_down_neither_shows_nor_loses_the_code(demo_world: World) -> None:
    spool = SpoolMailer(demo_world.home / "mail2")
    demo = DemoBackoffice(demo_world.home, _Flaky(spool, 1000), load_prices(ROOT / "data"), CodeRules(600, 5, 5),
                          clock=demo_world.clock)
    who = demo_customers()[1]
    demo.request_code(who.contract, who.postcode, "conv", "k")
    demo.post._mailer.failures = 0              # type: ignore[attr-defined]
    restarted = DemoBackoffice(demo_world.home, spool, load_prices(ROOT / "data"), CodeRules(600, 5, 5), clock=demo_world.clock)
    deadline = time.monotonic() + 5
    while demo_world.sql("SELECT COUNT(*) FROM code_mails") != [(0,)] and time.monotonic() < deadline:
        restarted.post.deliver()
    assert [mail.to for mail in spool.list()] == ["marcel.roumanille@example.org"]
    assert demo_world.sql("SELECT COUNT(*) FROM code_mails") == [(0,)]


def test_mail_speaks_the_language_of_the_conversation(demo_world: World) -> None:
    who = demo_customers()[0]
    words = {"fr": "Voici le code", "en": "Here is the code", "nl": "Dit is de code", "es": "Este es el código",
             "de": "hier ist der Code", "it": "ecco il codice"}
    for n, (locale, phrase) in enumerate(words.items()):
        customer = demo_customers()[n]
        demo_world.demo.request_code(customer.contract, customer.postcode, f"c{n}", f"k{n}", locale)
        assert any((phrase in text and "10 minut" in text.lower()) or (phrase in text and "10 Minuten" in text)
                   for text in demo_world.mails()), locale
    assert who


def test_damaged_database_is_said_plainly(tmp_path: Path) -> None:
    (tmp_path / "backoffice.db").write_bytes(b"this is not a database, at all" * 100)
    with pytest.raises(BackofficeDown):
        DemoBackoffice(tmp_path, SpoolMailer(tmp_path / "mail"), load_prices(ROOT / "data"), CodeRules(600, 5, 5), clock=Clock())
