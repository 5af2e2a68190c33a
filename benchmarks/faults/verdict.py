"""What became of the promises: read from the data behind the product, not from what it says of itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from benchmarks.faults.people import Customer
from bot.storage.schema import conversations, events, outbox, tickets


@dataclass
class Tally:
    """The figures of the table."""

    runs: int = 0
    accepted: int = 0
    lost: int = 0
    doubled: int = 0
    left: int = 0
    silence: float = 0.0
    findings: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Join another tally."""
        self.runs += other.runs
        self.accepted += other.accepted
        self.lost += other.lost
        self.doubled += other.doubled
        self.left += other.left
        self.silence = max(self.silence, other.silence)
        self.findings += other.findings

    @property
    def clean(self) -> bool:
        """Whether nothing was lost, doubled, left or otherwise odd."""
        return not (self.lost or self.doubled or self.left or self.findings)


def answered(connection: Connection, customer: Customer) -> bool:
    """Whether nothing of the customer's waits for the bot any more."""
    head = connection.execute(sa.select(conversations).where(conversations.c.id == customer.id)).mappings().first()
    return head is None or head["mode"] != "bot" or head["asked_seq"] <= head["answered_seq"]


def judge(connection: Connection, customer: Customer) -> Tally:
    """One conversation."""
    tally = Tally(runs=1, accepted=len(customer.promises), findings=list(customer.problems))
    if not customer.id:
        return tally
    rows = connection.execute(sa.select(events).where(events.c.conversation_id == customer.id)
                              .order_by(events.c.seq)).mappings().all()
    head = connection.execute(sa.select(conversations).where(conversations.c.id == customer.id)).mappings().one()

    def note(what: str) -> None:
        tally.findings.append(f"{customer.id}: {what}")

    if [row["seq"] for row in rows] != list(range(1, head["seq"] + 1)):
        note("numbers with holes")
    stored = Counter(row["client_message_id"] for row in rows if row["client_message_id"])
    place = {row["client_message_id"]: row["seq"] for row in rows}
    for promise in customer.promises:
        if place.get(promise.message_id) != promise.seq:
            tally.lost += 1
            note(f"message {promise.message_id} is not at {promise.seq}")
        if promise.to_bot and promise.answered is not None:
            tally.silence = max(tally.silence, promise.answered - promise.sent)
    tally.doubled += sum(count - 1 for count in stored.values())
    turns = Counter(_meta(row).get("turn") for row in rows if row["author"] == "bot" and _meta(row).get("source") in ("dialogue", "fallback"))
    for turn, count in turns.items():
        if count > 1:
            tally.doubled += count - 1
            note(f"message {turn} was answered {count} times")
    opened = connection.execute(sa.select(sa.func.count()).where(tickets.c.conversation_id == customer.id)
                                .select_from(tickets)).scalar_one()
    if opened > 1:
        tally.doubled += opened - 1
        note(f"{opened} tickets")
    if customer.ticket and not opened:
        tally.lost += 1
        note(f"ticket {customer.ticket} was promised and is not there")
    if head["mode"] == "bot" and head["asked_seq"] > head["answered_seq"]:
        tally.left += 1
        note(f"left unanswered in mode {head['mode']}: {head['asked_seq']} > {head['answered_seq']}")
    elif head["mode"] in ("waiting", "agent") and not opened:
        tally.left += 1
        note("waits for a person without a ticket")
    return tally


def judge_agent(connection: Connection, answered: dict[str, str]) -> Tally:
    """The agent's answers: each there, each once."""
    tally = Tally()
    for conversation, text in answered.items():
        payloads = connection.execute(sa.select(events.c.payload).where(
            events.c.conversation_id == conversation, events.c.author == "agent")).scalars()
        count = sum(text in str(payload.get("text")) for payload in payloads)
        tally.accepted += 1
        tally.lost += count == 0
        tally.doubled += max(0, count - 1)
        if count != 1:
            tally.findings.append(f"{conversation}: the agent's answer is there {count} times")
    return tally


def judge_mails(connection: Connection, written: Iterable[str]) -> Tally:
    """The outbox: everything delivered, each mail's file there once (its name is its key's)."""
    import hashlib

    tally, files = Tally(), set(written)
    for row in connection.execute(sa.select(outbox)).mappings():
        tally.accepted += 1
        if row["dead"] or row["done_at"] is None:
            tally.findings.append(f"job {row['key']} ({row['topic']}) was not delivered: {row['error']}")
            tally.lost += 1
        elif row["topic"] == "mail" and hashlib.sha256(row["key"].encode()).hexdigest()[:32] not in files:
            tally.findings.append(f"mail {row['key']} is marked as sent and was not")
            tally.lost += 1
    return tally


def _meta(row: Any) -> dict[str, Any]:
    return dict(row["payload"].get("meta") or {})
