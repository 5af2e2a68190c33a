"""What people do with a ticket beside answering it: level, priority, tags, links, merge, planned news."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from bot.staff.accounts import Member
from bot.storage.clock import utcnow
from bot.tickets import follow_ups, links, moves
from bot.tickets.merge import merge as merge_tickets
from bot.tickets.sla_run import alerts
from bot.tickets.views import shown
from bot.web.deps import Line, Name, ServicesDep, Short, allowed
from bot.web.routes.staff_tickets import do

router = APIRouter(prefix="/api/v1/staff", tags=["staff"])
Agent = Annotated[Member, Depends(allowed("tickets"))]


class Escalation(BaseModel):
    """The next level where none is named; ``queue`` where it has one of its own."""

    level: Short | None = None
    reason: Line | None = None
    queue: Name | None = None


class Priority(BaseModel):
    """``urgent``, ``high`` or ``normal``."""

    priority: Name


class Tags(BaseModel):
    """Tags to add and to remove."""

    add: list[Name] = Field(default_factory=list, max_items=20)
    remove: list[Name] = Field(default_factory=list, max_items=20)


class Link(BaseModel):
    """Exactly one: another ticket, or the id of a known outage (empty: none)."""

    to: Name | None = None
    outage: Short | None = None


class Merge(BaseModel):
    """The ticket that goes on."""

    into: Name


class Assignment(BaseModel):
    """Whose it will be."""

    assignee: Name


class FollowUp(BaseModel):
    """The day by which the customer hears from us, and again every so many days."""

    next_by: date
    every_days: int | None = Field(None, ge=1, le=90)
    text: Line | None = None
    tell_now: bool = True


@router.post("/tickets/{reference}/escalate")
async def escalate(reference: str, parts: ServicesDep, who: Agent, body: Escalation | None = None) -> dict[str, Any]:
    """Pass to a higher level, with everything done so far."""
    wanted = body or Escalation()
    return await do(parts, lambda c: moves.escalate(
        c, reference, who, level=wanted.level, reason=wanted.reason or "", queue=wanted.queue))


@router.post("/tickets/{reference}/priority")
async def prioritise(reference: str, body: Priority, parts: ServicesDep, who: Agent) -> dict[str, Any]:
    """Set the priority."""
    return await do(parts, lambda c: moves.prioritise(c, reference, who, body.priority))


@router.post("/tickets/{reference}/tags")
async def tags(reference: str, body: Tags, parts: ServicesDep, who: Agent) -> dict[str, Any]:
    """Add and remove tags."""
    return await do(parts, lambda c: moves.tag(c, reference, who, add=body.add, remove=body.remove))


@router.post("/tickets/{reference}/assign")
async def assign(
    reference: str, body: Assignment, parts: ServicesDep,
    who: Annotated[Member, Depends(allowed("operations"))],
) -> dict[str, Any]:
    """Give a ticket nobody has to someone (leads)."""
    return await do(parts, lambda c: moves.assign(c, reference, body.assignee, author=who.username))


@router.post("/tickets/{reference}/links")
async def link(reference: str, body: Link, parts: ServicesDep, who: Agent) -> dict[str, Any]:
    """Link to another ticket, or to a known outage."""
    if body.to:
        other = body.to
        return await do(parts, lambda c: links.link(c, reference, who, other))
    return await do(parts, lambda c: links.link_outage(c, reference, who, body.outage))


@router.delete("/tickets/{reference}/links/{other}")
async def unlink(reference: str, other: str, parts: ServicesDep, who: Agent) -> dict[str, Any]:
    """Undo a link to another ticket."""
    return await do(parts, lambda c: links.unlink(c, reference, who, other))


@router.post("/tickets/{reference}/merge")
async def merge(reference: str, body: Merge, parts: ServicesDep, who: Agent) -> dict[str, Any]:
    """Close this duplicate; the ticket named goes on for both. 409 for two different customers."""
    return await do(parts, lambda c: merge_tickets(c, reference, who, into=body.into))


@router.put("/tickets/{reference}/follow-up")
async def follow_up(reference: str, body: FollowUp, parts: ServicesDep, who: Agent) -> dict[str, Any]:
    """Promise the customer news by a day, and again on a schedule until the ticket is solved."""
    return await do(parts, lambda c: follow_ups.schedule_follow_up(
        c, reference, who, desk=parts.desk, now=utcnow(), next_by=body.next_by,
        every_days=body.every_days, text=body.text, tell_now=body.tell_now))


@router.delete("/tickets/{reference}/follow-up")
async def stop_follow_up(reference: str, parts: ServicesDep, who: Agent) -> dict[str, Any]:
    """Plan no more news."""
    return await do(parts, lambda c: follow_ups.stop_follow_up(c, reference, who, now=utcnow()))


@router.get("/outages/{outage}/tickets")
def tickets_of_outage(outage: str, parts: ServicesDep, who: Agent) -> dict[str, Any]:
    """Live tickets linked to a known outage, oldest first."""
    now = utcnow()
    with parts.database.read() as connection:
        return {"tickets": shown(connection, links.of_outage(connection, outage[:60]), parts.desk, now)}


@router.get("/alerts")
def my_alerts(parts: ServicesDep, who: Agent, after: int = 0) -> dict[str, Any]:
    """Warnings and breaches of service levels told to whoever asks, newest first."""
    with parts.database.read() as connection:
        return {"alerts": alerts(connection, who.username, after=max(0, after))}
