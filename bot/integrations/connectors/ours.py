"""A ticket of ours as another system is told it: its words, and each message with its marker."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import Connection

from bot.conversations import store as conversations
from bot.conversations.model import Conversation, Event
from bot.conversations.text import one_line
from bot.integrations.connectors.port import Comment, NewTicket
from bot.tickets import store as tickets
from bot.tickets.states import PRIORITIES
from bot.tickets.store import Ticket

_MARKER = re.compile(r"\[Relais (?P<reference>[A-Z]{2,5}-[0-9A-Z]{6}) (?P<key>[mn]\d+)\]")
_LONGEST = 30_000
_WHO = {"customer": "Client", "bot": "Assistant", "agent": "Conseiller"}


@dataclass(frozen=True)
class Ours:
    """A ticket with its conversation and history, read in one transaction."""

    ticket: Ticket
    conversation: Conversation
    events: Sequence[Event]
    notes: Sequence[dict[str, Any]]

    @property
    def last_seq(self) -> int:
        """The newest event."""
        return self.events[-1].seq if self.events else 0

    @property
    def last_note(self) -> int:
        """The newest note."""
        return int(self.notes[-1]["id"]) if self.notes else 0

    def new(self) -> NewTicket:
        """What the twin is made from."""
        packet = self.ticket["packet"]
        priority = PRIORITIES[self.ticket["priority"]]
        said = "\n".join(
            f"{_WHO[e.author]}{' ' + str(e.payload['name']) if e.payload.get('name') else ''}: {e.text}"
            for e in self.events if e.kind == "message" and e.author in _WHO)
        body = f"{self.ticket['summary']}\n\n{said}"[:_LONGEST] + f"\n\nRelais {self.ticket['reference']}"
        subject = one_line(str(packet.get("request") or self.ticket["summary"]), 120)
        values = {**packet, **self.ticket, "priority": priority}
        return NewTicket(self.ticket["reference"], subject, body, self.ticket["status"], priority,
                         packet.get("contact"), values)

    def comments(self, *, messages: bool, after_seq: int, after_note: int) -> dict[str, Comment]:
        """Messages (where wanted) and notes since the twin was made, by key, each with its marker."""
        found: dict[str, Comment] = {}
        for event in self.events if messages else ():
            if event.seq > after_seq and event.kind == "message" and event.author in ("customer", "agent"):
                name = str(event.payload.get("name") or "")
                by = "customer" if event.author == "customer" else "agent"
                files = [str(item.get("name")) for item in event.payload.get("attachments") or ()]
                text = "\n".join([event.text, *(f"[{file}]" for file in files)]).strip()
                found[f"m{event.seq}"] = self._comment(f"m{event.seq}", text, False, by, name)
        for line in self.notes:
            if line["id"] > after_note and line["author"] != "system":
                found[f"n{line['id']}"] = self._comment(
                    f"n{line['id']}", str(line["detail"]["text"]), True, "agent", str(line["author"]))
        return found

    def _comment(self, key: str, text: str, internal: bool, by: Any, name: str) -> Comment:
        who = f"{_WHO[by]}{' ' + name if name else ''}"
        marked = f"{who}: {text[:_LONGEST]}\n\n[Relais {self.ticket['reference']} {key}]"
        return Comment(marked, internal, by, name)


def read(connection: Connection, reference: str) -> Ours:
    """A ticket as it is now. Raises NotFound."""
    ticket = tickets.get(connection, reference)
    conversation = conversations.get(connection, ticket["conversation_id"])
    history = tickets.history(connection, reference)
    notes = [line for line in history if line["action"] == "note" and "text" in line["detail"]
             and not line["detail"].get("connector")]
    return Ours(ticket, conversation, conversations.all_events(connection, conversation.id), notes)


def own_key(text: str, reference: str) -> str | None:
    """The key in a comment's marker, where we wrote it about this ticket."""
    for found in _MARKER.finditer(text):
        if found["reference"] == reference:
            return found["key"]
    return None
