"""Which files of the home are the instance: all but what is made again, and databases, which are copied apart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

#: Made again from the content, or of one run only.
REBUILT = frozenset({"models", "cache", "logs", "before-restore"})
_PASSING = (".tmp", ".part", "-wal", "-shm", "-journal", ".down")


def files(home: Path) -> Iterator[Path]:
    """Plain files to keep, as paths below the home: keys, attachments, written mails."""
    for path in sorted(home.rglob("*")):
        below = path.relative_to(home)
        if below.parts[0] in REBUILT or path.is_symlink() or not path.is_file():
            continue
        if any(part.startswith(".") for part in below.parts) or path.name.startswith("failpoints"):
            continue
        if path.name.endswith((*_PASSING, ".db", ".tar.gz")):
            continue
        yield below


def databases(home: Path) -> list[Path]:
    """SQLite databases right in the home: the instance's own, the demo back office's."""
    return sorted(path.relative_to(home) for path in home.glob("*.db") if path.is_file())
