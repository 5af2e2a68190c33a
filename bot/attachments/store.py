"""Attachments in the database. Every function takes the caller's transaction."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.attachments.errors import UnknownAttachment
from bot.attachments.files import Files
from bot.storage.clock import later, now_iso
from bot.storage.database import Database
from bot.storage.schema import attachment_removals, attachments, events

_A, _R, _E = attachments.c, attachment_removals.c, events.c
Attachment = dict[str, Any]
_UNNAMED_SECONDS = 3600.0     # how long content may wait on disk for the attachment that names it


def add(
    connection: Connection, *, conversation_id: str, author: str, name: str, kind: str, size: int,
    sha256: str, seq: int | None = None, uploader: str | None = None,
) -> Attachment:
    """A new attachment; ``seq`` is its message's number, none while it waits to be sent."""
    row = {
        "id": secrets.token_urlsafe(18), "conversation_id": conversation_id, "seq": seq,
        "author": author, "uploader": uploader, "name": name, "type": kind, "size": size,
        "sha256": sha256, "at": now_iso(),
    }
    connection.execute(sa.insert(attachments).values(**row))
    connection.execute(sa.delete(attachment_removals).where(_R.sha256 == sha256))
    return row


def get(connection: Connection, attachment_id: str) -> Attachment:
    """One attachment. Raises UnknownAttachment."""
    row = connection.execute(sa.select(attachments).where(_A.id == attachment_id)).mappings().first()
    if row is None:
        raise UnknownAttachment()
    return dict(row)


def of_chat(connection: Connection, attachment_id: str, conversation_id: str) -> Attachment:
    """One attachment for the customer of a conversation. Raises UnknownAttachment.

    What agents send is said in merged chats too, while the file belongs to one of them: a message that
    shows it gives the right to it.
    """
    row = get(connection, attachment_id)
    if row["seq"] is None or (row["conversation_id"] != conversation_id and not (
            row["author"] == "agent" and _shown_in(connection, attachment_id, conversation_id))):
        raise UnknownAttachment()
    return row


def _shown_in(connection: Connection, attachment_id: str, conversation_id: str) -> bool:
    said = connection.execute(sa.select(_E.payload).where(
        _E.conversation_id == conversation_id, _E.kind == "message", _E.author == "agent")).scalars()
    return any(item.get("id") == attachment_id for payload in said for item in payload.get("attachments") or ())


def count(connection: Connection, conversation_id: str, author: str) -> int:
    """How many files this side has put into a conversation."""
    return int(connection.execute(
        sa.select(sa.func.count()).where(_A.conversation_id == conversation_id, _A.author == author)
    ).scalar_one())


def waiting(
    connection: Connection, conversation_id: str, ids: Sequence[str], uploader: str
) -> list[Attachment]:
    """An agent's uploads not sent yet, in the order named. Raises UnknownAttachment for any other."""
    if not ids:
        return []
    found = {
        row["id"]: dict(row) for row in connection.execute(sa.select(attachments).where(
            _A.id.in_(list(ids)), _A.conversation_id == conversation_id, _A.seq.is_(None),
            _A.uploader == uploader)).mappings()
    }
    if len(found) != len(set(ids)):
        raise UnknownAttachment()
    return [found[name] for name in dict.fromkeys(ids)]


def send(connection: Connection, ids: Sequence[str], seq: int) -> None:
    """Uploads become part of message ``seq``."""
    if ids:
        connection.execute(sa.update(attachments).where(_A.id.in_(list(ids))).values(seq=seq))


def drop_waiting(connection: Connection, attachment_id: str, uploader: str) -> None:
    """An agent changes their mind about an upload. Raises UnknownAttachment."""
    row = get(connection, attachment_id)
    if row["seq"] is not None or row["uploader"] != uploader:
        raise UnknownAttachment()
    connection.execute(sa.delete(attachments).where(_A.id == attachment_id))
    _look_at(connection, [row["sha256"]])


def has_stale(connection: Connection, before: str) -> bool:
    """Whether :func:`drop_stale` would find something."""
    return connection.execute(
        sa.select(_A.id).where(_A.seq.is_(None), _A.at < before).limit(1)).first() is not None


def drop_stale(connection: Connection, before: str) -> int:
    """Forget uploads that were never sent; how many."""
    rows = connection.execute(
        sa.select(_A.id, _A.sha256).where(_A.seq.is_(None), _A.at < before).limit(500)).all()
    if rows:
        connection.execute(sa.delete(attachments).where(_A.id.in_([row.id for row in rows])))
        _look_at(connection, [row.sha256 for row in rows])
    return len(rows)


def forget(connection: Connection, conversation_id: str) -> None:
    """Remove a conversation's attachments; their files follow once nothing else has them."""
    hashes = connection.execute(
        sa.select(_A.sha256).where(_A.conversation_id == conversation_id)).scalars().all()
    connection.execute(sa.delete(attachments).where(_A.conversation_id == conversation_id))
    _look_at(connection, hashes)


def purge(database: Database, files: Files) -> int:
    """Remove files whose last attachment is gone; how many.

    Inside the write transaction, so that nobody adds the same content between look and removal.
    """
    due = sa.select(_R.sha256).where(_R.at <= now_iso())
    with database.read() as connection:
        if connection.execute(due.limit(1)).first() is None:
            return 0
    removed = 0
    with database.write() as connection:
        for sha256 in connection.execute(due.limit(1000)).scalars().all():
            used = connection.execute(sa.select(_A.id).where(_A.sha256 == sha256).limit(1)).first()
            if used is None and files.remove(sha256):
                removed += 1
            connection.execute(sa.delete(attachment_removals).where(_R.sha256 == sha256))
    return removed


def public(row: Attachment) -> dict[str, Any]:
    """An attachment as messages carry it."""
    return {"id": row["id"], "name": row["name"], "size": row["size"], "type": row["type"]}


def expect(connection: Connection, sha256: str) -> None:
    """Announce content that is put on disk now: :func:`add` follows within the hour, or it goes again."""
    _look_at(connection, [sha256], later(_UNNAMED_SECONDS))


def _look_at(connection: Connection, hashes: Sequence[str], at: str = "") -> None:
    """Have :func:`purge` look whether anything still has these, now or later."""
    at = at or now_iso()
    for sha256 in set(hashes):
        known = connection.execute(sa.select(_R.at).where(_R.sha256 == sha256)).scalar_one_or_none()
        if known is None:
            with contextlib.suppress(sa.exc.IntegrityError), connection.begin_nested():     # named in this moment
                connection.execute(sa.insert(attachment_removals).values(sha256=sha256, at=at))
        elif at < known:
            connection.execute(sa.update(attachment_removals).where(_R.sha256 == sha256).values(at=at))
