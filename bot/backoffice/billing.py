"""One bill out of readings, prices and fees. Pure: no clock, no database.

A period that ends on a real reading bills what was really used. Where earlier periods since the last
real reading were estimated, the difference between what they billed and what was really used is
the regularisation; the share of the real use that falls into this period is its consumption.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from bot.backoffice.prices import PriceBook, cents
from bot.backoffice.records import Bill, BillLine, MeterReading, Register, Tariff
from bot.backoffice.usage import Profile, use

ISSUE_DAYS = 3       # between the end of a period and its bill
DUE_DAYS = 15        # between the bill and its due date


@dataclass(frozen=True)
class Subscriber:
    """What billing needs to know of a contract during a period."""

    offer: str
    signed: date
    kva: int | None
    tariff: Tariff | None
    gas: bool
    profile: Profile
    earlier: tuple[tuple[date, int, Tariff], ...] = ()   # power and tariff before a day, oldest first

    def power_on(self, day: date) -> tuple[int, Tariff] | None:
        """Power and tariff subscribed on a day; ``None`` without electricity."""
        for until, kva, tariff in self.earlier:
            if day < until:
                return kva, tariff
        return None if self.kva is None else (self.kva, self.tariff or "base")


@dataclass(frozen=True)
class Counter:
    """A counter's state over a period. ``last_real`` differs from ``before`` after an estimate."""

    before: MeterReading         # on the eve of the period
    after: MeterReading          # on its last day
    last_real: MeterReading      # the last real reading up to the eve


@dataclass(frozen=True)
class Split:
    """Units (kWh, m³) of a counter: this period's, and the correction of earlier ones."""

    period: int
    regularised: int


def split_counter(counter: Counter, start: date, end: date, profile: Profile, prices: PriceBook) -> Split:
    """Attribute what a counter counted to this period and to the correction of earlier estimates."""
    counted = counter.after.value - counter.before.value
    if counter.after.kind == "estimated" or counter.before.kind != "estimated":
        return Split(counted, 0)
    register = counter.after.register
    real = counter.after.value - counter.last_real.value
    whole = use(profile, register, counter.last_real.on + timedelta(days=1), end, prices)
    share = use(profile, register, start, end, prices) / whole if whole else 1.0
    period = round(real * share)
    return Split(period, counted - period)


def make_bill(number: str, start: date, end: date, subscriber: Subscriber, counters: Sequence[Counter],
              fees: Decimal, already_paid: Decimal, prices: PriceBook) -> Bill:
    """The bill of ``start``..``end`` (both included), not paid yet."""
    lines: list[BillLine] = []
    kwh: dict[Register, int] = {}
    regularised_kwh, regularisation = 0, Decimal(0)
    for counter in counters:
        register = counter.after.register
        split = split_counter(counter, start, end, subscriber.profile, prices)
        kwh[register] = to_kwh(split.period, register, prices)
        lines += consumption_lines(kwh[register], register, start, end, subscriber, prices)
        correction = to_kwh(split.regularised, register, prices)
        regularised_kwh += correction
        regularisation += cents(correction * prices.kwh(subscriber.offer, register, end, subscriber.signed))
    subscription = subscription_lines(start, end, subscriber, prices)
    consumed = sum((line.amount_eur for line in lines), Decimal("0.00"))
    subscribed = sum((line.amount_eur for line in subscription), Decimal("0.00"))
    total = consumed + subscribed + fees + regularisation
    issued = end + timedelta(days=ISSUE_DAYS)
    return Bill(
        number=number, start=start, end=end, issued=issued, due=issued + timedelta(days=DUE_DAYS),
        days=(end - start).days + 1, lines=(*lines, *subscription), kwh=kwh, consumption_eur=consumed,
        subscription_eur=subscribed, fees_eur=fees, taxes_eur=_taxes(total, kwh, prices),
        regularisation_eur=cents(regularisation), regularised_kwh=regularised_kwh, total_eur=cents(total),
        already_paid_eur=already_paid, to_pay_eur=cents(total - already_paid),
        estimated=any(counter.after.kind == "estimated" for counter in counters), status="due",
        power_kva=subscriber.kva, tariff=subscriber.tariff,
    )


def to_kwh(units: int, register: Register, prices: PriceBook) -> int:
    """kWh of a counter's units: gas m³ are converted."""
    return round(units * prices.gas_kwh_per_m3) if register == "gas" else units


def _spans(start: date, end: date, subscriber: Subscriber, prices: PriceBook) -> list[tuple[date, date]]:
    """The period cut where a price changes."""
    cuts = {p.start for p in prices.periods}
    cuts |= {date(year, subscriber.signed.month, min(subscriber.signed.day, 28))
             for year in range(start.year, end.year + 1)}
    cuts |= {until for until, _, _ in subscriber.earlier}
    starts = [start, *sorted(cut for cut in cuts if start < cut <= end)]
    return [(a, b - timedelta(days=1)) for a, b in zip(starts, [*starts[1:], end + timedelta(days=1)], strict=True)]


def consumption_lines(kwh: int, register: Register, start: date, end: date, subscriber: Subscriber,
                      prices: PriceBook) -> list[BillLine]:
    """kWh priced by day of use; one line for each price in force."""
    by_price: dict[Decimal, float] = {}
    for first, last in _spans(start, end, subscriber, prices):
        price = prices.kwh(subscriber.offer, register, first, subscriber.signed)
        by_price[price] = by_price.get(price, 0.0) + use(subscriber.profile, register, first, last, prices)
    whole, left, lines = sum(by_price.values()), kwh, []
    for n, (price, share) in enumerate(by_price.items()):
        part = left if n == len(by_price) - 1 else round(kwh * share / whole) if whole else 0
        left -= part
        lines.append(BillLine(
            "consumption", register, "gas" if register == "gas" else "electricity",
            Decimal(part), price, cents(part * price),
        ))
    return lines


def subscription_lines(start: date, end: date, subscriber: Subscriber, prices: PriceBook) -> list[BillLine]:
    """Subscriptions pro rata: a day costs twelve months over 365 days."""
    lines = []
    for energy in ("electricity", "gas"):
        by_price: dict[Decimal, int] = {}
        for first, last in _spans(start, end, subscriber, prices):
            if energy == "gas" and subscriber.gas:
                price = prices.at(first).gas_subscription
            elif energy == "electricity" and (power := subscriber.power_on(first)):
                price = prices.subscription(*power, first)
            else:
                continue
            by_price[price] = by_price.get(price, 0) + (last - first).days + 1
        lines += [
            BillLine("subscription", None, "gas" if energy == "gas" else "electricity", Decimal(days), price,
                     cents(price * 12 * days / 365))
            for price, days in by_price.items()
        ]
    return lines


def _taxes(total: Decimal, kwh: Mapping[Register, int], prices: PriceBook) -> Decimal:
    """VAT and excise contained in a total."""
    excise = sum(
        (amount * (prices.gas_excise if register == "gas" else prices.electricity_excise)
         for register, amount in kwh.items()), Decimal(0),
    )
    return cents(total * prices.vat_rate / (1 + prices.vat_rate) + excise)
