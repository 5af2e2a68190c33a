"""Carries out a turn's effects inside the transaction that stores its replies.

Each effect has a key that repeats with the turn; rows keyed by it are written once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.assistant.protocol import Effect
from bot.conversations import store
from bot.conversations.model import Conversation, Draft, Event
from bot.conversations.wording import say
from bot.coverage.gaps import record_gap
from bot.handover.service import hand_over
from bot.storage.clock import iso
from bot.storage.schema import article_views, facts
from bot.tickets.hours import Desk

_INSERT_FACT, _INSERT_VIEW = sa.insert(facts), sa.insert(article_views)


@dataclass(frozen=True)
class Moment:
    """The clock and the desk a transaction works with."""

    now: datetime
    desk: Desk


def carry_out(
    connection: Connection, conversation: Conversation, message: Event, effects: Sequence[Effect],
    moment: Moment,
) -> list[Event]:
    """Do all effects; the events they give the customer, in order."""
    made: list[Event] = []
    for effect in {effect.key: effect for effect in effects}.values():
        key = f"{conversation.id}:{message.seq}:{effect.key}"
        payload = effect.payload
        if effect.kind == "handover":
            channel = str(payload.get("channel"))
            reachable = channel in ("email", "phone") and payload.get("contact")
            made += hand_over(
                connection, store.get(connection, conversation.id), desk=moment.desk,
                now=moment.now, channel=channel if reachable else "chat",
                contact=str(payload["contact"]) if reachable else None, given=payload, author="bot",
            ).events
        elif effect.kind == "gap":
            record_gap(connection, key=key, conversation_id=conversation.id, seq=message.seq,
                       text=str(payload.get("text") or message.text),
                       language=str(payload.get("language") or conversation.language),
                       candidates=payload.get("articles") or [], at=iso(moment.now))
        elif effect.kind == "close":
            made += store.append(connection, conversation.id, [Draft("closed", "system", {
                "reason": str(payload.get("reason") or "done"),
                "text": say("closed_idle", conversation.language)})])
            store.update(connection, conversation.id, mode="closed", closed_at=iso(moment.now))
        else:
            _fact(connection, key, conversation.id, effect.kind, payload, iso(moment.now))
    return made


def _fact(
    connection: Connection, key: str, conversation_id: str, kind: str, payload: dict[str, Any],
    at: str,
) -> None:
    # No look for the same key first: a turn is committed once, and `carry_out` drops repeats.
    kept = {name: value for name, value in payload.items() if name != "slots"}
    connection.execute(_INSERT_FACT, {
        "key": key, "conversation_id": conversation_id, "at": at, "kind": kind, "payload": kept})
    slug = payload.get("article")
    if slug and kind in ("answered", "refused"):
        connection.execute(_INSERT_VIEW, {
            "key": key, "conversation_id": conversation_id, "article_id": str(slug),
            "locale": payload.get("locale"), "at": at,
            "result": "shown" if kind == "answered" else "refused"})
