"""The embedded back office: invented customers in SQLite, for demos, development and tests.

It behaves as a supplier's system should: bills follow from readings and prices, effects happen once
and change what is read afterwards, time goes on (periods are billed as they end). To see what the
assistant does without it, put a file ``backoffice.down`` into the home: every call then raises
``BackofficeDown``; with the text ``lost-answer`` in it, effects happen and only their answer is lost.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from stdnum import iban as iban_check
from stdnum.exceptions import ValidationError

from bot.backoffice import leaving, ledger, meter, outages, plans, wire
from bot.backoffice.codes import CodeRules, Codes, load_pepper
from bot.backoffice.cycle import advance
from bot.backoffice.ledger import Account
from bot.backoffice.mails import CodePost
from bot.backoffice.numbers import is_contract_number, mask_iban, normalise_contract, reference_for
from bot.backoffice.people import shown
from bot.backoffice.prices import PriceBook
from bot.backoffice.records import (
    Access,
    AnnualUse,
    Bill,
    CancelDetails,
    CancellationPreview,
    Challenge,
    Contract,
    DemoCustomer,
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
from bot.backoffice.schema import VERSION, Database
from bot.backoffice.seed import seed
from bot.backoffice.showcase import Showcase, newest
from bot.errors import BackofficeDown, BadInput, Conflict, NotAllowed
from bot.integrations.mail import Mailer

SEPA = frozenset(
    "AD AT BE BG CH CY CZ DE DK EE ES FI FR GB GI GR HR HU IE IS IT LI LT LU LV MC MT NL NO PL PT RO SE SI SK SM VA".split()  # noqa: SIM905
)
_READINGS_DAYS = 730

Do = Callable[[sqlite3.Connection, Account, str], dict[str, Any]]


def demo_customers() -> tuple[DemoCustomer, ...]:
    """The customers documented for the demo pages."""
    return tuple(
        DemoCustomer(p.number, p.postcode, f"{p.first_name} {p.last_name}", p.situation) for p in shown()
    )


def utc_now() -> datetime:
    """The clock used unless a test sets another."""
    return datetime.now(timezone.utc)


class DemoBackoffice:
    """See :class:`bot.backoffice.port.Backoffice`; what the calls do is documented there."""

    def __init__(self, home: Path, mailer: Mailer, prices: PriceBook, rules: CodeRules,
                 timezone_name: str = "Europe/Paris", clock: Callable[[], datetime] = utc_now) -> None:
        self._flag = home / "backoffice.down"
        self._zone, self._clock, self._prices = ZoneInfo(timezone_name), clock, prices
        try:
            self._database = Database(home / "backoffice.db")
            pepper = load_pepper(home / "backoffice.key")
            self._pepper, self._codes = pepper, Codes(pepper, rules)
            self._rolled: date | None = None
            self._roll()
        except (sqlite3.Error, OSError) as error:
            raise BackofficeDown("The demo back office cannot open its files.") from error
        self.post = CodePost(self._database, mailer, self._codes.code_for, rules.ttl, self._seconds)
        self.post.nudge()

    # -- plumbing ------------------------------------------------------------------------------
    def _seconds(self) -> float:
        return self._clock().timestamp()

    def _today(self) -> date:
        return self._clock().astimezone(self._zone).date()

    def _roll(self) -> None:
        """Seed an empty database; bill what has become due since the last look."""
        today = self._today()
        if self._rolled == today:
            return
        # Another process may be seeding right now: wait for it rather than give up.
        with Database(self._database.path, busy_seconds=60.0).write() as connection:
            self._database.create(connection)
            meta = dict(connection.execute("SELECT name, value FROM meta").fetchall())
            if not meta:
                seed(connection, self._clock(), today, self._prices)
                connection.execute("INSERT INTO meta VALUES ('version', ?)", (str(VERSION),))
            elif meta["rolled"] < today.isoformat():
                for row in connection.execute("SELECT * FROM customers WHERE status <> 'closed'").fetchall():
                    advance(connection, ledger.of_row(row), today, self._prices)
            connection.execute("INSERT OR REPLACE INTO meta VALUES ('rolled', ?)", (today.isoformat(),))
        self._rolled = today

    @contextmanager
    def _up(self, effect: bool = False) -> Iterator[None]:
        """Turn faults of the database, and the sabotage file, into ``BackofficeDown``."""
        sabotage = self._flag.read_text().strip() if self._flag.exists() else None
        down = BackofficeDown("The supplier's system does not answer for now.", untouched=not effect)
        if sabotage is not None and not (effect and sabotage == "lost-answer"):
            down.untouched = True
            raise down
        try:
            self._roll()
            yield
        except (sqlite3.Error, OSError) as error:
            raise down from error
        if sabotage is not None:
            raise down

    @contextmanager
    def _open(self, access: Access) -> Iterator[tuple[sqlite3.Connection, Account]]:
        with self._up(), self._database.read() as connection:
            yield connection, ledger.account(connection, self._codes.contract_of(connection, access, self._seconds()))

    def _effect(self, access: Access, call: str, key: str, arguments: object, do: Do) -> Receipt:
        """Do something once: the receipt is stored in the same transaction under its key."""
        with self._up(effect=True), self._database.write() as connection:
            customer = ledger.account(connection, self._codes.contract_of(connection, access, self._seconds()))

            def once(reference: str) -> dict[str, Any]:
                details = do(connection, customer, reference)
                connection.execute("INSERT INTO letters VALUES (?, ?)", (reference, customer.number))
                return details

            receipt = self._once(connection, call, key, [customer.number, wire.dump(arguments)], once)
        self.post.nudge()       # the written confirmation
        return receipt

    def _once(self, connection: sqlite3.Connection, call: str, key: str, arguments: object,
              do: Callable[[str], dict[str, Any]]) -> Receipt:
        if not key or len(key) > 200:
            raise BadInput("An effect needs a key of at most 200 characters.")
        digest = hashlib.sha256(json.dumps(arguments, sort_keys=True).encode()).hexdigest()
        known = connection.execute("SELECT * FROM effects WHERE key = ?", (key,)).fetchone()
        if known is not None:
            if (known["call"], known["digest"]) != (call, digest):
                raise Conflict("This key was used for something else.")
            return wire.load(Receipt, json.loads(known["receipt"]))
        reference = reference_for(key, self._pepper)
        receipt = Receipt(reference, self._clock(), do(reference))
        connection.execute("INSERT INTO effects VALUES (?, ?, ?, ?)",
                           (key, call, digest, json.dumps(wire.dump(receipt))))
        return receipt

    def _agree(self, connection: sqlite3.Connection, customer: Account, reference: str, kind: str,
               details: dict[str, Any], until: date | None = None) -> dict[str, Any]:
        connection.execute(
            "INSERT INTO agreements VALUES (?, ?, ?, ?, ?, ?)",
            (reference, customer.number, kind, self._clock().isoformat(), until and until.isoformat(), json.dumps(details)),
        )
        return details

    # -- who is asking -------------------------------------------------------------------------
    def request_code(self, contract: str, postcode: str, conversation_id: str, key: str, locale: str = "fr") -> Challenge:
        number = normalise_contract(contract)
        if number is None or not is_contract_number(number):
            raise BadInput("This is not a contract number: it has C- and eight digits.")
        with self._up(effect=True), self._database.write() as connection:
            challenge = self._codes.request(
                connection, number, "".join(postcode.split()), conversation_id, key, locale, self._seconds()
            )
        self.post.nudge()
        return challenge

    def check_code(self, challenge_id: str, code: str, conversation_id: str, key: str = "") -> VerifiedCustomer | None:
        digits = "".join(c for c in code if c.isdigit())
        with self._up(effect=True), self._database.write() as connection:
            result = self._codes.check(connection, challenge_id, digits, conversation_id, key, self._seconds())
        if isinstance(result, NotAllowed):
            raise result
        return result

    # -- reading -------------------------------------------------------------------------------
    def get_contract(self, access: Access) -> Contract:
        with self._open(access) as (connection, customer):
            return ledger.contract(connection, customer, self._prices)

    def last_bills(self, access: Access, n: int = 2) -> tuple[Bill, ...]:
        with self._open(access) as (connection, customer):
            return ledger.bills(connection, customer.number, max(1, min(n, 60)))

    def readings(self, access: Access) -> tuple[MeterReading, ...]:
        with self._open(access) as (connection, customer):
            return ledger.readings(connection, customer.number, self._today() - timedelta(days=_READINGS_DAYS))

    def annual_use(self, access: Access) -> AnnualUse:
        with self._open(access) as (connection, customer):
            return meter.annual_use(connection, customer, self._today(), self._prices)

    def estimate_index(self, access: Access, on: date) -> tuple[IndexEstimate, ...]:
        with self._open(access) as (connection, customer):
            return meter.estimate(connection, customer, on, self._prices)

    def showcase(self, number: str, bills: int = 6) -> Showcase:
        """What the demo site shows the customer it plays; no conversation can reach this."""
        with self._up(), self._database.read() as connection:
            customer = ledger.account(connection, number)
            return Showcase(
                ledger.contract(connection, customer, self._prices), ledger.bills(connection, number, bills),
                newest(ledger.readings(connection, number, self._today() - timedelta(days=_READINGS_DAYS))),
                meter.annual_use(connection, customer, self._today(), self._prices))

    # -- meter ---------------------------------------------------------------------------------
    def preview_reading(self, access: Access, index: Mapping[Register, int], on: date) -> ReadingPreview:
        with self._open(access) as (connection, customer):
            return meter.preview_reading(connection, customer, index, on, self._today(), self._prices)

    def submit_reading(self, access: Access, index: Mapping[Register, int], on: date, key: str) -> ReadingResult:
        def do(connection: sqlite3.Connection, customer: Account, reference: str) -> dict[str, Any]:
            effect = meter.preview_reading(connection, customer, index, on, self._today(), self._prices)
            meter.store_reading(connection, customer, index, on)
            return {"index": dict(index), "on": on.isoformat(), "effect": wire.dump(effect)}

        receipt = self._effect(access, "submit_reading", key, [index, on], do)
        return ReadingResult(receipt, wire.load(ReadingPreview, receipt.details["effect"]))

    def preview_power(self, access: Access, kva: int) -> PowerChange:
        with self._open(access) as (connection, customer):
            return meter.preview_power(connection, customer, kva, self._today(), self._prices)

    def change_power(self, access: Access, kva: int, key: str) -> Receipt:
        def do(connection: sqlite3.Connection, customer: Account, reference: str) -> dict[str, Any]:
            change = meter.preview_power(connection, customer, kva, self._today(), self._prices)
            meter.apply_power(connection, customer, change, reference, self._prices)
            return self._agree(connection, customer, reference, "power", wire.dump(change))

        return self._effect(access, "change_power", key, kva, do)

    # -- money ---------------------------------------------------------------------------------
    def payment_plan_options(self, access: Access) -> PaymentOptions:
        with self._open(access) as (connection, customer):
            return plans.options(connection, customer, self._today(), self._prices)

    def agree_plan(self, access: Access, plan: str, key: str) -> Receipt:
        def do(connection: sqlite3.Connection, customer: Account, reference: str) -> dict[str, Any]:
            chosen = plans.chosen_plan(connection, customer, plan, self._today(), self._prices)
            return self._agree(connection, customer, reference, "plan", wire.dump(chosen), chosen.instalments[-1].on)

        return self._effect(access, "agree_plan", key, plan, do)

    def agree_delay(self, access: Access, until: date, key: str) -> Receipt:
        def do(connection: sqlite3.Connection, customer: Account, reference: str) -> dict[str, Any]:
            owed = plans.check_delay(connection, customer, until, self._today(), self._prices)
            details = {"until": until.isoformat(), "amount_eur": str(owed)}
            return self._agree(connection, customer, reference, "delay", details, until)

        return self._effect(access, "agree_delay", key, until, do)

    def update_iban(self, access: Access, iban: str, key: str) -> Receipt:
        try:
            compact = str(iban_check.validate(iban))
        except ValidationError as error:
            raise BadInput("This IBAN is not valid.", reason="checksum") from error
        if compact[:2] not in SEPA:
            raise BadInput("Debits are possible only from an account in the SEPA area.", reason="sepa")

        def do(connection: sqlite3.Connection, customer: Account, reference: str) -> dict[str, Any]:
            day = customer.row["debit_day"] or self._prices.payment["debit_days"][0]
            connection.execute(
                "UPDATE customers SET iban = ?, payment = 'debit', debit_day = ? WHERE number = ?",
                (compact, day, customer.number),
            )
            return self._agree(connection, customer, reference, "iban", {"iban_masked": mask_iban(compact), "debit_day": day})

        secret = hashlib.blake2b(compact.encode(), key=self._pepper).hexdigest()
        return self._effect(access, "update_iban", key, secret, do)

    def update_debit_day(self, access: Access, day: int, key: str) -> Receipt:
        def do(connection: sqlite3.Connection, customer: Account, reference: str) -> dict[str, Any]:
            if day not in self._prices.payment["debit_days"]:
                raise BadInput("This day is not on offer.", days=self._prices.payment["debit_days"])
            if customer.row["payment"] != "debit":
                raise Conflict("There is no direct debit on this contract.")
            connection.execute("UPDATE customers SET debit_day = ? WHERE number = ?", (day, customer.number))
            first = meter.next_day_of_month(meter.working_day(self._today(), 5), day)
            return self._agree(connection, customer, reference, "debit_day", {"day": day, "from": first.isoformat()})

        return self._effect(access, "update_debit_day", key, day, do)

    # -- leaving -------------------------------------------------------------------------------
    def move_home(self, access: Access, details: MoveDetails, key: str) -> Receipt:
        def do(connection: sqlite3.Connection, customer: Account, reference: str) -> dict[str, Any]:
            self._closing_index(connection, customer, details.closing_index, details.leave_on)
            done = leaving.move(connection, customer, details, self._today(), self._prices)
            return self._agree(connection, customer, reference, "move", done, details.leave_on)

        return self._effect(access, "move_home", key, details, do)

    def cancellation_preview(self, access: Access, on: date) -> CancellationPreview:
        with self._open(access) as (connection, customer):
            return leaving.preview(connection, customer, on, self._today(), self._prices)

    def cancel_contract(self, access: Access, details: CancelDetails, key: str) -> Receipt:
        def do(connection: sqlite3.Connection, customer: Account, reference: str) -> dict[str, Any]:
            self._closing_index(connection, customer, details.closing_index, details.end_on)
            done = leaving.cancel(connection, customer, details, self._today(), self._prices)
            return self._agree(connection, customer, reference, "end", done, details.end_on)

        return self._effect(access, "cancel_contract", key, details, do)

    def _closing_index(self, connection: sqlite3.Connection, customer: Account, index: Mapping[Register, int], on: date) -> None:
        if index:
            day = min(on, self._today())
            meter.preview_reading(connection, customer, index, day, self._today(), self._prices)
            meter.store_reading(connection, customer, index, day)

    # -- outages -------------------------------------------------------------------------------
    def outages(self, postcode: str) -> tuple[Outage, ...]:
        with self._up(), self._database.read() as connection:
            return outages.at(connection, "".join(postcode.split()), self._clock())

    def report_outage(self, details: OutageReport, key: str) -> Receipt:
        with self._up(effect=True), self._database.write() as connection:
            def do(reference: str) -> dict[str, Any]:
                known = outages.at(connection, details.postcode, self._clock())
                outages.store(connection, reference, details, self._clock())
                return {"known_outage": next((o.id for o in known if not o.planned and o.energy == details.energy), None),
                        "postcode": details.postcode, "danger": details.danger}

            return self._once(connection, "report_outage", key, wire.dump(details), do)
