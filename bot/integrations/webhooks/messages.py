"""Messages on their way to endpoints: written with their cause, logged at every try, sent again on demand.

A message keeps its id (``webhook-id``) through all tries, so a receiver can tell a repeat.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.errors import NotFound
from bot.integrations.webhooks.catalogue import wants
from bot.storage import outbox
from bot.storage.clock import now_iso
from bot.storage.schema import webhook_attempts, webhook_endpoints, webhook_messages

TOPIC = "webhook"
_E, _M, _A = webhook_endpoints.c, webhook_messages.c, webhook_attempts.c
# Asked in every transaction that stores an event: built once.
_ACTIVE = sa.select(_E.id, _E.events).where(_E.active)


def subscribers(connection: Connection) -> Sequence[Any]:
    """Endpoints that want something, as rows of id and subscriptions."""
    return list(connection.execute(_ACTIVE))


def emit(
    connection: Connection, to: Sequence[Any], name: str, data: dict[str, Any], *, key: str, at: str,
    conversation_id: str | None = None,
) -> int:
    """Queue an event for those of ``to`` that subscribed; the same ``key`` again adds nothing. How many."""
    count = 0
    for endpoint_id, subscriptions in to:
        if wants(subscriptions, name):
            message_id = _message_id(endpoint_id, key)
            count += queue(connection, endpoint_id, message_id, name,
                           {"type": name, "timestamp": at, "data": data}, conversation_id)
    return count


def queue(
    connection: Connection, endpoint_id: str, message_id: str, name: str, payload: dict[str, Any],
    conversation_id: str | None = None,
) -> bool:
    """Store one message and put it into the outbox; False where it is there already."""
    queued = outbox.put(connection, key=f"webhook:{message_id}:0", topic=TOPIC,
                        payload={"message": message_id}, conversation_id=conversation_id)
    if queued:
        connection.execute(sa.insert(webhook_messages).values(
            id=message_id, endpoint_id=endpoint_id, type=name, payload=payload,
            conversation_id=conversation_id, at=now_iso(), state="waiting", attempts=0, resends=0))
    return queued


def get(connection: Connection, message_id: str) -> dict[str, Any]:
    """One message. Raises NotFound."""
    row = connection.execute(
        sa.select(webhook_messages).where(_M.id == message_id)).mappings().first()
    if row is None:
        raise NotFound("There is no such webhook message.", key="hook_message")
    return dict(row)


def note_attempt(
    connection: Connection, message_id: str, *, state: str, code: int | None, error: str | None,
    millis: int,
) -> None:
    """Log a try and its result (``state``: waiting for another, delivered, failed)."""
    connection.execute(sa.update(webhook_messages).where(_M.id == message_id)
                       .values(state=state, attempts=_M.attempts + 1))
    connection.execute(sa.insert(webhook_attempts).values(
        message_id=message_id, at=now_iso(), code=code, error=error and error[:300], millis=millis))


def resend(connection: Connection, message_id: str) -> dict[str, Any]:
    """Send a message once more, whatever became of it; same id, new signature. Raises NotFound."""
    message = get(connection, message_id)
    number = message["resends"] + 1
    connection.execute(sa.update(webhook_messages).where(_M.id == message_id)
                       .values(resends=number, state="waiting"))
    outbox.put(connection, key=f"webhook:{message_id}:{number}", topic=TOPIC,
               payload={"message": message_id}, conversation_id=message["conversation_id"])
    return get(connection, message_id)


def log(
    connection: Connection, *, endpoint_id: str = "", state: str = "", limit: int = 100,
    before: str = "",
) -> list[dict[str, Any]]:
    """Messages, newest first, each with its last tries."""
    query = sa.select(webhook_messages).order_by(_M.at.desc(), _M.id).limit(limit)
    if endpoint_id:
        query = query.where(_M.endpoint_id == endpoint_id)
    if state:
        query = query.where(_M.state == state)
    if before:
        query = query.where(_M.at < before)
    found = [dict(row) for row in connection.execute(query).mappings()]
    tries: dict[str, list[dict[str, Any]]] = {message["id"]: [] for message in found}
    rows = connection.execute(sa.select(webhook_attempts).where(_A.message_id.in_(list(tries)))
                              .order_by(_A.id)).mappings()
    for row in rows:
        tries[row["message_id"]].append(
            {name: row[name] for name in ("at", "code", "error", "millis")})
    for message in found:
        message["tries"] = tries[message["id"]][-5:]
    return found


def forget_old(connection: Connection, before: str) -> int:
    """Drop messages from before a time that are settled; how many."""
    done = connection.execute(
        sa.delete(webhook_messages).where(_M.at < before, _M.state != "waiting"))
    return int(done.rowcount)


def _message_id(endpoint_id: str, key: str) -> str:
    return "msg_" + hashlib.sha256(f"{endpoint_id}\n{key}".encode()).hexdigest()[:27]
