"""Tickets and their history in the database; every function takes the caller's transaction."""

from __future__ import annotations

import secrets
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.errors import Conflict, NotFound
from bot.storage.clock import now_iso
from bot.storage.schema import conversations, ticket_events, tickets
from bot.tickets.states import ACTIONS, LIVE, PRIORITIES, next_status

_T = tickets.c
# No 0/O, 1/I/L, U/V: a reference is read out on the phone.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTWXYZ"
Ticket = dict[str, Any]


def new_reference() -> str:
    """``SOL-7F3K2Q``: six characters out of 29, readable aloud, not guessable in practice."""
    return "SOL-" + "".join(secrets.choice(_ALPHABET) for _ in range(6))


def create(connection: Connection, *, author: str, **values: Any) -> Ticket:
    """A new ticket (status ``new``) with its first history line."""
    now = now_iso()
    while True:
        reference = new_reference()
        taken = connection.execute(
            sa.select(_T.reference).where(_T.reference == reference)
        ).first()
        if taken is None:
            break
    row = {"reference": reference, "status": "new", "assignee": None, "opened_at": now,
           "updated_at": now, "version": 1, **values}
    connection.execute(sa.insert(tickets).values(**row))
    record(connection, reference, "open", author, None, "new", {"queue": values["queue"]})
    return get(connection, reference)


def get(connection: Connection, reference: str, *, lock: bool = False) -> Ticket:
    """One ticket. Raises NotFound."""
    query = sa.select(tickets).where(_T.reference == reference)
    row = connection.execute(query.with_for_update() if lock else query).mappings().first()
    if row is None:
        raise NotFound(f"There is no ticket {reference[:20]}.")
    return dict(row)


def of_conversation(connection: Connection, conversation_id: str) -> Ticket | None:
    """The conversation's ticket that is not closed."""
    row = connection.execute(
        sa.select(tickets).where(_T.conversation_id == conversation_id, _T.status != "closed")
    ).mappings().first()
    return dict(row) if row else None


def act(
    connection: Connection, ticket: Ticket, action: str, author: str,
    detail: dict[str, Any] | None = None, **changes: Any,
) -> Ticket:
    """Do ``action``: the state changes only if the row still is as ``ticket`` says, else Conflict."""
    status = next_status(action, ticket["status"])
    now = now_iso()
    if status == "solved":
        changes.setdefault("solved_at", now)
    elif ticket["status"] == "solved" and ACTIONS[action].to == "open":
        changes.setdefault("solved_at", None)
    done = connection.execute(
        sa.update(tickets)
        .where(
            _T.reference == ticket["reference"],
            _T.version == ticket["version"],
            _T.status.in_(ACTIONS[action].allowed),
        )
        .values(status=status, updated_at=now, version=_T.version + 1, **changes)
    )
    if done.rowcount != 1:
        raise Conflict("Someone changed this ticket a moment ago: reload it.")
    record(connection, ticket["reference"], action, author, ticket["status"], status, detail or {})
    return get(connection, ticket["reference"])


def record(
    connection: Connection, reference: str, action: str, author: str,
    from_status: str | None, to_status: str, detail: dict[str, Any],
) -> None:
    """One line of history."""
    connection.execute(
        sa.insert(ticket_events).values(
            reference=reference, at=now_iso(), action=action, author=author,
            from_status=from_status, to_status=to_status, detail=detail,
        )
    )


def history(connection: Connection, reference: str) -> list[dict[str, Any]]:
    """The ticket's history, oldest first."""
    rows = connection.execute(
        sa.select(ticket_events).where(ticket_events.c.reference == reference)
        .order_by(ticket_events.c.id)
    ).mappings()
    return [dict(row) for row in rows]


def close_solved(connection: Connection, before: str, limit: int = 200) -> int:
    """Close for good what was settled before a time and not reopened; how many."""
    rows = connection.execute(
        sa.select(tickets).where(_T.status == "solved", _T.solved_at < before).limit(limit)
        .with_for_update(skip_locked=True)
    ).mappings().all()
    for row in rows:
        act(connection, dict(row), "close", "system")
    return len(rows)


def last_action(connection: Connection, reference: str) -> str:
    """What was done with the ticket last, notes apart."""
    found = connection.execute(
        sa.select(ticket_events.c.action)
        .where(ticket_events.c.reference == reference, ticket_events.c.action != "note")
        .order_by(ticket_events.c.id.desc()).limit(1)
    ).scalar_one_or_none()
    return str(found or "")


def search(
    connection: Connection, *, status: str = "", queue: str = "", q: str = "",
    assignee: str = "", limit: int = 200,
) -> list[Ticket]:
    """Tickets, most pressing first. ``status`` may be ``live`` or several joined by commas."""
    query = sa.select(tickets, conversations.c.mode, conversations.c.last_at).join(
        conversations, conversations.c.id == _T.conversation_id
    )
    wanted = sorted(LIVE) if status == "live" else [part for part in status.split(",") if part]
    if wanted:
        query = query.where(_T.status.in_(wanted))
    if queue:
        query = query.where(_T.queue == queue)
    if assignee:
        query = query.where(_T.assignee == assignee)
    for word in q.split()[:6]:
        pattern = "%" + word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        query = query.where(
            sa.or_(
                _T.reference.ilike(pattern, escape="\\"),
                _T.summary.ilike(pattern, escape="\\"),
                sa.cast(_T.packet, sa.Text).ilike(pattern, escape="\\"),
            )
        )
    live_first = sa.case((_T.status.in_(sorted(LIVE)), 0), else_=1)
    query = query.order_by(live_first, _T.priority, _T.opened_at).limit(limit)
    return [dict(row) for row in connection.execute(query).mappings()]


def public(ticket: Ticket) -> dict[str, Any]:
    """A ticket as the staff API lists it (no packet)."""
    shown = {key: value for key, value in ticket.items() if key != "packet"}
    shown["priority"] = PRIORITIES[ticket["priority"]]
    return shown
