"""What a conversation is made of: modes, events, and the draft of an event before it has a number."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Mode = Literal["bot", "waiting", "agent", "closed"]
Author = Literal["customer", "bot", "agent", "system"]
Kind = Literal["message", "handover", "ticket", "survey", "closed"]

#: Payload keys that staff and reports may read and customers never see.
PRIVATE = frozenset({"meta"})


@dataclass(frozen=True)
class Draft:
    """An event to append; it gets its ``seq`` in the write transaction."""

    kind: Kind
    author: Author
    payload: dict[str, Any] = field(default_factory=dict)
    client_message_id: str | None = None


@dataclass(frozen=True)
class Event:
    """A stored event. ``seq`` counts from 1 in each conversation, without holes."""

    conversation_id: str
    seq: int
    at: str
    kind: str
    author: str
    payload: dict[str, Any]
    client_message_id: str | None = None

    def public(self) -> dict[str, Any]:
        """The event as its customer sees it."""
        shown = {key: value for key, value in self.payload.items() if key not in PRIVATE}
        if self.client_message_id and self.author == "customer":
            shown["client_message_id"] = self.client_message_id
        return {"seq": self.seq, "at": self.at, "kind": self.kind, "author": self.author, **shown}

    @property
    def text(self) -> str:
        """The words of it, empty where it has none."""
        return str(self.payload.get("text") or "")


@dataclass(frozen=True)
class Conversation:
    """A conversation as stored, without its events."""

    id: str
    token_hash: str
    locale: str | None
    page_url: str | None
    language: str
    created_at: str
    last_at: str
    closed_at: str | None
    mode: str
    seq: int
    asked_seq: int
    answered_seq: int
    state: dict[str, Any] | None
    note: str | None
    turn_token: str | None
    turn_lease_until: str | None
    turn_attempts: int
    outcome: str | None
    theme: str | None
    contact: str | None
    contact_channel: str | None
