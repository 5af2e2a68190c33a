"""Who can take a ticket: languages, skills, capacity, whether they are there, and how much they have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.storage.clock import iso
from bot.storage.schema import desk_settings, staff, staff_sessions, tickets
from bot.tickets.routing import TRANSLATE, current
from bot.tickets.states import IN_LINE, LEVELS, LIVE
from bot.tickets.store import Ticket

_S = staff_sessions.c
PRESENT_SECONDS = 120      # a signed-in page asks at least this often
IDLE_MINUTES = 15          # an open page that nobody touched for so long is nobody
HERE = "here_at"           # among an agent's switches: when they last used a page


@dataclass(frozen=True)
class Agent:
    """Someone who can have tickets. ``skills`` are themes, queues and levels; no theme or queue means any."""

    username: str
    first_name: str
    role: str
    languages: tuple[str, ...]
    skills: tuple[str, ...]
    capacity: int
    present: bool
    away: bool
    open_tickets: int

    @property
    def load(self) -> float:
        """Share of the capacity that is taken; full for a capacity of 0."""
        return self.open_tickets / self.capacity if self.capacity else 1.0

    def can(self, ticket: Ticket) -> bool:
        """Whether language, subject and level fit; what is urgent is everyone's subject."""
        level = ticket["level"]
        speaks = ticket["locale"] in self.languages or TRANSLATE in ticket["tags"]
        subjects = [name for name in self.skills if name not in LEVELS]
        knows = not subjects or ticket["priority"] == 0 or ticket["queue"] in subjects or ticket["theme"] in subjects
        return speaks and knows and (level == "L1" or level in self.skills or self.role != "agent")


def agents(connection: Connection, now: datetime) -> list[Agent]:
    """Everyone with an open account who answers tickets, by name."""
    there = at_work(connection, now, PRESENT_SECONDS)
    counts = {row.assignee: row.n for row in connection.execute(
        sa.select(tickets.c.assignee, sa.func.count().label("n"))
        .where(tickets.c.assignee.is_not(None), tickets.c.status.in_(("new", "open", "pending")))
        .group_by(tickets.c.assignee))}
    rows = connection.execute(
        sa.select(staff).where(staff.c.active.is_(True), staff.c.role.in_(("agent", "lead", "admin")))
        .order_by(staff.c.username)).mappings()
    return [Agent(
        row["username"], row["first_name"], row["role"], tuple(row["languages"]), tuple(row["skills"]),
        row["capacity"], row["username"] in there, row["presence"] == "away", counts.get(row["username"], 0)) for row in rows]


def at_work(connection: Connection, now: datetime, seconds: float) -> set[str]:
    """Who was seen in the last ``seconds``, works, and has not said that they are away.

    A page left open asks on for days: it counts while somebody uses it, or has just signed in. Programs
    never tell of that, and are there as long as they ask.
    """
    idle = iso(now - timedelta(minutes=IDLE_MINUTES))
    rows = connection.execute(
        sa.select(_S.username, _S.created_at, desk_settings.c["values"].label("switches"))
        .join(staff, staff.c.username == _S.username)
        .outerjoin(desk_settings, desk_settings.c.username == _S.username)
        .where(_S.seen_at >= iso(now - timedelta(seconds=seconds)), staff.c.presence != "away")).all()
    return {row.username for row in rows
            if max((row.switches or {}).get(HERE) or idle, row.created_at) >= idle}


def is_there(connection: Connection, username: str, now: datetime) -> bool:
    """Whether someone is signed in, looking, and has not said that they are away."""
    return any(agent.username == username and agent.present for agent in agents(connection, now))


def suggestion(found: Sequence[Agent], ticket: Ticket) -> str | None:
    """Who should have a ticket: fitting, there, with room; the least loaded, then by name. Agents before
    leads. None where nobody is."""
    able = [agent for agent in found if agent.present and agent.can(ticket) and agent.load < 1]
    best = min(able, key=lambda a: (a.role != "agent", a.load, a.open_tickets, a.username), default=None)
    return best.username if best else None


def suggest(connection: Connection, ticket: Ticket, now: datetime) -> str | None:
    """:func:`suggestion` for a ticket nobody has, unless the leads turned that off."""
    if ticket["assignee"] or ticket["status"] not in LIVE or current(connection).value["assignment"] == "off":
        return None
    return suggestion(agents(connection, now), ticket)


def unassigned(connection: Connection, limit: int = 50) -> list[Ticket]:
    """Tickets nobody has and that wait for us, most pressing first."""
    rows = connection.execute(
        sa.select(tickets).where(tickets.c.assignee.is_(None), tickets.c.status.in_(IN_LINE))
        .order_by(tickets.c.priority, tickets.c.opened_at).limit(limit)).mappings()
    return [dict(row) for row in rows]
