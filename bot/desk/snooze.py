"""Setting a ticket aside until a time, or until its customer writes, whichever comes first.

What counts is derived when it is read (the time, and whether the conversation has a customer's message
after the one it was snoozed at), so a ticket is back the moment either happens, by whatever channel; the
worker only tidies up and tells the agent. A message in a merged duplicate's conversation moves the time to
now (``store.end_snooze``); passing a ticket on, merging into it, settling it or opening it again ends the
snooze itself. Only who may move a ticket sets it aside.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.conversations import store as conversations
from bot.desk import notify
from bot.errors import BadInput
from bot.staff.accounts import Member
from bot.storage.clock import iso, now_iso, parse
from bot.storage.schema import events, snoozes, tickets
from bot.tickets import service, store
from bot.tickets.states import LIVE

_S, _E, _T = snoozes.c, events.c, tickets.c
_ASLEEP = snoozes.alias("asleep")
_A = _ASLEEP.c
_LONGEST_DAYS = 90


def asleep(now: datetime) -> Any:
    """The condition on ``tickets`` of those that are set aside at ``now``."""
    written = sa.select(_E.seq).where(
        _E.conversation_id == _T.conversation_id, _E.seq > _A.seq, _E.author == "customer",
    ).correlate(tickets, _ASLEEP).exists()
    return sa.select(_A.reference).where(
        _A.reference == _T.reference, _A.until > iso(now), sa.not_(written),
    ).correlate(tickets).exists()


def until_of(connection: Connection, reference: str, now: datetime) -> str | None:
    """When a ticket comes back, None where it is not set aside."""
    found = connection.execute(
        sa.select(_S.until).join(tickets, _T.reference == _S.reference)
        .where(_S.reference == reference, asleep(now))).scalar_one_or_none()
    return str(found) if found else None


def snooze(connection: Connection, reference: str, who: Member, until: str, now: datetime) -> str:
    """Set it aside; when it comes back.

    Raises BadInput for a time past, too far, or that is none; Conflict where someone else has the ticket.
    """
    ticket = store.get(connection, reference, lock=True)
    service.must_hold(ticket, who)
    try:
        moment = parse(until)
    except ValueError as error:
        raise BadInput("until is a time like 2026-11-27T09:00:00Z.", key="snooze_form") from error
    if moment <= now or moment > now + timedelta(days=_LONGEST_DAYS):
        raise BadInput(f"A ticket can be set aside for up to {_LONGEST_DAYS} days, from now on.", key="snooze_long", days=_LONGEST_DAYS)
    if ticket["status"] not in LIVE:
        raise BadInput("Only a ticket that is not settled can be set aside.", key="snooze_settled")
    seq = conversations.get(connection, ticket["conversation_id"]).seq
    connection.execute(sa.delete(snoozes).where(_S.reference == reference))
    connection.execute(sa.insert(snoozes).values(
        reference=reference, until=iso(moment), seq=seq, author=who.username, at=now_iso()))
    store.record(connection, reference, "snooze", who.username, ticket["status"], ticket["status"], {"until": iso(moment)})
    return iso(moment)


def wake(connection: Connection, reference: str, who: Member) -> bool:
    """Bring it back now; whether it was set aside. Raises Conflict where someone else has the ticket."""
    service.must_hold(store.get(connection, reference, lock=True), who)
    return store.wake(connection, reference, who.username)


def due(connection: Connection, now: datetime, limit: int = 200) -> list[dict[str, Any]]:
    """Snoozes that are over."""
    rows = connection.execute(
        sa.select(snoozes, _T.assignee).join(tickets, _T.reference == _S.reference).where(sa.not_(asleep(now))).limit(limit)).mappings()
    return [dict(row) for row in rows]


def wake_due(connection: Connection, now: datetime) -> int:
    """Bring back what is due and tell who has it, or set it aside; how many. Twice at once tells once."""
    woken = 0
    for row in due(connection, now):
        if store.wake(connection, row["reference"], "system"):
            by_time = row["until"] <= iso(now) and row["seq"] != store.WROTE_ELSEWHERE
            notify.notify(connection, row["assignee"] or row["author"], "woke", row["reference"], {"by": "time" if by_time else "customer"})
            woken += 1
    return woken
