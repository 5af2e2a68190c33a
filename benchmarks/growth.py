"""What each cost becomes from 1,000 to 1,000,000 stored conversations, on SQLite and PostgreSQL.

    .venv/bin/python -m benchmarks.growth [--sizes 1000 100000 1000000] [--engine sqlite postgres] [--folder /tmp/growth]

Milliseconds are the fastest of seven calls after one that warms up: what the work costs, whoever else uses the machine. Everything is called as a request or a
chore calls it, database work and Python together.
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psutil
import sqlalchemy as sa

from benchmarks.growth_data import fill, stored
from benchmarks.servers import Postgres
from bot.analytics import daily
from bot.analytics.judge import any_unjudged, refresh_outcomes
from bot.analytics.listing import find
from bot.analytics.metrics import figures, period
from bot.conversations import intake, store
from bot.conversations.idle import close_idle
from bot.conversations.turns import abandoned
from bot.coverage import gaps
from bot.desk import listing as tickets_listing
from bot.desk.filters import Filters
from bot.privacy.erasure import expired
from bot.settings import get_settings
from bot.storage import outbox
from bot.storage.clock import utcnow
from bot.storage.database import Database
from bot.storage.migrate import upgrade
from bot.storage.schema import conversations, tickets
from bot.tickets import queue
from bot.tickets import store as ticket_store
from bot.tickets.hours import desk

ZONE = ZoneInfo("Europe/Paris")
CALLS, LIMIT_MS = 7, 300.0
Job = Callable[[Any], object]


def readings() -> dict[str, Job]:
    """Name of a cost and the reading that has it."""
    now = utcnow()
    today, hours = now.astimezone(ZONE).date(), desk(get_settings())

    def dashboard(days: int, by: str) -> Job:
        span = period((today - timedelta(days=days - 1)).isoformat(), None, ZONE, now)
        return lambda c: (any_unjudged(c), figures(c, span, by=by, zone=ZONE))

    def listing(days: int, **more: Any) -> Job:
        span = period((today - timedelta(days=days - 1)).isoformat(), None, ZONE, now)
        return lambda c: find(c, span, zone=ZONE, **more)

    def one_ticket(connection: Any) -> object:
        reference = connection.execute(sa.select(tickets.c.reference).where(tickets.c.status == "new").limit(1)).scalar_one()
        ticket = ticket_store.get(connection, reference)
        return (store.all_events(connection, ticket["conversation_id"]), queue.standing(connection, ticket, hours, now), ticket_store.history(connection, reference))

    def queue_view(**wanted: str) -> Job:
        return lambda c: tickets_listing.find(c, Filters(**wanted), me="agent", now=now)

    return {
        "queue view: live tickets": queue_view(status="live", snoozed="no"),
        "queue view: all tickets": queue_view(),
        "queue view: one word": queue_view(q="régularisation"),
        "a ticket with transcript and place": one_ticket,
        "wait told to a customer": lambda c: queue.newcomer_wait(c, hours, now),
        "dashboard, 30 days": dashboard(30, ""),
        "dashboard, 30 days by topic": dashboard(30, "topic"),
        "dashboard, a year by day": dashboard(365, "day"),
        "conversations of 30 days": listing(30),
        "conversations of a year": listing(365),
        "conversations of a year, one outcome": listing(365, outcome="abandoned"),
        "conversations of a year, one topic and language": listing(365, topic="facture", locale="fr"),
        "conversations of 30 days, one word": listing(30, q="régularisation"),
        "gaps, grouped": lambda c: gaps.grouped(c),
        "/metrics": lambda c: (c.execute(sa.select(tickets.c.status, sa.func.count()).group_by(tickets.c.status)).all(), outbox.counts(c)),
        "sweep: abandoned turns": abandoned,
        "sweep: past retention": lambda c: expired(c, 365),
        "events of a chat": lambda c: store.all_events(c, c.execute(sa.select(conversations.c.id).limit(1)).scalar_one()),
    }


def writings() -> dict[str, Job]:
    """The same for what writes."""
    return {
        "a chat opened and a message stored": _message,
        "sweep: idle chats": lambda c: close_idle(c, 30),
        "outcomes judged": refresh_outcomes,
        "figures of a day added up": lambda c: daily.compute(c, *daily.bounds(utcnow().astimezone(ZONE).date() - timedelta(days=9), ZONE)),
    }


def _message(connection: Any) -> object:
    found, token, _ = intake.begin(connection, locale="fr", page_url=None, language="fr")
    return intake.accept(connection, found.id, token, client_message_id=uuid.uuid4().hex, text="où est ma facture ?", choice=None,
                         knows_article=lambda slug, language: None, lease_seconds=5)


@dataclass(frozen=True)
class Cost:
    """Milliseconds of a call: CPU of this process and the server's, and the fastest by the clock."""

    cpu: float
    wall: float

    def __str__(self) -> str:
        return f"{self.cpu:.1f} / {self.wall:.1f}"


