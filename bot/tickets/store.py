"""Tickets and their history in the database; every function takes the caller's transaction."""

from __future__ import annotations

import secrets
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.errors import Conflict, NotFound
from bot.integrations import announce
from bot.storage.clock import now_iso
from bot.storage.schema import snoozes, ticket_events, ticket_follow_ups, tickets
from bot.tickets.states import ACTIONS, PRIORITIES, next_status

_T = tickets.c
# No 0/O, 1/I/L, U/V: a reference is read out on the phone.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTWXYZ"
Ticket = dict[str, Any]
_MOVES = tuple(name for name, action in ACTIONS.items() if action.to is not None)
_INSIDE = frozenset({"packet", "sla_version"})    # not listed
# Whoever set it aside did not mean these: somebody else has it now, or there is more to do.
_WAKING = frozenset({"transfer", "escalate", "release", "reopen", "absorb"})
#: In place of a snooze's ``seq``: the customer wrote in the conversation of a duplicate.
WROTE_ELSEWHERE = -1


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
           "updated_at": now, "version": 1, "level": "L1", "tags": [], "waiting_since": now,
           "sla_version": 0, **values}
    connection.execute(sa.insert(tickets).values(**row))
    record(connection, reference, "open", author, None, "new", {
        "queue": values["queue"], "priority": PRIORITIES[values["priority"]]})
    return get(connection, reference)


def get(connection: Connection, reference: str, *, lock: bool = False) -> Ticket:
    """One ticket. Raises NotFound."""
    query = sa.select(tickets).where(_T.reference == reference)
    row = connection.execute(query.with_for_update() if lock else query).mappings().first()
    if row is None:
        raise NotFound(f"There is no ticket {reference[:20]}.", key="ticket_gone", reference=reference[:20])
    return dict(row)


def of_conversation(connection: Connection, conversation_id: str, *, lock: bool = False) -> Ticket | None:
    """The ticket that answers for a conversation and is not closed.

    Its own, or the one into which its own was merged (and that one's, and so on). Whoever goes on to change
    it holds the conversation and asks for ``lock``: a colleague's note in that instant is waited for.
    """
    row = connection.execute(
        sa.select(tickets).where(_T.conversation_id == conversation_id, _T.status != "closed")
    ).mappings().first()
    if row is None:
        merged = duplicate_of(connection, conversation_id)
        found = survivor(connection, merged["merged_into"]) if merged else None
    else:
        found = dict(row)
    if found is None or not lock:
        return found
    held = connection.execute(sa.select(tickets).where(
        _T.reference == found["reference"], _T.status != "closed").with_for_update()).mappings().first()
    return dict(held) if held else of_conversation(connection, conversation_id, lock=True)     # closed meanwhile


def duplicate_of(connection: Connection, conversation_id: str) -> Ticket | None:
    """The ticket of a conversation that was merged into another, the last one of several."""
    row = connection.execute(
        sa.select(tickets).where(_T.conversation_id == conversation_id, _T.merged_into.is_not(None))
        .order_by(_T.solved_at.desc()).limit(1)
    ).mappings().first()
    return dict(row) if row else None


def survivor(connection: Connection, reference: str) -> Ticket | None:
    """The ticket at the end of the pointers that start at ``reference``; None where that is closed."""
    seen: set[str] = set()
    at: str | None = reference
    while at and at not in seen:
        seen.add(at)
        row = connection.execute(sa.select(tickets).where(_T.reference == at)).mappings().first()
        if row is None:
            return None      # erased since
        if row["status"] != "closed":
            return dict(row)
        at = row["merged_into"]
    return None


def merged_conversations(connection: Connection, reference: str) -> list[str]:
    """Conversations whose tickets were merged into this one, directly or through others, in order."""
    found: list[str] = []
    level = [reference]
    while level:
        rows = connection.execute(
            sa.select(_T.reference, _T.conversation_id).where(_T.merged_into.in_(level))).all()
        level = [row.reference for row in rows]
        found += [row.conversation_id for row in rows]
    return sorted(set(found))


