"""Saved views: filters with a name, one's own or shared by a lead with everyone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.conversations.text import one_line
from bot.desk.filters import Filters, from_data
from bot.errors import BadInput, Forbidden, NotFound
from bot.staff.accounts import Member
from bot.staff.roles import may
from bot.storage.schema import views

_V = views.c
_MOST = 40
#: Views everyone has; the pages have their words.
BUILT_IN: dict[str, Filters] = {
    "live": Filters(status="live", snoozed="no"),
    "unassigned": Filters(status="live", assignee="none", snoozed="no"),
    "mine": Filters(status="live", assignee="me", snoozed="no"),
    "urgent": Filters(status="live", priority="urgent"),
    "due": Filters(status="live", sla="due"),
    "snoozed": Filters(status="live", snoozed="only"),
    "solved": Filters(status="solved"),
}


def listed(connection: Connection, who: Member) -> list[dict[str, Any]]:
    """The built-in ones, then shared ones, then this agent's own."""
    built = [{"id": key, "name": None, "shared": True, "filters": found.kept()} for key, found in BUILT_IN.items()]
    rows = connection.execute(
        sa.select(views).where(sa.or_(_V.owner.is_(None), _V.owner == who.username))
        .order_by(sa.case((_V.owner.is_(None), 0), else_=1), _V.id)).mappings()
    return built + [{"id": str(row["id"]), "name": row["name"], "shared": row["owner"] is None,
                     "filters": row["filters"]} for row in rows]


def save(
    connection: Connection, who: Member, *, name: str, filters: Mapping[str, Any], shared: bool
) -> dict[str, Any]:
    """Keep filters under a name. Raises BadInput; Forbidden where an agent shares."""
    title = one_line(name, 40)
    if not title:
        raise BadInput("Give the view a name.", key="view_name")
    if shared and not may(who.role, "operations"):
        raise Forbidden("Only leads share views with everyone.", key="view_share")
    kept = from_data(filters).kept()
    owner = None if shared else who.username
    count = connection.execute(sa.select(sa.func.count()).select_from(views).where(
        _V.owner.is_(None) if shared else _V.owner == owner)).scalar_one()
    if count >= _MOST:
        raise BadInput(f"There are {_MOST} views already: remove one first.", key="view_many", most=_MOST)
    done = connection.execute(sa.insert(views).values(owner=owner, name=title, filters=kept))
    return {"id": str(done.inserted_primary_key[0]), "name": title, "shared": shared, "filters": kept}


def remove(connection: Connection, who: Member, view_id: int) -> None:
    """Remove one's own view, or as a lead a shared one. Raises NotFound."""
    whose: Any = _V.owner == who.username
    if may(who.role, "operations"):
        whose = sa.or_(whose, _V.owner.is_(None))
    if connection.execute(sa.delete(views).where(_V.id == view_id, whose)).rowcount != 1:
        raise NotFound("There is no such view of yours.", key="view_gone")
