"""``python -m bot.worker``: what happens without anyone asking: mails, idle chats, retention.

Any number of workers may run: the outbox is leased, the rest is harmless when done twice.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Connection

from bot.analytics.metrics import refresh_outcomes
from bot.conversations import store
from bot.conversations.idle import close_idle
from bot.conversations.intake import REOPEN_DAYS
from bot.errors import BadInput, RelaisError, Unavailable
from bot.integrations.mail import Mail, Mailer, make_mailer
from bot.logs import configure
from bot.privacy.erasure import erase_conversation, expired
from bot.settings import Settings, get_settings
from bot.storage import outbox
from bot.storage.clock import later
from bot.storage.database import Database
from bot.storage.migrate import upgrade
from bot.storage.outbox import Job
from bot.storage.schema import outbox as outbox_table
from bot.tickets import store as tickets

_log = structlog.get_logger(__name__)
DONE_DAYS = 7      # delivered rows are kept this long, for the delivery log


@dataclass
class Chore:
    """Something to do every so many seconds."""

    name: str
    seconds: float
    run: Callable[[], int]
    due: float = 0.0


class Worker:
    """Runs chores until stopped; one failing chore does not keep the others from their turn."""

    def __init__(self, settings: Settings, database: Database, mailer: Mailer | None = None) -> None:
        self._settings, self._database = settings, database
        self._mailer = mailer or make_mailer(settings)
        self.stopping = threading.Event()
        self.chores = [
            Chore("outbox", 0.5, self.deliver),
            Chore("idle", 30, self.idle),
            Chore("tickets", 300, self.close_tickets),
            Chore("outcomes", 60, self.outcomes),
            Chore("retention", 3600, self.retain),
        ]

    def run(self) -> None:
        """Until ``stopping`` is set."""
        while not self.stopping.is_set():
            self.once()
            self.stopping.wait(0.25)

    def once(self, *, everything: bool = False) -> None:
        """Chores that are due (or all)."""
        now = time.monotonic()
        for chore in self.chores:
            if not everything and chore.due > now:
                continue
            chore.due = now + chore.seconds
            try:
                chore.run()
            except Exception as error:  # the database or a server may be away: next time
                _log.error("chore failed", chore=chore.name, error=repr(error)[:300])
                chore.due = now + max(chore.seconds, 5.0)

    def deliver(self) -> int:
        """Send what the outbox holds; how many rows went out."""
        with self._database.read() as connection:
            if not outbox.any_due(connection):      # no write lock for nothing
                return 0
        with self._database.write() as connection:
            jobs = outbox.lease(connection)
        sent = 0
        for job in jobs:
            try:
                self._send(job)
            except BadInput as error:          # never will work
                self._settle(lambda c, j=job, e=error: outbox.give_up(c, j, e.detail))  # type: ignore[misc]
            except (Unavailable, OSError) as error:
                self._settle(lambda c, j=job, e=error: outbox.fail(c, j, str(e)))  # type: ignore[misc]
            else:
                self._settle(lambda c, j=job: outbox.finish(c, j))  # type: ignore[misc]
                sent += 1
        return sent

    def idle(self) -> int:
        """Close chats of the bot that nobody writes in any more."""
        with self._database.write() as connection:
            return close_idle(connection, self._settings.idle_minutes)

    def close_tickets(self) -> int:
        """Close tickets that were settled long enough ago."""
        with self._database.write() as connection:
            return tickets.close_solved(connection, later(-REOPEN_DAYS * 86400))

    def outcomes(self) -> int:
        """Judge conversations that changed."""
        with self._database.write() as connection:
            return refresh_outcomes(connection, limit=2000)

    def retain(self) -> int:
        """Erase what is past its time, and the log of old deliveries."""
        with self._database.read() as connection:
            ids = expired(connection, self._settings.retention_days)
        for conversation_id in ids:
            with self._database.write() as connection:
                if conversation_id in store.heads(connection, [conversation_id]):
                    erase_conversation(connection, conversation_id)
        with self._database.write() as connection:
            connection.execute(sa.delete(outbox_table).where(
                outbox_table.c.done_at < later(-DONE_DAYS * 86400)))
        if ids:
            _log.info("erased by retention", count=len(ids))
        return len(ids)

    def _send(self, job: Job) -> None:
        if job.topic != "mail":
            raise BadInput(f"No way to deliver '{job.topic}'.")
        self._mailer.send(Mail(to=job.payload["to"], subject=job.payload["subject"],
                               text=job.payload["text"], key=job.key,
                               language=job.payload.get("language", "fr")))

    def _settle(self, settle: Callable[[Connection], bool]) -> None:
        with self._database.write() as connection:
            if not settle(connection):
                _log.warning("a lease was lost before its row was settled")


def main() -> int:
    """Work until SIGTERM or SIGINT; 1 with one line on stderr where the settings do not allow it."""
    settings = get_settings()
    configure(settings, "worker")
    try:
        database = Database(settings.sqlalchemy_url)
        upgrade(database)
        worker = Worker(settings, database)
    except RelaisError as error:
        print(f"relais worker: {error.detail}", file=sys.stderr)
        return 1
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: worker.stopping.set())
    worker.run()
    database.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
