"""SQLite: the online backup API copies a database page by page while it is written to."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from bot.errors import Conflict, Unavailable

_PAGES = 2000      # copied between two looks at whoever wants to write


def copy(source: Path, target: Path) -> None:
    """A consistent copy of a database in use, checked. Raises Unavailable where it is damaged."""
    with closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True, timeout=30)) as live, \
            closing(sqlite3.connect(target)) as kept:
        live.backup(kept, pages=_PAGES, sleep=0.01)
        kept.execute("PRAGMA journal_mode=DELETE")      # one file, without a log beside it
        found = kept.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise Unavailable(f"{source.name} is damaged: {found}")


def refuse_in_use(path: Path) -> None:
    """Raises Conflict where a process has this database open."""
    if not path.exists():
        return
    with closing(sqlite3.connect(path, timeout=0.5, isolation_level=None)) as probe:
        try:
            probe.execute("PRAGMA locking_mode=EXCLUSIVE")
            probe.execute("BEGIN EXCLUSIVE")
            probe.execute("ROLLBACK")
        except sqlite3.OperationalError as error:
            raise Conflict(f"{path} is in use. Stop the instance first, then restore.") from error
        except sqlite3.DatabaseError:      # damaged: that is what a restore is for
            return
