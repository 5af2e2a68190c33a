"""What the worker does for tickets: SLA clock, promised news, queues, translations, tickets of
people who left.

Name, seconds between runs, the work. Each looks before it takes the write lock, and may be run by any
number of workers.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import sqlalchemy as sa

from bot.integrations.translation import make_translator
from bot.settings import Settings
from bot.storage.clock import iso, utcnow
from bot.storage.database import Database
from bot.storage.schema import sla_clocks, ticket_follow_ups, tickets
from bot.tickets import assignment, follow_ups, moves, presence, routing, sla_run, sla_store
from bot.tickets.hours import desk
from bot.tickets.translations import Failures, translate_pending


def chores(settings: Settings, database: Database) -> list[tuple[str, float, Callable[[], object]]]:
    """The chores of this instance."""
    hours = desk(settings)
    looked = False      # the hours of the settings are those of this process for good

    def sla() -> int:
        """Clocks brought up to date, warnings and breaches told."""
        nonlocal looked
        now = utcnow()
        if not looked:
            with database.read() as connection:
                looked = sla_store.heeded(connection, hours)
        if not looked:
            with database.write() as connection:
                sla_store.heed(connection, hours)
            looked = True
        due = sa.select(sla_clocks.c.reference).where(sla_clocks.c.next_at <= iso(now)).limit(1)
        stale = sa.select(tickets.c.reference).where(
            tickets.c.sla_version != tickets.c.version).limit(1)
        with database.read() as connection:
            if not (connection.execute(due).first() or connection.execute(stale).first()):
                return 0
        with database.write() as connection:
            return sla_run.run(connection, hours, now)

    def news() -> int:
        """Promised signs of life sent."""
        now = utcnow()
        due = sa.select(ticket_follow_ups.c.id).where(
            ticket_follow_ups.c.status == "planned", ticket_follow_ups.c.due_at <= iso(now)).limit(1)
        with database.read() as connection:
            if not connection.execute(due).first():
                return 0
        with database.write() as connection:
            return len(follow_ups.run_due(connection, hours, now))

    def orphans() -> int:
        """Tickets of accounts that are shut or gone, back in their queues; those in languages that went with them."""
        with database.read() as connection:
            if not (connection.execute(moves.orphans().limit(1)).first() or routing.unspoken(connection, 1)):
                return 0
        with database.write() as connection:
            return len(moves.release_orphans(connection)) + len(routing.give_up_unspoken(connection))

    def queues() -> int:
        """What waited too long in the next queue, what nobody has with who fits."""
        now = utcnow()
        with database.read() as connection:
            idle = not routing.overflowing(connection, now, 1) and not (
                assignment.wanted(connection) and (
                    presence.unassigned(connection, 1) or assignment.left_behind(connection, now, 1)))
        if idle:
            return 0
        with database.write() as connection:
            return len(routing.overflow(connection, now)) + len(assignment.run(connection, now))

    translator = make_translator(settings)
    more = [] if translator is None else [
        ("translations", 2.0, partial(translate_pending, database, translator, failures=Failures()))]
    return [*more, ("queues", 5.0, queues), ("sla", 5.0, sla), ("news", 30.0, news), ("orphans", 60.0, orphans)]
