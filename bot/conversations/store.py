"""Conversations and their events in the database. Every function takes the caller's transaction."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.conversations.errors import UnknownConversation
from bot.conversations.model import Conversation, Draft, Event
from bot.storage.clock import now_iso
from bot.storage.schema import conversations, events

_C = conversations.c
_E = events.c


def hash_token(token: str) -> str:
    """What is stored of a token (256 random bits: a plain hash is enough)."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def create(
    connection: Connection, *, language: str, locale: str | None, page_url: str | None
) -> tuple[Conversation, str]:
    """A new conversation and its token, which is stored nowhere."""
    token, now = secrets.token_urlsafe(32), now_iso()
    row = {
        "id": str(uuid.uuid4()), "token_hash": hash_token(token), "locale": locale,
        "page_url": page_url, "language": language, "created_at": now, "last_at": now,
        "mode": "bot", "seq": 0, "asked_seq": 0, "answered_seq": 0, "turn_attempts": 0,
    }
    connection.execute(sa.insert(conversations).values(**row))
    return get(connection, row["id"]), token  # type: ignore[arg-type]


def get(connection: Connection, conversation_id: str, *, lock: bool = False) -> Conversation:
    """The conversation; ``lock`` keeps other transactions off it. Raises UnknownConversation."""
    query = sa.select(conversations).where(_C.id == conversation_id)
    row = connection.execute(query.with_for_update() if lock else query).mappings().first()
    if row is None:
        raise UnknownConversation()
    return Conversation(**row)


def open_with(
    connection: Connection, conversation_id: str, token: str, *, lock: bool = False
) -> Conversation:
    """The conversation this token opens; a wrong token and a wrong id are told alike."""
    try:
        found = get(connection, conversation_id, lock=lock)
    except UnknownConversation:
        hmac.compare_digest(hash_token(token), hash_token(""))   # same work either way
        raise
    if not hmac.compare_digest(found.token_hash, hash_token(token)):
        raise UnknownConversation()
    return found


def update(connection: Connection, conversation_id: str, **values: Any) -> None:
    """Set columns of one conversation."""
    connection.execute(sa.update(conversations).where(_C.id == conversation_id).values(**values))


def append(
    connection: Connection, conversation_id: str, drafts: Sequence[Draft], *, at: str | None = None
) -> list[Event]:
    """Number and store events. The row's update is what serialises writers of one conversation."""
    if not drafts:
        return []
    at = at or now_iso()
    connection.execute(
        sa.update(conversations)
        .where(_C.id == conversation_id)
        .values(seq=_C.seq + len(drafts), last_at=at, outcome=None)   # judged anew when asked for
    )
    last = connection.execute(sa.select(_C.seq).where(_C.id == conversation_id)).scalar_one()
    first = last - len(drafts) + 1
    made = [
        Event(conversation_id, first + offset, at, draft.kind, draft.author, draft.payload,
              draft.client_message_id)
        for offset, draft in enumerate(drafts)
    ]
    connection.execute(sa.insert(events), [vars(event) for event in made])
    return made


def events_after(
    connection: Connection, conversation_id: str, after: int = 0, limit: int = 1000
) -> list[Event]:
    """Events with a ``seq`` above ``after``, in order."""
    rows = connection.execute(
        sa.select(events)
        .where(_E.conversation_id == conversation_id, _E.seq > after)
        .order_by(_E.seq)
        .limit(limit)
    ).mappings()
    return [Event(**row) for row in rows]


def all_events(connection: Connection, conversation_id: str) -> list[Event]:
    """The whole conversation."""
    return events_after(connection, conversation_id, 0, 1_000_000)


def last_events(connection: Connection, conversation_id: str, count: int) -> list[Event]:
    """The newest ``count`` events, oldest first."""
    rows = connection.execute(
        sa.select(events)
        .where(_E.conversation_id == conversation_id)
        .order_by(_E.seq.desc())
        .limit(count)
    ).mappings()
    return [Event(**row) for row in rows][::-1]


def find_client_message(
    connection: Connection, conversation_id: str, client_message_id: str
) -> int | None:
    """The ``seq`` a client's message already has, if it was stored before."""
    found = connection.execute(
        sa.select(_E.seq).where(
            _E.conversation_id == conversation_id, _E.client_message_id == client_message_id
        )
    ).scalar_one_or_none()
    return None if found is None else int(found)


def offered_label(connection: Connection, conversation_id: str, choice: str) -> str | None:
    """The label under which the bot offered ``choice`` in this conversation, newest first."""
    rows = connection.execute(
        sa.select(_E.payload)
        .where(_E.conversation_id == conversation_id, _E.author == "bot")
        .order_by(_E.seq.desc())
    ).scalars()
    for payload in rows:
        for item in payload.get("choices") or ():
            if item.get("id") == choice:
                return str(item.get("label") or choice)
        for item in payload.get("articles") or ():
            if f"article:{item.get('id')}" == choice:
                return str(item.get("title") or choice)
    return None


def heads(connection: Connection, ids: Iterable[str]) -> dict[str, int]:
    """The newest ``seq`` of each conversation named."""
    rows = connection.execute(sa.select(_C.id, _C.seq).where(_C.id.in_(list(ids))))
    return {row.id: row.seq for row in rows}
