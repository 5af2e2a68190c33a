"""Web push (RFC 8030): who asked to be told of an answer, and the queueing of that telling.

A notification says that there is an answer and never what it is.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.conversations.model import Conversation
from bot.conversations.wording import say
from bot.errors import BadInput
from bot.settings import Settings
from bot.storage import outbox
from bot.storage.clock import now_iso
from bot.storage.schema import push_subscriptions

_P = push_subscriptions.c
MOST = 5               # browsers a conversation may have told; the oldest goes


def hosts(settings: Settings) -> list[str]:
    """Where notifications may be posted."""
    return [host.strip() for host in settings.push_hosts.split(",") if host.strip()]


def permitted(endpoint: str, hosts: Sequence[str]) -> bool:
    """Whether notifications may be posted there: a known push service over https, and nothing inside our network.

    An entry of ``hosts`` with a scheme is an exact origin; any other is a domain with what is below it.
    """
    try:
        parts = urlsplit(endpoint)
        port = parts.port
    except ValueError:
        return False
    if len(endpoint) > 2000 or parts.username or parts.password or not parts.hostname:
        return False
    if f"{parts.scheme}://{parts.netloc}" in hosts:
        return True
    host = f".{parts.hostname}"
    return parts.scheme == "https" and port in (None, 443) and any(
        host.endswith(f".{known}") for known in hosts if "://" not in known)


def subscribe(
    connection: Connection, conversation_id: str, *, endpoint: str, p256dh: str, auth: str,
    hosts: Sequence[str],
) -> None:
    """Keep a browser's subscription; the same again changes nothing. Raises BadInput where it cannot be one."""
    if not permitted(endpoint, hosts):
        raise BadInput("This is not the address of a push service.")
    if _length(p256dh) != 65 or _length(auth) != 16:
        raise BadInput("The keys of the subscription are not those of a push subscription.")
    name = hashlib.sha256(f"{conversation_id} {endpoint}".encode()).hexdigest()
    connection.execute(sa.delete(push_subscriptions).where(_P.id == name))
    connection.execute(sa.insert(push_subscriptions).values(
        id=name, conversation_id=conversation_id, endpoint=endpoint, p256dh=p256dh, auth=auth,
        created_at=now_iso()))
    known = connection.execute(
        sa.select(_P.id).where(_P.conversation_id == conversation_id).order_by(_P.created_at.desc(), _P.id)
    ).scalars().all()
    connection.execute(sa.delete(push_subscriptions).where(_P.id.in_(known[MOST:])))


def unsubscribe(connection: Connection, conversation_id: str) -> None:
    """Tell no browser of this conversation any more."""
    connection.execute(sa.delete(push_subscriptions).where(_P.conversation_id == conversation_id))


def of(connection: Connection, conversation_id: str) -> list[dict[str, Any]]:
    """The conversation's subscriptions."""
    rows = connection.execute(
        sa.select(push_subscriptions).where(_P.conversation_id == conversation_id)).mappings()
    return [dict(row) for row in rows]


def drop(connection: Connection, name: str) -> None:
    """Forget a subscription its push service no longer knows."""
    connection.execute(sa.delete(push_subscriptions).where(_P.id == name))


def queue(connection: Connection, conversation: Conversation, *, name: str, seq: int) -> None:
    """Queue "you have an answer" for event ``seq``, where someone asked for it."""
    wanted = sa.select(_P.id).where(_P.conversation_id == conversation.id).limit(1)
    if not connection.execute(wanted).first():
        return
    page = conversation.page_url or ""
    outbox.put(
        connection, key=f"push:{conversation.id}:{seq}", topic="push", conversation_id=conversation.id,
        payload={
            "conversation_id": conversation.id,
            "text": say("push_answer", conversation.language, name=name),
            "url": page if page.startswith(("https://", "http://")) else "/",
        },
    )


def _length(text: str) -> int:
    """Bytes of unpadded base64url; 0 where it is not that."""
    try:
        return len(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        return 0
