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
from bot.errors import NotFound
from bot.integrations.connectors.port import Comment, NewTicket
from bot.tickets import store as tickets
from bot.tickets.states import PRIORITIES
from bot.tickets.store import Ticket

_LONGEST = 30_000
_WHO = {"customer": "Client", "bot": "Assistant", "agent": "Conseiller"}
#: A whole comment of ours: a text that only quotes one is somebody else's. Where a customer typed a marker
#: of their own, the last one is ours.
_OWN = re.compile(r"\A\s*(?:Client|Conseiller)\b.*\[Relais (?P<reference>[A-Z]{2,5}-[0-9A-Z]{6}) "
                  r"(?P<key>[mn]\d+(?:x\w+)?)\]\s*\Z", re.DOTALL)
#: Lines of history that may have changed the priority.
_PRESSING = ("open", "prioritise", "absorb")


@dataclass(frozen=True)
class Ours:
    """A ticket with its conversation and history, read in one transaction.

    ``merged`` are customers' messages in the conversations of duplicates, since they were merged into it;
    ``merged_seq`` grows with every event there.
    """

    ticket: Ticket
    conversation: Conversation
    events: Sequence[Event]
    history: Sequence[dict[str, Any]]
    merged: Sequence[Event] = ()
    merged_seq: int = 0

    @property
    def notes(self) -> list[dict[str, Any]]:
        """What agents noted here."""
        return [line for line in self.history if line["action"] == "note" and "text" in line["detail"]
                and not line["detail"].get("connector")]

    @property
    def values(self) -> dict[str, object]:
        """What custom fields are looked up in."""
        return {**self.ticket["packet"], **self.ticket, "priority": PRIORITIES[self.ticket["priority"]]}

    @property
    def standing(self) -> dict[str, tuple[str, str]]:
        """Status and priority, each with the time of its last change."""
        opened = str(self.ticket["opened_at"])
        moved = [str(line["at"]) for line in self.history if line["from_status"] != line["to_status"]]
        pressed = [str(line["at"]) for line in self.history if line["action"] in _PRESSING
                   or line["detail"].get("handed_over_again")]
        return {"status": (str(self.ticket["status"]), max(moved, default=opened)),
                "priority": (PRIORITIES[self.ticket["priority"]], max(pressed, default=opened))}

    @property
    def seen(self) -> list[int]:
        """What a pass has dealt with where nothing of this grew since."""
        return [self.last_seq + self.merged_seq, self.last_note, self.ticket["version"]]

    @property
    def last_seq(self) -> int:
        """The newest event."""
        return self.events[-1].seq if self.events else 0

    @property
    def last_note(self) -> int:
        """The newest note."""
        notes = self.notes
        return int(notes[-1]["id"]) if notes else 0

    def new(self) -> NewTicket:
        """What the twin is made from."""
        packet = self.ticket["packet"]
        priority = PRIORITIES[self.ticket["priority"]]
        said = "\n".join(
            f"{_WHO[e.author]}{' ' + str(e.payload['name']) if e.payload.get('name') else ''}: {e.text}"
            for e in self.events if e.kind == "message" and e.author in _WHO)
        body = f"{self.ticket['summary']}\n\n{said}"[:_LONGEST] + f"\n\nRelais {self.ticket['reference']}"
        subject = one_line(str(packet.get("request") or self.ticket["summary"]), 120)
        return NewTicket(self.ticket["reference"], subject, body, self.ticket["status"], priority,
                         packet.get("contact"), self.values)

    def comments(self, *, messages: bool, after_seq: int, after_note: int) -> dict[str, Comment]:
        """Messages (where wanted) and notes since the twin was made, by key, each with its marker.

        What was said after a ticket was settled for good belongs to the customer's next one.
        """
        found: dict[str, Comment] = {}
        until = self.ticket["solved_at"] if self.ticket["status"] == "closed" else None
        said = [*(event for event in self.events if event.seq > after_seq), *self.merged] if messages else []
        for event in said:
            if event.kind == "message" and event.author in ("customer", "agent") and not (until and event.at > until):
                key = message_key(event, self.conversation.id)
                name = str(event.payload.get("name") or "")
                by = "customer" if event.author == "customer" else "agent"
                files = [str(item.get("name")) for item in event.payload.get("attachments") or ()]
                text = "\n".join([event.text, *(f"[{file}]" for file in files)]).strip()
                found[key] = self._comment(key, text, False, by, name)
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
    merged, grown = _merged(connection, history)
    return Ours(ticket, conversation, conversations.all_events(connection, conversation.id), history, merged, grown)


def _merged(connection: Connection, history: Sequence[dict[str, Any]]) -> tuple[list[Event], int]:
    """Customers' messages since their tickets were merged into this one, oldest first; events there in all."""
    found: list[Event] = []
    grown = 0
    for line in history:
        if line["action"] != "absorb":
            continue
        try:
            duplicate = tickets.get(connection, str(line["detail"].get("to")))
        except NotFound:
            continue             # erased since
        for id_ in (duplicate["conversation_id"],
                    *tickets.merged_conversations(connection, duplicate["reference"])):
            there = conversations.all_events(connection, id_)
            grown += len(there)
            found += [event for event in there if event.at >= line["at"]
                      and event.kind == "message" and event.author == "customer"]
    return sorted(found, key=lambda event: event.at), grown


def message_key(event: Event, conversation_id: str) -> str:
    """A message's key: its number, and where it was said in a duplicate's conversation, which one."""
    own = event.conversation_id == conversation_id
    return f"m{event.seq}" if own else f"m{event.seq}x{event.conversation_id[:8]}"


def own_key(text: str, reference: str) -> str | None:
    """The key in a comment's marker, where the whole comment is one that we wrote about this ticket."""
    found = _OWN.match(text)
    return found["key"] if found and found["reference"] == reference else None
