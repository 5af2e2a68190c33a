"""What a back office tells and takes: contracts, meters, bills, plans, outages.

Money is ``Decimal`` euros with two digits, tax included, never float. Dates are local dates in
France; instants are aware UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

Energy = Literal["electricity", "gas", "both"]
Tariff = Literal["base", "off_peak"]
#: A counter of a meter. Electricity counts kWh (``base``, or ``peak`` and ``off_peak``); gas m³.
Register = Literal["base", "peak", "off_peak", "gas"]
ReadingKind = Literal["actual", "remote", "customer", "estimated"]
BillStatus = Literal["paid", "due", "overdue", "rejected"]
PaymentMeans = Literal["debit", "transfer"]
ContractStatus = Literal["active", "closing", "closed"]
OutageScope = Literal["home", "building", "street", "district", "town"]


# -- who is asking -----------------------------------------------------------------------------
@dataclass(frozen=True)
class Challenge:
    """A code was sent, if such a customer exists; nothing in it tells whether one does."""

    id: str
    masked_hint: str             # where the mail would go, without telling ("l'adresse de votre contrat")
    expires_at: datetime


@dataclass(frozen=True)
class VerifiedCustomer:
    """The right code was given in time. ``token`` opens the contract for this conversation only."""

    token: str                   # 256 bits, expires after 30 minutes
    contract: str
    expires_at: datetime


@dataclass(frozen=True)
class Access:
    """What a flow shows to touch an account: the token, and the conversation it is used in."""

    token: str
    conversation_id: str         # from the turn, never from the customer


# -- what a contract is ------------------------------------------------------------------------
@dataclass(frozen=True)
class Meter:
    """The meter or meters of a contract."""

    pdl: str | None              # 14 digits, electricity
    pce: str | None              # 14 digits, gas
    linky: bool                  # electricity is read and switched from afar
    registers: tuple[Register, ...]
    three_phase: bool = False


@dataclass(frozen=True)
class Contract:
    """A customer's contract as the assistant may see it: contact and bank details masked."""

    number: str                  # "C-" and 8 digits, the last two a mod-97 check
    holder: str
    first_name: str
    locale: str                  # language the customer chose for mails
    email_masked: str
    phone_masked: str
    postcode: str
    town: str
    address: str                 # street and number
    energy: Energy
    offer: str                   # id in data/solenne.yml: clarte, clarte_fixe, clarte_verte, gaz
    offer_name: str
    power_kva: int | None        # None without electricity
    tariff: Tariff | None
    meter: Meter
    payment: PaymentMeans
    monthly_amount_eur: Decimal | None   # None where each bill is paid as it comes
    debit_day: int | None
    iban_masked: str | None
    since: date
    balance_eur: Decimal         # positive: the customer owes; negative: credit
    second_home: bool = False
    protected: bool = False      # chèque énergie: winter truce and reduced power apply
    status: ContractStatus = "active"
    ends_on: date | None = None


@dataclass(frozen=True)
class MeterReading:
    """One counter at the end of a day."""

    on: date
    register: Register
    value: int                   # kWh, or m³ for gas
    kind: ReadingKind


@dataclass(frozen=True)
class IndexEstimate:
    """What a counter probably shows on a day."""

    on: date
    register: Register
    value: int
    low: int                     # plausible range; outside it, ask, never refuse
    high: int
    last: MeterReading           # the last one that was not an estimate
    digits: int = 6              # how many digits the counter shows


@dataclass(frozen=True)
class BillLine:
    """What one counter, or one subscription, costs on a bill (tax included)."""

    kind: Literal["consumption", "subscription"]
    register: Register | None    # of consumption
    energy: Literal["electricity", "gas"]
    quantity: Decimal            # kWh, or days for a subscription
    unit_price_eur: Decimal      # per kWh (4 decimals), or per month for a subscription
    amount_eur: Decimal
    label: str = ""


@dataclass(frozen=True)
class Bill:
    """A bill. ``total_eur`` = consumption + subscription + fees + regularisation, to the cent."""

    number: str
    start: date                  # first day billed
    end: date                    # last day billed
    issued: date
    due: date
    days: int
    lines: tuple[BillLine, ...]
    kwh: Mapping[Register, int]  # billed kWh by register (gas converted from m³)
    consumption_eur: Decimal
    subscription_eur: Decimal
    fees_eur: Decimal            # network operations passed on
    taxes_eur: Decimal           # contained in the amounts above: VAT and excise
    regularisation_eur: Decimal  # correction of earlier estimates; negative in the customer's favour
    regularised_kwh: int         # the same in kWh, signed
    total_eur: Decimal
    already_paid_eur: Decimal    # monthly instalments deducted (yearly bill of a monthly plan)
    to_pay_eur: Decimal          # total - already paid; negative: refunded or kept as credit
    estimated: bool              # consumption rests on an estimate
    status: BillStatus
    power_kva: int | None = None # subscribed during the period
    tariff: Tariff | None = None


