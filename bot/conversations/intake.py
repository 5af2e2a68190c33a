"""What customers do, each in one transaction: open, write, rate, ask for a person, read, leave."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.conversations import store, survey
from bot.conversations.courtesy import is_courtesy
from bot.conversations.errors import AlreadyRated, ChoiceNotOffered, EmptyMessage, MessageTooLong
from bot.conversations.model import Conversation, Draft, Event
from bot.conversations.text import clean, is_blank
from bot.conversations.turns import Turn, claim, is_free, new_lease
from bot.conversations.wording import say, speak
from bot.errors import BadInput
from bot.failpoints import hit
from bot.handover.alarm import raise_alarm
from bot.privacy.redaction import redact
from bot.storage.clock import later, now_iso
from bot.storage.schema import events, feedback
from bot.tickets import satisfaction
from bot.tickets import store as tickets
from bot.tickets.states import LIVE, REOPEN_DAYS

#: First buttons of a conversation: id as the dialogue knows it, wording key.
FIRST_CHOICES = (
    ("flow:outage", "choice_outage"),
    ("flow:explain_bill", "choice_bill"),
    ("flow:meter_reading", "choice_reading"),
    ("flow:move_home", "choice_move"),
    ("human", "choice_human"),
)


@dataclass(frozen=True)
class Accepted:
    """A stored message: its number, new events to publish, the turn to run (if we got it)."""

    seq: int
    events: list[Event] = field(default_factory=list)
    turn: Turn | None = None


def begin(
    connection: Connection, *, locale: str | None, page_url: str | None, language: str
) -> tuple[Conversation, str, list[Event]]:
    """A new conversation with its welcome."""
    conversation, token = store.create(
        connection, language=language, locale=locale, page_url=page_url
    )
    voice = speak(language)
    greeting: dict[str, Any] = {
        "text": say("greeting", voice), "reply": "smalltalk", "articles": [],
        "choices": [{"id": name, "label": say(key, voice)} for name, key in FIRST_CHOICES],
        "meta": {"source": "greeting"},
    }
    made = store.append(connection, conversation.id, [Draft("message", "bot", greeting)])
    return store.get(connection, conversation.id), token, made


def check_text(text: str, limit: int) -> str:
    """The text as it will be stored. Raises EmptyMessage, MessageTooLong."""
    if len(text) > limit:
        raise MessageTooLong(limit)
    cleaned = clean(text)
    if is_blank(cleaned):
        raise EmptyMessage()
    return cleaned


def accept(
    connection: Connection, conversation_id: str, token: str, *, client_message_id: str,
    text: str, choice: str | None, knows_article: Callable[[str, str], str | None],
    lease_seconds: float,
) -> Accepted:
    """Store a customer's message; the same ``client_message_id`` again gives the same number.

    ``knows_article`` gives an article's title by slug and language. Raises UnknownConversation, ChoiceNotOffered.
    """
    conversation = store.open_with(connection, conversation_id, token, lock=True)
    already = store.find_client_message(connection, conversation_id, client_message_id)
    if already is not None:
        return Accepted(already)
    payload: dict[str, Any] = {"text": text}
    if choice is not None:
        label = _label(connection, conversation, choice, knows_article)
        payload = {"text": label, "choice": choice}
    hit("web.message.storing")
    mode, more = receive(connection, conversation, text, clicked=choice is not None)
    values: dict[str, Any] = {"mode": mode, "closed_at": None}
    free = mode == "bot" and is_free(conversation)
    next_in_line = free and conversation.asked_seq <= conversation.answered_seq
    if mode == "bot":
        values["asked_seq"] = conversation.seq + 1
        if conversation.asked_seq <= conversation.answered_seq:
            values["answered_seq"] = conversation.seq     # what was written to an agent waits for no bot
    if next_in_line:
        values |= new_lease(conversation, lease_seconds)
    conversation, made = store.append_to(
        connection, conversation, [Draft("message", "customer", payload, client_message_id), *more],
        **values)
    hit("web.message.written")
    if next_in_line:
        turn: Turn | None = Turn(conversation, made[0], values["turn_token"], values["turn_attempts"])
    else:
        turn = claim(connection, conversation, lease_seconds) if free else None
    return Accepted(made[0].seq, made, turn)


def rate(
    connection: Connection, conversation_id: str, token: str, *, kind: str, value: int,
    comment: str | None, reason: str | None = None,
) -> list[Event]:
    """Store a rating (``helped`` 0/1, ``csat`` 1–5, ``effort`` 1–10), each survey once.

    The ticket keeps a ``csat`` with its ``reason`` (one of ``satisfaction.REASONS``), if any. Raises
    BadInput, AlreadyRated.
    """
    conversation = store.open_with(connection, conversation_id, token, lock=True)
    ranges = {"helped": (0, 1), "csat": (1, 5), "effort": (1, 10)}
    low, high = ranges[kind]
    if not low <= value <= high:
        raise BadInput(f"{kind} must be between {low} and {high}.")
    said_before = survey.answered(connection, conversation.id, kind)
    if said_before == value:
        return []
    if said_before is not None:
        raise AlreadyRated()
    note = redact(clean(comment)[:2000]) if comment else None
    ticket = tickets.of_conversation(connection, conversation.id, lock=True)
    with_agent = ticket is not None
    if ticket is not None and kind == "csat":
        satisfaction.rate(connection, ticket, value, reason)
    connection.execute(sa.insert(feedback).values(
        conversation_id=conversation.id, at=now_iso(), kind=kind, value=value, comment=note,
        with_agent=with_agent))
    shown: dict[str, Any] = {kind: bool(value) if kind == "helped" else value}
    if note:
        shown["comment"] = note
    more = survey.follow_up(connection, conversation, kind, with_agent)
    return store.append(connection, conversation.id, [Draft("survey", "customer", shown), *more])


def _label(
    connection: Connection, conversation: Conversation, choice: str,
    knows_article: Callable[[str, str], str | None],
) -> str:
    label = store.offered_label(connection, conversation.id, choice)
    if label is None and choice == "human":
        label = say("choice_human", conversation.language)   # the way out is always offered
    if label is None and choice.startswith("article:"):
        label = knows_article(choice.removeprefix("article:"), conversation.language)   # links to articles
    if label is None and choice in ("helped:yes", "helped:no") and _asked_feedback(
        connection, conversation.id
    ):
        label = say("helped_yes" if choice == "helped:yes" else "helped_no", conversation.language)
    if label is None:
        raise ChoiceNotOffered()
    return label


def _asked_feedback(connection: Connection, conversation_id: str) -> bool:
    return any(e.author == "bot" and e.payload.get("feedback")
               for e in store.last_events(connection, conversation_id, 30))


def receive(
    connection: Connection, conversation: Conversation, text: str, *, clicked: bool = False
) -> tuple[str, list[Draft]]:
    """Who a customer's message is for (a mode), and what its ticket does about it.

    A settled ticket opens again and its customer is told so, but not for thanks alone, for a button of
    the bot's (``clicked``), or for an answer to the bot's flow.
    """
    if conversation.mode == "bot" and conversation.contact_channel is None:
        return "bot", []     # never with a person
    ticket = tickets.of_conversation(connection, conversation.id, lock=True)
    if ticket is None:
        return "bot", []
    if ticket["conversation_id"] != conversation.id:
        tickets.end_snooze(connection, ticket["reference"])
    aside = clicked or is_courtesy(text)
    with_people = conversation.mode in ("waiting", "agent")
    # A chat told "solved" whose ticket lives: a customer of a request merged with it opened it again.
    if ticket["status"] in LIVE and (with_people or (conversation.mode == "closed" and not aside)):
        ticket = tickets.heard(connection, ticket)
        mode = conversation.mode if with_people else _people(ticket)
        alarm = raise_alarm(connection, conversation, ticket, text)
        if alarm and mode == "agent":       # who is not there lets go of it
            mode = _people(tickets.get(connection, ticket["reference"]))
        return mode, alarm
    recent = (ticket["solved_at"] or "") >= later(-REOPEN_DAYS * 86400)
    handed_back = tickets.last_action(connection, ticket["reference"]) == "hand_back"
    if not recent or handed_back or aside or _in_flow(connection, conversation):
        return "bot", []
    ticket = tickets.act(connection, ticket, "customer", "customer", {"reopened": True})
    alarm = raise_alarm(connection, conversation, ticket, text, anew=True)
    ticket = tickets.get(connection, ticket["reference"])
    shown = {"reference": ticket["reference"], "status": ticket["status"], "queue": ticket["queue"]}
    told: list[Draft] = []
    if not alarm and not with_people:     # who never heard that it was settled needs no word of this
        words = say("reopened", conversation.language, reference=ticket["reference"])
        told.append(Draft("handover", "system", shown | {"text": words}))
    return _people(ticket), [Draft("ticket", "system", shown), *alarm, *told]


def _people(ticket: tickets.Ticket) -> str:
    """The mode of a chat whose live ticket people answer for."""
    return "agent" if ticket["assignee"] else "waiting"


def _in_flow(connection: Connection, conversation: Conversation) -> bool:
    """Whether the bot is in a flow that began after the ticket was settled: it asked, it gets the answer."""
    state = conversation.state or {}
    began = str((state.get("slots") or {}).get("flow_key") or "").rpartition(":")[2]
    if conversation.mode != "bot" or not state.get("loop") or not began.isdigit():
        return False
    settled = connection.execute(
        sa.select(sa.func.max(events.c.seq))
        .where(events.c.conversation_id == conversation.id, events.c.kind == "closed",
               events.c.author == "agent")
    ).scalar_one()
    return int(began) > int(settled or 0)
