"""The supplier's routine: instalments, meter rounds, bills and settlements, up to a given day.

Seeding is this routine run from the first period; running it again later only adds what has become
due since, so a demo that stays up for months keeps living.
"""

from __future__ import annotations

import json
import random
import sqlite3
from datetime import date, timedelta

from bot.backoffice import ledger, wire
from bot.backoffice.billing import ISSUE_DAYS, Counter, Subscriber, make_bill
from bot.backoffice.ledger import Account, euros, last_reading, to_cents
from bot.backoffice.prices import PriceBook
from bot.backoffice.records import MeterReading, ReadingKind, Register, Tariff
from bot.backoffice.usage import index_on, use

_MONTHS = {"monthly": 1, "bimonthly": 2, "yearly": 12}
_ARREARS_DAYS = 100          # late payers settle what is older
_REJECTED_DAYS = 45          # a refused debit shows on bills due since then
_RECENT_READING_DAYS = 31    # a customer's reading counts for a period that ends soon after


def add_months(day: date, months: int) -> date:
    """The same day of the month later (anchors never exceed the 28th)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, 28))


def period_end(customer: Account, start: date) -> date:
    """Last day of the period that starts on ``start``, cut short where the contract ends."""
    end = add_months(start, _MONTHS[customer.row["cadence"]]) - timedelta(days=1)
    ends_on = customer.row["ends_on"]
    return min(end, date.fromisoformat(ends_on)) if ends_on else end


def subscriber(connection: sqlite3.Connection, customer: Account) -> Subscriber:
    """What billing needs of an account, changes of power included."""
    changes = connection.execute(
        "SELECT body FROM agreements WHERE contract = ? AND kind = 'power' ORDER BY at", (customer.number,)
    ).fetchall()
    earlier: list[tuple[date, int, Tariff]] = []
    for row in changes:
        body = json.loads(row["body"])
        tariff: Tariff = "off_peak" if body["loses_off_peak"] else customer.tariff or "base"
        earlier.append((date.fromisoformat(body["effective_on"]), body["old_kva"], tariff))
    return Subscriber(customer.offer, customer.signed, customer.kva, customer.tariff,
                      "gas" in customer.registers, customer.profile, tuple(earlier))


def advance(connection: sqlite3.Connection, customer: Account, today: date, prices: PriceBook) -> None:
    """Bill every period whose bill is due to be issued by ``today``, then settle."""
    start = date.fromisoformat(customer.row["next_start"])
    while customer.row["status"] != "closed":
        end = period_end(customer, start)
        _instalments(connection, customer, start, min(end, today))
        if end + timedelta(days=ISSUE_DAYS) > today or end < start:
            break
        _bill(connection, customer, start, end, prices)
        start = end + timedelta(days=1)
    connection.execute("UPDATE customers SET next_start = ? WHERE number = ?", (start.isoformat(), customer.number))
    connection.execute("UPDATE customers SET status = 'closed' WHERE number = ? AND ends_on < ?",
                       (customer.number, start.isoformat()))
    _settle(connection, customer, today)


def _instalments(connection: sqlite3.Connection, customer: Account, start: date, until: date) -> None:
    """Eleven monthly debits a year, from the month after the period begins."""
    if customer.row["cadence"] != "yearly" or not customer.row["monthly_cents"]:
        return
    for month in range(11):
        first = add_months(start.replace(day=1), month + 1)
        day = first.replace(day=customer.row["debit_day"] or 5)
        if day > until:
            break
        connection.execute(
            "INSERT OR IGNORE INTO payments (contract, day, cents, kind) VALUES (?, ?, ?, 'instalment')",
            (customer.number, day.isoformat(), customer.row["monthly_cents"]),
        )


def _bill(connection: sqlite3.Connection, customer: Account, start: date, end: date, prices: PriceBook) -> None:
    eve = start - timedelta(days=1)
    counters = []
    for register in customer.registers:
        before = last_reading(connection, customer.number, register, eve, real=False)
        real = last_reading(connection, customer.number, register, eve, real=True)
        if before is None or real is None:
            raise ValueError(f"{customer.number}: no reading before {start}")
        after = closing_reading(connection, customer, register, before, start, end, prices)
        connection.execute(
            "INSERT OR REPLACE INTO readings VALUES (?, ?, ?, ?, ?)",
            (customer.number, register, end.isoformat(), after.value, after.kind),
        )
        counters.append(Counter(before, after, real))
    number = f"F-{customer.number[2:]}-{end + timedelta(days=ISSUE_DAYS):%y%m%d}"
    open_fees = "contract = ? AND bill IS NULL AND day <= ?"
    fees = connection.execute(
        f"SELECT COALESCE(SUM(cents), 0) FROM fees WHERE {open_fees}", (customer.number, end.isoformat())  # noqa: S608 - constant text
    ).fetchone()[0]
    paid = connection.execute(
        "SELECT COALESCE(SUM(cents), 0) FROM payments WHERE contract = ? AND kind = 'instalment'"
        " AND bill IS NULL AND day <= ?", (customer.number, end.isoformat()),
    ).fetchone()[0]
    bill = make_bill(number, start, end, subscriber(connection, customer), counters, euros(fees), euros(paid), prices)
    connection.execute(
        "INSERT INTO bills VALUES (?, ?, ?, ?, ?, ?, 'due', ?)",
        (number, customer.number, start.isoformat(), end.isoformat(), bill.due.isoformat(),
         to_cents(bill.to_pay_eur), json.dumps(wire.dump(bill))),
    )
    connection.execute(f"UPDATE fees SET bill = ? WHERE {open_fees}", (number, customer.number, end.isoformat()))  # noqa: S608
    connection.execute(
        "UPDATE payments SET bill = ? WHERE contract = ? AND kind = 'instalment' AND bill IS NULL AND day <= ?",
        (number, customer.number, end.isoformat()),
    )


def closing_reading(connection: sqlite3.Connection, customer: Account, register: Register,
                    before: MeterReading, start: date, end: date, prices: PriceBook) -> MeterReading:
    """What closes a period: the meter itself, a recent reading carried to the end, or an estimate."""
    kind = _kind(connection, customer, end)
    if kind != "estimated":
        value = index_on(customer.profile, register, end, prices)
        return MeterReading(end, register, value, kind)     # may lie below an estimate: that is its point
    real = last_reading(connection, customer.number, register, end, real=True)
    if real is None:
        raise ValueError(f"{customer.number}: never read")
    recent = real.on >= start and (end - real.on).days <= _RECENT_READING_DAYS
    bias = 1.0 if recent else customer.profile.bias
    value = real.value + units(customer, register, real.on + timedelta(days=1), end, prices, bias)
    if recent:          # rests on a reading: what it says stands, below an earlier estimate too
        return MeterReading(end, register, value, "customer")
    return MeterReading(end, register, max(value, before.value), "estimated")


def units(customer: Account, register: Register, start: date, end: date, prices: PriceBook,
          bias: float = 1.0) -> int:
    """Units of the counter (kWh, m³) expected from ``start`` to ``end``."""
    if end < start:
        return 0
    kwh = use(customer.profile, register, start, end, prices) * bias
    return round(kwh / float(prices.gas_kwh_per_m3)) if register == "gas" else round(kwh)


def _kind(connection: sqlite3.Connection, customer: Account, end: date) -> ReadingKind:
    """How the period's end is read: by itself, by a visit (twice a year), or not at all."""
    luck = random.Random(f"{customer.profile.seed}-{end:%Y%m}").random()    # noqa: S311 - not a secret
    if customer.row["linky"]:
        return "remote" if luck > 0.03 or customer.row["cadence"] == "yearly" else "estimated"
    if customer.row["cadence"] == "yearly":
        return "actual" if luck > 0.1 else "estimated"
    period = connection.execute("SELECT COUNT(*) FROM bills WHERE contract = ?", (customer.number,)).fetchone()[0] + 1
    return "actual" if (period + customer.profile.seed) % (6 // _MONTHS[customer.row["cadence"]]) == 0 else "estimated"


def _settle(connection: sqlite3.Connection, customer: Account, today: date) -> None:
    """Pay, refund or dun what is due, as this customer does."""
    rows = connection.execute(
        "SELECT number, due, to_pay_cents, status FROM bills WHERE contract = ? AND status <> 'paid' ORDER BY start",
        (customer.number,),
    ).fetchall()
    if rows and ledger.running(connection, customer.number, today):
        return                          # a plan or a delay runs: the dunning stands still
    for row in rows:
        due, cents = date.fromisoformat(row["due"]), int(row["to_pay_cents"])
        age = (today - due).days
        if age <= 0 and cents > 0:
            continue
        payer = customer.row["payer"]
        if cents > 0 and payer == "late" and age <= _ARREARS_DAYS:
            status = "overdue"
        elif cents > 0 and payer == "rejected" and age <= _REJECTED_DAYS:
            status = "rejected"
        elif cents < 0 and age <= 0:
            continue                    # the refund is on its way
        else:
            status = "paid"
            if cents:
                connection.execute(
                    "INSERT OR IGNORE INTO payments (contract, day, cents, kind, bill) VALUES (?, ?, ?, ?, ?)",
                    (customer.number, row["due"], cents, "bill" if cents > 0 else "refund", row["number"]),
                )
        connection.execute("UPDATE bills SET status = ? WHERE number = ?", (status, row["number"]))
