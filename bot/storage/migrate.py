"""Bring a database to the newest schema, through Alembic, from anywhere (no working directory needed)."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config

from bot.storage.database import Database

_HERE = Path(__file__).resolve().parent / "migrations"


def alembic_config(url: str = "") -> Config:
    """Alembic's configuration for our migrations; ``url`` only where no connection is passed."""
    config = Config()
    config.set_main_option("script_location", str(_HERE))
    if url:
        config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def upgrade(database: Database | str, revision: str = "head") -> None:
    """Apply what is missing to a database (or to the one of a URL).

    On PostgreSQL two processes starting at once wait for each other.
    """
    if isinstance(database, str):
        opened = Database(database)
        try:
            upgrade(opened, revision)
        finally:
            opened.close()
        return
    config = alembic_config()
    with database.write() as connection:
        if not database.is_sqlite:
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(727165)")
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
