"""What people do with a ticket, each in one transaction: the ticket, its customer's events, its history."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.assistant.known import put_down
from bot.attachments import store as attachments
from bot.conversations import store as conversations
from bot.conversations.model import Author, Conversation, Draft, Event
from bot.conversations.wording import say
from bot.errors import BadInput, Conflict
from bot.handover.mails import queue_reply_mail
from bot.staff import photos
from bot.staff.accounts import Member
from bot.staff.roles import may
from bot.storage.clock import now_iso
from bot.storage.schema import conversations as conversations_table
from bot.storage.schema import staff
from bot.tickets import store
from bot.tickets.store import Ticket
from bot.visitors import push

Done = tuple[Ticket, list[Event]]


def take(connection: Connection, reference: str, who: Member, *, anew: bool = False, answering: bool = False) -> Done:
    """Become the one who answers; raises Conflict where someone else already is.

    One's own ticket on hold goes on by this, unless it is being answered, which does that itself.
    ``anew``: the ticket was settled a moment ago, so whoever had it last does not have it any more.
    """
    ticket, conversation = both(connection, reference)
    if ticket["assignee"] == who.username and conversation.mode == "agent" and not anew:
        if ticket["status"] != "on_hold" or answering:
            return ticket, []
        # The customer knows already who is there.
        return store.act(connection, ticket, "take", who.username), tell(connection, conversation, ticket | {"status": "open"}, [])
    if ticket["assignee"] not in (None, who.username) and not anew:
        name = _first_name(connection, ticket["assignee"])
        raise Conflict(f"{name} already has this ticket.", assignee=ticket["assignee"], key="ticket_held", name=name)
    ticket = store.act(connection, ticket, "take", who.username, assignee=who.username)
    set_mode(connection, ticket, "agent")
    return ticket, tell(connection, conversation, ticket, [Draft("handover", "agent", {
        "text": say("agent_joined", conversation.language, name=who.first_name),
        "name": who.first_name, "reference": reference})])


def reply(
    connection: Connection, reference: str, who: Member, text: str, files: Sequence[str] = (),
    original: str | None = None, *, message_id: str | None = None,
) -> Done:
    """Write to the customer; takes the ticket first where nobody has it.

    The same ``message_id`` again changes nothing: a desk that did not hear our answer may ask again.
    ``original`` is what the agent wrote where ``text`` is its translation; both are kept.
    ``files`` are ids of this agent's uploads, sent along. Raises UnknownAttachment for any other.
    """
    ticket, made = take(connection, reference, who, answering=True)
    conversation = conversations.get(connection, ticket["conversation_id"], lock=True)
    if message_id and conversations.find_client_message(connection, conversation.id, message_id):
        return ticket, made
    carried = attachments.waiting(connection, ticket["conversation_id"], files, who.username)
    changes: dict[str, Any] = {}
    if ticket["first_response_at"] is None:
        changes["first_response_at"] = now_iso()
    ticket = store.act(connection, ticket, "reply", who.username, {"length": len(text)}, **changes)
    set_mode(connection, ticket, "agent")
    photo = photos.of(connection, who.username)
    said = say_everywhere(connection, ticket, [
        Draft("message", "agent", {
            "text": text, "name": who.first_name, "meta": {"by": who.username},
            **({"photo": photo} if photo else {}),
            **({"translation": {"text": original}} if original else {}),
            **({"attachments": [attachments.public(row) for row in carried]} if carried else {})}, message_id)])
    attachments.send(connection, files, said[0].seq)
    mail_answer(connection, ticket, said, name=who.first_name, text=text, files=[row["name"] for row in carried])
    push.queue(connection, conversation, name=who.first_name, seq=said[0].seq)
    return ticket, made + said


def note(connection: Connection, reference: str, who: Member, text: str) -> Done:
    """A note that only staff read."""
    ticket = store.get(connection, reference, lock=True)
    return store.act(connection, ticket, "note", who.username, {"text": text}), []


def hold(connection: Connection, reference: str, who: Member) -> Done:
    """Set it aside while something else must happen first."""
    ticket, conversation = both(connection, reference)
    must_hold(ticket, who)
    ticket = store.act(connection, ticket, "hold", who.username)
    return ticket, tell(connection, conversation, ticket, [])


def transfer(
    connection: Connection, reference: str, who: Member, *, queue: str | None = None,
    assignee: str | None = None,
) -> Done:
    """Give it to another queue, or to a person. Raises BadInput for a person who cannot have it."""
    if bool(queue) == bool(assignee):
        raise BadInput("Name either a queue or a person (assignee).", key="transfer_to")
    ticket, conversation = both(connection, reference)
    must_hold(ticket, who)
    detail = {"queue": queue, "assignee": assignee, "from": ticket["assignee"]}
    changes: dict[str, Any] = {"assignee": assignee}
    if queue:
        changes["queue"] = queue[:60]
    if assignee:
        can_answer(connection, assignee)
    ticket = store.act(connection, ticket, "transfer", who.username, detail, **changes)
    set_mode(connection, ticket, "agent" if assignee else "waiting")
    return ticket, tell(connection, conversation, ticket, [Draft("handover", "system", {
        "text": say("agent_transferred", conversation.language), "reference": reference})])


def resolve(connection: Connection, reference: str, who: Member) -> Done:
    """Settle it; the customer is told, asked how it went, and reopens it by writing."""
    ticket, conversation = both(connection, reference)
    must_hold(ticket, who)
    ticket = store.act(connection, ticket, "resolve", who.username,
                       assignee=ticket["assignee"] or who.username)
    set_mode(connection, ticket, "closed")
    return ticket, tell(connection, conversation, ticket, [
        Draft("closed", "agent", {
            "text": say("resolved", conversation.language, name=who.first_name, reference=reference),
            "name": who.first_name, "reason": "resolved", "reference": reference}),
        Draft("survey", "system", {"text": say("survey", conversation.language), "ask": "csat"}),
    ])


def hand_back(connection: Connection, reference: str, who: Member, text: str | None = None) -> Done:
    """Let the bot go on, with a note it uses; the same ticket returns if a person is needed again."""
    ticket, conversation = both(connection, reference)
    must_hold(ticket, who)
    ticket = store.act(connection, ticket, "hand_back", who.username, {"text": text or ""},
                       assignee=ticket["assignee"] or who.username)
    conversations.update(connection, conversation.id, note=text or None)
    set_mode(connection, ticket, "bot")
    return ticket, tell(connection, conversation, ticket, [Draft("handover", "system", {
        "text": say("handed_back", conversation.language, name=who.first_name),
        "name": who.first_name, "to": "bot", "reference": reference})])


def both(connection: Connection, reference: str) -> tuple[Ticket, Conversation]:
    """A ticket and its conversation, both locked. Raises NotFound."""
    # Conversations first: customers' writes lock in that order too, so nobody waits in a circle.
    found = store.get(connection, reference)
    own = found["conversation_id"]
    ids = sorted({own, *store.merged_conversations(connection, reference)})
    locked = {id_: conversations.get(connection, id_, lock=True) for id_ in ids}
    return store.get(connection, reference, lock=True), locked[own]


def set_mode(connection: Connection, ticket: Ticket, mode: str) -> None:
    """Who speaks in the ticket's conversation, and in those of duplicates merged into it.

    What the customer asked the bot so far is no longer waiting for the bot, nor the bot for an answer.
    """
    ids = [ticket["conversation_id"], *store.merged_conversations(connection, ticket["reference"])]
    for id_ in ids:
        state = conversations.get(connection, id_).state
        if state and (left := put_down(state)) != state:
            conversations.update(connection, id_, state=left)
    connection.execute(
        sa.update(conversations_table).where(conversations_table.c.id.in_(ids)).values(
            mode=mode, closed_at=now_iso() if mode == "closed" else None,
            answered_seq=conversations_table.c.asked_seq))


def say_everywhere(connection: Connection, ticket: Ticket, drafts: list[Draft]) -> list[Event]:
    """Append events to the ticket's conversation first, then to those merged into it."""
    made: list[Event] = []
    for id_ in (ticket["conversation_id"],
                *store.merged_conversations(connection, ticket["reference"])):
        made += conversations.append(connection, id_, drafts)
    return made


