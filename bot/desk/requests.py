"""What agents ask of leads: a macro or an article they missed; leads answer, and the agent hears of it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.conversations.text import clean
from bot.desk import notify
from bot.errors import BadInput, Conflict, NotFound, not_one_of
from bot.privacy.redaction import redact
from bot.storage.clock import now_iso
from bot.storage.schema import desk_requests

_R = desk_requests.c
KINDS = ("macro", "article")


def ask(
    connection: Connection, *, kind: str, text: str, author: str, reference: str | None
) -> dict[str, Any]:
    """Ask the leads; personal data is taken out of the words. Raises BadInput."""
    if kind not in KINDS:
        raise not_one_of("kind", ("macro", "article"))
    words = redact(clean(text))[:2000]
    if not words:
        raise BadInput("Say what is missing.", key="request_empty")
    done = connection.execute(sa.insert(desk_requests).values(
        kind=kind, text=words, author=author, reference=reference, at=now_iso(), status="open"))
    notify.notify_leads(connection, "request", reference, {"by": author, "kind": kind, "text": words[:200]}, but=author)
    return get(connection, int(done.inserted_primary_key[0]))


def get(connection: Connection, request_id: int) -> dict[str, Any]:
    """One request. Raises NotFound."""
    row = connection.execute(sa.select(desk_requests).where(_R.id == request_id)).mappings().first()
    if row is None:
        raise NotFound("There is no such request.", key="request_gone")
    return dict(row)


def listed(connection: Connection, status: str = "open", limit: int = 200) -> list[dict[str, Any]]:
    """Requests, newest first; ``status`` empty for all."""
    query = sa.select(desk_requests).order_by(_R.id.desc()).limit(limit)
    if status:
        query = query.where(_R.status == status)
    return [dict(row) for row in connection.execute(query).mappings()]


def decide(
    connection: Connection, request_id: int, *, status: str, answer: str, who: str
) -> dict[str, Any]:
    """A lead settles a request (``done`` or ``declined``) with a word to whoever asked. Raises Conflict."""
    if status not in ("done", "declined"):
        raise not_one_of("status", ("done", "declined"))
    done = connection.execute(
        sa.update(desk_requests).where(_R.id == request_id, _R.status == "open")
        .values(status=status, answer=clean(answer)[:1000] or None, decided_by=who, decided_at=now_iso()))
    row = get(connection, request_id)
    if done.rowcount != 1:
        raise Conflict(f"{row['decided_by']} settled this request already.", key="request_settled", name=row["decided_by"])
    if row["author"] != who:
        notify.notify(connection, row["author"], "answered", row["reference"],
                      {"by": who, "kind": row["kind"], "status": status, "text": row["answer"] or ""})
    return row
