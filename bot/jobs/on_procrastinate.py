"""The engine on PostgreSQL: procrastinate wakes, runs and reschedules; the outbox row stays the truth.

A job of its table names one row. It is deferred in the transaction that writes the row
(:mod:`bot.storage.defer`), fetched with ``SKIP LOCKED`` and announced with ``NOTIFY``. procrastinate
knows no fencing token and forgets a queueing lock once a job runs; both live in the row, which every
run leases first. So a job run twice, too early or by two workers finds a row that is done or held.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from datetime import datetime, timedelta, timezone
from typing import Any

import procrastinate
import sqlalchemy as sa
import structlog
from procrastinate.jobs import Job as EngineJob
from procrastinate.retry import BaseRetryStrategy, RetryDecision

from bot.jobs.delivery import Deliverer
from bot.storage import defer, outbox
from bot.storage.database import Database

_log = structlog.get_logger(__name__)
_POLL = 1.0                 # retries are not announced, so this bounds how late they are
_HEARTBEAT, _STALLED = 5.0, 20.0
_REST_FIRST, _REST_LONGEST = 1.0, 15.0


class _Later(Exception):
    """Not settled: to be run again after so many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"again in {seconds:.1f} s")
        self.seconds = seconds


class _Retry(BaseRetryStrategy):
    """When a run says so, or the database was away when it wanted to settle."""

    def get_retry_decision(self, *, exception: BaseException, job: EngineJob) -> RetryDecision | None:
        seconds = exception.seconds if isinstance(exception, _Later) else outbox.LEASE_SECONDS
        return RetryDecision(retry_at=datetime.now(timezone.utc) + timedelta(seconds=seconds))


class ProcrastinateEngine:
    """Runs procrastinate's worker in an event loop of its own, in the calling thread."""

    def __init__(self, database: Database, deliverer: Deliverer, *, concurrency: int = 4) -> None:
        self._database, self._deliverer, self._concurrency = database, deliverer, concurrency

    def run(self, stopping: threading.Event) -> None:
        """Work until stopped. The worker ends where the connection does; it is started again."""
        rest = _REST_FIRST
        while not stopping.is_set():
            began = datetime.now(timezone.utc)
            try:
                asyncio.run(self._work(stopping))
            except Exception as error:
                _log.warning("job engine stopped", error=repr(error)[:300])
            if stopping.is_set():
                return
            steady = (datetime.now(timezone.utc) - began).total_seconds() > 30
            rest = _REST_FIRST if steady else min(rest * 2, _REST_LONGEST)
            stopping.wait(rest)

    def run_due(self) -> int:
        """Run what is waiting and due until nothing is; how many runs."""
        tried = 0

        async def once() -> None:
            nonlocal tried

            async def count(call: Any, context: Any, worker: Any) -> Any:
                nonlocal tried
                tried += 1
                return await call()

            app = self._app()
            async with app.open_async():
                await app.run_worker_async(**self._options(), wait=False, listen_notify=False,
                                           worker_middleware=[count])

        asyncio.run(once())
        return tried

    def tend(self) -> int:
        """Free jobs of dead workers, and defer a job for each row that has none."""
        freed = asyncio.run(self._free())
        with self._database.read() as connection:
            missing = outbox.unscheduled(connection)
        for row_id in missing:
            with self._database.write() as connection:
                defer.job(connection, row_id)
        return freed + len(missing)

    async def _task(self, row: int) -> None:
        # In a thread of asyncio's pool: procrastinate runs plain functions one after the other.
        await asyncio.to_thread(self._deliver, row)

    def _deliver(self, row: int) -> None:
        """Lease, send, settle. Raises what makes procrastinate run it again."""
        with self._database.write() as connection:
            leased = outbox.lease_row(connection, row)
        if leased is None:
            return
        if isinstance(leased, outbox.Busy):
            raise _Later(leased.seconds)
        seconds = self._deliverer.deliver(leased)
        if seconds is not None:
            raise _Later(seconds)

    async def _work(self, stopping: threading.Event) -> None:
        app = self._app()
        async with app.open_async():
            worker = asyncio.ensure_future(app.run_worker_async(**self._options(), wait=True))
            waiting = asyncio.ensure_future(_until(stopping))
            try:
                await asyncio.wait({worker, waiting}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                waiting.cancel()
                worker.cancel()      # procrastinate lets running jobs end first
                with contextlib.suppress(asyncio.CancelledError):
                    await worker

    async def _free(self) -> int:
        app = self._app(most=1)
        async with app.open_async():
            await app.job_manager.prune_stalled_workers(_STALLED)
            stalled = list(await app.job_manager.get_stalled_jobs(
                queue=defer.QUEUE, seconds_since_heartbeat=_STALLED))
            for job in stalled:
                with contextlib.suppress(procrastinate.exceptions.ConnectorException):
                    await app.job_manager.retry_job(job)       # another worker may have been quicker
            return len(stalled)

    def _options(self) -> dict[str, Any]:
        return {
            "queues": [defer.QUEUE], "concurrency": self._concurrency, "name": "relais",
            "fetch_job_polling_interval": _POLL, "delete_jobs": "always",
            "install_signal_handlers": False, "update_heartbeat_interval": _HEARTBEAT,
            "stalled_worker_timeout": _STALLED, "shutdown_graceful_timeout": 5.0,
        }

    def _app(self, most: int = 4) -> procrastinate.App:
        connector = procrastinate.PsycopgConnector(
            conninfo=conninfo(self._database.url), min_size=1, max_size=most, timeout=5.0,
            kwargs={"connect_timeout": 5, "application_name": "relais jobs", "keepalives_idle": 30,
                    "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 20_000})
        app = procrastinate.App(connector=connector)
        app.task(name=defer.TASK, queue=defer.QUEUE, retry=_Retry(), pass_context=False)(self._task)
        return app


async def _until(stopping: threading.Event) -> None:
    while not stopping.is_set():
        await asyncio.sleep(0.2)


def conninfo(url: str) -> str:
    """A SQLAlchemy URL of PostgreSQL as libpq reads it."""
    plain = sa.engine.make_url(url).set(drivername="postgresql")
    return str(plain.render_as_string(hide_password=False))