def release(connection: Connection, ticket: Ticket, author: str = "system") -> Ticket:
    """Back in its queue: whoever had it is not there."""
    return act(connection, ticket, "release", author, {"assignee": ticket["assignee"], "queue": ticket["queue"]}, assignee=None)


def act(
    connection: Connection, ticket: Ticket, action: str, author: str,
    detail: dict[str, Any] | None = None, **changes: Any,
) -> Ticket:
    """Do ``action``: the state changes only if the row still is as ``ticket`` says, else Conflict."""
    status = next_status(action, ticket["status"])
    now = now_iso()
    if action == "customer":
        changes.setdefault("waiting_since", ticket["waiting_since"] or now)
    elif action == "reply" or status in ("solved", "closed"):
        changes.setdefault("waiting_since", None)
        changes.setdefault("promised_at", None)      # an answer is the news
    if status == "solved" or (status == "closed" and not ticket["solved_at"]):
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
    if done.rowcount == 1 and status in ("solved", "closed"):
        connection.execute(
            sa.update(ticket_follow_ups)
            .where(ticket_follow_ups.c.reference == ticket["reference"],
                   ticket_follow_ups.c.status == "planned")
            .values(status="stopped", done_at=now))
    if done.rowcount != 1:
        raise Conflict("Someone changed this ticket a moment ago: reload it.", key="ticket_changed")
    record(connection, ticket["reference"], action, author, ticket["status"], status, detail or {})
    if action in _WAKING:
        wake(connection, ticket["reference"], author)
    elif status in ("solved", "closed"):      # nothing is left to come back
        connection.execute(sa.delete(snoozes).where(snoozes.c.reference == ticket["reference"]))
    return get(connection, ticket["reference"])


def wake(connection: Connection, reference: str, author: str) -> bool:
    """Bring a ticket back that was set aside; whether it was."""
    gone = connection.execute(sa.delete(snoozes).where(snoozes.c.reference == reference)).rowcount
    if gone:
        status = get(connection, reference)["status"]
        record(connection, reference, "wake", author, status, status, {})
    return bool(gone)


def end_snooze(connection: Connection, reference: str) -> None:
    """The customer wrote in a duplicate's conversation: the ticket is back now, and the worker tells of it."""
    now = now_iso()
    connection.execute(
        sa.update(snoozes).where(snoozes.c.reference == reference, snoozes.c.until > now)
        .values(until=now, seq=WROTE_ELSEWHERE))


def heard(connection: Connection, ticket: Ticket) -> Ticket:
    """A message of the customer on a live ticket: it waits for us again, if it did not already."""
    if ticket["status"] in ("pending", "on_hold") or (
        ticket["waiting_since"] is None and ticket["status"] == "open"
    ):
        return act(connection, ticket, "customer", "customer")
    return ticket


def record(
    connection: Connection, reference: str, action: str, author: str,
    from_status: str | None, to_status: str, detail: dict[str, Any],
) -> None:
    """One line of history."""
    made = connection.execute(
        sa.insert(ticket_events).values(
            reference=reference, at=now_iso(), action=action, author=author,
            from_status=from_status, to_status=to_status, detail=detail,
        )
    )
    announce.ticket(connection, reference, int(made.inserted_primary_key[0]), action, from_status,
                    to_status, author)


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
    """What was done last that moved the ticket; what leaves it where it is (notes, wakings…) apart."""
    found = connection.execute(
        sa.select(ticket_events.c.action)
        .where(ticket_events.c.reference == reference, ticket_events.c.action.in_(_MOVES))
        .order_by(ticket_events.c.id.desc()).limit(1)
    ).scalar_one_or_none()
    return str(found or "")


def public(ticket: Ticket) -> dict[str, Any]:
    """A ticket as the staff API lists it (no packet)."""
    shown = {key: value for key, value in ticket.items() if key not in _INSIDE}
    shown["priority"] = PRIORITIES[ticket["priority"]]
    return shown
