"""Backup of a running instance, and restore into a stopped one.

The database is read first and the files after it, so that every file a row names is there unless it
was erased meanwhile.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bot.backup import postgres, sqlite
from bot.backup.archive import Manifest, unpack, writing
from bot.backup.home import REBUILT, databases, files
from bot.errors import BadInput, Conflict
from bot.settings import Settings
from bot.storage.clock import now_iso, utcnow
from bot.storage.database import Database
from bot.storage.migrate import revision_of, upgrade


@dataclass(frozen=True)
class Done:
    """What was kept or brought back."""

    engine: str
    revision: str
    made_at: str
    files: int
    aside: Path | None = None       # where a restore put what was there before


def backup(settings: Settings, target: Path) -> Done:
    """Write the instance into one file while it runs. Raises ConfigurationError, Unavailable."""
    home = settings.home_path
    database = Database(settings.sqlalchemy_url)
    try:
        revision = revision_of(database) or "base"
        manifest = Manifest(engine="sqlite" if database.is_sqlite else "postgresql", revision=revision,
                            made_at=now_iso(), settings=plain(settings))
        with tempfile.TemporaryDirectory(dir=_roomy(target), prefix=".relais-backup-") as scratch, \
                writing(target, manifest) as archive:
            folder = Path(scratch)
            if not database.is_sqlite:
                manifest.tables = postgres.dump(database, folder)
                for name in manifest.tables:
                    archive.add(f"tables/{name}.copy", folder / f"{name}.copy")
                    (folder / f"{name}.copy").unlink()
            for below in databases(home):
                if not database.is_sqlite and below.name == "relais.db":
                    continue             # left from before PostgreSQL
                sqlite.copy(home / below, folder / below.name)
                archive.add(f"home/{below}", folder / below.name)
                (folder / below.name).unlink()
            for below in files(home):
                if (home / below).resolve() != target.resolve() and (home / below).exists():
                    archive.add(f"home/{below.as_posix()}", home / below)
    finally:
        database.close()
    return Done(manifest.engine, revision, manifest.made_at, len(manifest.files))


def restore(settings: Settings, source: Path, *, replace: bool = False) -> Done:
    """Bring an instance back from a file; its schema is brought up to date.

    With ``replace`` what is there is put aside (files) or removed (PostgreSQL). Raises BadInput for a
    file that is no whole backup, Conflict where the instance runs or there is data and no ``replace``.
    """
    home = settings.home_path
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home.parent, prefix=".relais-restore-") as scratch:
        folder = Path(scratch)
        manifest = unpack(source, folder)
        database = Database(settings.sqlalchemy_url)
        try:
            _check(database, manifest, home, replace)
            aside = _put_aside(home)
            if (folder / "home").is_dir():
                _move_all(folder / "home", home)
            if database.is_sqlite:
                upgrade(database)
            else:
                if not postgres.is_empty(database):
                    postgres.clear(database)
                postgres.load(database, folder / "tables", manifest.tables, manifest.revision)
        finally:
            database.close()
    return Done(manifest.engine, manifest.revision, manifest.made_at, len(manifest.files), aside)


def plain(settings: Settings) -> dict[str, str]:
    """The settings in force, for whoever restores; never a secret."""
    return {name: str(value) for name, value in sorted(settings.dict().items())
            if value not in (None, "") and "Secret" not in type(value).__name__ and not name.endswith("_url")}


def _check(database: Database, manifest: Manifest, home: Path, replace: bool) -> None:
    engine = "sqlite" if database.is_sqlite else "postgresql"
    if manifest.engine != engine:
        raise BadInput(f"This backup is of an instance on {manifest.engine}; the settings name {engine}. Set RELAIS_DATABASE_URL to match.")
    for below in databases(home):
        sqlite.refuse_in_use(home / below)
    if not database.is_sqlite:
        postgres.refuse_in_use(database)
    there = any(True for _ in files(home)) or bool(databases(home))
    if not database.is_sqlite:
        there = there or not postgres.is_empty(database)
    if there and not replace:
        raise Conflict(f"There is an instance in {home} already. Say --replace to put it aside, or choose another RELAIS_HOME.")


def _put_aside(home: Path) -> Path | None:
    """Move what is in the home, but for what is rebuilt anyway, into a folder in it."""
    there = [path for path in home.iterdir() if path.name not in REBUILT]
    if not there:
        return None
    aside = home / "before-restore" / utcnow().strftime("%Y%m%d-%H%M%S-%f")
    aside.mkdir(parents=True, mode=0o700)
    for path in there:
        path.rename(aside / path.name)
    return aside


def _move_all(source: Path, target: Path) -> None:
    for path in source.iterdir():
        shutil.move(str(path), str(target / path.name))


def _roomy(target: Path) -> Path:
    """Scratch space beside the file to be written: where it has room, so has its content."""
    target.parent.mkdir(parents=True, exist_ok=True)
    return target.parent
