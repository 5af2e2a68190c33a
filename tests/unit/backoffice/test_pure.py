"""Pure parts of the back office: power, comparison of bills, numbers, prices, wire form, schedules."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.backoffice import wire
from bot.backoffice.billing import Counter, Subscriber, make_bill
from bot.backoffice.bills import compare_bills
from bot.backoffice.numbers import (
    contract_number,
    is_contract_number,
    mask_iban,
    normalise_contract,
    reference_for,
)
from bot.backoffice.people import iban_fr
from bot.backoffice.plans import schedule
from bot.backoffice.power import Home, recommend_power
from bot.backoffice.prices import load_prices
from bot.backoffice.records import Bill, MeterReading, OutageReport, Receipt
from bot.backoffice.usage import Profile, index_on, use
from bot.settings import ROOT

PRICES = load_prices(ROOT / "data")


# -- power ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("home", "kva"),
    [
        (Home("studio", 22, heating="gas", hot_water="gas", hob="gas", oven=False), 3),
        (Home("studio", 22, heating="electric", hot_water="electric", hob="electric", oven=False), 6),
        (Home("flat", 60, heating="gas", hob="induction", oven=True), 6),
        (Home("house", 100, heating="gas", hob="induction", oven=True), 6),
        (Home("flat", 80, heating="electric", hob="induction", oven=True), 9),
        (Home("house", 120, heating="electric", hob="induction", oven=True), 9),
        (Home("house", 150, heating="electric", hob="induction", oven=True), 12),
        (Home("house", 120, heating="electric", hob="induction", oven=True, car_charger_kw=7.4), 12),
        (Home("house", 100, heating="gas", hob="gas", oven=True, car_charger_kw=22.0, three_phase=True), 24),
        (Home("flat", rooms=3, heating="electric", hob="induction", second_home=True, rarely_used=True), 6),
    ],
)
def test_power_as_the_market_sizes_it(home: Home, kva: int) -> None:
    assert recommend_power(home, PRICES).kva == kva


def test_lauras_question_is_answered_with_the_saving() -> None:
    found = recommend_power(Home(second_home=True, rarely_used=True, rooms=3, heating="electric"), PRICES, current_kva=15)
    assert found.kva == 6
    assert found.difference_year_eur == Decimal("-136.80")
    assert "hob" in found.assumed
    assert found.peak_watts == sum(reason.counted for reason in found.reasons)


_homes = st.builds(
    Home, dwelling=st.sampled_from([None, "studio", "flat", "house"]),
    surface_m2=st.one_of(st.none(), st.floats(9, 400)), rooms=st.one_of(st.none(), st.integers(1, 12)),
    heating=st.sampled_from([None, "electric", "heat_pump", "gas", "wood", "oil", "collective"]),
    hot_water=st.sampled_from([None, "electric", "heat_pump", "gas", "collective", "solar", "oil"]),
    hob=st.sampled_from([None, "induction", "vitro", "electric", "gas", "none"]),
    oven=st.sampled_from([None, True, False]), pool=st.sampled_from([None, True]), spa=st.sampled_from([None, True]),
    car_charger_kw=st.sampled_from([None, 2.3, 3.7, 7.4, 11.0, 22.0]),
    second_home=st.booleans(), rarely_used=st.booleans(), three_phase=st.booleans(),
)


@given(_homes, st.sampled_from([None, *PRICES.steps]))
def test_any_home_gets_a_step_on_sale(home: Home, current: int | None) -> None:
    found = recommend_power(home, PRICES, current)
    assert found.kva in PRICES.steps
    assert found.kva * 1070 >= found.peak_watts or found.note == "business"
    assert found.kva > 3 or home.heating not in ("electric", "heat_pump")
    if current:
        assert found.difference_year_eur == PRICES.year(found.kva) - PRICES.year(current)


@given(_homes)
def test_a_charger_never_lowers_the_power(home: Home) -> None:
    plain = recommend_power(Home(**{**home.__dict__, "car_charger_kw": None}), PRICES)
    charging = recommend_power(Home(**{**home.__dict__, "car_charger_kw": 7.4}), PRICES)
    assert charging.kva >= max(plain.kva, 9)


# -- bills ---------------------------------------------------------------------------------------
@st.composite
def _bill(draw: st.DrawFn) -> Bill:
    start = date(2024, 12, 1) + timedelta(days=draw(st.integers(0, 700)))
    end = start + timedelta(days=draw(st.integers(0, 400)))
    profile = Profile(seed=draw(st.integers(0, 50)), electricity_kwh=4000, heating_share=0.4, gas_kwh=9000,
                      off_peak_share=0.3)
    registers = draw(st.sampled_from([("base",), ("peak", "off_peak"), ("base", "gas"), ("gas",)]))
    kinds = st.sampled_from(["remote", "estimated"])
    counters = []
    for register in registers:
        first = draw(st.integers(0, 50_000))
        eve, real = start - timedelta(days=1), start - timedelta(days=70)
        counters.append(Counter(
            MeterReading(eve, register, first, draw(kinds)),
            MeterReading(end, register, first + draw(st.integers(-300, 5000)), draw(kinds)),
            MeterReading(real, register, max(0, first - draw(st.integers(0, 900))), "actual"),
        ))
    kva = None if registers == ("gas",) else draw(st.sampled_from(PRICES.steps))
    subscriber = Subscriber(
        draw(st.sampled_from(["clarte", "clarte_verte", "clarte_fixe"])), date(2024, 3, 5), kva,
        None if kva is None else "off_peak" if "peak" in registers else "base", "gas" in registers, profile,
    )
    fees = Decimal(draw(st.integers(0, 5000))) / 100
    paid = Decimal(draw(st.integers(0, 300_000))) / 100
    return make_bill("F", start, end, subscriber, counters, fees, paid, PRICES)


@given(_bill(), _bill())
def test_parts_sum_to_the_difference_to_the_cent(before: Bill, now: Bill) -> None:
    found = compare_bills(before, now)
    assert sum((part.amount_eur for part in found.parts), Decimal(0)) == now.total_eur - before.total_eur
    assert found.part("regularisation") == now.regularisation_eur - before.regularisation_eur
    assert found.part("fees") == now.fees_eur - before.fees_eur
    assert all(part.amount_eur.as_tuple().exponent == -2 and part.amount_eur for part in found.parts)


@given(_bill())
def test_a_bill_is_the_sum_of_its_parts_and_survives_the_wire(bill: Bill) -> None:
    lines = sum((line.amount_eur for line in bill.lines), Decimal(0))
    assert bill.total_eur == lines + bill.fees_eur + bill.regularisation_eur
    assert wire.load(Bill, json.loads(json.dumps(wire.dump(bill)))) == bill
    assert compare_bills(bill, bill).parts == ()


def test_regularisation_returns_what_estimates_took() -> None:
    """400 estimated, 300 real in all: 100 kWh too many were billed before this period."""
    profile = Profile(seed=1, electricity_kwh=3650)
    start, end = date(2026, 9, 1), date(2026, 9, 30)
    counter = Counter(MeterReading(date(2026, 8, 31), "base", 1400, "estimated"), MeterReading(end, "base", 1600, "actual"),
                      MeterReading(date(2026, 7, 31), "base", 1000, "actual"))
    bill = make_bill("F", start, end, Subscriber("clarte", date(2024, 1, 1), 6, "base", False, profile), [counter],
                     Decimal(0), Decimal(0), PRICES)
    assert bill.kwh["base"] + bill.regularised_kwh == 200       # what the counter moved on paper
    assert 260 <= bill.kwh["base"] <= 340                       # about half of the real 600
    assert bill.regularisation_eur == (bill.regularised_kwh * Decimal("0.1940")).quantize(Decimal("0.01"))


def test_price_change_inside_a_period_is_priced_by_day() -> None:
    profile = Profile(seed=3, electricity_kwh=3650)
    start, end = date(2026, 7, 16), date(2026, 8, 15)
    counter = Counter(MeterReading(start - timedelta(days=1), "base", 0, "remote"), MeterReading(end, "base", 310, "remote"),
                      MeterReading(start - timedelta(days=1), "base", 0, "remote"))
    bill = make_bill("F", start, end, Subscriber("clarte", date(2024, 1, 1), 6, "base", False, profile), [counter],
                     Decimal(0), Decimal(0), PRICES)
    used = [line for line in bill.lines if line.kind == "consumption"]
    assert [line.unit_price_eur for line in used] == [Decimal("0.1985"), Decimal("0.1940")]
    assert sum(line.quantity for line in used) == 310
    assert sum(line.quantity for line in bill.lines if line.kind == "subscription") == bill.days == 31


# -- use, prices ---------------------------------------------------------------------------------
@given(st.dates(date(2023, 1, 1), date(2027, 1, 1)), st.integers(0, 500), st.integers(0, 500))
def test_use_is_additive_and_counters_never_run_back(day: date, first: int, second: int) -> None:
    profile = Profile(seed=9, electricity_kwh=5000, heating_share=0.5, trend=-0.03)
    middle, end = day + timedelta(days=first), day + timedelta(days=first + second + 1)
    whole = use(profile, "base", day, end, PRICES)
    parts = use(profile, "base", day, middle, PRICES) + use(profile, "base", middle + timedelta(days=1), end, PRICES)
    assert abs(whole - parts) < 1e-6 * max(1.0, whole)
    assert index_on(profile, "base", end, PRICES) >= index_on(profile, "base", middle, PRICES)


def test_fixed_offer_keeps_the_price_of_its_day_for_two_years() -> None:
    signed = date(2025, 3, 1)
    assert PRICES.kwh("clarte_fixe", "base", date(2027, 2, 28), signed) == Decimal("0.2040")
    assert PRICES.kwh("clarte_fixe", "base", date(2027, 3, 1), signed) == PRICES.kwh("clarte", "base", date(2027, 3, 1), signed)
    assert PRICES.kwh("clarte_verte", "peak", date(2026, 9, 1), signed) == Decimal("0.2120")


def test_figures_of_the_two_sheets_agree() -> None:
    sheet = yaml.safe_load((ROOT / "data" / "solenne.yml").read_text(encoding="utf-8"))
    plan = sheet["payment"]["plan_instalments"].replace("\N{NO-BREAK SPACE}", " ")
    rules = PRICES.plan
    assert f"{rules['min_instalments']} à {rules['max_instalments']} mensualités" in plan
    assert f"première sous {rules['first_within_days']} jours" in plan
    assert f"à partir de {rules['from_eur']} €" in plan
    assert f"jusqu'à {rules['up_to_eur']:,} €".replace(",", " ") in plan
    assert "+0,40 centime/kWh" in sheet["offers"]["clarte_verte"]["kind"]
    assert PRICES.kwh_surcharge["clarte_verte"] == Decimal("0.0040")
    assert f"{PRICES.fixed_months['clarte_fixe']} mois" in sheet["offers"]["clarte_fixe"]["kind"]


# -- numbers -------------------------------------------------------------------------------------
@given(st.integers(0, 999_999), st.integers(2, 9), st.integers(0, 9))
def test_contract_numbers_catch_one_wrong_digit(serial: int, place: int, digit: int) -> None:
    number = contract_number(serial)
    assert is_contract_number(number)
    assert normalise_contract(f" {number[2:5]} {number[5:]} ") == number
    wrong = number[:place] + str(digit) + number[place + 1:]
    assert is_contract_number(wrong) == (wrong == number)


def test_references_depend_on_key_and_secret() -> None:
    assert reference_for("a", b"x") == reference_for("a", b"x")
    assert len({reference_for(str(n), b"x") for n in range(2000)}) == 2000
    assert reference_for("a", b"x") != reference_for("a", b"y")


def test_invented_ibans_are_formally_right() -> None:
    import random

    from stdnum import iban
    for seed in range(50):
        assert iban.is_valid(iban_fr(random.Random(seed)))
    assert mask_iban("FR76 3000 6000 0112 3456 7890 189") == "FR76 •••• •••• •••• •••• •••• 189"


@given(st.integers(1, 100_000), st.integers(1, 12), st.dates(date(2026, 1, 1), date(2027, 12, 31)))
def test_schedules_sum_and_ascend(cents: int, count: int, first: date) -> None:
    owed = Decimal(cents) / 100
    plan = schedule(owed, count, first)
    assert sum((i.amount_eur for i in plan), Decimal(0)) == owed
    assert [i.on for i in plan] == sorted({i.on for i in plan})


# -- wire ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "value",
    [{}, {"reference": 3, "at": "2026-01-01T00:00:00+00:00"}, {"reference": "x", "at": "2026-01-01T00:00:00"},
     {"reference": "x", "at": "yesterday"}, [], None, "x"],
)
def test_wire_refuses_other_shapes(value: object) -> None:
    with pytest.raises(wire.WireError):
        wire.load(Receipt, value)


def test_wire_checks_literals_and_booleans() -> None:
    with pytest.raises(wire.WireError):
        wire.load(OutageReport, {"postcode": "44000", "scope": "planet"})
    with pytest.raises(wire.WireError):
        wire.load(tuple[Decimal, ...], ["NaN"])  # type: ignore[arg-type]
    with pytest.raises(wire.WireError):
        wire.load(int, True)
