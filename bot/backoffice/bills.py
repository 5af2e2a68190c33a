"""Why one bill differs from the one before: parts that sum to the difference. Pure.

Method: for each counter, with quantity q and mean price p per kWh on the two bills (0 before, 1
now), ``p1*q1 - p0*q0 = (p1 - p0)*q1 + p0*(q1 - q0)``: the first is the price. The second is split by
the length of the period: ``p0*q0/d0*(d1 - d0)`` is days, the rest is use; where one of the two bills
rests on an estimate the rest is counted as estimate, since nobody read it. The subscription is split
in the same way (days first, then price or a change of power). Regularisation and network fees
stand on their own. Computed exactly with fractions, then rounded to the cent with the rounding
left over given to the largest derived part, so that the parts sum to the difference of the totals.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Literal

from bot.backoffice.records import Bill, BillLine

Cause = Literal["price", "consumption", "estimate", "days", "power", "fees", "regularisation"]
CAUSES: tuple[Cause, ...] = ("price", "consumption", "estimate", "days", "power", "fees", "regularisation")


@dataclass(frozen=True)
class Part:
    """One cause and its effect on the total."""

    cause: Cause
    amount_eur: Decimal


@dataclass(frozen=True)
class Comparison:
    """What made ``current`` differ from ``previous``. ``sum(parts) == difference`` to the cent."""

    previous_eur: Decimal
    current_eur: Decimal
    difference_eur: Decimal
    parts: tuple[Part, ...]            # every cause that is not zero, largest effect first
    kwh_difference: int                # billed for the period, regularisation apart
    days_difference: int
    daily_kwh_previous: float
    daily_kwh_current: float
    estimated: tuple[bool, bool]       # previous, current

    def part(self, cause: Cause) -> Decimal:
        """Effect of one cause, zero where it has none."""
        return next((p.amount_eur for p in self.parts if p.cause == cause), Decimal("0.00"))


def compare_bills(previous: Bill, current: Bill) -> Comparison:
    """Decompose ``current.total_eur - previous.total_eur``. ``ValueError`` for bills of no days."""
    if previous.days < 1 or current.days < 1:
        raise ValueError("a bill covers at least one day")
    exact: dict[Cause, Fraction] = dict.fromkeys(CAUSES, Fraction(0))
    use: Cause = "estimate" if previous.estimated or current.estimated else "consumption"
    _split(exact, previous, current, "consumption", use)
    same = (previous.power_kva, previous.tariff) == (current.power_kva, current.tariff)
    _split_subscription(exact, previous, current, "price" if same else "power")
    exact["fees"] = Fraction(current.fees_eur) - Fraction(previous.fees_eur)
    exact["regularisation"] = Fraction(current.regularisation_eur) - Fraction(previous.regularisation_eur)
    difference = current.total_eur - previous.total_eur
    rounded = _to_cents(exact, difference, use)
    parts = [Part(cause, amount) for cause, amount in rounded.items() if amount]
    parts.sort(key=lambda part: (-abs(part.amount_eur), CAUSES.index(part.cause)))
    kwh_0, kwh_1 = sum(previous.kwh.values()), sum(current.kwh.values())
    return Comparison(
        previous_eur=previous.total_eur, current_eur=current.total_eur, difference_eur=difference,
        parts=tuple(parts), kwh_difference=kwh_1 - kwh_0, days_difference=current.days - previous.days,
        daily_kwh_previous=round(kwh_0 / previous.days, 2),
        daily_kwh_current=round(kwh_1 / current.days, 2),
        estimated=(previous.estimated, current.estimated),
    )


def _totals(bill: Bill, kind: str) -> dict[object, tuple[Fraction, Fraction]]:
    """Quantity and amount by counter (or by energy, for subscriptions)."""
    sums: dict[object, tuple[Fraction, Fraction]] = {}
    for line in bill.lines:
        if line.kind == kind:
            name = _name(line)
            quantity, amount = sums.get(name, (Fraction(0), Fraction(0)))
            sums[name] = quantity + Fraction(line.quantity), amount + Fraction(line.amount_eur)
    return sums


def _name(line: BillLine) -> object:
    return line.register if line.kind == "consumption" else line.energy


def _split(exact: dict[Cause, Fraction], previous: Bill, current: Bill, kind: str, use: Cause) -> None:
    before, now = _totals(previous, kind), _totals(current, kind)
    for name in {*before, *now}:
        quantity_0, amount_0 = before.get(name, (Fraction(0), Fraction(0)))
        quantity_1, amount_1 = now.get(name, (Fraction(0), Fraction(0)))
        price_1 = amount_1 / quantity_1 if quantity_1 else None
        price_0 = amount_0 / quantity_0 if quantity_0 else None
        if price_0 is None or price_1 is None:      # a counter on one bill only: use, at its own price
            exact[use] += amount_1 - amount_0
            continue
        price = (price_1 - price_0) * quantity_1
        days = price_0 * quantity_0 / previous.days * (current.days - previous.days)
        exact["price"] += price
        exact["days"] += days
        exact[use] += amount_1 - amount_0 - price - days


def _split_subscription(exact: dict[Cause, Fraction], previous: Bill, current: Bill, rest: Cause) -> None:
    before, now = Fraction(previous.subscription_eur), Fraction(current.subscription_eur)
    days = before / previous.days * (current.days - previous.days)
    exact["days"] += days
    exact[rest] += now - before - days


def _to_cents(exact: dict[Cause, Fraction], difference: Decimal, use: Cause) -> dict[Cause, Decimal]:
    rounded = {
        cause: (Decimal(value.numerator) / Decimal(value.denominator)).quantize(Decimal("0.01"), ROUND_HALF_UP)
        for cause, value in exact.items()
    }
    # Fees and regularisation stand on the bill to the cent: what rounding leaves goes elsewhere.
    derived = [cause for cause in rounded if cause not in ("fees", "regularisation")]
    largest = max(derived, key=lambda cause: (abs(exact[cause]), cause == use))
    rounded[largest] += difference - sum(rounded.values(), Decimal(0))
    return rounded
