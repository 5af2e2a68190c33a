"""A turn in the database: claimed by one process at a time, committed as a whole or not at all."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.assistant.protocol import Reply, TurnResponse
from bot.conversations import store
from bot.conversations.effects import Moment, carry_out
from bot.conversations.model import Conversation, Draft, Event
from bot.failpoints import hit
from bot.handover.packet import is_urgent
from bot.storage.clock import iso, later, now_iso
from bot.storage.schema import conversations, events

_C, _E = conversations.c, events.c
#: Seconds. A lease that ends later was given before the clock was set back, and binds nobody.
_LONGEST_LEASE = 300.0


@dataclass(frozen=True)
class Turn:
    """The right to answer ``message``, as long as ``token`` stands in the conversation's row."""

    conversation: Conversation
    message: Event
    token: str
    attempts: int = 1

    @property
    def id(self) -> str:
        """The same for every try of the same message."""
        return f"{self.conversation.id}:{self.message.seq}"


@dataclass(frozen=True)
class Committed:
    """What the customer gets, and the next turn where another message waits."""

    events: list[Event] = field(default_factory=list)
    following: Turn | None = None


def claim(
    connection: Connection, conversation: Conversation, lease_seconds: float
) -> Turn | None:
    """The turn for the oldest unanswered message; None if there is none or someone has it.

    The caller holds the conversation's row.
    """
    if conversation.mode != "bot" or conversation.asked_seq <= conversation.answered_seq:
        return None
    if not is_free(conversation):
        return None
    unanswered = store.events_after(connection, conversation.id, conversation.answered_seq)
    message = next((e for e in unanswered if e.author == "customer" and e.kind == "message"), None)
    if message is None:
        store.update(connection, conversation.id, answered_seq=conversation.asked_seq)
        return None
    lease = new_lease(conversation, lease_seconds)
    store.update(connection, conversation.id, **lease)
    return Turn(replace(conversation, **lease), message, lease["turn_token"],
                lease["turn_attempts"])


def is_free(conversation: Conversation) -> bool:
    """Whether nobody is answering this conversation now."""
    until = conversation.turn_lease_until or ""
    return not conversation.turn_token or until <= now_iso() or until > later(_LONGEST_LEASE)


def new_lease(conversation: Conversation, lease_seconds: float) -> dict[str, Any]:
    """The columns that give the turn to the caller."""
    return {"turn_token": uuid.uuid4().hex, "turn_lease_until": later(lease_seconds),
            "turn_attempts": conversation.turn_attempts + 1}


def release(connection: Connection, turn: Turn) -> None:
    """Give a turn back that failed, so that it is taken up at once and not when its lease ends."""
    connection.execute(sa.update(conversations).where(
        _C.id == turn.conversation.id, _C.turn_token == turn.token)
        .values(turn_token=None, turn_lease_until=None))


def claim_by_id(connection: Connection, conversation_id: str, lease_seconds: float) -> Turn | None:
    """:func:`claim` for a conversation not read yet."""
    return claim(connection, store.get(connection, conversation_id, lock=True), lease_seconds)


def abandoned(connection: Connection, limit: int = 50) -> list[str]:
    """Conversations with an unanswered message that nobody works on (after a crash)."""
    rows = connection.execute(
        sa.select(_C.id)
        .where(
            _C.asked_seq > _C.answered_seq, _C.mode == "bot",
            sa.or_(_C.turn_token.is_(None), _C.turn_lease_until < now_iso(),
                   _C.turn_lease_until > later(_LONGEST_LEASE)),
        )
        .order_by(_C.last_at)
        .limit(limit)
    )
    return [row.id for row in rows]


def commit(
    connection: Connection, turn: Turn, response: TurnResponse, moment: Moment,
    lease_seconds: float, *, source: str = "dialogue",
) -> Committed:
    """Store replies, state and effects of a turn, all in the caller's transaction.

    Nothing is stored where the lease went to someone else. Where a person took the conversation over while
    the bot was thinking, only what it had carried out by then is told, so that nobody does it again; danger
    is answered all the same.
    """
    conversation = store.get(connection, turn.conversation.id, lock=True)
    if conversation.turn_token != turn.token:
        return Committed()
    values: dict[str, Any] = {"turn_token": None, "turn_lease_until": None, "turn_attempts": 0,
                              # Never back: meanwhile a person may have answered for more.
                              "answered_seq": max(conversation.answered_seq, turn.message.seq)}
    # People answered for this message: the chat is theirs, or was and is the bot's again.
    theirs = conversation.mode != "bot" or conversation.answered_seq >= turn.message.seq
    if theirs and not any(e.kind == "handover" and is_urgent(e.payload) for e in response.effects):
        return _too_late(connection, conversation, turn, response, moment, lease_seconds, values, source)
    if source == "dialogue":
        values |= {"state": response.state, "note": None}
    # A fallback only repeats the language it was given; a rule for danger knows whose words it read.
    if response.language and source in ("dialogue", "safety"):
        values["language"] = response.language[:8]
    if response.theme:
        values["theme"] = response.theme
    conversation, made = store.append_to(
        connection, conversation, _drafts(turn, response, response.replies, source), at=iso(moment.now), **values)
    hit("web.turn.written")
    if response.effects:
        made += carry_out(connection, conversation, turn.message, response.effects, moment)
        conversation = store.get(connection, conversation.id)
    hit("web.turn.effects")
    return Committed(made, claim(connection, conversation, lease_seconds))


def _too_late(
    connection: Connection, conversation: Conversation, turn: Turn, response: TurnResponse, moment: Moment,
    lease_seconds: float, values: dict[str, Any], source: str,
) -> Committed:
    """End a turn whose message is people's by now: told is what was done in the back office, and no more."""
    done = [effect for effect in response.effects if effect.kind == "flow" and effect.payload.get("reference")]
    told = [reply.copy(update={"choices": [], "input": None, "feedback": False})
            for reply in response.replies if done and reply.reply == "flow"]
    drafts = _drafts(turn, response, told, source)
    conversation, made = store.append_to(connection, conversation, drafts, at=iso(moment.now), **values)
    made += carry_out(connection, conversation, turn.message, done, moment)
    return Committed(made, claim(connection, conversation, lease_seconds))


def _drafts(turn: Turn, response: TurnResponse, replies: Sequence[Reply], source: str) -> list[Draft]:
    meta = _meta(turn, response, source)
    return [
        Draft("message", "bot",
              payload(reply) | {"meta": meta if place == 0 else {"turn": turn.message.seq}})
        for place, reply in enumerate(replies)
    ]


def payload(reply: Reply) -> dict[str, Any]:
    """A reply as an event's payload; what is empty is left out, except the contract's fields."""
    full = reply.dict(exclude_none=True)
    return {key: value for key, value in full.items()
            if key in ("text", "reply", "choices", "articles") or value}


def _meta(turn: Turn, response: TurnResponse, source: str) -> dict[str, Any]:
    """What reports and leads read beside the reply; never shown to the customer."""
    effects: Sequence[dict[str, Any]] = [
        {"kind": effect.kind,
         "payload": {} if effect.kind in ("handover", "gap") else
         {k: v for k, v in effect.payload.items() if k != "slots"}}
        for effect in response.effects
    ]
    return {
        "turn": turn.message.seq, "source": source, "intent": response.intent,
        "confidence": round(response.confidence, 4), "theme": response.theme,
        "flow": response.flow, "effects": list(effects), "millis": round(response.millis, 1),
        "evidence": [[ref.id, round(ref.probability, 4)] for ref in response.articles[:5]],
    }
