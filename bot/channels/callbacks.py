"""Call-backs: a ticket holds a place in a slot; the database counts the places.

A ticket has one call-back. Booking another slot moves it, the same slot again changes nothing. A
settled ticket, or one whose customer chose another way, gives its place back; a merged one hands it on.
The number to call is that of the chat it was booked in, which may be a duplicate's.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from bot.channels.slots import SlotRules, starts
from bot.conversations import store as conversations
from bot.conversations.model import Conversation, Draft, Event
from bot.conversations.wording import say
from bot.errors import BadInput, Conflict, NotFound
from bot.storage.clock import iso, now_iso, parse
from bot.storage.schema import callbacks, tickets
from bot.storage.schema import conversations as conversations_table
from bot.tickets import notices
from bot.tickets import store as ticket_store
from bot.tickets.hours import Desk
from bot.tickets.states import LIVE

_C = callbacks.c


def offered(
    connection: Connection, desk: Desk, rules: SlotRules, now: datetime, language: str | None
) -> list[dict[str, Any]]:
    """Slots with a place left: start and end (UTC), a label in the customer's language, places."""
    times = starts(desk, rules, now)
    if not times:
        return []
    rows = connection.execute(
        sa.select(_C.slot, sa.func.count()).where(_C.slot >= iso(times[0])).group_by(_C.slot))
    taken = {slot: int(count) for slot, count in rows}
    return [
        {"start": iso(at), "end": iso(at + timedelta(minutes=rules.minutes)),
         "label": desk.describe(at, now, language), "left": left}
        for at in times if (left := rules.capacity - taken.get(iso(at), 0)) > 0
    ]


def book(
    connection: Connection, reference: str, conversation: Conversation, slot: str, *, desk: Desk,
    rules: SlotRules, now: datetime,
) -> list[Event]:
    """Book a slot for a ticket and tell its customer. Raises BadInput (no such slot), Conflict (full)."""
    at = _known(slot, desk, rules, now)
    held = connection.execute(sa.select(_C.slot).where(_C.reference == reference)).scalar()
    if held == iso(at):
        return []
    if held is not None:
        connection.execute(sa.delete(callbacks).where(_C.reference == reference))
    _take_place(connection, reference, conversation.id, iso(at), rules.capacity)
    words = say("callback_booked", conversation.language,
                time=desk.describe(at, now, conversation.language))
    ticket_store.record(connection, reference, "callback", "customer", *_status(connection, reference),
                        {"slot": iso(at), "former": held})
    return conversations.append(connection, conversation.id, [Draft("handover", "system", {
        "text": words, "reference": reference, "channel": "phone", "callback_at": iso(at)})])


def cancel(connection: Connection, reference: str) -> bool:
    """Give a place back; whether there was one."""
    return bool(connection.execute(sa.delete(callbacks).where(
        _C.reference == reference, _C.done_at.is_(None))).rowcount)


def done(connection: Connection, reference: str, author: str) -> dict[str, Any]:
    """Someone called. Raises NotFound where no call was promised."""
    marked = connection.execute(sa.update(callbacks).where(
        _C.reference == reference, _C.done_at.is_(None)).values(done_at=now_iso()))
    if marked.rowcount == 1:
        ticket_store.record(connection, reference, "callback_done", author,
                            *_status(connection, reference), {})
    found = of_tickets(connection, [reference])
    if reference not in found:
        raise NotFound("No call-back was booked for this ticket.", key="callback_gone")
    return found[reference]


def promised(connection: Connection, reference: str) -> bool:
    """Whether a call is still to be made for this ticket."""
    return connection.execute(sa.select(_C.slot).where(
        _C.reference == reference, _C.done_at.is_(None))).first() is not None


def carry(connection: Connection, duplicate: str, kept: str, author: str) -> None:
    """Make a duplicate's call the survivor's, which has one of its own to make or takes it over."""
    if not promised(connection, duplicate) or promised(connection, kept):
        return
    connection.execute(sa.delete(callbacks).where(_C.reference == kept))      # made already
    connection.execute(sa.update(callbacks).where(_C.reference == duplicate).values(
        reference=kept, reminded_at=None))      # its reminder stands on the duplicate
    slot = connection.execute(sa.select(_C.slot).where(_C.reference == kept)).scalar_one()
    ticket_store.record(connection, kept, "callback", author, *_status(connection, kept),
                        {"slot": slot, "former": None, "from": duplicate})


