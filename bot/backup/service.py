"""Backup of a running instance, and restore into a stopped one.

The database is read first and the files after it, so that every file a row names is there unless it
was erased meanwhile. SQLite's is ``home/relais.db`` in the backup, wherever the settings keep it.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import make_url

from bot.backup import postgres, sqlite
from bot.backup.archive import Manifest, unpack, writing
from bot.backup.home import REBUILT, databases, files
from bot.errors import BadInput, ConfigurationError, Conflict
from bot.settings import Settings
from bot.storage.clock import now_iso, utcnow
from bot.storage.database import Database
from bot.storage.migrate import HEAD, knows, revision_of, upgrade

_SCRATCH = ".relais-restore-"       # in the home: its parent may be another's, or another disk


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
    own = _own(database)
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
            copies = {"relais.db": own} if own else {}
            for below in databases(home):
                # a relais.db beside the one of the settings is left from before them
                if below.name != "relais.db" and not _same(home / below, own):
                    copies[below.name] = home / below
            for name, path in copies.items():
                sqlite.copy(path, folder / name)
                archive.add(f"home/{name}", folder / name)
                (folder / name).unlink()
            for below in files(home):
                if not _same(home / below, target) and not _same(home / below, own) and (home / below).exists():
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
    with tempfile.TemporaryDirectory(dir=home, prefix=_SCRATCH) as scratch:
        folder = Path(scratch)
        manifest = unpack(source, folder)
        database = Database(settings.sqlalchemy_url)
        own = _own(database)
        try:
            _check(database, own, manifest, home, replace)
            if not database.is_sqlite:       # what may fail comes before the files, which are still the old ones then
                postgres.clear(database)
                postgres.load(database, folder / "tables", manifest.tables, manifest.revision)
            stamp = utcnow().strftime("%Y%m%d-%H%M%S-%f")
            aside = _put_aside(home, stamp)
            if (folder / "home").is_dir():
                _move_all(folder / "home", home)
            if own is not None:
                _into_place(home / "relais.db", own, stamp)
                upgrade(database)
        finally:
            database.close()
    return Done(manifest.engine, manifest.revision, manifest.made_at, len(manifest.files), aside)


def plain(settings: Settings) -> dict[str, str]:
    """The settings in force, for whoever restores; never a secret."""
    return {name: str(value) for name, value in sorted(settings.dict().items())
            if value not in (None, "") and "Secret" not in type(value).__name__ and not name.endswith("_url")}


def _own(database: Database) -> Path | None:
    """The file of the instance's own SQLite database; None on PostgreSQL."""
    if not database.is_sqlite:
        return None
    name = make_url(database.url).database or ":memory:"
    if name == ":memory:" or name.startswith("file:"):
        raise ConfigurationError("RELAIS_DATABASE_URL names no plain file: such a database can be neither backed up nor restored.")
    return Path(name).absolute()


def _same(one: Path, other: Path | None) -> bool:
    return other is not None and one.resolve() == other.resolve()


def _check(database: Database, own: Path | None, manifest: Manifest, home: Path, replace: bool) -> None:
    engine = "sqlite" if own else "postgresql"
    if manifest.engine != engine:
        raise BadInput(f"This backup is of an instance on {manifest.engine}; the settings name {engine}. Set RELAIS_DATABASE_URL to match.")
    if not knows(manifest.revision):
        raise BadInput(f"This backup is of a newer release (schema {manifest.revision}); this one knows up to {HEAD}. Update Relais, then restore.")
    there = any(True for _ in files(home)) or bool(databases(home))
    for below in databases(home):
        sqlite.refuse_in_use(home / below)
    if own:
        sqlite.refuse_in_use(own)
        there = there or own.exists()
    else:
        postgres.refuse_in_use(database)
        postgres.refuse_shared(database)
        there = there or not postgres.is_empty(database)
    if there and not replace:
        raise Conflict(f"There is an instance in {home} already. Say --replace to put it aside, or choose another RELAIS_HOME.")


def _put_aside(home: Path, stamp: str) -> Path | None:
    """Move what is in the home, but for what is rebuilt anyway, into a folder in it."""
    there = [path for path in home.iterdir() if path.name not in REBUILT and not path.name.startswith(_SCRATCH)]
    if not there:
        return None
    aside = home / "before-restore" / stamp
    aside.mkdir(parents=True, mode=0o700)
    for path in there:
        path.rename(aside / path.name)
    return aside


def _into_place(restored: Path, own: Path, stamp: str) -> None:
    """Move the database to where the settings want it; one that is there keeps its place under another name."""
    if _same(restored, own) or not restored.exists():
        return
    for ending in ("", "-wal", "-shm"):
        there = own.with_name(own.name + ending)
        if there.exists():
            there.rename(there.with_name(f"{own.name}.before-restore-{stamp}{ending}"))
    own.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(str(restored), str(own))


def _move_all(source: Path, target: Path) -> None:
    for path in source.iterdir():
        shutil.move(str(path), str(target / path.name))


def _roomy(target: Path) -> Path:
    """Scratch space beside the file to be written: where it has room, so has its content."""
    target.parent.mkdir(parents=True, exist_ok=True)
    return target.parent
