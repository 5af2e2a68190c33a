"""Tickets nobody has, given to who fits and has room: by itself where the leads want that."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.storage.clock import iso
from bot.storage.schema import ticket_events, tickets
from bot.tickets import moves, presence, store
from bot.tickets.routing import current
from bot.tickets.service import Done, both, tell
from bot.tickets.states import ACTIONS

GONE_MINUTES = 10      # what the system gave to someone who has not been there for so long is given anew
_T, _E = tickets.c, ticket_events.c
_STEPS = tuple(name for name, action in ACTIONS.items() if action.to is not None and name != "customer")


def wanted(connection: Connection) -> bool:
    """Whether tickets are given out without anyone asking."""
    return bool(current(connection).value["assignment"] == "auto")


def run(connection: Connection, now: datetime, limit: int = 50) -> list[Done]:
    """Give out what waits, most pressing first, each to the least loaded who fits; before that, put back
    what was given to people who have left since."""
    if not wanted(connection):
        return []
    done = [_put_back(connection, reference) for reference in left_behind(connection, now, limit)]
    found = {agent.username: agent for agent in presence.agents(connection, now)}
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


def left_behind(connection: Connection, now: datetime, limit: int = 50) -> list[str]:
    """Tickets that the system gave to someone who did nothing with them and is not there any more."""
    since = iso(now - timedelta(minutes=GONE_MINUTES))
    there = presence.at_work(connection, now, GONE_MINUTES * 60)
    last = (
        sa.select(sa.func.max(_E.id)).where(      # whatever its agent did since is theirs to go on with
            _E.reference == _T.reference, sa.or_(_E.action.in_(_STEPS), _E.author == _T.assignee))
        .correlate(tickets).scalar_subquery())
    return list(connection.execute(
        sa.select(_T.reference).join(ticket_events, _E.id == last)
        .where(_T.status == "open", _T.assignee.is_not(None), _T.assignee.not_in(sorted(there)),
               _E.action == "assign", _E.author == "system", _E.at < since)
        .order_by(_T.priority, _T.opened_at).limit(limit)).scalars())


def _put_back(connection: Connection, reference: str) -> Done:
    """The customer never heard of this agent, and so is told nothing but where the ticket stands."""
    ticket, conversation = both(connection, reference)
    ticket = store.release(connection, ticket)
    return ticket, tell(connection, conversation, ticket, [], "system")
