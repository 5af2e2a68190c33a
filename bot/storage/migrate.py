"""Bring a database to the newest schema, through Alembic, from anywhere (no working directory needed)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from bot.errors import ConfigurationError
from bot.storage.database import Database

if TYPE_CHECKING:
    from alembic.config import Config

_HERE = Path(__file__).resolve().parent / "migrations"
#: The newest revision: a database that has it is left alone, without loading Alembic.
HEAD = "0008"


def alembic_config(url: str = "") -> Config:
    """Alembic's configuration for our migrations; ``url`` only where no connection is passed."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_HERE))
    if url:
        config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def upgrade(database: Database | str, revision: str = "head") -> None:
    """Apply what is missing to a database (or to the one of a URL).

    On PostgreSQL two processes starting at once wait for each other. Raises ConfigurationError for a
    database of a newer release.
    """
    if isinstance(database, str):
        opened = Database(database)
        try:
            upgrade(opened, revision)
        finally:
            opened.close()
        return
    current = revision_of(database)
    if revision == "head" and current == HEAD:
        return
    if current and not knows(current):
        raise ConfigurationError(f"The database is of a newer release (schema {current}); this one knows up to {HEAD}. Update Relais, or restore a backup of this release.")
    from alembic import command

    config = alembic_config()
    with database.write() as connection:
        if not database.is_sqlite:
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(727165)")
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def knows(revision: str) -> bool:
    """Whether a revision is one of this release's or of an earlier one ("base": none yet)."""
    from alembic.script import ScriptDirectory

    known = {script.revision for script in ScriptDirectory.from_config(alembic_config()).walk_revisions()}
    return revision in known | {"base"}


def revision_of(database: Database) -> str | None:
    """The revision a database says it has; None where it has none yet."""
    try:
        with database.read() as connection:
            found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    except sa.exc.DatabaseError:
        return None
    return str(found) if found else None


def status(url: str) -> tuple[str, str]:
    """The schema revision a database has ("none" before the first migration) and the one it should have.

    Raises what the driver raises where the database does not answer.
    """
    database = Database(url)
    try:
        with database.read() as connection:
            connection.exec_driver_sql("SELECT 1")
        return revision_of(database) or "none", HEAD
    finally:
        database.close()
