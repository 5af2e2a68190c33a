"""One engine for SQLite and PostgreSQL, with reads, writes and grouped writes.

SQLite: WAL, ``synchronous=FULL``, foreign keys, ``BEGIN IMMEDIATE`` for writes, and one writer at a
time in this process, so that it never says "locked". Writes handed to :meth:`Database.submit` are
run by one thread which commits all that wait together: one ``fsync`` for many customers.
PostgreSQL: the same calls, several writers.

No error tells the values of a statement: they are what customers wrote, and errors end in logs.
"""

from __future__ import annotations

import asyncio
import json
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from bot.errors import ConfigurationError
from bot.failpoints import hit

T = TypeVar("T")
Job = Callable[[Connection], T]

_BATCH = 64          # writes committed together at most
_THREADS = 8


def _dumps(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class Database:
    """A database by its SQLAlchemy URL. Close it when done; threads of it are daemons.

    Raises ConfigurationError for a URL that is none.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        try:
            self.engine: Engine = _sqlite_engine(url) if self.is_sqlite else _server_engine(url)
        except (sa.exc.ArgumentError, ImportError) as error:     # its own text may hold the password
            raise ConfigurationError("RELAIS_DATABASE_URL is no address of a database: postgresql+psycopg2://user:password@host/name, "
                                     "or empty for SQLite in the home.") from error
        self._writer_lock = threading.Lock()
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="db")
        self._jobs: queue.SimpleQueue[tuple[Job[Any], Future[Any]] | None] = queue.SimpleQueue()
        self._writer: threading.Thread | None = None
        self._start_lock = threading.Lock()

    # -- blocking
    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection for reading; sees one snapshot."""
        with self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A write transaction: committed at the end, rolled back by an exception."""
        hit("db.begin")
        if not self.is_sqlite:
            with self.engine.begin() as connection:
                yield connection
                hit("db.commit")
        else:
            with self._writer_lock, self.engine.connect() as plain:
                connection = plain.execution_options(relais_write=True)
                with connection.begin():
                    yield connection
                    hit("db.commit")
        hit("db.committed")

    def submit(self, job: Job[T]) -> Future[T]:
        """Run ``job`` in a write transaction of its own, grouped with others where that is cheaper."""
        if not self.is_sqlite:
            return self._pool.submit(self._write_alone, job)
        with self._start_lock:
            if self._writer is None:
                self._writer = threading.Thread(target=self._drain, name="db-writer", daemon=True)
                self._writer.start()
        future: Future[T] = Future()
        self._jobs.put((job, future))
        return future

    # -- from a coroutine
    async def run_read(self, job: Job[T]) -> T:
        """Await ``job`` run on a reading connection in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._read_alone, job)

    async def run_write(self, job: Job[T]) -> T:
        """Await ``job`` run in a write transaction in a thread; done means durable."""
        return await asyncio.wrap_future(self.submit(job))

    def close(self) -> None:
        """Finish waiting writes and give all connections back."""
        with self._start_lock:
            writer, self._writer = self._writer, None
        if writer is not None:
            self._jobs.put(None)
            writer.join(timeout=10)
        self._pool.shutdown(wait=True)
        self.engine.dispose()

    # -- inside
    def _read_alone(self, job: Job[T]) -> T:
        with self.read() as connection:
            return job(connection)

    def _write_alone(self, job: Job[T]) -> T:
        with self.write() as connection:
            return job(connection)

    def _drain(self) -> None:
        while True:
            first = self._jobs.get()
            if first is None:
                return
            batch, last = [first], False
            while len(batch) < _BATCH:
                try:
                    item = self._jobs.get_nowait()
                except queue.Empty:
                    break
                if item is None:
                    last = True
                    break
                batch.append(item)
            self._commit_together(batch)
            if last:
                return

    def _commit_together(self, waiting: list[tuple[Job[Any], Future[Any]]]) -> None:
        batch = [item for item in waiting if item[1].set_running_or_notify_cancel()]
        if not batch:
            return
        done: list[tuple[Future[Any], Any]] = []
        try:
            with self.write() as connection:
                for job, future in batch:
                    try:
                        if len(batch) == 1:
                            done.append((future, job(connection)))
                        else:   # a failing neighbour must not take the others with it
                            with connection.begin_nested():
                                done.append((future, job(connection)))
                    except BaseException as error:  # handed to whoever waits for it
                        if len(batch) == 1:
                            raise
                        future.set_exception(error)
        except BaseException as error:  # the commit, or the only job, failed: everyone waiting is told
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
            return
        for future, value in done:
            future.set_result(value)


def _sqlite_engine(url: str) -> Engine:
    path = sa.engine.make_url(url).database
    if path and path != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(
        url, future=True, json_serializer=_dumps, poolclass=sa.pool.QueuePool,
        pool_size=_THREADS + 2, max_overflow=40, hide_parameters=True,
        connect_args={"check_same_thread": False, "timeout": 10},
    )

    def connected(dbapi: Any, _record: Any) -> None:
        dbapi.isolation_level = None    # we say BEGIN ourselves; pysqlite's own guess is too late
        cursor = dbapi.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON",
                       "busy_timeout=10000", "secure_delete=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    def begun(connection: Connection) -> None:
        writing = connection.get_execution_options().get("relais_write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    sa.event.listen(engine, "connect", connected)
    sa.event.listen(engine, "begin", begun)
    return engine


def _server_engine(url: str) -> Engine:
    engine = sa.create_engine(
        url, future=True, json_serializer=_dumps, pool_size=_THREADS, max_overflow=_THREADS,
        pool_timeout=10, pool_pre_ping=True, hide_parameters=True,
        connect_args={"connect_timeout": 5, "application_name": "relais", "keepalives_idle": 30,
                      "keepalives_interval": 5, "keepalives_count": 3},
    )
    sa.event.listen(engine, "handle_error", _without_detail)
    return engine


def _without_detail(context: Any) -> None:
    """Cut PostgreSQL's DETAIL lines, which quote the row that it refused."""
    for error in (context.original_exception, context.sqlalchemy_exception):
        if error is not None and error.args and isinstance(error.args[0], str):
            error.args = (error.args[0].split("\nDETAIL:")[0], *error.args[1:])
