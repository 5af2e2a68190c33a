"""What a ticket hangs together with: related tickets, duplicates, the known outage behind it."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.errors import BadInput
from bot.staff.accounts import Member
from bot.storage.clock import now_iso
from bot.storage.schema import ticket_links, tickets
from bot.tickets import store
from bot.tickets.service import Done
from bot.tickets.store import Ticket

_L, _T = ticket_links.c, tickets.c


def link(connection: Connection, reference: str, who: Member, other: str) -> Done:
    """Say that two tickets belong together; both histories note it. Raises NotFound, BadInput."""
    if reference == other:
        raise BadInput("A ticket cannot be linked to itself.", key="link_itself")
    first, second = sorted((reference, other))
    locked = {name: store.get(connection, name, lock=True) for name in (first, second)}
    ticket = locked[reference]
    if connection.execute(sa.select(_L.at).where(_L.reference == first, _L.other == second)).first():
        return ticket, []
    connection.execute(sa.insert(ticket_links).values(
        reference=first, other=second, author=who.username, at=now_iso()))
    if locked[other]["status"] != "closed":
        store.act(connection, locked[other], "link", who.username, {"to": reference})
    return store.act(connection, ticket, "link", who.username, {"to": other}), []


def unlink(connection: Connection, reference: str, who: Member, other: str) -> Done:
    """Undo :func:`link`; nothing happens where there was none."""
    first, second = sorted((reference, other))
    ticket = store.get(connection, reference, lock=True)
    gone = connection.execute(
        sa.delete(ticket_links).where(_L.reference == first, _L.other == second))
    if not gone.rowcount:
        return ticket, []
    return store.act(connection, ticket, "link", who.username, {"to": "", "unlinked": other}), []


def link_outage(connection: Connection, reference: str, who: Member, outage: str | None) -> Done:
    """Name the known outage behind a ticket, or (None) that there is none."""
    ticket = store.get(connection, reference, lock=True)
    outage = (outage or "").strip()[:60] or None
    if ticket["outage"] == outage:
        return ticket, []
    return store.act(connection, ticket, "link", who.username, {"to": outage or "", "outage": outage},
                     outage=outage), []


def of_outage(connection: Connection, outage: str) -> list[Ticket]:
    """Live tickets of a known outage, oldest first."""
    rows = connection.execute(
        sa.select(tickets).where(_T.outage == outage, _T.status.not_in(("solved", "closed")))
        .order_by(_T.opened_at)).mappings()
    return [dict(row) for row in rows]


def links_of(connection: Connection, found: Sequence[Ticket]) -> dict[str, list[dict[str, str]]]:
    """By reference: ``{"kind", "to"}`` of each link, with kinds ``related``, ``duplicate`` (merged
    into this one), ``merged_into`` and ``outage``."""
    names = [ticket["reference"] for ticket in found]
    made: dict[str, list[dict[str, str]]] = {name: [] for name in names}
    for ticket in found:
        for kind in ("merged_into", "outage"):
            if ticket[kind]:
                made[ticket["reference"]].append({"kind": kind, "to": ticket[kind]})
    rows = connection.execute(sa.select(_L.reference, _L.other).where(
        sa.or_(_L.reference.in_(names), _L.other.in_(names))).order_by(_L.at)).all()
    for first, second in rows:
        for here, there in ((first, second), (second, first)):
            if here in made:
                made[here].append({"kind": "related", "to": there})
    merged = connection.execute(
        sa.select(_T.merged_into, _T.reference).where(_T.merged_into.in_(names))
        .order_by(_T.reference)).all()
    for into, reference in merged:
        made[into].append({"kind": "duplicate", "to": reference})
    return made
