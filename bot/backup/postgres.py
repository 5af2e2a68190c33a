"""PostgreSQL: every table by COPY, all from one snapshot. No tools of a matching version are needed.

The job engine's tables stay behind: a job stands for an outbox row, and the worker defers one for each
row that has none. A database of millions of conversations is better served by the server's own base
backups and log archiving (docs/operate.md).
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.errors import Conflict
from bot.storage.database import Database
from bot.storage.migrate import upgrade

_NOT_OURS = ("procrastinate_", "alembic_version")


def dump(database: Database, folder: Path) -> list[str]:
    """Write each table into ``folder`` as ``<table>.copy``; the tables, parents first."""
    with database.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection, \
            connection.begin():
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")
        names = _tables(connection)
        for name in names:
            with (folder / f"{name}.copy").open("wb") as file, connection.connection.cursor() as cursor:
                cursor.copy_expert(f"COPY {_listed(connection, name)} TO STDOUT", file)
    return names


def load(database: Database, folder: Path, names: list[str], revision: str) -> None:
    """Make the schema of ``revision``, fill its tables, and bring it up to date."""
    upgrade(database, revision)
    with database.write() as connection:
        known = _tables(connection)
        connection.exec_driver_sql(f"TRUNCATE {', '.join(map(_quoted, known))} CASCADE")
        for name in [table for table in known if table in names]:
            header = _listed(connection, name)
            with (folder / f"{name}.copy").open("rb") as file, connection.connection.cursor() as cursor:
                cursor.copy_expert(f"COPY {header} FROM STDIN", file)
            _set_sequences(connection, name)
    upgrade(database)


def refuse_in_use(database: Database) -> None:
    """Raises Conflict where a process of an instance is connected."""
    with database.read() as connection:
        others = connection.exec_driver_sql(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND application_name LIKE 'relais%%' AND pid <> pg_backend_pid()").scalar()
    if others:
        raise Conflict("The database is in use. Stop the instance first, then restore.")


def is_empty(database: Database) -> bool:
    """Whether there is nothing that a restore would replace."""
    with database.read() as connection:
        if "conversations" not in _tables(connection):
            return True
        return connection.exec_driver_sql("SELECT 1 FROM conversations LIMIT 1").first() is None


def clear(database: Database) -> None:
    """Remove everything of ours, the job engine included."""
    from alembic import command

    from bot.storage.migrate import alembic_config

    config = alembic_config()
    with database.write() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")


def _tables(connection: Connection) -> list[str]:
    meta = sa.MetaData()
    meta.reflect(connection)
    return [table.name for table in meta.sorted_tables if not table.name.startswith(_NOT_OURS)]


def _listed(connection: Connection, table: str) -> str:
    """``table (columns)`` without generated columns, which cannot be written."""
    found = connection.execute(sa.text(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema()"
        " AND table_name = :table AND is_generated = 'NEVER' ORDER BY ordinal_position"), {"table": table})
    return f"{_quoted(table)} ({', '.join(_quoted(row[0]) for row in found)})"


def _set_sequences(connection: Connection, table: str) -> None:
    serial = connection.execute(sa.text(
        "SELECT column_name, pg_get_serial_sequence(quote_ident(:table), column_name) FROM information_schema.columns"
        " WHERE table_schema = current_schema() AND table_name = :table"), {"table": table}).fetchall()
    for column, sequence in serial:
        if sequence:
            connection.exec_driver_sql(
                f"SELECT setval('{sequence}', coalesce(max({_quoted(column)}), 0) + 1, false) FROM {_quoted(table)}")  # noqa: S608


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
