"""Delays and payment plans: the rules of ``data/solenne.yml`` applied to what is owed."""

from __future__ import annotations

import sqlite3
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from bot.backoffice.cycle import add_months
from bot.backoffice.ledger import Account, euros, running, to_cents
from bot.backoffice.meter import bills_owed
from bot.backoffice.prices import PriceBook
from bot.backoffice.records import Instalment, PaymentOptions, PaymentPlan
from bot.errors import BadInput, Conflict

_YEAR = timedelta(days=365)


def schedule(owed: Decimal, count: int, first: date) -> tuple[Instalment, ...]:
    """``count`` instalments that sum to ``owed`` exactly; what cannot be divided goes to the first."""
    each, rest = divmod(to_cents(owed), count)
    return tuple(
        Instalment(first if n == 0 else add_months(first, n), euros(each + (rest if n == 0 else 0)))
        for n in range(count)
    )


def options(connection: sqlite3.Connection, customer: Account, today: date, prices: PriceBook) -> PaymentOptions:
    """What may be agreed at once. Delay: once between two bills; a plan: one at a time."""
    owed, due = bills_owed(connection, customer)
    if owed <= 0 or due is None:
        return PaymentOptions(max(owed, Decimal("0.00")), None, None, (), "nothing_owed")
    agreed = running(connection, customer.number, today)
    if agreed == "plan":
        return PaymentOptions(owed, due, None, (), "plan_running")
    rules = prices.plan
    reason: Literal["ok", "too_small", "needs_study", "delay_used"] = "ok"
    plans: tuple[PaymentPlan, ...] = ()
    if owed < rules["from_eur"]:
        reason = "too_small"
    elif owed > rules["up_to_eur"]:
        reason = "needs_study"
    else:
        first = today + timedelta(days=rules["first_within_days"])
        plans = tuple(
            PaymentPlan(f"P{count}", schedule(owed, count, first), owed)
            for count in range(rules["min_instalments"], rules["max_instalments"] + 1)
        )
    delay_until: date | None = max(due, today) + timedelta(days=int(prices.payment["delay_max_days"]))
    if agreed == "delay" or _delayed(connection, customer, due):
        delay_until, reason = None, "delay_used" if reason == "ok" else reason
    return PaymentOptions(owed, due, delay_until, plans, reason)


def _delayed(connection: sqlite3.Connection, customer: Account, due: date) -> bool:
    """Whether the oldest unpaid bill had its delay already."""
    row = connection.execute(
        "SELECT MAX(until) FROM agreements WHERE contract = ? AND kind = 'delay'", (customer.number,)
    ).fetchone()
    return row[0] is not None and date.fromisoformat(row[0]) >= due


def chosen_plan(connection: sqlite3.Connection, customer: Account, plan: str, today: date, prices: PriceBook) -> PaymentPlan:
    """The plan of an id. ``Conflict`` where it is not on offer (any more)."""
    for option in options(connection, customer, today, prices).plans:
        if option.id == plan:
            return option
    raise Conflict("This payment plan is not on offer.")


def check_delay(connection: sqlite3.Connection, customer: Account, until: date, today: date, prices: PriceBook) -> Decimal:
    """The amount delayed. ``Conflict`` where no delay is possible, ``BadInput`` for a day outside it."""
    found = options(connection, customer, today, prices)
    if found.delay_until is None:
        raise Conflict("No delay is possible now.", reason=found.reason)
    if not today < until <= found.delay_until:
        raise BadInput("The delay must end between tomorrow and the latest day.", latest=found.delay_until.isoformat())
    return found.owed_eur
