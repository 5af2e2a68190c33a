"""One action on a ticket out of several: its own transaction, its own outcome."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.engine import Connection

from bot.conversations.model import Event
from bot.desk import notify, snooze
from bot.errors import BadInput, RelaisError
from bot.staff.accounts import Member
from bot.storage.database import Database
from bot.tickets import service, store
from bot.tickets.service import Done


async def one(
    database: Database, reference: str, who: Member, action: str, *, queue: str | None,
    assignee: str | None, until: str | None, now: datetime,
) -> tuple[RelaisError | None, list[Event]]:
    """Do it; why it could not be done, or None, and events to publish."""
    def job(connection: Connection) -> Done:
        """One transaction."""
        jobs: dict[str, Callable[[], Done]] = {
            "take": lambda: service.take(connection, reference, who),
            "resolve": lambda: service.resolve(connection, reference, who),
            "hold": lambda: service.hold(connection, reference, who),
            "transfer": lambda: transfer(connection, reference, who, queue=queue, assignee=assignee),
            "snooze": lambda: _snooze(connection, reference, who, until, now),
        }
        return jobs[action]()

    try:
        _, events = await database.run_write(job)
    except RelaisError as error:
        return error, []
    return None, events


def transfer(
    connection: Connection, reference: str, who: Member, *, queue: str | None, assignee: str | None
) -> Done:
    """Give a ticket on, and tell the person who gets it."""
    done = service.transfer(connection, reference, who, queue=queue, assignee=assignee)
    if assignee and assignee != who.username:
        notify.notify(connection, assignee, "assigned", reference, {"by": who.first_name})
    return done


def _snooze(connection: Connection, reference: str, who: Member, until: str | None, now: datetime) -> Done:
    if not until:
        raise BadInput("Say until when.", key="snooze_when")
    snooze.snooze(connection, reference, who, until, now)
    return store.get(connection, reference), []
