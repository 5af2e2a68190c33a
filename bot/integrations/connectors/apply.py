"""What the other side did, done here: comments become messages or notes, statuses become actions.

Never applied: a step back (an open ticket there does not make ours "new"), anything to a closed
ticket, anything that would make ours wait for a customer who was not answered here.

A customer's words are heard as in the chat and by mail: danger at once, and a solved ticket opens again.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.conversations import intake
from bot.conversations import store as conversations
from bot.conversations.courtesy import is_courtesy
from bot.conversations.model import Conversation, Draft
from bot.conversations.text import clean, one_line
from bot.conversations.wording import say
from bot.handover.alarm import raise_alarm
from bot.integrations.connectors.port import RemoteComment
from bot.storage.clock import now_iso
from bot.storage.schema import ticket_events
from bot.tickets import store as tickets
from bot.tickets.service import both, mail_answer, say_everywhere, set_mode, tell
from bot.tickets.states import LIVE, priority_number
from bot.tickets.store import Ticket

_LONGEST = 20_000


def comment(connection: Connection, connector: str, reference: str, theirs: RemoteComment) -> str:
    """Put one of their comments into our ticket; its key here."""
    ticket, conversation = both(connection, reference)
    system = connector.capitalize()
    name = one_line(theirs.name, 80) or system
    text = clean(theirs.text)[:_LONGEST]
    files = ", ".join(one_line(file, 120) for file in theirs.files)
    customer = theirs.by == "customer" and not theirs.internal
    settled = ticket["status"] not in LIVE
    thanks = customer and settled and is_courtesy(text) and not files
    if theirs.internal or ticket["status"] == "closed" or thanks or (settled and not customer):
        if files:
            text = f"{text}\n{say('connector_files', 'fr', system=system, files=files)}".strip()
        return _note(connection, connector, ticket, f"{name} ({system}) : {text}")
    meta = {"connector": connector, "external_id": theirs.external_id}
    if customer:
        said = f"{text}\n[{files}]".strip() if files else text
        draft = Draft("message", "customer", {"text": said, "via": connector, "meta": meta})
        key = _hear(connection, conversation, ticket, text, draft)
        if files:
            _note(connection, connector, tickets.get(connection, reference),
                  say("connector_files", "fr", system=system, files=files))
        return key
    if files:
        text = f"{text}\n\n{say('files_elsewhere', conversation.language, files=files)}".strip()
    changes: dict[str, Any] = {}
    if ticket["first_response_at"] is None:
        changes["first_response_at"] = now_iso()
    ticket = tickets.act(connection, ticket, "reply", connector, {"length": len(text)}, **changes)
    set_mode(connection, ticket, "agent")
    made = say_everywhere(connection, ticket, [
        Draft("message", "agent", {"text": text, "name": name, "meta": meta})])
    mail_answer(connection, ticket, made, name=name, text=text)
    return f"m{made[0].seq}"


def _hear(
    connection: Connection, conversation: Conversation, ticket: Ticket, text: str, draft: Draft
) -> str:
    """A customer's words that came by the other system; the message's key here."""
    mode, more = intake.receive(connection, conversation, text)
    if mode == "bot":
        # What is written there is written to people, whatever the bot does in the chat meanwhile.
        settled = ticket["status"] not in LIVE
        if not settled:
            ticket = tickets.heard(connection, ticket)
        else:
            ticket = tickets.act(connection, ticket, "customer", "customer", {"reopened": True})
        shown = {"reference": ticket["reference"], "status": ticket["status"], "queue": ticket["queue"]}
        more = [Draft("ticket", "system", shown), *raise_alarm(connection, conversation, ticket, text, anew=settled)]
        # In danger, an agent who is not there lets go of it.
        mode = "agent" if tickets.get(connection, ticket["reference"])["assignee"] else "waiting"
    _, made = conversations.append_to(
        connection, conversation, [draft, *more], mode=mode, closed_at=None, answered_seq=conversation.asked_seq)
    return f"m{made[0].seq}"


def status(connection: Connection, connector: str, reference: str, wanted: str) -> str:
    """Follow their status where that is a step forward, or a reopening; ours afterwards."""
    ticket, conversation = both(connection, reference)
    now = str(ticket["status"])
    if wanted in ("solved", "closed") and now in LIVE:
        ticket = tickets.act(connection, ticket, "resolve", connector)
        set_mode(connection, ticket, "closed")
        tell(connection, conversation, ticket, [
            Draft("closed", "agent", {
                "text": say("resolved", conversation.language, name=connector.capitalize(),
                            reference=reference), "reason": "resolved", "reference": reference}),
            Draft("survey", "system", {"text": say("survey", conversation.language), "ask": "csat"})], "system")
    elif wanted in LIVE and now == "solved":
        ticket = tickets.act(connection, ticket, "reopen", connector)
        set_mode(connection, ticket, "agent" if ticket["assignee"] else "waiting")
        tell(connection, conversation, ticket, [], "system")
    elif wanted == "on_hold" and now in LIVE - {"on_hold"}:
        ticket = tickets.act(connection, ticket, "hold", connector)
        tell(connection, conversation, ticket, [], "system")
    return str(ticket["status"])


def priority(connection: Connection, connector: str, reference: str, wanted: str) -> None:
    """Take their priority over."""
    ticket, _ = both(connection, reference)
    number = priority_number(wanted)
    if ticket["status"] in LIVE and ticket["priority"] != number:
        tickets.act(connection, ticket, "prioritise", connector,
                    {"from": ticket["priority"], "to": number}, priority=number)


def label(connection: Connection, connector: str, reference: str, url: str, words: str) -> None:
    """Note how an issue stands there, in their words."""
    ticket, _ = both(connection, reference)
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
