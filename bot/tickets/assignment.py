"""Tickets nobody has, given to who fits and has room: by itself where the leads want that."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy.engine import Connection

from bot.tickets import moves, presence
from bot.tickets.routing import current
from bot.tickets.service import Done


def wanted(connection: Connection) -> bool:
    """Whether tickets are given out without anyone asking."""
    return bool(current(connection).value["assignment"] == "auto")


def run(connection: Connection, now: datetime, limit: int = 50) -> list[Done]:
    """Give out what waits, most pressing first, each to the least loaded who fits."""
    if not wanted(connection):
        return []
    found = {agent.username: agent for agent in presence.agents(connection, now)}
    done: list[Done] = []
    for ticket in presence.unassigned(connection, limit):
        name = presence.suggestion(list(found.values()), ticket)
        if name is None:
            continue
        given = moves.assign(connection, ticket["reference"], name, author="system")
        if not given[1]:
            continue
        done.append(given)
        found[name] = replace(found[name], open_tickets=found[name].open_tickets + 1)
    return done
