"""Twins of tickets as stored, and the lease that lets one worker at a time talk about a ticket."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.errors import NotFound, Unavailable
from bot.storage import outbox
from bot.storage.clock import later, now_iso
from bot.storage.schema import connector_comments, connector_links, connectors

TOPIC = "connector"
LEASE_SECONDS = 90.0
_L, _C, _S = connector_links.c, connector_comments.c, connectors.c


def ensure(
    connection: Connection, connector: str, reference: str, conversation_id: str, *, after_note: int = 0
) -> bool:
    """Have a link (not made there yet) for a ticket; False where there was one.

    Notes up to the history line ``after_note`` stay here.
    """
    if find(connection, connector, reference):
        return False
    connection.execute(sa.insert(connector_links).values(
        connector=connector, reference=reference, conversation_id=conversation_id,
        fields={"note": after_note}, fence=0))
    return True


def find(connection: Connection, connector: str, reference: str) -> dict[str, Any] | None:
    """A ticket's link."""
    row = connection.execute(sa.select(connector_links).where(
        _L.connector == connector, _L.reference == reference)).mappings().first()
    return dict(row) if row else None


def reference_of(connection: Connection, connector: str, external_id: str) -> str | None:
    """Our ticket behind one of theirs."""
    found = connection.execute(sa.select(_L.reference).where(
        _L.connector == connector, _L.external_id == external_id)).scalar()
    return str(found) if found else None


def lease(connection: Connection, connector: str, reference: str) -> int:
    """Be the one who talks about this ticket; the fence proves it. Raises Unavailable while another is."""
    link = find(connection, connector, reference)
    if link is None:
        raise NotFound("This ticket is not linked there.")
    taken = connection.execute(
        sa.update(connector_links)
        .where(_L.connector == connector, _L.reference == reference, _L.fence == link["fence"],
               sa.or_(_L.busy_until.is_(None), _L.busy_until < now_iso(),
                      _L.busy_until > later(2 * LEASE_SECONDS)))       # a clock set back holds nothing
        .values(fence=_L.fence + 1, busy_until=later(LEASE_SECONDS)))
    if taken.rowcount != 1:
        raise Unavailable("Another worker is bringing this ticket in step.", retry_after=3)
    return int(link["fence"]) + 1


def save(
    connection: Connection, connector: str, reference: str, fence: int, *, release: bool = False,
    **values: Any,
) -> None:
    """Store what is known now and go on holding the lease, or end it. Raises Unavailable where it was lost."""
    values["busy_until"] = None if release else later(LEASE_SECONDS)
    done = connection.execute(sa.update(connector_links).where(
        _L.connector == connector, _L.reference == reference, _L.fence == fence).values(**values))
    if done.rowcount != 1:
        raise Unavailable("Another worker took this ticket over.", retry_after=3)


def comments(connection: Connection, connector: str, reference: str) -> dict[str, str | None]:
    """Messages and notes that both sides have: our key → their id."""
    rows = connection.execute(sa.select(_C.key, _C.external_id).where(
        _C.connector == connector, _C.reference == reference))
    return {row.key: row.external_id for row in rows}


def sent(connection: Connection, connector: str, reference: str) -> list[str]:
    """When our comments on a ticket left, oldest first."""
    rows = connection.execute(sa.select(_C.at).where(
        _C.connector == connector, _C.reference == reference, _C.direction == "out").order_by(_C.at)).scalars()
    return [str(at) for at in rows]


def paired(
    connection: Connection, connector: str, reference: str, key: str, external_id: str, direction: str
) -> bool:
    """Note that our ``key`` is their comment; False where either is known already."""
    known = connection.execute(sa.select(_C.key).where(
        _C.connector == connector, _C.reference == reference,
        sa.or_(_C.key == key, _C.external_id == external_id))).first()
    if known:
        return False
    connection.execute(sa.insert(connector_comments).values(
        connector=connector, reference=reference, key=key, external_id=external_id,
        direction=direction, at=now_iso()))
    return True


def register(connection: Connection, configured: Iterable[str]) -> None:
    """Say which systems changes are told to from now on."""
    wanted = set(configured)
    known = {row.name: row.active for row in connection.execute(sa.select(_S.name, _S.active))}
    for name in wanted - set(known):
        connection.execute(sa.insert(connectors).values(name=name, active=True))
    for name, active in known.items():
        if active != (name in wanted):
            connection.execute(sa.update(connectors).where(_S.name == name).values(active=name in wanted))


def state(connection: Connection, connector: str) -> dict[str, Any]:
    """What is known of a system as a whole."""
    row = connection.execute(sa.select(connectors).where(_S.name == connector)).mappings().first()
    return dict(row) if row else {}


def set_state(connection: Connection, connector: str, **values: Any) -> None:
    """Store a pause, a cursor or the time of the last look."""
    connection.execute(sa.update(connectors).where(_S.name == connector).values(**values))


def ask(
    connection: Connection, connector: str, reference: str, conversation_id: str, key: str
) -> bool:
    """Queue a look at what changed there; the same ``key`` again is ignored."""
    return outbox.put(connection, key=f"{TOPIC}:{connector}:{reference}:{key}", topic=TOPIC,
                      payload={"connector": connector, "reference": reference, "pull": True},
                      conversation_id=conversation_id)


def of_tickets(connection: Connection, references: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """The twins of these tickets, as the staff API shows them."""
    rows = connection.execute(sa.select(connector_links).where(_L.reference.in_(list(references)))
                              .order_by(_L.connector)).mappings()
    found: dict[str, list[dict[str, Any]]] = {reference: [] for reference in references}
    for row in rows:
        found[row["reference"]].append({
            "connector": row["connector"], "id": row["external_id"], "url": row["external_url"],
            "status": row["fields"].get("label"), "synced_at": row["synced_at"], "error": row["error"]})
    return found


def overview(connection: Connection) -> list[dict[str, Any]]:
    """Every system with how many tickets are linked there and how many are in trouble."""
    rows = connection.execute(
        sa.select(_S.name, _S.active, _S.paused_until, _S.polled_at, sa.func.count(_L.reference),
                  sa.func.count(_L.error))
        .outerjoin(connector_links, _L.connector == _S.name)
        .group_by(_S.name, _S.active, _S.paused_until, _S.polled_at).order_by(_S.name))
    return [{"name": row[0], "active": row[1], "paused_until": row[2], "polled_at": row[3],
             "tickets": row[4], "in_trouble": row[5]} for row in rows]
