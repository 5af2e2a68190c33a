"""A conversation becomes a ticket: once, with everything, and the customer is told what happens next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.engine import Connection

from bot.assistant.known import put_down
from bot.conversations import store as conversations
from bot.conversations.model import Conversation, Draft, Event
from bot.conversations.wording import say
from bot.errors import BadInput
from bot.failpoints import hit
from bot.handover import packet as packets
from bot.handover.alarm import call
from bot.handover.contact import normalise
from bot.handover.mails import queue_opened_mail
from bot.storage.clock import iso, now_iso
from bot.tickets import store as tickets
from bot.tickets import waits
from bot.tickets.hours import Desk
from bot.tickets.queue import standing
from bot.tickets.routing import TRANSLATE, nobody_speaks, route
from bot.tickets.rules import DANGER_TAGS
from bot.tickets.states import PRIORITIES, priority_number
from bot.visitors import store as visitors

CHANNELS = ("chat", "email", "phone")


@dataclass(frozen=True)
class HandedOver:
    """The ticket of the conversation, and the events its customer gets (none if nothing changed)."""

    reference: str
    events: list[Event] = field(default_factory=list)


def hand_over(
    connection: Connection, conversation: Conversation, *, desk: Desk, now: datetime,
    channel: str = "chat", contact: str | None = None, given: Mapping[str, Any] | None = None,
    author: str = "customer", lead_in: str = "", quiet: bool = False,
) -> HandedOver:
    """Open the conversation's ticket, or find and update the one it has.

    ``given`` is the dialogue's effect payload; ``lead_in`` goes before the customer's notice
    and stands in the mail about the ticket in place of the usual confirmation;
    ``quiet`` leaves that notice out (somebody takes the ticket in the same breath). The caller holds the conversation's row. Raises BadInput for an unusable channel or contact.
    """
    given = dict(given or {})
    named = bool(contact and contact.strip())
    if channel not in CHANNELS:
        raise BadInput("channel must be chat, email or phone.")
    contact = _contact(conversation, channel, contact)
    hit("handover.begun")
    ticket = tickets.of_conversation(connection, conversation.id, lock=True)
    events = conversations.all_events(connection, conversation.id)
    packet = (packets.build(conversation, events, given) | {"contact": contact, "channel": channel}
              | visitors.of(connection, conversation.id))
    facts = packets.facts(packet, given, conversation.language, channel)
    way = route(connection, facts)
    queue = str(given.get("queue") or way.queue)
    number = min(priority_number(way.priority), priority_number(given.get("priority")))
    changed = True
    if ticket is None:
        ticket = tickets.create(
            connection, author=author, conversation_id=conversation.id, queue=queue,
            priority=number, channel=channel, locale=conversation.language, theme=packet["theme"],
            summary=packets.summary(packet), packet=packet, level=way.level, tags=list(way.tags),
            outage=packets.outage(conversation.state, given),
        )
    else:
        before = (ticket["status"] == "solved", ticket["channel"], ticket["packet"].get("contact"))
        more_pressing = number < ticket["priority"]
        # An address that mails came back from, given once more, is tried again.
        again = named and ticket["packet"].get("contact_bounced") == contact
        # The survivor keeps its own customer's language where a duplicate's chat asks.
        ours = ticket["conversation_id"] == conversation.id
        moved = ours and ticket["locale"] != conversation.language
        changed = before != (False, channel, contact) or more_pressing or again or moved
        if changed:
            elsewhere = more_pressing or (moved and not _stays(ticket))
            tags = [tag for tag in ticket["tags"] if tag != TRANSLATE] if moved else ticket["tags"]
            ticket = _update(connection, ticket, conversation, channel, contact, packet, author, again=again,
                             queue=queue if elsewhere else ticket["queue"],
                             priority=min(number, ticket["priority"]),
                             tags=list(dict.fromkeys([*tags, *way.tags])),
                             locale=conversation.language if ours else ticket["locale"])
        if number == 0 and (more_pressing or before[0]):      # not for an agent to find who is away
            ticket = call(connection, ticket, facts.danger or "other", now)
    hit("handover.ticket")
    mode = "agent" if ticket["assignee"] else "waiting"
    conversations.update(
        connection, conversation.id, mode=mode, contact=contact, contact_channel=channel,
        theme=packet["theme"], closed_at=None,
        # What is still unanswered now waits for a person, not for the bot.
        answered_seq=conversation.asked_seq,
        # The packet has what the customer gave; the bot waits for no answer any more.
        **({"state": put_down(conversation.state)} if conversation.state else {}),
    )
    if not changed:
        return HandedOver(ticket["reference"])
    hit("handover.notice")
    told = notice(connection, ticket, conversation.language, desk, now)
    if way.fallback and (words := nobody_speaks(connection, conversation.language)):
        told["text"] = f"{told['text']} {words}"
    if lead_in:
        told["text"] = f"{lead_in} {told['text']}"
    shown = {key: told[key] for key in _TICKET_KEYS if key in told}
    drafts = [Draft("ticket", "system", shown | {"meta": {"danger": facts.danger}})]
    if not quiet:
        drafts.append(Draft("handover", "system", told | {"meta": {"reason": packet["reason"], "by": author}}))
    made = conversations.append(connection, conversation.id, drafts)
    if channel == "email" and contact:
        hit("handover.mail")
        queue_opened_mail(connection, ticket, conversation, contact, words=lead_in)
    return HandedOver(ticket["reference"], made)


_TICKET_KEYS = ("reference", "status", "queue", "priority", "position", "wait_seconds",
                "channel", "opening_at")


def notice(
    connection: Connection, ticket: tickets.Ticket, language: str, desk: Desk, now: datetime
) -> dict[str, Any]:
    """What the customer is told about their ticket: place, wait or opening, in words and as values."""
    place = standing(connection, ticket, desk, now)
    told: dict[str, Any] = {
        "reference": ticket["reference"], "status": ticket["status"], "queue": ticket["queue"],
        "priority": PRIORITIES[ticket["priority"]], "channel": ticket["channel"],
    }
    if place.position is not None:
        told["position"] = place.position
    open_now = desk.is_open(now)
    opening = None if open_now else desk.next_opening(now)
    words = ""
    if opening is not None:
        told["opening_at"] = iso(opening)
        words = desk.describe(opening, now, language)
    contact = ticket["packet"].get("contact")
    if ticket["channel"] in ("email", "phone") and contact:
        parts = [say(f"handover_{ticket['channel']}", language, contact=contact,
                     reference=ticket["reference"])]
        if words:
            parts.append(say("back_from", language, opening=words))
    elif words:
        parts = [say("handover_chat_closed", language, opening=words, reference=ticket["reference"])]
    else:
        parts = [say("handover_chat_open", language, reference=ticket["reference"])]
        parts += _queue_words(place.position, place.wait_seconds, place.people_present, language)
        if place.wait_seconds is not None:
            told["wait_seconds"] = place.wait_seconds
        if place.position is not None:
            waits.record(connection, ticket["reference"], ticket["queue"], seconds=place.wait_seconds,
                         position=place.position, people=place.people_present, now=now)
    told["text"] = " ".join(parts)
    return told


def _queue_words(position: int | None, wait: int | None, present: int, language: str) -> list[str]:
    parts = []
    if position is not None:
        parts.append(say("position_one", language) if position == 1
                     else say("position_many", language, position=position))
    if wait is not None and present:
        parts.append(say("wait_under_minute", language) if wait < 60
                     else say("wait_minutes", language, minutes=-(-wait // 60)))
    elif position is not None:
        parts.append(say("people_present" if present else "nobody_present", language))
    return parts


def _contact(conversation: Conversation, channel: str, contact: str | None) -> str | None:
    if contact is None or not contact.strip():
        if channel == "chat":
            return conversation.contact
        if conversation.contact and conversation.contact_channel == channel:
            return conversation.contact
        raise BadInput(
            f"Give a contact for {channel}.",
            key="problem_contact_email" if channel == "email" else "problem_contact_phone",
        )
    return normalise(channel, contact, conversation.language)


def _stays(ticket: tickets.Ticket) -> bool:
    """Whether a ticket stays in its queue whatever its customer speaks now: someone has it, or it is danger's."""
    danger = ticket["packet"].get("instructed") or DANGER_TAGS & set(ticket["tags"])
    return bool(ticket["assignee"] or ticket["priority"] == 0 or danger)