def mail_answer(
    connection: Connection, ticket: Ticket, said: list[Event], *, name: str, text: str, files: Sequence[str] = (),
) -> None:
    """Mail an answer to the ticket's customer and to those of duplicates merged into it, once to an address.

    ``said`` is what :func:`say_everywhere` made of it; each mail goes in the thread of its own ticket.
    """
    waiting: list[tuple[Ticket, Event]] = []
    for event in said:
        own = event.conversation_id == ticket["conversation_id"]
        found = ticket if own else store.duplicate_of(connection, event.conversation_id)
        if found is not None:
            waiting.append((found, event))
    # Who waits by e-mail first: that mail leaves at once, and whether it was read in a chat does not matter.
    waiting.sort(key=lambda one: one[0]["channel"] != "email")
    # An address that mails came back from is noted on the ticket that goes on, whichever thread they were in.
    reached = {str(ticket["packet"].get("contact_bounced") or "").casefold()}
    for found, event in waiting:
        to = str(found["packet"].get("contact") or "").casefold()
        if to not in reached:
            reached.add(to)
            queue_reply_mail(connection, found, conversations.get(connection, event.conversation_id),
                             name=name, text=text, seq=event.seq, files=files)


def tell(
    connection: Connection, conversation: Conversation, ticket: Ticket, drafts: list[Draft],
    author: Author = "agent",
) -> list[Event]:
    """Tell the customer where the ticket stands, then ``drafts``."""
    shown = {"reference": ticket["reference"], "status": ticket["status"], "queue": ticket["queue"]}
    return say_everywhere(connection, ticket, [Draft("ticket", author, shown), *drafts])


def must_hold(ticket: Ticket, who: Member) -> None:
    """Only the one who has a ticket moves it, and leads. Raises Conflict."""
    if ticket["assignee"] not in (None, who.username) and not may(who.role, "operations"):
        raise Conflict("Someone else has this ticket.", assignee=ticket["assignee"], key="ticket_elsewhere")


def _first_name(connection: Connection, username: str) -> str:
    name = connection.execute(
        sa.select(staff.c.first_name).where(staff.c.username == username)
    ).scalar_one_or_none()
    return str(name or username)


def can_answer(connection: Connection, username: str) -> None:
    """Raises BadInput for someone who cannot have tickets."""
    row = connection.execute(sa.select(staff).where(staff.c.username == username)).mappings().first()
    if row is None or not row["active"] or not may(row["role"], "tickets"):
        raise BadInput(f"{username[:40]} cannot take tickets.", key="transfer_person", username=username[:40])
