"""The port: an engine finds outbox rows whose time has come and has each delivered by someone.

Both engines promise the same, and one contract suite holds them to it: a row put in a transaction
that commits is delivered, one that rolls back never; a row is leased by one worker at a time; a
failing one comes back later; one whose worker was killed comes back once its lease is over.
"""

from __future__ import annotations

import threading
from typing import Protocol

from bot.jobs.delivery import Deliverer
from bot.storage.database import Database


class Engine(Protocol):
    """Runs deliveries until stopped."""

    def run(self, stopping: threading.Event) -> None:
        """Work until ``stopping`` is set; the database may go away and come back meanwhile."""
        ...

    def run_due(self) -> int:
        """Deliver what is due now and return; how many rows were tried."""
        ...

    def tend(self) -> int:
        """Put right what crashes left behind; how many rows."""
        ...


def make_engine(database: Database, deliverer: Deliverer, *, concurrency: int = 4) -> Engine:
    """The engine that fits the database: embedded on SQLite, procrastinate on PostgreSQL."""
    if database.is_sqlite:
        from bot.jobs.embedded import EmbeddedEngine

        return EmbeddedEngine(database, deliverer, concurrency=concurrency)
    from bot.jobs.on_procrastinate import ProcrastinateEngine

    return ProcrastinateEngine(database, deliverer, concurrency=concurrency)