@dataclass(frozen=True)
class AnnualUse:
    """The last twelve months (or the yearly projection of a younger contract)."""

    start: date
    end: date
    kwh: Mapping[Register, int]
    cost_eur: Decimal            # all included, prices of today
    months: tuple[tuple[str, int], ...]  # ("2026-03", kWh), oldest first
    peak_power_kva: float | None         # highest power drawn, Linky only
    complete: bool               # twelve real months


# -- effects -----------------------------------------------------------------------------------
@dataclass(frozen=True)
class Receipt:
    """Proof of an effect. ``details`` is JSON-able (amounts as strings, dates as ISO strings)."""

    reference: str               # to show to the customer, e.g. "SOL-7K2M-94QX"
    at: datetime
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ReadingPreview:
    """What a reading would do to the next bill, and whether to ask again before sending it."""

    consumed: Mapping[Register, int]          # since the last real reading, kWh or m³
    lower_than_last: tuple[Register, ...]     # counters below their last real reading
    far_from_estimate: tuple[Register, ...]   # counters outside the plausible range
    estimated_eur: Decimal                    # next bill's consumption as estimated so far
    actual_eur: Decimal                       # the same with this reading
    difference_eur: Decimal                   # actual - estimated; negative: cheaper
    next_bill_on: date


@dataclass(frozen=True)
class ReadingResult:
    """A reading was taken: proof, and its effect on the next bill."""

    receipt: Receipt
    effect: ReadingPreview


@dataclass(frozen=True)
class Instalment:
    """One payment of a plan."""

    on: date
    amount_eur: Decimal


@dataclass(frozen=True)
class PaymentPlan:
    """Instalments that sum to what is owed, to the cent."""

    id: str                      # pass this back to agree
    instalments: tuple[Instalment, ...]
    total_eur: Decimal
    fee_eur: Decimal = Decimal("0.00")


@dataclass(frozen=True)
class PaymentOptions:
    """What may be agreed without a person. ``plans`` and ``delay_until`` empty: see ``reason``."""

    owed_eur: Decimal
    due: date | None             # of the oldest unpaid bill
    delay_until: date | None     # latest date a delay may reach
    plans: tuple[PaymentPlan, ...]
    reason: Literal["ok", "nothing_owed", "too_small", "needs_study", "plan_running", "delay_used"]


@dataclass(frozen=True)
class PowerChange:
    """What changing the power costs and gives, before agreeing."""

    old_kva: int
    new_kva: int
    fee_eur: Decimal             # of the network operator, once
    old_month_eur: Decimal
    new_month_eur: Decimal
    year_difference_eur: Decimal # negative: cheaper
    remote: bool                 # no visit needed
    effective_on: date
    loses_off_peak: bool = False # 3 kVA has no off-peak option
    note: Literal["", "three_phase", "already_changed_this_year"] = ""


@dataclass(frozen=True)
class MoveDetails:
    """Moving home: what closes and, unless they leave for good, what opens."""

    leave_on: date
    closing_index: Mapping[Register, int] = field(default_factory=dict)
    new_postcode: str | None = None      # None: no new contract with us
    new_town: str | None = None
    new_address: str | None = None
    enter_on: date | None = None
    new_power_kva: int | None = None
    new_energy: Energy | None = None
    new_pdl: str | None = None
    opening_index: Mapping[Register, int] = field(default_factory=dict)
    forward_address: str | None = None   # where the final bill goes


@dataclass(frozen=True)
class CancelDetails:
    """Ending a contract."""

    end_on: date
    reason: Literal["moving", "other_supplier", "death", "price", "service", "other"] = "other"
    closing_index: Mapping[Register, int] = field(default_factory=dict)
    forward_address: str | None = None


@dataclass(frozen=True)
class CancellationPreview:
    """What ending on a day costs and what follows."""

    end_on: date
    fee_eur: Decimal
    final_bill_by: date          # legal maximum
    balance_eur: Decimal         # positive: about to pay; negative: about to get back
    open_bills_eur: Decimal      # part of it already billed
    estimated_use_eur: Decimal   # part not billed yet, up to the end
    paid_ahead_eur: Decimal      # monthly instalments not yet set against a bill
    refund_by: date | None
    commitment: bool = False     # never, for households; kept for the offers of other suppliers
    earliest_end: date | None = None


@dataclass(frozen=True)
class Outage:
    """A power or gas cut the supplier knows of."""

    id: str
    postcode: str
    town: str
    scope: OutageScope
    energy: Literal["electricity", "gas"]
    since: datetime
    expected_end: datetime | None
    cause: Literal["storm", "works", "fault", "unknown"]
    planned: bool
    homes: int                   # about how many are cut off
    note: str = ""


@dataclass(frozen=True)
class OutageReport:
    """A customer reports a cut. No account needed."""

    postcode: str
    scope: OutageScope
    energy: Literal["electricity", "gas"] = "electricity"
    contract: str | None = None
    address: str | None = None
    contact: str | None = None
    breaker_checked: bool = False
    danger: bool = False         # smell of gas, sparks, a cable on the ground
    note: str = ""


@dataclass(frozen=True)
class DemoCustomer:
    """An invented customer worth trying, for the demo pages and the README."""

    contract: str
    postcode: str
    holder: str
    situation: str               # one sentence, English
