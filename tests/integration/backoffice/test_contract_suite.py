"""What every back office must do: run over the embedded one and over the HTTP one."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from decimal import Decimal

import pytest

from bot.backoffice.bills import compare_bills
from bot.backoffice.demo import demo_customers
from bot.backoffice.records import Access, CancelDetails, MoveDetails, OutageReport
from bot.errors import BackofficeDown, BadInput, Conflict, NotAllowed, TooManyRequests
from tests.integration.backoffice.conftest import World

TODAY = date(2026, 11, 26)


def test_contract_is_masked_and_complete(world: World) -> None:
    contract = world.backoffice.get_contract(world.sign_in(0))
    assert (contract.power_kva, contract.second_home, contract.postcode) == (15, True, "56000")
    assert contract.meter.linky
    assert contract.meter.registers == ("base",)
    stored = world.sql("SELECT email, phone, iban FROM customers WHERE number = ?", contract.number)[0]
    shown = str(contract)
    assert not any(str(secret) in shown for secret in stored)


def test_bills_sum_and_follow_each_other(world: World) -> None:
    for number in (0, 2, 4):
        bills = world.backoffice.last_bills(world.sign_in(number, f"c{number}"), 12)
        assert len(bills) >= 2
        for bill in bills:
            lines = sum((line.amount_eur for line in bill.lines), Decimal(0))
            assert lines == bill.consumption_eur + bill.subscription_eur
            assert bill.total_eur == lines + bill.fees_eur + bill.regularisation_eur
            assert bill.to_pay_eur == bill.total_eur - bill.already_paid_eur
            assert Decimal(0) < bill.taxes_eur < bill.total_eur
        for newer, older in itertools.pairwise(bills):
            assert newer.start == older.end + timedelta(days=1)
            comparison = compare_bills(older, newer)
            assert sum((p.amount_eur for p in comparison.parts), Decimal(0)) == comparison.difference_eur


def test_real_reading_after_estimates_is_regularised(world: World) -> None:
    last, before, *_ = world.backoffice.last_bills(world.sign_in(1), 4)
    assert before.estimated
    assert not last.estimated
    assert last.regularisation_eur < 0          # the estimates of this customer are 30 % too high
    assert compare_bills(before, last).part("regularisation") == last.regularisation_eur


def test_annual_use_adds_up(world: World) -> None:
    use = world.backoffice.annual_use(world.sign_in(2))
    assert len(use.months) == 12
    assert use.months[-1][0] == "2026-10"
    assert abs(sum(kwh for _, kwh in use.months) - sum(use.kwh.values())) <= 12
    assert use.complete
    assert use.cost_eur > 1000


def test_reading_changes_the_next_bill(world: World) -> None:
    access = world.sign_in(1)
    guess = {e.register: e for e in world.backoffice.estimate_index(access, TODAY)}
    index = {register: e.value for register, e in guess.items()}
    preview = world.backoffice.preview_reading(access, index, TODAY)
    assert preview.lower_than_last == preview.far_from_estimate == ()
    assert preview.difference_eur == preview.actual_eur - preview.estimated_eur < 0
    first = world.backoffice.submit_reading(access, index, TODAY, "k1")
    again = world.backoffice.submit_reading(access, index, TODAY, "k1")
    assert first == again
    assert first.effect.difference_eur == preview.difference_eur
    kept = [r for r in world.backoffice.readings(access) if r.on == TODAY]
    assert {(r.register, r.value, r.kind) for r in kept} == {(k, v, "customer") for k, v in index.items()}


def test_odd_readings_are_flagged_not_refused(world: World) -> None:
    access = world.sign_in(0)
    (guess,) = world.backoffice.estimate_index(access, TODAY)
    assert world.backoffice.preview_reading(access, {"base": guess.last.value - 5}, TODAY).lower_than_last == ("base",)
    assert world.backoffice.preview_reading(access, {"base": guess.high + 1}, TODAY).far_from_estimate == ("base",)
    assert world.backoffice.preview_reading(access, {"base": guess.high}, TODAY).far_from_estimate == ()
    for index, on in (({"gas": 5}, TODAY), ({"base": 10**6}, TODAY), ({"base": -1}, TODAY), ({}, TODAY),
                      ({"base": guess.value}, TODAY + timedelta(days=1))):
        with pytest.raises(BadInput):
            world.backoffice.preview_reading(access, index, on)


def test_power_change_once_with_its_price(world: World) -> None:
    access = world.sign_in(0)
    preview = world.backoffice.preview_power(access, 6)
    assert preview.year_difference_eur == (Decimal("15.20") - Decimal("26.60")) * 12
    assert (preview.remote, preview.fee_eur) == (True, Decimal("4.00"))
    first = world.backoffice.change_power(access, 6, "p")
    assert world.backoffice.change_power(access, 6, "p") == first
    assert world.backoffice.get_contract(access).power_kva == 6
    assert world.sql("SELECT COUNT(*) FROM fees WHERE contract = ?", demo_customers()[0].contract) == [(1,)]
    with pytest.raises(BadInput):
        world.backoffice.change_power(access, 6, "p2")
    with pytest.raises(BadInput):
        world.backoffice.preview_power(access, 7)
    with pytest.raises(Conflict):
        world.backoffice.change_power(access, 9, "p")       # the key stands for another change


def test_gas_only_contract_has_no_power(world: World) -> None:
    with pytest.raises(Conflict):
        world.backoffice.preview_power(world.sign_in(5), 9)


def test_plan_instalments_sum_to_what_is_owed(world: World) -> None:
    access = world.sign_in(3)
    options = world.backoffice.payment_plan_options(access)
    assert options.reason == "ok"
    assert options.owed_eur == world.backoffice.get_contract(access).balance_eur > 60
    assert [len(plan.instalments) for plan in options.plans] == [2, 3, 4, 5, 6]
    for plan in options.plans:
        assert sum((i.amount_eur for i in plan.instalments), Decimal(0)) == options.owed_eur
        assert plan.instalments[0].on <= TODAY + timedelta(days=10)
    receipt = world.backoffice.agree_plan(access, "P3", "plan")
    assert world.backoffice.agree_plan(access, "P3", "plan") == receipt
    assert world.backoffice.payment_plan_options(access).reason == "plan_running"
    with pytest.raises(Conflict):
        world.backoffice.agree_plan(access, "P2", "other")


def test_delay_within_limits_and_once(world: World) -> None:
    access = world.sign_in(2)
    options = world.backoffice.payment_plan_options(access)
    assert options.delay_until is not None
    with pytest.raises(BadInput):
        world.backoffice.agree_delay(access, options.delay_until + timedelta(days=1), "d0")
    receipt = world.backoffice.agree_delay(access, options.delay_until, "d1")
    assert receipt.details["until"] == options.delay_until.isoformat()
    assert world.backoffice.payment_plan_options(access).delay_until is None
    with pytest.raises(Conflict):
        world.backoffice.agree_delay(access, options.delay_until, "d2")


def test_bank_details(world: World) -> None:
    access = world.sign_in(3)
    for wrong in ("FR7630006000011234567890188", "hello", "SA0380000000608010167519"):
        with pytest.raises(BadInput):
            world.backoffice.update_iban(access, wrong, "i0")
    receipt = world.backoffice.update_iban(access, "FR76 3000 6000 0112 3456 7890 189", "i1")
    assert receipt.details["iban_masked"].endswith("189")
    contract = world.backoffice.get_contract(access)
    assert (contract.payment, contract.iban_masked) == ("debit", receipt.details["iban_masked"])
    assert "30006000" not in str(world.sql("SELECT * FROM effects"))
    world.backoffice.update_debit_day(access, 20, "d1")
    assert world.backoffice.get_contract(access).debit_day == 20
    with pytest.raises(BadInput):
        world.backoffice.update_debit_day(access, 11, "d2")


def test_cancelling_costs_nothing_and_happens_once(world: World) -> None:
    access = world.sign_in(6)
    on = TODAY + timedelta(days=20)
    preview = world.backoffice.cancellation_preview(access, on)
    assert preview.fee_eur == 0
    assert preview.final_bill_by == on + timedelta(weeks=4)
    assert preview.balance_eur == preview.open_bills_eur + preview.estimated_use_eur - preview.paid_ahead_eur
    receipt = world.backoffice.cancel_contract(access, CancelDetails(on, "price"), "c")
    assert world.backoffice.cancel_contract(access, CancelDetails(on, "price"), "c") == receipt
    contract = world.backoffice.get_contract(access)
    assert (contract.status, contract.ends_on) == ("closing", on)
    with pytest.raises(Conflict):
        world.backoffice.cancel_contract(access, CancelDetails(on), "c2")
    with pytest.raises(Conflict):
        world.backoffice.move_home(access, MoveDetails(on), "m2")


def test_moving_says_what_opens_and_what_it_costs(world: World) -> None:
    access = world.sign_in(5)
    with pytest.raises(BadInput):
        world.backoffice.cancellation_preview(access, TODAY - timedelta(days=1))
    details = MoveDetails(TODAY + timedelta(days=12), new_postcode="35000", new_town="Rennes", new_address="3 rue du Four",
                          enter_on=TODAY + timedelta(days=12), new_energy="both", new_power_kva=6)
    receipt = world.backoffice.move_home(access, details, "m")
    assert receipt.details["stays_with_us"] is True
    assert receipt.details["commissioning_fee_eur"] == "39.00"      # 16 + 23
    assert receipt.details["new_address"] == "3 rue du Four, 35000, Rennes"


def test_outages_need_no_account(world: World) -> None:
    current, = world.backoffice.outages("44 000")
    assert current.since <= world.clock.now < (current.expected_end or world.clock.now)
    assert world.backoffice.outages("99999") == ()
    (planned,) = world.backoffice.outages("35000")
    assert planned.planned
    report = OutageReport("44000", "building", breaker_checked=True)
    receipt = world.backoffice.report_outage(report, "o")
    assert receipt.details["known_outage"] == current.id
    assert world.backoffice.report_outage(report, "o") == receipt
    world.clock.forward(days=9)
    (again,) = world.backoffice.outages("44000")
    assert again.since <= world.clock.now < (again.expected_end or world.clock.now)


def test_wrong_token_and_other_conversation_are_refused(world: World) -> None:
    access = world.sign_in(0, "mine")
    for bad in (Access(access.token, "theirs"), Access("0" * 64, "mine"), Access("", "mine")):
        with pytest.raises(NotAllowed) as refused:
            world.backoffice.get_contract(bad)
        assert refused.value.context["reason"] == "expired"
    world.clock.forward(minutes=31)
    with pytest.raises(NotAllowed):
        world.backoffice.get_contract(access)


def test_codes(world: World) -> None:
    who = demo_customers()[0]
    challenge = world.backoffice.request_code(who.contract, who.postcode, "conv", "k")
    assert world.backoffice.request_code(who.contract, who.postcode, "conv", "k") == challenge
    assert len(world.mails()) == 1
    code = world.code()
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    assert world.backoffice.check_code(challenge.id, wrong, "conv", "t1") is None
    assert world.backoffice.check_code(challenge.id, wrong, "conv", "t1") is None      # the same try
    first = world.backoffice.check_code(challenge.id, code, "conv", "t2")
    assert first is not None
    assert world.backoffice.check_code(challenge.id, code, "conv", "t2") == first
    with pytest.raises(NotAllowed) as used:
        world.backoffice.check_code(challenge.id, code, "conv", "t3")
    assert used.value.context["reason"] == "expired"
    assert world.sql("SELECT tries FROM challenges") == [(2,)]


def test_too_many_tries_and_too_many_codes(world: World) -> None:
    who = demo_customers()[0]
    challenge = world.backoffice.request_code(who.contract, who.postcode, "conv", "k")
    code = world.code()
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    for _ in range(world.rules.attempts):
        assert world.backoffice.check_code(challenge.id, wrong, "conv") is None
    with pytest.raises(NotAllowed) as refused:
        world.backoffice.check_code(challenge.id, code, "conv")
    assert refused.value.context["reason"] == "too_many_tries"
    for n in range(world.rules.per_hour - 1):
        world.backoffice.request_code(who.contract, who.postcode, "conv", f"again{n}")
    with pytest.raises(TooManyRequests) as slow:
        world.backoffice.request_code(who.contract, who.postcode, "other", "new")
    assert 3500 < slow.value.retry_after <= 3600
    world.clock.forward(minutes=61)
    world.backoffice.request_code(who.contract, who.postcode, "other", "later")


def test_down_means_nothing_is_done(world: World) -> None:
    access = world.sign_in(0)
    flag = world.home / "backoffice.down"
    flag.touch()
    with pytest.raises(BackofficeDown):
        world.backoffice.get_contract(access)
    with pytest.raises(BackofficeDown):
        world.backoffice.change_power(access, 6, "p")
    flag.unlink()
    assert world.backoffice.get_contract(access).power_kva == 15


def test_lost_answer_then_retry_is_one_effect(world: World) -> None:
    access = world.sign_in(0)
    flag = world.home / "backoffice.down"
    flag.write_text("lost-answer")
    with pytest.raises(BackofficeDown):
        world.backoffice.change_power(access, 6, "p")
    flag.unlink()
    assert world.backoffice.get_contract(access).power_kva == 6
    assert world.backoffice.change_power(access, 6, "p").details["new_kva"] == 6
    assert world.sql("SELECT COUNT(*) FROM fees WHERE contract = ?", demo_customers()[0].contract) == [(1,)]
