"""Ending a contract or moving it: what it costs, what follows, which dates."""

from __future__ import annotations

import sqlite3
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from bot.backoffice import ledger
from bot.backoffice.billing import consumption_lines, subscription_lines, to_kwh
from bot.backoffice.cycle import subscriber, units
from bot.backoffice.ledger import Account
from bot.backoffice.prices import PriceBook, cents
from bot.backoffice.records import CancelDetails, CancellationPreview, MoveDetails
from bot.errors import BadInput, Conflict

_LATEST = timedelta(days=365)


def check_end(customer: Account, on: date, today: date) -> None:
    """``BadInput`` for a day that cannot end a contract, ``Conflict`` where it ends already."""
    if customer.row["status"] != "active":
        raise Conflict("This contract is ending already.", ends_on=customer.row["ends_on"])
    if on < today:
        raise BadInput("A contract cannot end in the past.")
    if on > today + _LATEST:
        raise BadInput("Please choose a day within the next twelve months.")


def preview(connection: sqlite3.Connection, customer: Account, on: date, today: date, prices: PriceBook) -> CancellationPreview:
    """What ending on a day costs, with what is not billed yet estimated up to that day."""
    check_end(customer, on, today)
    start = date.fromisoformat(customer.row["next_start"])
    use = Decimal(0)
    if on >= start:
        lines = subscription_lines(start, on, subscriber(connection, customer), prices)
        for register in customer.registers:
            kwh = to_kwh(units(customer, register, start, on, prices), register, prices)
            lines += consumption_lines(kwh, register, start, on, subscriber(connection, customer), prices)
        use = cents(sum((line.amount_eur for line in lines), Decimal(0)))
    ahead = ledger.euros(connection.execute(
        "SELECT COALESCE(SUM(cents), 0) FROM payments WHERE contract = ? AND kind = 'instalment' AND bill IS NULL",
        (customer.number,),
    ).fetchone()[0])
    open_bills = ledger.balance(connection, customer.number)
    fee = cents(Decimal(str(prices.rules["cancellation_fee_eur"])))
    owed = open_bills + use - ahead + fee
    final = on + timedelta(weeks=int(prices.rules["final_bill_weeks"]))
    return CancellationPreview(
        end_on=on, fee_eur=fee, final_bill_by=final, balance_eur=owed, open_bills_eur=open_bills,
        estimated_use_eur=use, paid_ahead_eur=ahead,
        refund_by=final + timedelta(days=int(prices.rules["refund_days"])) if owed < 0 else None, earliest_end=today,
    )


def cancel(connection: sqlite3.Connection, customer: Account, details: CancelDetails, today: date, prices: PriceBook) -> dict[str, Any]:
    """End the contract; returns the details of the receipt."""
    plan = preview(connection, customer, details.end_on, today, prices)
    _close(connection, customer, details.end_on)
    return {
        "end_on": details.end_on.isoformat(), "reason": details.reason, "fee_eur": str(plan.fee_eur),
        "final_bill_by": plan.final_bill_by.isoformat(), "balance_eur": str(plan.balance_eur),
        "refund_by": plan.refund_by and plan.refund_by.isoformat(),
    }


def move(connection: sqlite3.Connection, customer: Account, details: MoveDetails, today: date, prices: PriceBook) -> dict[str, Any]:
    """Close here and, unless they leave for good, order the opening there."""
    plan = preview(connection, customer, details.leave_on, today, prices)
    fees = Decimal("0.00")
    opens = details.new_postcode is not None
    if opens:
        enter = details.enter_on
        if enter is None or enter < today or enter > today + _LATEST:
            raise BadInput("Please give the day you move in, from today on.")
        if details.new_power_kva is not None and details.new_power_kva not in prices.steps:
            raise BadInput("This power is not on offer.", steps=prices.steps)
        fees = _opening_fees(details.new_energy or customer.row["energy"], (enter - today).days, prices)
    _close(connection, customer, details.leave_on)
    return {
        "leave_on": details.leave_on.isoformat(), "final_bill_by": plan.final_bill_by.isoformat(),
        "balance_eur": str(plan.balance_eur), "stays_with_us": opens,
        "enter_on": details.enter_on.isoformat() if opens and details.enter_on else None,
        "new_address": ", ".join(filter(None, (details.new_address, details.new_postcode, details.new_town))) or None,
        "commissioning_fee_eur": str(fees),
    }


def _opening_fees(energy: str, days: int, prices: PriceBook) -> Decimal:
    """The operators' fees for switching on; sooner costs more."""
    speed = "_urgent" if days == 0 else "_express" if days <= 2 else ""
    total = Decimal(0)
    if energy != "gas":
        total += prices.fees[f"commissioning_electricity{speed}"]
    if energy != "electricity":
        total += prices.fees["commissioning_gas"]
    return cents(total)


def _close(connection: sqlite3.Connection, customer: Account, on: date) -> None:
    changed = connection.execute(
        "UPDATE customers SET status = 'closing', ends_on = ? WHERE number = ? AND status = 'active'",
        (on.isoformat(), customer.number),
    ).rowcount
    if changed != 1:
        raise Conflict("This contract is ending already.")
