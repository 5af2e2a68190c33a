"""Conversations and their events in the database. Every function takes the caller's transaction."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.conversations.errors import UnknownConversation
from bot.conversations.model import Conversation, Draft, Event
from bot.conversations.passes import Proven
from bot.integrations import announce
from bot.storage.clock import now_iso
from bot.storage.schema import conversations, events

_C = conversations.c
_E = events.c

# Statements of every turn, built once: building one costs more than running it.
_BY_ID = sa.select(conversations).where(_C.id == sa.bindparam("id"))
# Rows that only name the conversation (a note's webhook message) go in meanwhile: nobody waits in a circle.
_BY_ID_LOCKED = _BY_ID.with_for_update(key_share=True)
_INSERT_EVENTS = sa.insert(events)
_AFTER = (
    sa.select(events)
    .where(_E.conversation_id == sa.bindparam("id"), _E.seq > sa.bindparam("after"))
    .order_by(_E.seq).limit(sa.bindparam("most"))
)
_CLIENT_MESSAGE = sa.select(_E.seq).where(
    _E.conversation_id == sa.bindparam("id"), _E.client_message_id == sa.bindparam("message")
)
_HEAD = sa.select(_C.seq).where(_C.id == sa.bindparam("id"))


@lru_cache(maxsize=64)
def _update_of(names: tuple[str, ...]) -> Any:
    """The UPDATE of these columns, built once for each set of columns."""
    return (
        sa.update(conversations).where(_C.id == sa.bindparam("_id"))
        .values({name: sa.bindparam(name, type_=_C[name].type) for name in names})
    )


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
    announce.created(connection, str(row["id"]), language, now)
    return get(connection, row["id"]), token  # type: ignore[arg-type]


def get(connection: Connection, conversation_id: str, *, lock: bool = False) -> Conversation:
    """The conversation; ``lock`` keeps other transactions off it. Raises UnknownConversation."""
    query = _BY_ID_LOCKED if lock else _BY_ID
    row = connection.execute(query, {"id": conversation_id}).mappings().first()
    if row is None:
        raise UnknownConversation()
    return Conversation(**row)


def open_with(
    connection: Connection, conversation_id: str, token: str, *, lock: bool = False
) -> Conversation:
    """The conversation this token (or proven pass) opens; a wrong token and a wrong id are told alike."""
    try:
        found = get(connection, conversation_id, lock=lock)
    except UnknownConversation:
        hmac.compare_digest(hash_token(token), hash_token(""))   # same work either way
        raise
    if isinstance(token, Proven):
        if token != found.id:
            raise UnknownConversation()
    elif not hmac.compare_digest(found.token_hash, hash_token(token)):
        raise UnknownConversation()
    return found


def update(connection: Connection, conversation_id: str, **values: Any) -> None:
    """Set columns of one conversation."""
    if values:
        connection.execute(_update_of(tuple(values)), {**values, "_id": conversation_id})


def append_to(
    connection: Connection, conversation: Conversation, drafts: Sequence[Draft], *,
    at: str | None = None, **values: Any,
) -> tuple[Conversation, list[Event]]:
    """:func:`append` and :func:`update` in one go, for a caller who holds the row as it is."""
    made = _numbered(conversation.id, drafts, conversation.seq, at or now_iso())
    if made:
        connection.execute(_INSERT_EVENTS, [vars(event) for event in made])
        values |= {"seq": made[-1].seq, "last_at": made[-1].at, "outcome": None}
        announce.events(connection, made)
    update(connection, conversation.id, **values)
    return replace(conversation, **values), made


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
    last = connection.execute(_HEAD, {"id": conversation_id}).scalar_one()
    made = _numbered(conversation_id, drafts, last - len(drafts), at)
    connection.execute(_INSERT_EVENTS, [vars(event) for event in made])
    announce.events(connection, made)
    return made


def _numbered(
    conversation_id: str, drafts: Sequence[Draft], after: int, at: str
) -> list[Event]:
    return [
        Event(conversation_id, number, at, draft.kind, draft.author, draft.payload,
              draft.client_message_id)
        for number, draft in enumerate(drafts, after + 1)
    ]


def events_after(
    connection: Connection, conversation_id: str, after: int = 0, limit: int = 1000
) -> list[Event]:
    """Events with a ``seq`` above ``after``, in order."""
    rows = connection.execute(
        _AFTER, {"id": conversation_id, "after": after, "most": limit}).mappings()
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
        _CLIENT_MESSAGE, {"id": conversation_id, "message": client_message_id}
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
