"""The engine on SQLite: the outbox is polled, and a few threads deliver what is leased."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor, wait

import structlog

from bot.jobs.delivery import Deliverer
from bot.storage import outbox
from bot.storage.database import Database
from bot.storage.outbox import Job

_log = structlog.get_logger(__name__)
_POLL = 0.5
_REST = 2.0


class EmbeddedEngine:
    """Leases no more rows than it has threads: none ages in a queue while its lease runs out."""

    def __init__(self, database: Database, deliverer: Deliverer, *, concurrency: int = 4) -> None:
        self._database, self._deliverer, self._concurrency = database, deliverer, concurrency

    def run(self, stopping: threading.Event) -> None:
        """Poll every half second; a slow receiver keeps one thread, not the others."""
        running: set[Future[float | None]] = set()
        with ThreadPoolExecutor(self._concurrency, thread_name_prefix="deliver") as pool:
            while not stopping.is_set():
                running = {future for future in running if not self._ended(future)}
                try:
                    jobs = self._lease(self._concurrency - len(running))
                except Exception as error:       # the database is away: next time
                    _log.warning("outbox not read", error=repr(error)[:300])
                    stopping.wait(_REST)
                    continue
                running |= {pool.submit(self._deliverer.deliver, job) for job in jobs}
                if not jobs:
                    stopping.wait(_POLL)
                elif len(running) >= self._concurrency:
                    wait(running, timeout=_POLL, return_when="FIRST_COMPLETED")

    def run_due(self) -> int:
        """Deliver what is due, one after the other, until nothing is."""
        tried = 0
        while jobs := self._lease(self._concurrency):
            for job in jobs:
                self._deliverer.deliver(job)
            tried += len(jobs)
        return tried

    def tend(self) -> int:
        """Nothing to do: a lease that ran out is simply due."""
        return 0

    def _lease(self, free: int) -> list[Job]:
        if free < 1:
            return []
        with self._database.read() as connection:
            if not outbox.any_due(connection):      # no write lock for nothing
                return []
        with self._database.write() as connection:
            return outbox.lease(connection, free)

    def _ended(self, future: Future[float | None]) -> bool:
        if not future.done():
            return False
        if (error := future.exception()) is not None:      # its lease runs out, then it is due again
            _log.warning("job not settled", error=repr(error)[:300])
        return True