def timed(database: Database, job: Job, *, writing: bool, server: Postgres | None, calls: int = CALLS) -> Cost:
    """The cost of a call; of a very slow one the first call tells enough."""
    taken: list[float] = []
    for number in range(calls + 1):
        if number < 2:
            before = _cpu(server)
        began = time.perf_counter()
        with (database.write() if writing else database.read()) as connection:
            job(connection)
        taken.append((time.perf_counter() - began) * 1000)
        if taken[0] > 5000:
            return Cost((_cpu(server) - before) * 1000, taken[0])
    return Cost((_cpu(server) - before) * 1000 / calls, min(taken[1:]))


def _cpu(server: Postgres | None) -> float:
    """CPU seconds used so far by this process and the server's backends."""
    total = time.process_time()
    if server is not None and server.process is not None:
        for process in psutil.Process(server.process.pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                total += times.user + times.system
    return total


def measure(database: Database, sizes: list[int], server: Postgres | None) -> dict[str, list[Cost]]:
    """Every cost at every size."""
    upgrade(database)
    table: dict[str, list[Cost]] = {}
    have = 0
    for size in sizes:
        began = time.monotonic()
        fill(database, have, size - have, utcnow())
        have = size
        filled = time.monotonic() - began
        began = time.monotonic()
        _store_days(database)
        print(f"{database.engine.name}: {size:,} conversations in {filled:.0f} s, days added up in {time.monotonic() - began:.0f} s; rows {stored(database)}", flush=True)
        for writing, jobs in ((False, readings()), (True, writings())):
            for name, job in jobs.items():
                taken = timed(database, job, writing=writing, server=server)
                table.setdefault(name, []).append(taken)
                print(f"  {taken!s:>18} ms  {name}", flush=True)
    return table


def _store_days(database: Database) -> None:
    today: date = utcnow().astimezone(ZONE).date()
    while True:
        with database.write() as connection:
            if not daily.store_missing(connection, ZONE, today):
                return


def main() -> None:
    """Run and print the table; exit 1 where a cost is over the limit at the largest size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 100_000, 1_000_000])
    parser.add_argument("--engine", nargs="+", default=["sqlite", "postgres"], choices=["sqlite", "postgres"])
    parser.add_argument("--folder", type=Path, default=None, help="where to put the databases (several GB); removed at the end")
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="relais-growth-"))
    folder.mkdir(parents=True, exist_ok=True)
    found: dict[str, dict[str, list[Cost]]] = {}
    try:
        for engine in options.engine:
            server = Postgres(folder / "postgres").start() if engine == "postgres" else None
            database = Database(server.url if server else f"sqlite:///{folder / 'growth.db'}")
            try:
                found[engine] = measure(database, options.sizes, server)
            finally:
                database.close()
                if server:
                    server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    heads = [f"{engine} {size:,}" for engine in options.engine for size in options.sizes]
    print("\n| CPU ms / fastest by the clock | " + " | ".join(heads) + " |\n|---|" + "---|" * len(heads))
    over = []
    for name in found[options.engine[0]]:
        cells = [value for engine in options.engine for value in found[engine][name]]
        print(f"| {name} | " + " | ".join(map(str, cells)) + " |")
        over += [name for engine in options.engine if found[engine][name][-1].cpu > LIMIT_MS]
    print(f"\nOver {LIMIT_MS:.0f} ms at the largest: {', '.join(dict.fromkeys(over)) or 'none'}.")
    raise SystemExit(1 if over else 0)


if __name__ == "__main__":
    main()
