"""What people do with a ticket, each in one transaction: the ticket, its customer's events, its history."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.conversations import store as conversations
from bot.conversations.model import Conversation, Draft, Event
from bot.conversations.wording import say
from bot.errors import BadInput, Conflict
from bot.handover.mails import queue_reply_mail
from bot.staff.accounts import Member
from bot.staff.roles import may
from bot.storage.clock import now_iso
from bot.storage.schema import staff
from bot.tickets import store
from bot.tickets.store import Ticket

Done = tuple[Ticket, list[Event]]


def take(connection: Connection, reference: str, who: Member) -> Done:
    """Become the one who answers; raises Conflict where someone else already is."""
    ticket, conversation = _both(connection, reference)
    if ticket["assignee"] == who.username:
        return ticket, []
    if ticket["assignee"]:
        raise Conflict(f"{_first_name(connection, ticket['assignee'])} already has this ticket.",
                       assignee=ticket["assignee"])
    ticket = store.act(connection, ticket, "take", who.username, assignee=who.username)
    conversations.update(connection, conversation.id, mode="agent", closed_at=None,
                         answered_seq=conversation.asked_seq)
    return ticket, _tell(connection, conversation, ticket, [Draft("handover", "agent", {
        "text": say("agent_joined", conversation.language, name=who.first_name),
        "name": who.first_name, "reference": reference})])


def reply(connection: Connection, reference: str, who: Member, text: str) -> Done:
    """Write to the customer; takes the ticket first where nobody has it."""
    ticket, made = take(connection, reference, who)
    conversation = conversations.get(connection, ticket["conversation_id"], lock=True)
    changes: dict[str, Any] = {}
    if ticket["first_response_at"] is None:
        changes["first_response_at"] = now_iso()
    ticket = store.act(connection, ticket, "reply", who.username, {"length": len(text)}, **changes)
    conversations.update(connection, conversation.id, mode="agent")
    said = conversations.append(connection, conversation.id, [
        Draft("message", "agent", {"text": text, "name": who.first_name, "meta": {"by": who.username}})])
    queue_reply_mail(connection, ticket, conversation, name=who.first_name, text=text,
                     seq=said[0].seq)
    return ticket, made + said


def note(connection: Connection, reference: str, who: Member, text: str) -> Done:
    """A note that only staff read."""
    ticket = store.get(connection, reference, lock=True)
    return store.act(connection, ticket, "note", who.username, {"text": text}), []


def hold(connection: Connection, reference: str, who: Member) -> Done:
    """Set it aside while something else must happen first."""
    ticket, conversation = _both(connection, reference)
    _must_hold(ticket, who)
    ticket = store.act(connection, ticket, "hold", who.username)
    return ticket, _tell(connection, conversation, ticket, [])


def transfer(
    connection: Connection, reference: str, who: Member, *, queue: str | None = None,
    assignee: str | None = None,
) -> Done:
    """Give it to another queue, or to a person. Raises BadInput for a person who cannot have it."""
    if bool(queue) == bool(assignee):
        raise BadInput("Name either a queue or a person (assignee).")
    ticket, conversation = _both(connection, reference)
    _must_hold(ticket, who)
    detail = {"queue": queue, "assignee": assignee, "from": ticket["assignee"]}
    changes: dict[str, Any] = {"assignee": assignee}
    if queue:
        changes["queue"] = queue[:60]
    if assignee:
        _can_answer(connection, assignee)
    ticket = store.act(connection, ticket, "transfer", who.username, detail, **changes)
    conversations.update(connection, conversation.id, mode="agent" if assignee else "waiting")
    return ticket, _tell(connection, conversation, ticket, [Draft("handover", "system", {
        "text": say("agent_transferred", conversation.language), "reference": reference})])


def resolve(connection: Connection, reference: str, who: Member) -> Done:
    """Settle it; the customer is told, asked how it went, and reopens it by writing."""
    ticket, conversation = _both(connection, reference)
    _must_hold(ticket, who)
    ticket = store.act(connection, ticket, "resolve", who.username,
                       assignee=ticket["assignee"] or who.username)
    conversations.update(connection, conversation.id, mode="closed", closed_at=now_iso())
    return ticket, _tell(connection, conversation, ticket, [
        Draft("closed", "agent", {
            "text": say("resolved", conversation.language, name=who.first_name, reference=reference),
            "name": who.first_name, "reason": "resolved", "reference": reference}),
        Draft("survey", "system", {"text": say("survey", conversation.language), "ask": "csat"}),
    ])


def hand_back(connection: Connection, reference: str, who: Member, text: str | None = None) -> Done:
    """Let the bot go on, with a note it uses; the same ticket returns if a person is needed again."""
    ticket, conversation = _both(connection, reference)
    _must_hold(ticket, who)
    ticket = store.act(connection, ticket, "hand_back", who.username, {"text": text or ""},
                       assignee=ticket["assignee"] or who.username)
    conversations.update(connection, conversation.id, mode="bot", note=text or None,
                         answered_seq=conversation.asked_seq)
    return ticket, _tell(connection, conversation, ticket, [Draft("handover", "system", {
        "text": say("handed_back", conversation.language, name=who.first_name),
        "name": who.first_name, "to": "bot", "reference": reference})])


def _both(connection: Connection, reference: str) -> tuple[Ticket, Conversation]:
    # Conversation first: customers' writes lock in that order too, so nobody waits in a circle.
    found = store.get(connection, reference)
    conversation = conversations.get(connection, found["conversation_id"], lock=True)
    return store.get(connection, reference, lock=True), conversation


def _tell(
    connection: Connection, conversation: Conversation, ticket: Ticket, drafts: list[Draft]
) -> list[Event]:
    shown = {"reference": ticket["reference"], "status": ticket["status"], "queue": ticket["queue"]}
    return conversations.append(connection, conversation.id,
                                [Draft("ticket", "agent", shown), *drafts])


def _must_hold(ticket: Ticket, who: Member) -> None:
    if ticket["assignee"] not in (None, who.username) and not may(who.role, "operations"):
        raise Conflict("Someone else has this ticket.", assignee=ticket["assignee"])


def _first_name(connection: Connection, username: str) -> str:
    name = connection.execute(
        sa.select(staff.c.first_name).where(staff.c.username == username)
    ).scalar_one_or_none()
    return str(name or username)


def _can_answer(connection: Connection, username: str) -> None:
    row = connection.execute(sa.select(staff).where(staff.c.username == username)).mappings().first()
    if row is None or not row["active"] or not may(row["role"], "tickets"):
        raise BadInput(f"{username[:40]} cannot take tickets.")
