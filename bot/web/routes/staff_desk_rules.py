"""What leads set and watch: routing rules, service levels, promised waits, who can take what."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from bot.staff import accounts
from bot.staff.accounts import Member
from bot.storage.clock import utcnow
from bot.tickets import moves, policies, presence, routing, rules_check, versioned, waits
from bot.tickets.forecast import forecast
from bot.tickets.rules import DEFAULT, FACTS, Facts
from bot.tickets.sla_store import forget_all
from bot.web.deps import Name, ServicesDep, Short, allowed

router = APIRouter(prefix="/api/v1/staff", tags=["staff"])
Lead = Annotated[Member, Depends(allowed("operations"))]
Reader = Annotated[Member, Depends(allowed("settings.read"))]
Admin = Annotated[Member, Depends(allowed("staff"))]
Agent = Annotated[Member, Depends(allowed("tickets"))]


class Saved(BaseModel):
    """A new state, made from version ``base_version``."""

    base_version: int = Field(..., ge=0)
    value: dict[str, Any]


class Try(BaseModel):
    """A hand-over to route without one happening."""

    language: Short = Short("fr")
    theme: Name | None = None
    danger: Name | None = None
    mood: Short = Short("neutral")
    person_only: bool = False
    channel: Short = Short("chat")


class Abilities(BaseModel):
    """What routing reads of someone; what is left out stays."""

    languages: list[Short] | None = Field(None, max_items=20)
    skills: list[Short] | None = Field(None, max_items=40)
    capacity: int | None = Field(None, ge=0, le=100)
    presence: Short | None = None


class Here(BaseModel):
    """``auto``: there while at a page. ``away``: not, although at one."""

    presence: Short


@router.get("/routing")
def read_routing(parts: ServicesDep, who: Reader) -> dict[str, Any]:
    """The rules in force, their version, and the conditions a rule may have."""
    with parts.database.read() as connection:
        found = routing.current(connection)
        history = versioned.versions(connection, routing.NAME)
        notes = rules_check.notes(found.value, routing.names(connection))
    return {**_version(found), "notes": notes, "facts": FACTS,
            "versions": history, "default": DEFAULT}


@router.put("/routing")
def save_routing(body: Saved, parts: ServicesDep, who: Lead) -> dict[str, Any]:
    """Save rules; 400 for a gap or a circle, 409 where someone saved since, with who and when."""
    with parts.database.write() as connection:
        made, notes = routing.save(connection, body.value, base=body.base_version, author=who.username)
    return {**_version(made), "notes": notes}


@router.post("/routing/check")
def check_routing(body: Saved, parts: ServicesDep, who: Lead) -> dict[str, Any]:
    """Whether rules could be saved, and what is of no use in them; nothing is stored."""
    checked = rules_check.check(body.value)
    with parts.database.read() as connection:
        return {"value": checked, "notes": rules_check.notes(checked, routing.names(connection))}


@router.post("/routing/try")
def try_routing(body: Try, parts: ServicesDep, who: Reader) -> dict[str, Any]:
    """Where a hand-over would go by the rules in force, by which rule, and what the customer is told."""
    facts = Facts(language=body.language, theme=body.theme, danger=body.danger, mood=body.mood,
                  person_only=body.person_only, channel=body.channel)
    with parts.database.read() as connection:
        way = routing.route(connection, facts)
        told = routing.nobody_speaks(connection, body.language) if way.fallback else None
    return {"queue": way.queue, "priority": way.priority, "level": way.level, "tags": list(way.tags),
            "rule": way.rule, "rules": list(way.used), "fallback": way.fallback, "told": told}


@router.get("/routing/versions/{number}")
def old_routing(number: int, parts: ServicesDep, who: Reader) -> dict[str, Any]:
    """An older version of the rules."""
    with parts.database.read() as connection:
        return _version(versioned.version(connection, routing.NAME, number))


@router.get("/sla")
def read_sla(parts: ServicesDep, who: Reader) -> dict[str, Any]:
    """The service levels in force, their version, and what to know about them."""
    with parts.database.read() as connection:
        found = versioned.latest(connection, policies.NAME, policies.DEFAULT)
        history = versioned.versions(connection, policies.NAME)
    return {**_version(found), "notes": policies.notes(found.value, parts.desk), "versions": history,
            "desk_hours": parts.settings.opening_hours, "timezone": parts.settings.timezone}


@router.put("/sla")
def save_sla(body: Saved, parts: ServicesDep, who: Lead) -> dict[str, Any]:
    """Save service levels; open tickets are measured by them from now on. 409 where someone saved since."""
    with parts.database.write() as connection:
        made, notes = policies.save(connection, body.value, base=body.base_version,
                                    author=who.username, desk=parts.desk)
        forget_all(connection)
    return {**_version(made), "notes": notes}


@router.get("/sla/forecast")
def sla_forecast(parts: ServicesDep, who: Agent) -> dict[str, Any]:
    """Tickets that will miss their target at today's pace, the soonest due first."""
    now = utcnow()
    with parts.database.read() as connection:
        return {"forecast": forecast(connection, parts.desk, now)}


@router.get("/waits")
def promised_waits(
    parts: ServicesDep, who: Reader, days: Annotated[int, Query(ge=1, le=365)] = 30
) -> dict[str, Any]:
    """How often the waits told to customers were kept, in all and by queue, over so many days."""
    now = utcnow()
    with parts.database.read() as connection:
        return {"days": days, **waits.kept(connection, parts.desk, now - timedelta(days=days), now)}


@router.get("/agents")
def list_agents(parts: ServicesDep, who: Lead) -> dict[str, Any]:
    """Everyone who can have tickets: languages, skills, capacity, presence, and how many they have."""
    with parts.database.read() as connection:
        found = presence.agents(connection, utcnow())
    return {"agents": [{**vars(agent), "load": round(agent.load, 3)} for agent in found]}


@router.put("/agents/{username}")
def edit_agent(username: str, body: Abilities, parts: ServicesDep, who: Lead) -> dict[str, Any]:
    """Change what routing reads of someone."""
    with parts.database.write() as connection:
        return accounts.set_abilities(
            connection, username, languages=body.languages, skills=body.skills,
            capacity=body.capacity, presence=body.presence)


@router.post("/agents/{username}/shut")
def shut_agent(username: str, parts: ServicesDep, who: Admin) -> dict[str, Any]:
    """Shut an account; its tickets go back to their queues and their customers are told."""
    with parts.database.write() as connection:
        done = moves.deactivate(connection, username, author=who.username)
    for _, events in done:
        parts.broadcaster.publish(events)
    return {"released": [ticket["reference"] for ticket, _ in done]}


@router.put("/me/presence")
def my_presence(body: Here, parts: ServicesDep, who: Agent) -> dict[str, Any]:
    """Say that you are away, or back."""
    with parts.database.write() as connection:
        row = accounts.set_abilities(connection, who.username, presence=body.presence)
    return {"presence": row["presence"]}


def _version(found: versioned.Version) -> dict[str, Any]:
    return {"version": found.number, "value": found.value, "author": found.author, "at": found.at}
