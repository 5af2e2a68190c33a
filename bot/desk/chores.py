"""What the worker does for the desk, beside requests: name, seconds between runs, the work."""

from __future__ import annotations

from collections.abc import Callable

from bot.attachments import store as attachments
from bot.attachments.files import Files
from bot.desk import away, presence, search, snooze
from bot.settings import Settings
from bot.storage.clock import later, utcnow
from bot.storage.database import Database

_UNSENT_HOURS = 24


def chores(settings: Settings, database: Database) -> list[tuple[str, float, Callable[[], object]]]:
    """The desk's chores for this instance."""
    files = Files(settings.home_path / "attachments")

    def attachment_files() -> int:
        """Forget uploads never sent, and files nothing refers to any more."""
        with database.read() as connection:
            stale = attachments.has_stale(connection, later(-_UNSENT_HOURS * 3600))
        if stale:
            with database.write() as connection:
                attachments.drop_stale(connection, later(-_UNSENT_HOURS * 3600))
        return attachments.purge(database, files)

    def search_index() -> int:
        """Bring what was written since into the full-text index."""
        return search.catch_up(database)

    def snoozed() -> int:
        """Bring back tickets whose time has come or whose customer wrote."""
        with database.read() as connection:
            if not snooze.due(connection, utcnow(), 1):
                return 0
        with database.write() as connection:
            presence.tidy(connection)
            return snooze.wake_due(connection, utcnow())

    def mails() -> int:
        """Write to agents who are away and asked for it."""
        return away.write(database, settings.base_url)

    return [("attachments", 5.0, attachment_files), ("search", 2.0, search_index),
            ("snoozed", 5.0, snoozed), ("away", 30.0, mails)]
