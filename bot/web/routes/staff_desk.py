"""The desk around the queue: views, notifications, presence, snooze, several tickets at once."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, Field
from sqlalchemy.engine import Connection
from starlette.requests import Request
from starlette.responses import Response

from bot.conversations.broadcast import INBOX
from bot.desk import away, bulk, notify, presence, snooze, views
from bot.staff.accounts import Member
from bot.storage.clock import utcnow
from bot.tickets import store
from bot.web.deps import Line, Name, ServicesDep, allowed
from bot.web.problems import explain, language_of
from bot.web.services import Services

router = APIRouter(prefix="/api/v1/staff", tags=["staff"])
Agent = Annotated[Member, Depends(allowed("tickets"))]


class View(BaseModel):
    """Filters under a name; ``shared`` for everyone (leads)."""

    name: Name
    filters: dict[str, str]
    shared: bool = False


class Seen(BaseModel):
    """Which notifications were seen: by id, by ticket, or all."""

    ids: list[int] = Field(default_factory=list, max_items=200)
    reference: Name | None = None
    all: bool = False


class Switches(BaseModel):
    """How one wants to be told; what is left out stays."""

    sound: bool | None = None
    desktop: bool | None = None
    mail_when_away: bool | None = None
    email: Line | None = None
    language: Literal["fr", "en"] | None = None


class Presence(BaseModel):
    """What one does with a ticket now."""

    state: Literal["viewing", "replying", "left"]


class Until(BaseModel):
    """When it comes back (UTC)."""

    until: Name


class Bulk(BaseModel):
    """One action on several tickets."""

    references: list[Name] = Field(min_items=1, max_items=100)
    action: Literal["take", "resolve", "hold", "transfer", "snooze"]
    queue: Name | None = None
    assignee: Name | None = None
    until: Name | None = None


@router.get("/views")
def list_views(parts: ServicesDep, who: Agent) -> dict[str, Any]:
    """Built-in views (``name`` null: the page has words for them), shared ones, one's own."""
    with parts.database.read() as connection:
        return {"views": views.listed(connection, who)}


@router.post("/views", status_code=201)
def save_view(body: View, parts: ServicesDep, who: Agent) -> dict[str, Any]:
    """Keep filters as a view."""
    with parts.database.write() as connection:
        return views.save(connection, who, name=body.name, filters=body.filters, shared=body.shared)


@router.delete("/views/{row}", status_code=204, response_class=Response)
def remove_view(row: Annotated[int, Path(ge=1, le=2**31)], parts: ServicesDep, who: Agent) -> Response:
    """Remove a view."""
    with parts.database.write() as connection:
        views.remove(connection, who, row)
    return Response(status_code=204)


@router.get("/notifications")
def list_notifications(parts: ServicesDep, who: Agent) -> dict[str, Any]:
    """What waits to be seen, then what was; and how one wants to be told."""
    with parts.database.read() as connection:
        return {"notifications": notify.listed(connection, who.username),
                "unseen": notify.unseen(connection, who.username),
                "switches": notify.switches(connection, who.username)}


@router.post("/notifications/seen", status_code=204, response_class=Response)
def see_notifications(body: Seen, parts: ServicesDep, who: Agent) -> Response:
    """Mark as seen."""
    with parts.database.write() as connection:
        notify.see(connection, who.username, ids=body.ids, reference=body.reference, everything=body.all)
    return Response(status_code=204)


@router.put("/notifications/switches")
def set_switches(body: Switches, parts: ServicesDep, who: Agent) -> dict[str, Any]:
    """Change how one wants to be told."""
    with parts.database.write() as connection:
        return notify.set_switches(connection, who.username, body.dict(exclude_none=True))


@router.post("/me/here", status_code=204, response_class=Response)
def at_the_page(parts: ServicesDep, who: Agent) -> Response:
    """Somebody uses a page: they can be given requests, and no mail about what waits is needed."""
    away.here(parts.database, who.username)
    return Response(status_code=204)


@router.post("/tickets/bulk")
async def bulk_action(request: Request, body: Bulk, parts: ServicesDep, who: Agent) -> dict[str, Any]:
    """Do one thing with each ticket; each succeeds or fails by itself, with its reason."""
    results = []
    for reference in dict.fromkeys(body.references):
        failed, events = await bulk.one(
            parts.database, reference, who, body.action, queue=body.queue, assignee=body.assignee,
            until=body.until, now=utcnow())
        parts.broadcaster.publish(events)
        _changed(parts, reference)
        results.append({"reference": reference, "ok": failed is None}
                       | ({"detail": explain(failed, language_of(request))} if failed else {}))
    return {"results": results}


@router.post("/tickets/{reference}/presence")
async def tell_presence(reference: str, body: Presence, parts: ServicesDep, who: Agent) -> dict[str, Any]:
    """Say that one looks at, answers, or left a ticket; who else is there."""
    def job(connection: Connection) -> tuple[bool, list[dict[str, Any]], str]:
        """One transaction."""
        ticket = store.get(connection, reference)
        if body.state == "left":
            presence.left(connection, reference, who.username)
            return True, [], ticket["conversation_id"]
        news = presence.seen(connection, reference, who.username, body.state)
        return news, presence.others(connection, reference, who.username), ticket["conversation_id"]

    news, others, conversation_id = await parts.database.run_write(job)
    if news:
        parts.broadcaster.nudge(INBOX, {
            "kind": "presence", "reference": reference, "username": who.username, "name": who.first_name,
            "state": body.state, "conversation": conversation_id})
    return {"present": others}


@router.post("/tickets/{reference}/snooze")
async def set_aside(reference: str, body: Until, parts: ServicesDep, who: Agent) -> dict[str, Any]:
    """Out of sight until a time, or until the customer writes; 409 where someone else has it."""
    until = await parts.database.run_write(
        lambda c: snooze.snooze(c, reference, who, body.until, utcnow()))
    _changed(parts, reference)
    return {"reference": reference, "snoozed_until": until}


@router.delete("/tickets/{reference}/snooze", status_code=204, response_class=Response)
async def bring_back(reference: str, parts: ServicesDep, who: Agent) -> Response:
    """Back into the queue now."""
    await parts.database.run_write(lambda c: snooze.wake(c, reference, who))
    _changed(parts, reference)
    return Response(status_code=204)


def _changed(parts: Services, reference: str) -> None:
    parts.broadcaster.nudge(INBOX, {"kind": "ticket", "reference": reference})
