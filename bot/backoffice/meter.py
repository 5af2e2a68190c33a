"""Readings, use and power of a contract in the embedded back office."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

from bot.backoffice import ledger
from bot.backoffice.billing import ISSUE_DAYS, consumption_lines, subscription_lines, to_kwh
from bot.backoffice.cycle import period_end, subscriber, units
from bot.backoffice.ledger import Account, last_reading
from bot.backoffice.prices import PriceBook, cents
from bot.backoffice.records import (
    AnnualUse,
    IndexEstimate,
    MeterReading,
    PowerChange,
    ReadingPreview,
    Register,
)
from bot.backoffice.usage import index_on, use
from bot.errors import BadInput, Conflict

_PLAUSIBLE = 0.35        # share of the expected use by which a reading may differ without a question
_DIGITS: Mapping[Register, int] = {"base": 6, "peak": 6, "off_peak": 6, "gas": 5}


def working_day(day: date, steps: int) -> date:
    """The day ``steps`` working days later (weekends only: the demo knows no holidays)."""
    while steps:
        day += timedelta(days=1)
        steps -= day.weekday() < 5
    return day


def _last(connection: sqlite3.Connection, customer: Account, register: Register, on: date) -> MeterReading:
    reading = last_reading(connection, customer.number, register, on, real=True)
    if reading is None:
        raise BadInput("This day lies before the contract began.")
    return reading


def estimate(connection: sqlite3.Connection, customer: Account, on: date, prices: PriceBook) -> tuple[IndexEstimate, ...]:
    """What each counter probably shows on a day, from the last real reading and the household's habits."""
    found = []
    for register in customer.registers:
        last = _last(connection, customer, register, on)
        expected = units(customer, register, last.on + timedelta(days=1), on, prices)
        margin = round(expected * _PLAUSIBLE) + 30
        found.append(IndexEstimate(on, register, last.value + expected, max(last.value, last.value + expected - margin),
                                   last.value + expected + margin, last, _DIGITS[register]))
    return tuple(found)


def preview_reading(connection: sqlite3.Connection, customer: Account, index: Mapping[Register, int], on: date,
                    today: date, prices: PriceBook) -> ReadingPreview:
    """Check a reading and price what it does to the next bill."""
    _check_form(customer, index, on, today)
    start = date.fromisoformat(customer.row["next_start"])
    end = max(period_end(customer, start), on)
    consumed: dict[Register, int] = {}
    lower, far = [], []
    estimated, actual = Decimal(0), Decimal(0)
    for guess in estimate(connection, customer, on, prices):
        register = guess.register
        if register not in index:
            continue
        value = index[register]
        consumed[register] = value - guess.last.value
        if value < guess.last.value:
            lower.append(register)
        elif not guess.low <= value <= guess.high:
            far.append(register)
        billed = last_reading(connection, customer.number, register, start - timedelta(days=1), real=False) or guess.last
        rest = units(customer, register, on + timedelta(days=1), end, prices)
        would_be = guess.last.value + units(customer, register, guess.last.on + timedelta(days=1), end, prices,
                                            customer.profile.bias)
        estimated += _cost(customer, register, max(would_be, billed.value) - billed.value, end, prices)
        actual += _cost(customer, register, value + rest - billed.value, end, prices)
    return ReadingPreview(consumed, tuple(lower), tuple(far), cents(estimated), cents(actual),
                          cents(actual) - cents(estimated), period_end(customer, start) + timedelta(days=ISSUE_DAYS))


def _cost(customer: Account, register: Register, amount: int, on: date, prices: PriceBook) -> Decimal:
    return to_kwh(amount, register, prices) * prices.kwh(customer.offer, register, on, customer.signed)


def _check_form(customer: Account, index: Mapping[Register, int], on: date, today: date) -> None:
    if not index or set(index) - set(customer.registers):
        raise BadInput("These are not the counters of this meter.", registers=customer.registers)
    if on > today:
        raise BadInput("A reading cannot lie in the future.")
    if on < date.fromisoformat(customer.row["next_start"]):
        raise BadInput("This period has been billed already; please read the meter again today.")
    for register, value in index.items():
        if isinstance(value, bool) or not 0 <= value < 10 ** _DIGITS[register]:
            raise BadInput("This counter shows fewer digits.", register=register, digits=_DIGITS[register])


def store_reading(connection: sqlite3.Connection, customer: Account, index: Mapping[Register, int], on: date) -> None:
    """Keep a customer's reading; a second one of the same day replaces the first."""
    for register, value in index.items():
        connection.execute("INSERT OR REPLACE INTO readings VALUES (?, ?, ?, ?, 'customer')",
                           (customer.number, register, on.isoformat(), value))


