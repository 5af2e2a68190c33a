"""Chats the bot is having right now, those with a sign of trouble first, for a person to step in.

A sign is read from the stored events alone: two turns without a good answer in a row, anger, danger,
a refused answer, a customer left without a reply. Nothing here changes a conversation.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.conversations.model import Event
from bot.conversations.text import one_line
from bot.privacy.redaction import redact
from bot.storage.clock import iso, parse
from bot.storage.schema import conversations, events

_C, _E = conversations.c, events.c
RUNNING_MINUTES = 15.0       # a chat without an event for longer is not running
WAITING_SECONDS = 8.0
_LOOKED_AT = 14              # events of each chat
_ANGRY = frozenset({"frustration", "insult", "sarcasm", "disbelief"})
#: Sign → weight; the order of the list.
WEIGHTS = {"urgent": 100, "failed_twice": 40, "anger": 30, "waiting": 25, "refused": 15, "failed_once": 5}


@dataclass(frozen=True)
class Running:
    """A chat with the bot: its signs, heaviest first, and the customer's last words (redacted)."""

    conversation_id: str
    language: str
    theme: str | None
    last_at: str
    messages: int
    last_words: str
    signs: tuple[str, ...]

    @property
    def weight(self) -> int:
        """How much it wants a person."""
        return sum(WEIGHTS[sign] for sign in self.signs)


def signs(happened: Sequence[Event], now: datetime) -> tuple[str, ...]:
    """Signs of trouble in a chat's newest events, heaviest first."""
    found: set[str] = set()
    failed = 0
    last_customer: Event | None = None
    answered = True
    for event in happened:
        if event.author == "customer" and event.kind == "message":
            last_customer, answered = event, False
        elif event.author == "customer" and event.kind == "survey" and event.payload.get("helped") is False:
            found.add("refused")
        elif event.author == "bot" and event.kind == "message":
            answered = True
            meta = event.payload.get("meta") or {}
            if "intent" not in meta:      # not the first reply of its turn
                continue
            failed = failed + 1 if event.payload.get("reply") == "nonanswer" or meta.get("source") == "fallback" else 0
            if meta["intent"] in _ANGRY:
                found.add("anger")
            if meta["intent"] == "urgent" or meta.get("theme") == "urgence":
                found.add("urgent")
            if any(effect.get("kind") == "refused" for effect in meta.get("effects") or ()):
                found.add("refused")
    if failed >= 2:
        found.add("failed_twice")
    elif failed:
        found.add("failed_once")
    if last_customer is not None and not answered and (now - parse(last_customer.at)).total_seconds() > WAITING_SECONDS:
        found.add("waiting")
    return tuple(sorted(found, key=lambda sign: -WEIGHTS[sign]))


def running(connection: Connection, now: datetime, limit: int = 100) -> list[Running]:
    """Bot chats of the last minutes in which a customer wrote, most troubled first, then newest."""
    rows = connection.execute(
        sa.select(_C.id, _C.language, _C.theme, _C.last_at, _C.seq)
        .where(_C.mode == "bot", _C.asked_seq > 0, _C.last_at >= iso(now - timedelta(minutes=RUNNING_MINUTES)))
        .order_by(_C.last_at.desc()).limit(500)).all()
    if not rows:
        return []
    happened: dict[str, list[Event]] = defaultdict(list)
    ids = [row.id for row in rows]
    newest = sa.select(events).join(conversations, _C.id == _E.conversation_id).where(
        _E.conversation_id.in_(ids), _E.seq > _C.seq - _LOOKED_AT).order_by(_E.conversation_id, _E.seq)
    for event in connection.execute(newest).mappings():
        happened[event["conversation_id"]].append(Event(**event))
    found = [
        Running(row.id, row.language, row.theme, row.last_at, row.seq, _last_words(happened[row.id]),
                signs(happened[row.id], now))
        for row in rows
    ]
    return sorted(found, key=lambda chat: -chat.weight)[:limit]


def public(chat: Running) -> dict[str, Any]:
    """A chat as the staff API lists it."""
    return {"conversation_id": chat.conversation_id, "language": chat.language, "theme": chat.theme,
            "last_at": chat.last_at, "messages": chat.messages, "last_words": chat.last_words,
            "signs": list(chat.signs), "weight": chat.weight}


def _last_words(happened: Sequence[Event]) -> str:
    said = next((e.text for e in reversed(happened) if e.author == "customer" and e.kind == "message" and e.text), "")
    return one_line(redact(said), 200)
