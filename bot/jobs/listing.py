"""The outbox as people see it: state, attempts and the last error, never a payload's text."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.errors import not_one_of
from bot.storage import outbox as rows
from bot.storage.clock import now_iso
from bot.storage.schema import outbox

_O = outbox.c
STATES = ("waiting", "running", "retrying", "done", "dead")
_MOST = 500


def jobs(
    connection: Connection, *, state: str = "", topic: str = "", limit: int = 100, before: int = 0
) -> list[dict[str, Any]]:
    """Rows in a state (all, where empty), newest first, below the number ``before`` where given.

    Raises BadInput for a state there is not.
    """
    query = sa.select(outbox).order_by(_O.id.desc()).limit(min(max(limit, 1), _MOST))
    if state:
        query = query.where(_condition(state))
    if topic:
        query = query.where(_O.topic == topic)
    if before:
        query = query.where(_O.id < before)
    return [shown(row) for row in connection.execute(query).mappings()]


def shown(row: Any) -> dict[str, Any]:
    """One row for a list."""
    payload = row["payload"]
    about = next((str(payload[name]) for name in ("subject", "event", "type", "title")
                  if isinstance(payload.get(name), str)), "")
    return {
        "id": row["id"], "topic": row["topic"], "key": row["key"], "state": state_of(row),
        "about": about[:200], "to": mask(str(payload.get("to") or "")),
        "attempts": row["attempts"], "error": row["error"], "created_at": row["created_at"],
        "next_at": row["next_at"], "done_at": row["done_at"],
        "conversation_id": row["conversation_id"],
    }


def state_of(row: Any) -> str:
    """waiting (never tried), running, retrying, done or dead."""
    if row["dead"]:
        return "dead"
    if row["done_at"]:
        return "done"
    if (row["lease_until"] or "") >= now_iso():
        return "running"
    return "retrying" if row["attempts"] else "waiting"


def mask(address: str) -> str:
    """A recipient one can recognise and not write to: ``c…@exemple.fr``."""
    name, at, host = address.partition("@")
    return f"{name[:1]}…{at}{host}" if at else address[:3] + "…" if address else ""


def retry_all(connection: Connection, topic: str = "") -> int:
    """Give every dead letter (of a topic) a new start; how many."""
    query = sa.select(_O.id).where(_O.dead.is_(True)).order_by(_O.id).limit(1000)
    if topic:
        query = query.where(_O.topic == topic)
    found = [row.id for row in connection.execute(query)]
    for number in found:
        rows.retry(connection, number)
    return len(found)


def _condition(state: str) -> Any:
    live = sa.and_(_O.done_at.is_(None), _O.dead.is_(False))
    leased = sa.and_(_O.lease_until.isnot(None), _O.lease_until >= now_iso())
    conditions = {
        "waiting": sa.and_(live, _O.attempts == 0),
        "running": sa.and_(live, leased),
        "retrying": sa.and_(live, sa.or_(_O.lease_until.is_(None), _O.lease_until < now_iso()),
                            _O.attempts > 0),
        "done": _O.done_at.isnot(None),
        "dead": _O.dead.is_(True),
    }
    if state not in conditions:
        raise not_one_of("state", STATES)
    return conditions[state]
