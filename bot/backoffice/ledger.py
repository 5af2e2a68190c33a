"""Rows of the embedded back office as the port's types, and what is owed."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from bot.backoffice import wire
from bot.backoffice.numbers import mask_email, mask_iban, mask_phone
from bot.backoffice.prices import PriceBook
from bot.backoffice.records import Bill, Contract, Meter, MeterReading, Register, Tariff
from bot.backoffice.usage import Profile
from bot.errors import NotFound


@dataclass(frozen=True)
class Account:
    """A customer's row with the habits behind it; never leaves this package."""

    row: sqlite3.Row
    profile: Profile

    @property
    def number(self) -> str:
        return str(self.row["number"])

    @property
    def offer(self) -> str:
        return str(self.row["offer"])

    @property
    def signed(self) -> date:
        return date.fromisoformat(self.row["since"])

    @property
    def kva(self) -> int | None:
        value = self.row["power_kva"]
        return None if value is None else int(value)

    @property
    def tariff(self) -> Tariff | None:
        value: Tariff | None = self.row["tariff"]
        return value

    @property
    def registers(self) -> tuple[Register, ...]:
        electricity: tuple[Register, ...] = ()
        if self.row["energy"] != "gas":
            electricity = ("peak", "off_peak") if self.tariff == "off_peak" else ("base",)
        return (*electricity, "gas") if self.row["energy"] != "electricity" else electricity


def account(connection: sqlite3.Connection, number: str) -> Account:
    """One account. ``NotFound`` where there is none."""
    row = connection.execute("SELECT * FROM customers WHERE number = ?", (number,)).fetchone()
    if row is None:
        raise NotFound("There is no such contract.")
    return of_row(row)


def of_row(row: sqlite3.Row) -> Account:
    """An account out of a row of ``customers``."""
    return Account(row, wire.load(Profile, json.loads(row["profile"])))


def contract(connection: sqlite3.Connection, customer: Account, prices: PriceBook) -> Contract:
    """The contract as the assistant may see it."""
    row = customer.row
    return Contract(
        number=customer.number, holder=f"{row['first_name']} {row['last_name']}",
        first_name=row["first_name"], locale=row["locale"], email_masked=mask_email(row["email"]),
        phone_masked=mask_phone(row["phone"]), postcode=row["postcode"], town=row["town"],
        address=row["address"], energy=row["energy"], offer=customer.offer,
        offer_name=prices.offer_names[customer.offer], power_kva=customer.kva, tariff=customer.tariff,
        meter=Meter(row["pdl"], row["pce"], bool(row["linky"]), customer.registers, bool(row["three_phase"])),
        payment=row["payment"],
        monthly_amount_eur=None if row["monthly_cents"] is None else euros(row["monthly_cents"]),
        debit_day=row["debit_day"], iban_masked=mask_iban(row["iban"]) if row["iban"] else None,
        since=customer.signed, balance_eur=balance(connection, customer.number),
        second_home=bool(row["second_home"]), protected=bool(row["protected"]), status=row["status"],
        ends_on=date.fromisoformat(row["ends_on"]) if row["ends_on"] else None,
    )


def euros(cents: int) -> Decimal:
    """Euros of a number of cents."""
    return (Decimal(cents) / 100).quantize(Decimal("0.01"))


def to_cents(amount: Decimal) -> int:
    """Cents of an amount already rounded to the cent."""
    return int(amount * 100)


def balance(connection: sqlite3.Connection, number: str) -> Decimal:
    """What is billed and not settled: positive owed, negative credit."""
    query = "SELECT COALESCE(SUM(to_pay_cents), 0) FROM bills WHERE contract = ? AND status <> 'paid'"
    return euros(connection.execute(query, (number,)).fetchone()[0])


def bills(connection: sqlite3.Connection, number: str, n: int) -> tuple[Bill, ...]:
    """Newest first."""
    rows = connection.execute(
        "SELECT body, status FROM bills WHERE contract = ? ORDER BY start DESC LIMIT ?", (number, n)
    )
    return tuple(wire.load(Bill, {**json.loads(row["body"]), "status": row["status"]}) for row in rows)


def readings(connection: sqlite3.Connection, number: str, since: date) -> tuple[MeterReading, ...]:
    """Newest first."""
    rows = connection.execute(
        "SELECT day, register, value, kind FROM readings WHERE contract = ? AND day >= ?"
        " ORDER BY day DESC, register, kind", (number, since.isoformat()),
    )
    return tuple(MeterReading(date.fromisoformat(r["day"]), r["register"], r["value"], r["kind"]) for r in rows)


def last_reading(connection: sqlite3.Connection, number: str, register: Register, before: date,
                 real: bool) -> MeterReading | None:
    """The last reading up to and including a day; with ``real``, estimates do not count."""
    row = connection.execute(
        "SELECT day, register, value, kind FROM readings WHERE contract = ? AND register = ? AND day <= ?"
        " AND (kind <> 'estimated' OR NOT ?) ORDER BY day DESC, kind = 'estimated' LIMIT 1",
        (number, register, before.isoformat(), real),
    ).fetchone()
    return row and MeterReading(date.fromisoformat(row["day"]), row["register"], row["value"], row["kind"])


def running(connection: sqlite3.Connection, number: str, today: date) -> str | None:
    """``"plan"`` or ``"delay"`` where one was agreed and has not ended."""
    row = connection.execute(
        "SELECT kind FROM agreements WHERE contract = ? AND kind IN ('plan', 'delay') AND until >= ?"
        " ORDER BY kind DESC LIMIT 1", (number, today.isoformat()),
    ).fetchone()
    return str(row["kind"]) if row else None