def _update(
    connection: Connection, ticket: tickets.Ticket, conversation: Conversation, channel: str,
    contact: str | None, packet: dict[str, Any], author: str, *, again: bool, **changes: Any,
) -> tickets.Ticket:
    known = {k: v for k, v in packet.items() if v not in (None, [], {}, "")}
    # The flow that was under way the first time is put down since: what it had stays.
    for name in ("slots", "tried"):
        if before := ticket["packet"].get(name):
            known[name] = _with(before, known.get(name))
    ours = ticket["conversation_id"] == conversation.id
    # A duplicate's chat: the survivor keeps its own request and channel.
    merged = ticket["packet"] | known if ours else known | ticket["packet"]
    merged = packets.proved(packets.with_instructions(merged, merged.get("instructed")), ticket["packet"], packet)
    if again:
        merged.pop("contact_bounced")
    if ours:
        changes |= {"channel": channel, "summary": packets.summary(merged)}
    action = "reopen" if ticket["status"] == "solved" else "note"
    if action == "reopen" and author in ("customer", "bot"):      # not where an agent steps in
        changes["waiting_since"] = now_iso()
    moved = {"queue": changes["queue"]} if changes["queue"] != ticket["queue"] else {}
    return tickets.act(connection, ticket, action, author, {"handed_over_again": True, **moved},
                       packet=merged, **changes)


def _with(before: Any, more: Any) -> Any:
    """What a packet had and what came since: values by slot, or lines."""
    if isinstance(before, dict):
        return {**before, **(more or {})}
    return list(dict.fromkeys([*before, *(more or ())]))
