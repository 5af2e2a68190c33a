"""The worker's chores. Each is done by one worker in its interval, and harmless when done twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from zoneinfo import ZoneInfo

import structlog

from bot.analytics import daily
from bot.analytics.judge import refresh_outcomes
from bot.channels.setup import chores as channel_chores
from bot.conversations import store
from bot.conversations.idle import close_idle
from bot.desk.chores import chores as desk_chores
from bot.privacy.erasure import erase_conversation, erase_spooled, expired, forget_spooled
from bot.settings import Settings
from bot.storage import chore_runs, outbox
from bot.storage.clock import later, utcnow
from bot.storage.database import Database
from bot.tickets import store as tickets
from bot.tickets.chores import chores as ticket_chores
from bot.tickets.states import REOPEN_DAYS
from bot.visitors.reading import forget_visits

_log = structlog.get_logger(__name__)
RETENTION_SECONDS = chore_runs.LEASE_SECONDS - 30      # a run of retention ends well before another worker may begin one
TOGETHER = 200      # conversations past their time that are looked for at once
DONE_DAYS = 7      # delivered rows and written mails are kept this long, for the delivery log


@dataclass
class Chore:
    """Something to do every so many seconds: once among all workers, or (not ``shared``) in each."""

    name: str
    seconds: float
    run: Callable[[], object]
    due: float = 0.0
    shared: bool = True


def chores(settings: Settings, database: Database) -> list[Chore]:
    """What a worker does every so many seconds. A feature adds its own here."""
    return [
        Chore("idle", 30, lambda: idle(database, settings.idle_minutes)),
        Chore("tickets", 300, lambda: close_tickets(database)),
        Chore("outcomes", 60, lambda: outcomes(database)),
        Chore("figures", 600, lambda: store_days(database, settings.timezone)),
        Chore("retention", 3600, lambda: retain(database, settings.retention_days, settings.spool)),
        *(Chore(name, seconds, run) for name, seconds, run in desk_chores(settings, database)),
        *(Chore(name, seconds, run) for name, seconds, run in ticket_chores(settings, database)),
        *(Chore(name, seconds, run) for name, seconds, run in channel_chores(settings, database)),
    ]


def idle(database: Database, minutes: float) -> int:
    """Close chats of the bot that nobody writes in any more."""
    with database.write() as connection:
        return close_idle(connection, minutes)


def close_tickets(database: Database) -> int:
    """Close tickets that were settled long enough ago."""
    with database.write() as connection:
        return tickets.close_solved(connection, later(-REOPEN_DAYS * 86400))


def outcomes(database: Database) -> int:
    """Judge conversations that changed."""
    with database.write() as connection:
        return refresh_outcomes(connection, limit=2000)


def store_days(database: Database, timezone: str) -> int:
    """Add up past days whose figures are not stored."""
    zone = ZoneInfo(timezone)
    with database.write() as connection:
        refresh_outcomes(connection, limit=2000)
        return daily.store_missing(connection, zone, utcnow().astimezone(zone).date())


def retain(database: Database, days: int, spool: Path) -> int:
    """Erase what is past its time, and the log of old deliveries with the mails in ``spool``; how many conversations.

    What a run does not get to, and what fails, is left to the next one. Other systems keep their tickets by their own rules.
    """
    erased, failed, until = 0, set[str](), monotonic() + RETENTION_SECONDS
    while monotonic() < until:
        with database.read() as connection:
            ids = [found for found in expired(connection, days, TOGETHER + len(failed)) if found not in failed]
        if not ids:
            break
        for conversation_id in ids:
            try:
                with database.write() as connection:
                    if conversation_id in store.heads(connection, [conversation_id]):
                        erase_spooled(connection, conversation_id, spool)
                        erase_conversation(connection, conversation_id, twins=False)
                erased += 1
            except Exception as error:      # tried again by the next run; the others go all the same
                failed.add(conversation_id)
                _log.error("retention failed", conversation=conversation_id, error=repr(error)[:300])
            if monotonic() >= until:
                break
    forget_spooled(spool, DONE_DAYS)        # first: without their rows they belong to nobody
    with database.write() as connection:
        outbox.forget_done(connection, later(-DONE_DAYS * 86400))
        forget_visits(connection, later(-days * 86400))
    if erased or failed:
        _log.info("erased by retention", count=erased, failed=len(failed))
    return erased