def of_tickets(connection: Connection, references: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The call-backs of these tickets, with the number to call."""
    rows = connection.execute(
        sa.select(callbacks, tickets.c.packet, *_caller()).join(tickets, tickets.c.reference == _C.reference)
        .join(conversations_table, conversations_table.c.id == _C.conversation_id)
        .where(_C.reference.in_(list(references)))).mappings()
    return {row["reference"]: {"slot": row["slot"], "reminded_at": row["reminded_at"], "done_at": row["done_at"],
                               "contact": _number(row, row["packet"])} for row in rows}


def agenda(connection: Connection, limit: int = 200) -> list[dict[str, Any]]:
    """Calls still to make, the next first, with what a caller needs to know."""
    rows = connection.execute(
        sa.select(_C.slot, tickets, *_caller()).join(tickets, tickets.c.reference == _C.reference)
        .join(conversations_table, conversations_table.c.id == _C.conversation_id)
        .where(_C.done_at.is_(None), tickets.c.status.in_(sorted(LIVE))).order_by(_C.slot).limit(limit)
    ).mappings()
    return [{"reference": row["reference"], "slot": row["slot"], "assignee": row["assignee"],
             "locale": row["locale"], "summary": row["summary"],
             "contact": _number(row, row["packet"])} for row in rows]


def remind(connection: Connection, rules: SlotRules, now: datetime) -> int:
    """Note on each ticket whose call is due, and tell its people, once; how many.

    A ticket that was set aside is back for it. Places of settled tickets are given back.
    """
    settled = sa.select(tickets.c.reference).where(tickets.c.status.not_in(sorted(LIVE)))
    connection.execute(sa.delete(callbacks).where(
        _C.slot > iso(now), _C.done_at.is_(None), _C.reference.in_(settled)))
    due = connection.execute(
        sa.select(callbacks, *_caller())
        .join(conversations_table, conversations_table.c.id == _C.conversation_id)
        .where(_C.reminded_at.is_(None), _C.done_at.is_(None),
               _C.slot <= iso(now + timedelta(minutes=rules.remind)))
        .order_by(_C.slot).limit(100).with_for_update(skip_locked=True, of=callbacks)).mappings().all()
    count = 0
    for row in due:
        marked = connection.execute(sa.update(callbacks).where(
            _C.reference == row["reference"], _C.reminded_at.is_(None)).values(reminded_at=iso(now)))
        ticket = ticket_store.get(connection, row["reference"], lock=True)
        if marked.rowcount == 1 and ticket["status"] in LIVE:
            contact = _number(row, ticket["packet"]) or "?"
            ticket_store.act(connection, ticket, "note", "system", {
                "text": say("callback_due", "fr", contact=contact), "code": "callback_due",
                "slot": row["slot"], "contact": contact})
            ticket_store.wake(connection, row["reference"], "system")
            notices.tell(connection, notices.concerned(connection, ticket), "callback", row["reference"],
                         {"slot": row["slot"]}, now)
            count += 1
    return count


def _caller() -> tuple[Any, ...]:
    return (conversations_table.c.contact.label("caller"),
            conversations_table.c.contact_channel.label("caller_channel"))


def _number(row: Any, packet: dict[str, Any]) -> Any:
    """Where to call: what was left in the chat that the call was booked in, else the ticket's contact."""
    return (row["caller"] if row["caller_channel"] == "phone" else None) or packet.get("contact")


def _known(slot: str, desk: Desk, rules: SlotRules, now: datetime) -> datetime:
    try:
        at = parse(slot.strip())
    except ValueError:
        at = None
    if at is None or iso(at) not in {iso(item) for item in starts(desk, rules, now)}:
        raise BadInput("This time is not offered (any more): choose another.", key="problem_slot_unknown")
    return at


def _take_place(
    connection: Connection, reference: str, conversation_id: str, slot: str, capacity: int
) -> None:
    taken = set(connection.execute(sa.select(_C.place).where(_C.slot == slot)).scalars())
    for place in (number for number in range(capacity) if number not in taken):
        try:
            with connection.begin_nested():
                connection.execute(sa.insert(callbacks).values(
                    reference=reference, conversation_id=conversation_id, slot=slot, place=place,
                    booked_at=now_iso()))
        except IntegrityError:      # someone took this place in this moment
            continue
        return
    raise Conflict("This time has just been taken: choose another.", key="problem_slot_full")


def _status(connection: Connection, reference: str) -> tuple[str, str]:
    status = str(ticket_store.get(connection, reference)["status"])
    return status, status
