"""What an agent needs to go on without asking again: built from the conversation, nothing guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.conversations.model import Conversation, Event
from bot.conversations.text import one_line

_ACKNOWLEDGED = 12     # a shorter customer message ("non", "ok") does not carry the request


def build(
    conversation: Conversation, events: Sequence[Event], given: Mapping[str, Any]
) -> dict[str, Any]:
    """The packet. ``given`` is the payload of the dialogue's hand-over effect, possibly empty."""
    shown, refused = _articles(events, given)
    return {
        "reason": given.get("reason") or "asked",
        "request": _request(events, given),
        "tried": _tried(events, given, shown),
        "articles_shown": shown,
        "articles_refused": refused,
        "slots": dict(given.get("slots") or {}),
        "verified": given.get("verified"),
        "flow": given.get("flow"),
        "language": conversation.language,
        "theme": given.get("theme") or conversation.theme,
        "urgency": "urgent" if is_urgent(given) else "normal",
        "mood": given.get("mood") or "neutral",
        "page_url": conversation.page_url,
        "messages": sum(event.kind == "message" for event in events),
    }


def is_urgent(given: Mapping[str, Any]) -> bool:
    """Whether the dialogue said that this cannot wait."""
    return bool(
        given.get("urgent")
        or given.get("reason") == "urgent"
        or given.get("urgency") in ("urgent", "high!", "emergency")
        or given.get("priority") == "urgent"
    )


def summary(packet: Mapping[str, Any]) -> str:
    """Two lines: subject with the request in the customer's words; what was tried."""
    subject = packet.get("theme") or packet.get("flow") or "demande"
    request = packet.get("request") or "(pas encore de message)"
    tried = "; ".join(packet.get("tried") or ()) or "rien encore"
    return f"[{subject}] « {one_line(str(request), 160)} »\nEssayé : {one_line(tried, 160)}"


def _request(events: Sequence[Event], given: Mapping[str, Any]) -> str:
    """What they want, in their words: the dialogue's last request (asking for a person is none)."""
    asks = [str(ask).strip() for ask in given.get("asks") or () if str(ask).strip()]
    return asks[-1] if asks else last_request(events)


def last_request(events: Sequence[Event]) -> str:
    """The customer's last message that says something, else their last one, in their words."""
    said = [e.text for e in events if e.author == "customer" and e.kind == "message" and e.text]
    typed = [
        e.text for e in events
        if e.author == "customer" and e.kind == "message" and e.text and not e.payload.get("choice")
    ]
    for text in reversed(typed):
        if len(text) > _ACKNOWLEDGED:
            return text
    return (typed or said or [""])[-1]


def _articles(
    events: Sequence[Event], given: Mapping[str, Any]
) -> tuple[list[dict[str, Any]], list[str]]:
    shown: dict[str, dict[str, Any]] = {}
    refused: list[str] = [str(slug) for slug in given.get("refused") or ()]
    last_answer: str | None = None
    for event in events:
        if event.author == "bot" and event.payload.get("reply") in ("answer", "options"):
            articles = event.payload.get("articles") or ()
            for article in articles:
                shown[article["id"]] = {
                    "id": article["id"], "title": article.get("title"),
                    "as": event.payload["reply"], "seq": event.seq,
                }
            last_answer = articles[0]["id"] if event.payload["reply"] == "answer" and articles else last_answer
        elif event.kind == "survey" and event.payload.get("helped") is False and last_answer:
            refused.append(last_answer)
    return list(shown.values()), list(dict.fromkeys(refused))


def _tried(
    events: Sequence[Event], given: Mapping[str, Any], shown: Sequence[Mapping[str, Any]]
) -> list[str]:
    tried = [str(line) for line in given.get("tried") or ()]
    if not tried:
        tried = [f"{'réponse' if a['as'] == 'answer' else 'proposé'} : {a['title'] or a['id']}" for a in shown]
        if given.get("flow"):
            tried.append(f"parcours {given['flow']} commencé")
    return tried
