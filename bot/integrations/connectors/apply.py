"""What the other side did, done here: comments become messages or notes, statuses become actions.

Never applied: a step back (an open ticket there does not make ours "new"), anything to a closed
ticket, anything that would make ours wait for a customer who was not answered here.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.conversations import store as conversations
from bot.conversations.model import Draft
from bot.conversations.wording import say
from bot.handover.mails import queue_reply_mail
from bot.integrations.connectors.port import RemoteComment
from bot.storage.clock import now_iso
from bot.storage.schema import ticket_events
from bot.tickets import store as tickets
from bot.tickets.states import LIVE, priority_number
from bot.tickets.store import Ticket


def comment(connection: Connection, connector: str, reference: str, theirs: RemoteComment) -> str:
    """Put one of their comments into our ticket; its key here."""
    ticket, conversation = _locked(connection, reference)
    name = theirs.name or connector.capitalize()
    if theirs.internal or ticket["status"] not in LIVE:
        return _note(connection, connector, ticket, f"{name} ({connector.capitalize()}) : {theirs.text}")
    meta = {"connector": connector, "external_id": theirs.external_id}
    if theirs.by == "customer":
        tickets.heard(connection, ticket)
        made = conversations.append(connection, conversation.id, [
            Draft("message", "customer", {"text": theirs.text, "via": connector, "meta": meta})])
        return f"m{made[0].seq}"
    changes: dict[str, Any] = {}
    if ticket["first_response_at"] is None:
        changes["first_response_at"] = now_iso()
    ticket = tickets.act(connection, ticket, "reply", connector, {"length": len(theirs.text)}, **changes)
    conversations.update(connection, conversation.id, mode="agent", closed_at=None,
                         answered_seq=conversation.asked_seq)
    made = conversations.append(connection, conversation.id, [
        Draft("message", "agent", {"text": theirs.text, "name": name, "meta": meta})])
    queue_reply_mail(connection, ticket, conversation, name=name, text=theirs.text, seq=made[0].seq)
    return f"m{made[0].seq}"


def status(connection: Connection, connector: str, reference: str, wanted: str) -> str:
    """Follow their status where that is a step forward, or a reopening; ours afterwards."""
    ticket, conversation = _locked(connection, reference)
    now = str(ticket["status"])
    if wanted in ("solved", "closed") and now in LIVE:
        ticket = tickets.act(connection, ticket, "resolve", connector)
        conversations.update(connection, conversation.id, mode="closed", closed_at=now_iso())
        _tell(connection, conversation, ticket, [
            Draft("closed", "agent", {
                "text": say("resolved", conversation.language, name=connector.capitalize(),
                            reference=reference), "reason": "resolved", "reference": reference}),
            Draft("survey", "system", {"text": say("survey", conversation.language), "ask": "csat"})])
    elif wanted in LIVE and now == "solved":
        ticket = tickets.act(connection, ticket, "reopen", connector)
        conversations.update(connection, conversation.id, closed_at=None,
                             mode="agent" if ticket["assignee"] else "waiting")
        _tell(connection, conversation, ticket, [])
    elif wanted == "on_hold" and now in LIVE - {"on_hold"}:
        ticket = tickets.act(connection, ticket, "hold", connector)
        _tell(connection, conversation, ticket, [])
    return str(ticket["status"])


def priority(connection: Connection, connector: str, reference: str, wanted: str) -> None:
    """Take their priority over."""
    ticket, _ = _locked(connection, reference)
    number = priority_number(wanted)
    if ticket["status"] in LIVE and ticket["priority"] != number:
        tickets.act(connection, ticket, "prioritise", connector,
                    {"from": ticket["priority"], "to": number}, priority=number)


def label(connection: Connection, connector: str, reference: str, url: str, words: str) -> None:
    """Note how an issue stands there, in their words."""
    ticket, _ = _locked(connection, reference)
    _note(connection, connector, ticket,
          say("connector_status", "fr", system=connector.capitalize(), id=url.rpartition('/')[2], status=words))


def _note(connection: Connection, connector: str, ticket: Ticket, text: str) -> str:
    detail = {"text": text, "connector": connector}
    if ticket["status"] == "closed":
        tickets.record(connection, ticket["reference"], "connector", connector, "closed", "closed", detail)
    else:
        tickets.act(connection, ticket, "note", connector, detail)
    line = connection.execute(sa.select(sa.func.max(ticket_events.c.id)).where(
        ticket_events.c.reference == ticket["reference"])).scalar_one()
    return f"n{line}"


def _locked(connection: Connection, reference: str) -> tuple[Ticket, Any]:
    found = tickets.get(connection, reference)
    conversation = conversations.get(connection, found["conversation_id"], lock=True)
    return tickets.get(connection, reference, lock=True), conversation


def _tell(connection: Connection, conversation: Any, ticket: Ticket, drafts: list[Draft]) -> None:
    shown = {"reference": ticket["reference"], "status": ticket["status"], "queue": ticket["queue"]}
    conversations.append(connection, conversation.id, [Draft("ticket", "system", shown), *drafts])
