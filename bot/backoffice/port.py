"""The one door to the supplier's own system: the calls flows may make.

Everything a flow knows about a contract comes through :class:`Backoffice`, as :mod:`bot.backoffice.records`.
Implementations: ``bot.backoffice.demo`` (embedded, invented customers) and ``bot.backoffice.http`` (a real
system behind REST, see ``docs/backoffice.md``). All calls are synchronous and may raise ``BackofficeDown``;
calls that need an :class:`Access` raise ``NotAllowed`` once the verification has expired or belongs to
another conversation (``context["reason"] == "expired"``).

Every effect takes ``key``: the same key with the same call returns the same receipt and does nothing a
second time; the same key with another call is a ``Conflict``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Protocol

from bot.backoffice.records import (
    Access,
    AnnualUse,
    Bill,
    CancelDetails,
    CancellationPreview,
    Challenge,
    Contract,
    IndexEstimate,
    MeterReading,
    MoveDetails,
    Outage,
    OutageReport,
    PaymentOptions,
    PowerChange,
    ReadingPreview,
    ReadingResult,
    Receipt,
    Register,
    VerifiedCustomer,
)


class Backoffice(Protocol):
    """What flows may ask of the supplier's system."""

    def request_code(self, contract: str, postcode: str, conversation_id: str, key: str,
                     locale: str = "fr") -> Challenge:
        """Mail a six-digit code if contract and postcode belong together; answer alike if not.

        Raises ``TooManyRequests`` (per contract as typed, and per conversation) and ``BadInput``
        only for a number whose form or check digits are wrong (that tells nothing of customers).
        """
        ...

    def check_code(self, challenge_id: str, code: str, conversation_id: str,
                   key: str = "") -> VerifiedCustomer | None:
        """The verified customer, or ``None`` for a wrong code.

        A code works once and each call is a try; with ``key``, the same call asked again gives the
        same result and counts once (a turn may be asked twice).

        Raises ``NotAllowed`` with ``context["reason"]`` ``"expired"`` (also: used, unknown) or
        ``"too_many_tries"``.
        """
        ...

    def get_contract(self, access: Access) -> Contract: ...

    def last_bills(self, access: Access, n: int = 2) -> tuple[Bill, ...]:
        """Newest first, at most ``n``."""
        ...

    def readings(self, access: Access) -> tuple[MeterReading, ...]:
        """Newest first, up to about two years."""
        ...

    def annual_use(self, access: Access) -> AnnualUse: ...

    def estimate_index(self, access: Access, on: date) -> tuple[IndexEstimate, ...]:
        """One per register of the meter."""
        ...

    def preview_reading(self, access: Access, index: Mapping[Register, int], on: date) -> ReadingPreview:
        """Check a reading and say what it would do. No effect. ``BadInput`` for a wrong register or a future date."""
        ...

    def submit_reading(self, access: Access, index: Mapping[Register, int], on: date, key: str) -> ReadingResult: ...

    def preview_power(self, access: Access, kva: int) -> PowerChange:
        """``BadInput`` for a power not offered or the one in force; ``Conflict`` without electricity."""
        ...

    def change_power(self, access: Access, kva: int, key: str) -> Receipt: ...

    def payment_plan_options(self, access: Access) -> PaymentOptions: ...

    def agree_plan(self, access: Access, plan: str, key: str) -> Receipt:
        """``plan`` is the id of one of the options; ``Conflict`` where it is no longer offered."""
        ...

    def agree_delay(self, access: Access, until: date, key: str) -> Receipt: ...

    def update_iban(self, access: Access, iban: str, key: str) -> Receipt:
        """``BadInput`` for a wrong IBAN or one outside SEPA."""
        ...

    def update_debit_day(self, access: Access, day: int, key: str) -> Receipt: ...

    def move_home(self, access: Access, details: MoveDetails, key: str) -> Receipt: ...

    def cancellation_preview(self, access: Access, on: date) -> CancellationPreview: ...

    def cancel_contract(self, access: Access, details: CancelDetails, key: str) -> Receipt: ...

    def outages(self, postcode: str) -> tuple[Outage, ...]:
        """Current and announced ones of a postcode, current first. Open to anyone."""
        ...

    def report_outage(self, details: OutageReport, key: str) -> Receipt: ...
