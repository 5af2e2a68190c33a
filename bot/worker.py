"""``python -m bot.worker``: what happens without anyone asking: mails, idle chats, retention.

Any number of workers may run: the outbox is leased, and a chore is done by one of them in its interval. What
there is to deliver and to do is registered in :mod:`bot.integrations.deliveries` and
:mod:`bot.jobs.chores`; this is the loop.
"""

from __future__ import annotations

import signal
import sys
import threading
import time

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot import failpoints
from bot.errors import RelaisError
from bot.integrations.deliveries import build
from bot.integrations.mail import Mailer, make_mailer
from bot.jobs.chores import Chore, chores
from bot.jobs.delivery import Deliverer
from bot.jobs.engine import make_engine
from bot.logs import configure
from bot.settings import Settings, get_settings
from bot.storage import chore_runs
from bot.storage.database import Database
from bot.storage.migrate import upgrade
from bot.storage.reach import reason

_log = structlog.get_logger(__name__)


class Worker:
    """Delivers in one thread and does chores in another, until stopped.

    One failing chore does not keep the others from their turn.
    """

    def __init__(self, settings: Settings, database: Database, mailer: Mailer | None = None) -> None:
        deliveries = build(settings, database, mailer or make_mailer(settings))
        self.engine = make_engine(database, Deliverer(database, deliveries))
        self.database = database
        self.chores = [Chore("jobs", 15, self.engine.tend, shared=False), *chores(settings, database)]
        self.stopping = threading.Event()

    def run(self) -> bool:
        """Until ``stopping`` is set; False where delivery ended by itself, so that one starts anew."""
        delivering = threading.Thread(target=self.engine.run, args=(self.stopping,), name="engine",
                                      daemon=True)
        delivering.start()
        while not self.stopping.is_set() and delivering.is_alive():
            self.once()
            self.stopping.wait(0.25)
        asked = self.stopping.is_set()
        self.stopping.set()
        delivering.join(timeout=15)
        return asked

    def once(self, *, everything: bool = False) -> None:
        """Chores that are due (or all)."""
        now = time.monotonic()
        for chore in self.chores:
            if not everything and chore.due > now:
                continue
            chore.due = now + chore.seconds
            try:
                self._do(chore, at_once=everything)
            except Exception as error:  # the database or a server may be away: next time
                _log.error("chore failed", chore=chore.name, error=repr(error)[:300])
                chore.due = now + max(chore.seconds, 5.0)

    def _do(self, chore: Chore, *, at_once: bool) -> None:
        """A chore, unless another worker does it or has done it in this interval."""
        fence = None
        if chore.shared and not at_once:
            fence = chore_runs.take(self.database, chore.name, chore.seconds)
            if fence is None:
                return
        done = False
        try:
            failpoints.hit("worker.chore")
            chore.run()
            done = True
        finally:
            if fence is not None:
                chore_runs.finish(self.database, chore.name, fence, chore.seconds, done=done)

    def deliver(self) -> int:
        """Send what the outbox holds now; how many rows were tried."""
        return self.engine.run_due()


def main() -> int:
    """Work until SIGTERM or SIGINT; 1 with one line on stderr where the settings do not allow it."""
    try:
        settings = get_settings()
        configure(settings, "worker")
        failpoints.activate(settings)
        database = Database(settings.sqlalchemy_url)
        upgrade(database)
        worker = Worker(settings, database)
    except RelaisError as error:
        print(f"relais worker: {error.detail}", file=sys.stderr)
        return 1
    except SQLAlchemyError as error:
        print(f"relais worker: The database: {reason(error)}", file=sys.stderr)
        return 1
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: worker.stopping.set())
    orderly = worker.run()
    database.close()
    return 0 if orderly else 1


if __name__ == "__main__":
    sys.exit(main())
