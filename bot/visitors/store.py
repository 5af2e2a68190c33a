"""Identity and context of a conversation's customer. Every function takes the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.conversations.text import clean
from bot.errors import BadInput, Conflict
from bot.storage.clock import iso, now_iso
from bot.storage.schema import visitors
from bot.visitors.identity import Identity

_V = visitors.c
MOST_ENTRIES, MOST_NAME, MOST_VALUE = 20, 40, 500


def of(connection: Connection, conversation_id: str) -> dict[str, Any]:
    """What is known, for staff: ``identity`` (user_id, name, email, verified_at) and ``context``, where known."""
    row = connection.execute(
        sa.select(visitors).where(_V.conversation_id == conversation_id)).mappings().first()
    found: dict[str, Any] = {}
    if row and row["user_id"]:
        found["identity"] = {name: row[name] for name in ("user_id", "name", "email", "verified_at")}
    if row and row["context"]:
        found["context"] = row["context"]
    return found


def identify(connection: Connection, conversation_id: str, identity: Identity) -> None:
    """Note who it is. Raises Conflict where the conversation is someone else's: it is not theirs to read on."""
    known = connection.execute(
        sa.select(_V.user_id).where(_V.conversation_id == conversation_id)).scalar_one_or_none()
    if known and known != identity.user_id:
        raise Conflict("This conversation belongs to another user.")
    _write(connection, conversation_id, user_id=identity.user_id, name=identity.name,
           email=identity.email, verified_at=now_iso(), verified_until=iso(identity.until))


def set_context(connection: Connection, conversation_id: str, context: Mapping[str, str]) -> None:
    """Replace what the host's page says about where the customer is. Raises BadInput where it is too much."""
    if len(context) > MOST_ENTRIES:
        raise BadInput(f"A context has at most {MOST_ENTRIES} entries.")
    if any(len(name) > MOST_NAME or len(value) > MOST_VALUE for name, value in context.items()):
        raise BadInput(f"A context's names have at most {MOST_NAME} characters and its values {MOST_VALUE}.")
    kept = {clean(name): clean(value) for name, value in context.items()}
    _write(connection, conversation_id, context={n: v for n, v in kept.items() if n and v})


def _write(connection: Connection, conversation_id: str, **values: Any) -> None:
    # The caller holds the conversation's row, so nobody inserts in between.
    values["updated_at"] = now_iso()
    changed = connection.execute(
        sa.update(visitors).where(_V.conversation_id == conversation_id).values(**values))
    if changed.rowcount == 0:
        connection.execute(sa.insert(visitors).values(
            **{"conversation_id": conversation_id, "context": {}, **values}))