def annual_use(connection: sqlite3.Connection, customer: Account, today: date, prices: PriceBook) -> AnnualUse:
    """The last twelve full months by counter and month, at today's prices."""
    end = today.replace(day=1) - timedelta(days=1)
    start = date(end.year, 1, 1) if end.month == 12 else date(end.year - 1, end.month + 1, 1)
    kwh: dict[Register, int] = {}
    months: dict[str, float] = {}
    lines = subscription_lines(today - timedelta(days=364), today, subscriber(connection, customer), prices)
    for register in customer.registers:
        day, total = start, 0.0
        while day <= end:
            last = (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
            amount = use(customer.profile, register, day, last, prices)
            months[f"{day:%Y-%m}"] = months.get(f"{day:%Y-%m}", 0.0) + amount
            total += amount
            day = last + timedelta(days=1)
        kwh[register] = round(total)
        lines += consumption_lines(kwh[register], register, today, today, subscriber(connection, customer), prices)
    electricity = sum(amount for register, amount in kwh.items() if register != "gas")
    peak = None
    if customer.row["linky"] and customer.kva:
        heavy = electricity * (0.00055 if customer.profile.heating_share > 0.3 else 0.0008)
        peak = round(min(customer.kva * 0.97, max(1.2, 1.6 + heavy)), 1)
    first = connection.execute("SELECT MIN(day) FROM readings WHERE contract = ?", (customer.number,)).fetchone()[0]
    return AnnualUse(
        start=start, end=end, kwh=kwh,
        cost_eur=cents(sum((line.amount_eur for line in lines), Decimal(0))),
        months=tuple((month, round(amount)) for month, amount in months.items()), peak_power_kva=peak,
        complete=date.fromisoformat(first) <= start,
    )


def preview_power(connection: sqlite3.Connection, customer: Account, kva: int, today: date, prices: PriceBook) -> PowerChange:
    """What another power costs: the operator's fee once, the difference of subscriptions a year."""
    if customer.kva is None:
        raise Conflict("This contract has no electricity.")
    if customer.row["status"] != "active":
        raise Conflict("This contract is ending; its power stays as it is.")
    if kva not in prices.steps:
        raise BadInput("This power is not on offer.", steps=prices.steps)
    if kva == customer.kva:
        raise BadInput("This is the power in force already.")
    tariff = customer.tariff or "base"
    new_tariff = "base" if kva == prices.steps[0] else tariff
    remote = bool(customer.row["linky"])
    old, new = prices.subscription(customer.kva, tariff), prices.subscription(kva, new_tariff)
    changed = connection.execute(
        "SELECT 1 FROM agreements WHERE contract = ? AND kind = 'power' AND at >= ?",
        (customer.number, (today - timedelta(days=365)).isoformat()),
    ).fetchone()
    return PowerChange(
        old_kva=customer.kva, new_kva=kva, remote=remote,
        fee_eur=cents(prices.fees["power_change_linky" if remote else "power_change_old_meter"]),
        old_month_eur=old, new_month_eur=new, year_difference_eur=(new - old) * 12,
        effective_on=working_day(today, 1 if remote else 8), loses_off_peak=new_tariff != tariff,
        note="three_phase" if kva > 12 and not customer.row["three_phase"] else
             "already_changed_this_year" if changed else "",
    )


def bills_owed(connection: sqlite3.Connection, customer: Account) -> tuple[Decimal, date | None]:
    """What is due or overdue and the due date of the oldest such bill; credits deducted."""
    row = connection.execute(
        "SELECT MIN(due) FROM bills WHERE contract = ? AND status <> 'paid' AND to_pay_cents > 0", (customer.number,)
    ).fetchone()
    return ledger.balance(connection, customer.number), date.fromisoformat(row[0]) if row[0] else None


def apply_power(connection: sqlite3.Connection, customer: Account, change: PowerChange, reference: str,
                prices: PriceBook) -> None:
    """Set the new power, put the operator's fee on the next bill, and book a visit where one is needed."""
    if change.loses_off_peak:       # from now on one counter counts; it takes over where the two stood
        eve = date.fromisoformat(customer.row["next_start"]) - timedelta(days=1)
        connection.execute("INSERT OR REPLACE INTO readings VALUES (?, 'base', ?, ?, 'actual')",
                           (customer.number, eve.isoformat(), index_on(customer.profile, "base", eve, prices)))
        connection.execute("UPDATE customers SET tariff = 'base' WHERE number = ?", (customer.number,))
    connection.execute("UPDATE customers SET power_kva = ? WHERE number = ?", (change.new_kva, customer.number))
    connection.execute(
        "INSERT INTO fees (contract, day, label, cents) VALUES (?, ?, 'power', ?)",
        (customer.number, change.effective_on.isoformat(), ledger.to_cents(change.fee_eur)),
    )
    if not change.remote:
        connection.execute(
            "INSERT INTO appointments (contract, day, slot, purpose, reference) VALUES (?, ?, '8 h – 12 h', ?, ?)",
            (customer.number, change.effective_on.isoformat(), f"passage à {change.new_kva} kVA", reference),
        )


def next_day_of_month(after: date, day: int) -> date:
    """The first ``day``-th of a month after a day (``day`` is at most 28)."""
    return after.replace(day=day) if day > after.day else (after.replace(day=1) + timedelta(days=32)).replace(day=day)
