"""Fill an empty demo back office, deterministically for a given day."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

from bot.backoffice import wire
from bot.backoffice.billing import Subscriber, consumption_lines, subscription_lines
from bot.backoffice.cycle import add_months, advance
from bot.backoffice.ledger import of_row
from bot.backoffice.numbers import reference_for
from bot.backoffice.people import FIRST_SERIAL, Person, invent, shown
from bot.backoffice.prices import PriceBook
from bot.backoffice.records import Outage, Register, Tariff
from bot.backoffice.usage import index_on, use

CUSTOMERS = 200


def everyone() -> tuple[Person, ...]:
    """The documented customers first, then the invented rest."""
    fixed = shown()
    return fixed + tuple(invent(FIRST_SERIAL + n) for n in range(len(fixed), CUSTOMERS))


def seed(connection: sqlite3.Connection, now: datetime, today: date, prices: PriceBook) -> None:
    """Customers with meters, readings, bills, payments, appointments; outages. The tables are empty."""
    for person in everyone():
        first = _first_day(person, today)
        _insert(connection, person, first, today, prices)
        row = connection.execute("SELECT * FROM customers WHERE number = ?", (person.number,)).fetchone()
        advance(connection, of_row(row), today, prices)
        if person.profile.seed % 23 == 0:
            _appointment(connection, person, today)
    seed_outages(connection, now)


def _first_day(person: Person, today: date) -> date:
    """First day of our history: whole periods, the last of which ended not long ago."""
    anchor = today - timedelta(days=6)         # the documented ones have a bill of this week
    if not person.situation:
        anchor = add_months(anchor, -(person.profile.seed * 7 % 10)) if person.cadence == "yearly" else (
            add_months(anchor, -1).replace(day=1 + person.profile.seed % 28))
    if person.cadence == "yearly":
        return add_months(anchor, -24 if person.months > 24 else -12)
    months = min(person.months, 26)
    return add_months(anchor, -(months + months % 2))


def _insert(connection: sqlite3.Connection, person: Person, first: date, today: date, prices: PriceBook) -> None:
    since = add_months(first.replace(day=min(first.day, 28)), -max(0, person.months - 26))
    connection.execute(
        f"INSERT INTO customers VALUES ({','.join('?' * 30)})",  # noqa: S608 - placeholders only
        (person.number, person.first_name, person.last_name, person.email, person.phone, person.locale,
         person.postcode, person.town, person.address, person.energy, person.offer, person.power_kva,
         person.tariff, person.pdl, person.pce, person.linky, person.three_phase, person.payment,
         _monthly_cents(person, first, since, prices), person.debit_day, person.iban, since.isoformat(),
         person.second_home, person.protected, "active", None, person.cadence, person.payer,
         first.isoformat(), json.dumps(wire.dump(person.profile))),
    )
    eve = first - timedelta(days=1)
    for register in registers(person):
        connection.execute(
            "INSERT INTO readings VALUES (?, ?, ?, ?, 'actual')",
            (person.number, register, eve.isoformat(), index_on(person.profile, register, eve, prices)),
        )


def registers(person: Person) -> tuple[Register, ...]:
    """Counters of a person's meters."""
    found: list[Register] = []
    if person.energy != "gas":
        found += ["peak", "off_peak"] if person.tariff == "off_peak" else ["base"]
    if person.energy != "electricity":
        found.append("gas")
    return tuple(found)


def _monthly_cents(person: Person, first: date, since: date, prices: PriceBook) -> int | None:
    """An eleventh of the first year's cost, times how well the plan was set; whole euros."""
    if person.cadence != "yearly":
        return None
    end = add_months(first.replace(day=min(first.day, 28)), 12)
    tariff: Tariff | None = "off_peak" if person.tariff == "off_peak" else "base" if person.tariff else None
    subscriber = Subscriber(person.offer, since, person.power_kva, tariff, "gas" in registers(person), person.profile)
    lines = subscription_lines(first, end, subscriber, prices)
    for register in registers(person):
        kwh = round(use(person.profile, register, first, end, prices))
        lines += consumption_lines(kwh, register, first, end, subscriber, prices)
    cost = sum((line.amount_eur for line in lines), Decimal(0))
    return round(float(cost) * person.plan_fit / 11) * 100


def _appointment(connection: sqlite3.Connection, person: Person, today: date) -> None:
    day = today + timedelta(days=3 + person.profile.seed % 9)
    while day.weekday() > 4:
        day += timedelta(days=1)
    connection.execute(
        "INSERT INTO appointments (contract, day, slot, purpose, reference) VALUES (?, ?, ?, ?, ?)",
        (person.number, day.isoformat(), "8 h – 12 h" if person.profile.seed % 2 else "13 h – 17 h",
         "installation Linky" if not person.linky else "contrôle du compteur",
         reference_for(f"appointment-{person.number}")),
    )


def seed_outages(connection: sqlite3.Connection, now: datetime) -> None:
    """One cut under way in Nantes, one at the sea, one in Lyon; works announced in Rennes."""
    now = now.astimezone(timezone.utc).replace(second=0, microsecond=0)
    base = Outage(
        id="", postcode="44000", town="Nantes", scope="district", energy="electricity",
        since=now - timedelta(minutes=50), expected_end=now + timedelta(hours=2, minutes=10), cause="fault",
        planned=False, homes=340,
    )
    rows = (
        replace(base, id="P-44000-1", note="Câble souterrain endommagé, une équipe d'Enedis est sur place."),
        replace(base, id="P-56000-1", postcode="56000", town="Vannes", scope="town", cause="storm", homes=2100,
                since=now - timedelta(hours=3), expected_end=now + timedelta(hours=6)),
        replace(base, id="P-69003-1", postcode="69003", town="Lyon", scope="street", cause="unknown", homes=28,
                since=now - timedelta(minutes=12), expected_end=None),
        replace(base, id="P-35000-1", postcode="35000", town="Rennes", scope="street", cause="works", planned=True,
                homes=64, since=now + timedelta(days=4), expected_end=now + timedelta(days=4, hours=3)),
        replace(base, id="G-59000-1", postcode="59000", town="Lille", scope="building", cause="works", energy="gas",
                homes=18, since=now - timedelta(hours=1), expected_end=now + timedelta(hours=4)),
    )
    for outage in rows:
        connection.execute(
            "INSERT OR REPLACE INTO outages VALUES (?, ?, ?)",
            (outage.id, outage.postcode, json.dumps(wire.dump(outage))),
        )
