"""What webhooks tell: the names of events, and which of them an endpoint asked for.

A name is ``subject.what``; an endpoint subscribes to names, to ``subject.*`` or to ``*``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bot.conversations.model import Event
from bot.errors import BadInput
from bot.privacy.redaction import redact

NAMES = (
    "conversation.created", "conversation.handed_over", "conversation.rated", "conversation.closed",
    "message.created",
    "ticket.created", "ticket.assigned", "ticket.updated", "ticket.solved", "ticket.reopened",
    "ticket.closed",
    "article.published",
)
SUBJECTS = tuple(dict.fromkeys(name.split(".")[0] for name in NAMES))
_CONVERSATION = {"handover": "conversation.handed_over", "survey": "conversation.rated",
                 "closed": "conversation.closed", "message": "message.created"}
_TICKET = {"open": "ticket.created", "take": "ticket.assigned", "transfer": "ticket.assigned",
           "resolve": "ticket.solved", "hand_back": "ticket.solved", "close": "ticket.closed",
           "reopen": "ticket.reopened"}
_KEPT = ("reply", "choice", "helped", "csat", "effort", "reason", "reference", "channel")


def check(wanted: Iterable[str]) -> list[str]:
    """Subscriptions in order, without repeats. Raises BadInput for one that names nothing."""
    known = {"*", *NAMES, *(f"{subject}.*" for subject in SUBJECTS)}
    names = list(dict.fromkeys(name.strip() for name in wanted if name.strip()))
    for name in names:
        if name not in known:
            raise BadInput(f"There is no event {name[:40]!r}. Known: {', '.join(NAMES)}.", key="hook_event", name=name[:40], known=", ".join(NAMES))
    if not names:
        raise BadInput("Choose at least one event, or '*' for all.", key="hook_events")
    return names


def wants(subscriptions: Iterable[str], name: str) -> bool:
    """Whether an endpoint with these subscriptions gets the event."""
    return any(item in ("*", name) or item == f"{name.split('.')[0]}.*" for item in subscriptions)


def of_event(event: Event) -> tuple[str, dict[str, Any]] | None:
    """Name and data of a conversation's event; None for one that is not told. Words are redacted."""
    name = _CONVERSATION.get(event.kind)
    if name is None or (event.kind == "survey" and event.author != "customer"):
        return None
    payload = event.payload
    data: dict[str, Any] = {"conversation_id": event.conversation_id, "seq": event.seq,
                            "at": event.at, "author": event.author}
    data |= {key: payload[key] for key in _KEPT if payload.get(key) is not None}
    for words in ("text", "comment"):
        if payload.get(words):
            data[words] = redact(str(payload[words]))
    if payload.get("articles"):
        data["articles"] = [article.get("id") for article in payload["articles"]]
    if event.author == "agent" and payload.get("name"):
        data["name"] = payload["name"]
    return name, data


def of_ticket(action: str, from_status: str | None, to_status: str) -> str:
    """The name of what happened to a ticket."""
    if from_status in ("solved", "closed") and to_status == "open":
        return "ticket.reopened"
    return _TICKET.get(action, "ticket.updated")


def ticket_data(ticket: Mapping[str, Any], priority: str) -> dict[str, Any]:
    """A ticket as webhooks show it: no words, no contact."""
    shown = ("reference", "conversation_id", "status", "queue", "channel", "locale", "theme",
             "assignee", "opened_at", "first_response_at", "solved_at")
    return {key: ticket.get(key) for key in shown} | {"priority": priority}
