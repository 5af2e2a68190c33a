"""What an agent needs to go on without asking again: built from the conversation, nothing guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.assistant.known import key_of, mood_of, request_of, slots_of
from bot.conversations.model import Conversation, Event
from bot.conversations.text import one_line
from bot.tickets.rules import Facts

#: In "what was tried", where the customer was told how to get safe.
_INSTRUCTED = "consignes de sécurité données"
_ACKNOWLEDGED = 12     # a shorter customer message ("non", "ok") does not carry the request


def build(
    conversation: Conversation, events: Sequence[Event], given: Mapping[str, Any]
) -> dict[str, Any]:
    """The packet. ``given`` is the payload of the dialogue's hand-over effect, possibly empty.

    What it leaves out is taken from the dialogue's state, so that a person asked for by a button knows
    as much as one the dialogue called.
    """
    state = conversation.state
    given = request_of(state) | {name: value for name, value in given.items() if value not in (None, [], {}, "")}
    shown, refused = _articles(events, given)
    return with_instructions({
        "reason": given.get("reason") or "asked",
        "request": _request(events, given),
        "tried": _tried(events, given, shown),
        "note": one_line(str(given.get("note") or ""), 300) or None,
        "articles_shown": shown,
        "articles_refused": refused,
        "slots": slots_of(state) | dict(given.get("slots") or {}),
        "verified": given.get("verified") or bool(key_of(state)) or None,
        "flow": given.get("flow"),
        "language": conversation.language,
        "theme": given.get("theme") or conversation.theme,
        "urgency": "urgent" if is_urgent(given) else "normal",
        "mood": _mood(given, state),
        "page_url": conversation.page_url,
        "messages": sum(event.kind == "message" for event in events),
    }, given.get("instructed"))


def proved(packet: Mapping[str, Any], *parts: Mapping[str, Any]) -> dict[str, Any]:
    """The packet made of ``parts``: verified only where one of them is, for the contract that is named now."""
    def contract(one: Mapping[str, Any]) -> object:
        return (one.get("slots") or {}).get("contract_number")

    holds = any(part.get("verified") and contract(part) == contract(packet) for part in parts)
    return {**packet, "verified": holds or None}


def with_instructions(packet: Mapping[str, Any], danger: object) -> dict[str, Any]:
    """The packet, saying that the customer was told what to do in this kind of danger (None: they were not)."""
    if not danger:
        return dict(packet)
    others = [line for line in packet.get("tried") or () if line != _INSTRUCTED]
    return {**packet, "instructed": "other" if danger == "any" else str(danger), "tried": [_INSTRUCTED, *others]}


def _mood(given: Mapping[str, Any], state: Mapping[str, Any] | None) -> str:
    """The last message's mood, or anger that came before it."""
    said = str(given.get("mood") or "neutral")
    return said if said != "neutral" else mood_of(state) or "neutral"


def is_urgent(given: Mapping[str, Any]) -> bool:
    """Whether the dialogue said that this cannot wait."""
    return bool(
        given.get("urgent")
        or given.get("reason") == "urgent"
        or given.get("urgency") in ("urgent", "high!", "emergency")
        or given.get("priority") == "urgent"
    )


def facts(
    packet: Mapping[str, Any], given: Mapping[str, Any], language: str, channel: str
) -> Facts:
    """What routing rules ask of a hand-over."""
    danger = given.get("danger")
    if not danger and (is_urgent(given) or packet.get("mood") == "urgent" or packet.get("theme") == "urgence"):
        danger = "other"
    return Facts(
        language=(language or "fr").split("-")[0].lower(), theme=packet.get("theme"),
        danger=str(danger) if danger else None, mood=str(packet.get("mood") or "neutral"),
        person_only=bool(given.get("person_only")), channel=channel)


def outage(state: Mapping[str, Any] | None, given: Mapping[str, Any]) -> str | None:
    """The known outage that the outage flow found at the customer's postcode, if it is under way or was left for a person."""
    found = {**((state or {}).get("slots") or {}), **(given.get("slots") or {})}.get("outage_found")
    known = found.get("id") if isinstance(found, Mapping) else None
    return str(known)[:60] if known else None


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
