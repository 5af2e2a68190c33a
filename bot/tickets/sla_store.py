"""Clocks as rows: a projection of tickets' histories that can be asked "what is due" and thrown away.

A ticket whose ``sla_version`` is not its ``version`` is projected anew, by whichever worker comes first.
What ended keeps the figures it ended with; changing a policy does not rewrite the past.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.storage.clock import iso, now_iso, parse
from bot.storage.schema import settings_kv, sla_clocks, sla_firings, ticket_events, tickets
from bot.tickets import policies as policy_store
from bot.tickets.hours import Desk
from bot.tickets.policies import Policies
from bot.tickets.sla import Clock, History, clocks
from bot.tickets.states import LIVE
from bot.tickets.store import Ticket

_C, _F, _T, _E = sla_clocks.c, sla_firings.c, tickets.c, ticket_events.c
_HOURS = "sla_hours"      # settings_kv: the hours clocks were last projected for
_ENDED = ("met", "missed", "dropped")
#: History lines a clock may depend on; the others (notes, tags…) are not even read.
_ACTIONS = ("open", "reply", "resolve", "hand_back", "merge", "close", "customer", "reopen", "hold",
            "take", "assign", "transfer", "escalate", "follow_up", "follow_up_sent")


def refresh_changed(
    connection: Connection, policies: Policies, now: datetime, limit: int = 200
) -> int:
    """Project tickets that changed since they were last looked at; how many."""
    rows = connection.execute(
        sa.select(tickets).where(_T.sla_version != _T.version).order_by(_T.updated_at).limit(limit)
        .with_for_update(skip_locked=True)).mappings().all()
    histories = _histories(connection, [row["reference"] for row in rows])
    for row in rows:
        ticket = dict(row)
        _write(connection, ticket["reference"],
               clocks(ticket, histories[ticket["reference"]], policies, now))
        connection.execute(sa.update(tickets).where(_T.reference == ticket["reference"])
                           .values(sla_version=ticket["version"]))
    return len(rows)


def forget_all(connection: Connection) -> None:
    """Have every live ticket projected anew: the policies changed."""
    connection.execute(
        sa.update(tickets).where(_T.status.in_(sorted(LIVE))).values(sla_version=-1))


def heeded(connection: Connection, desk: Desk) -> bool:
    """Whether clocks were last projected for these opening hours."""
    kept = connection.execute(
        sa.select(settings_kv.c.value).where(settings_kv.c.key == _HOURS)).scalar_one_or_none()
    return bool(kept == _named(desk))


def heed(connection: Connection, desk: Desk) -> None:
    """Have every live ticket projected anew where the opening hours of the settings changed."""
    if heeded(connection, desk):
        return
    connection.execute(sa.delete(settings_kv).where(settings_kv.c.key == _HOURS))
    connection.execute(sa.insert(settings_kv).values(
        key=_HOURS, value=_named(desk), author="system", at=now_iso()))
    forget_all(connection)


def _named(desk: Desk) -> str:
    days = [",".join(f"{start:%H:%M}-{end:%H:%M:%S}" for start, end in day) for day in desk.spans]
    return f"{desk.zone.key} {desk.country} {'; '.join(days)}"


def sla_of(
    connection: Connection, found: Sequence[Ticket], desk: Desk, now: datetime
) -> dict[str, dict[str, Any]]:
    """By reference: ``policy``, ``clocks``, ``next`` (the running clock due first, with
    ``seconds_left`` by the wall clock, negative when late) and ``breached``."""
    policies = policy_store.current(connection, desk)
    kept = _kept(connection, [ticket["reference"] for ticket in found])
    stale = [t["reference"] for t in found if t["sla_version"] != t["version"]]
    histories = _histories(connection, stale)
    shown = {}
    for ticket in found:
        reference = ticket["reference"]
        if reference in histories:
            fresh = {(c.target, c.cycle): _row(c) for c in clocks(ticket, histories[reference], policies, now)}
            rows = list({**fresh, **{key: row for key, row in kept[reference].items()
                                     if row["state"] in _ENDED and key[0] != "resolution"}}.values())
        else:
            rows = list(kept[reference].values())
        policy = policies.of(ticket["queue"], ticket["priority"])
        shown[reference] = _shown(rows, policy.name if policy else None, now)
    return shown


def _shown(rows: Sequence[Mapping[str, Any]], policy: str | None, now: datetime) -> dict[str, Any]:
    names = ("target", "cycle", "state", "started_at", "goal_seconds", "used_seconds", "due_at", "ended_at")
    listed = sorted(({name: row[name] for name in names} for row in rows),
                    key=lambda row: (row["started_at"], row["target"]))
    running = [row for row in listed if row["state"] == "running" and row["due_at"]]
    late = any(row["state"] == "missed" or (
        row["due_at"] and row["ended_at"] is None and parse(row["due_at"]) <= now) for row in listed)
    first = min(running, key=lambda row: row["due_at"], default=None)
    return {
        "policy": policy, "clocks": listed, "breached": late,
        "next": None if first is None else {
            "target": first["target"], "due_at": first["due_at"],
            "seconds_left": round((parse(first["due_at"]) - now).total_seconds())},
    }


def _write(connection: Connection, reference: str, derived: Sequence[Clock]) -> None:
    kept = _kept(connection, [reference])[reference]
    said: dict[tuple[str, int], set[str]] = defaultdict(set)
    for row in connection.execute(
            sa.select(_F.target, _F.cycle, _F.kind).where(_F.reference == reference)):
        said[(row.target, row.cycle)].add(row.kind)
    names = set()
    for clock in derived:
        key = (clock.target, clock.cycle)
        names.add(key)
        before = kept.get(key)
        if before is not None and before["state"] in _ENDED and clock.target != "resolution":
            continue
        row = _row(clock)
        row["next_at"] = next_moment(clock, said[key])
        if before is None:
            connection.execute(sa.insert(sla_clocks).values(reference=reference, **row))
        else:
            connection.execute(sa.update(sla_clocks).where(
                _C.reference == reference, _C.target == clock.target, _C.cycle == clock.cycle).values(**row))
    for key, row in kept.items():      # a target the policy no longer has
        if key not in names and row["state"] not in _ENDED:
            connection.execute(sa.delete(sla_clocks).where(
                _C.reference == reference, _C.target == key[0], _C.cycle == key[1]))


def next_moment(clock: Clock, said: set[str]) -> str | None:
    """The first moment at which something has to be said that was not said yet."""
    left = [at for kind, at in clock.moments().items() if kind not in said]
    if clock.ended_at is not None:     # warnings are pointless now; a breach is still a breach
        left = [clock.due_at] if clock.state == "missed" and "breach" not in said and clock.due_at else []
    return iso(min(left)) if left else None


def _row(clock: Clock) -> dict[str, Any]:
    def text(at: datetime | None) -> str | None:
        return iso(at) if at is not None else None

    return {"target": clock.target, "cycle": clock.cycle, "state": clock.state,
            "started_at": iso(clock.started_at), "goal_seconds": clock.goal,
            "used_seconds": clock.used, "due_at": text(clock.due_at), "warn_at": text(clock.warn_at),
            "day_before_at": text(clock.day_before_at), "ended_at": text(clock.ended_at)}


def _kept(connection: Connection, references: Sequence[str]) -> dict[str, dict[tuple[str, int], dict[str, Any]]]:
    found: dict[str, dict[tuple[str, int], dict[str, Any]]] = {name: {} for name in references}
    for row in connection.execute(
            sa.select(sla_clocks).where(_C.reference.in_(references))).mappings():
        found[row["reference"]][(row["target"], row["cycle"])] = dict(row)
    return found


def _histories(connection: Connection, references: Sequence[str]) -> dict[str, History]:
    found: dict[str, list[Mapping[str, Any]]] = {name: [] for name in references}
    if not references:
        return dict(found)
    for row in connection.execute(
            sa.select(ticket_events).where(_E.reference.in_(references), _E.action.in_(_ACTIONS))
            .order_by(_E.id)).mappings():
        found[row["reference"]].append(dict(row))
    return dict(found)
