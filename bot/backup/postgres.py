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
from bot.storage.migrate import knows, revision_of, upgrade
from bot.storage.schema import metadata

_NOT_KEPT = ("procrastinate_", "alembic_version")
#: Tables that our migrations make and the schema does not declare.
_BESIDES = (*_NOT_KEPT, "search_fts")


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


def refuse_shared(database: Database) -> None:
    """Raises Conflict where there are tables of something else, which :func:`clear` would remove.

    What a newer release added cannot be told from them: of such a database all is taken to be ours.
    """
    with database.read() as connection:
        found = [name for name in _present(connection) if not name.startswith(_BESIDES) and name not in metadata.tables]
    current = revision_of(database)
    if found and (current is None or knows(current)):
        raise Conflict(f"The database holds what is not of Relais ({', '.join(found[:3])}). Restore into a database of its own.")


def clear(database: Database) -> None:
    """Remove everything of ours, whatever release made it, the job engine included.

    Not by our migrations: the database may be of a newer release, whose steps down we do not know.
    """
    with database.write() as connection:
        if names := _present(connection):
            connection.exec_driver_sql(f"DROP TABLE {', '.join(map(_quoted, names))} CASCADE")
        connection.exec_driver_sql(_DROP_ENGINE)


#: Functions and types of procrastinate; percent signs doubled for the driver.
_DROP_ENGINE = r"""
    DO $$ DECLARE each text; BEGIN
        FOR each IN SELECT oid::regprocedure FROM pg_proc
            WHERE proname LIKE 'procrastinate\_%%' AND pronamespace = current_schema()::regnamespace
        LOOP EXECUTE 'DROP FUNCTION ' || each || ' CASCADE'; END LOOP;
        FOR each IN SELECT oid::regtype FROM pg_type
            WHERE typname LIKE 'procrastinate\_%%' AND typnamespace = current_schema()::regnamespace
        LOOP EXECUTE 'DROP TYPE IF EXISTS ' || each || ' CASCADE'; END LOOP;
    END $$"""


def _present(connection: Connection) -> list[str]:
    """Every table of the schema, those of extensions aside."""
    found = connection.exec_driver_sql(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = current_schema()::regnamespace"
        " AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e') ORDER BY relname")
    return [row[0] for row in found]


def _tables(connection: Connection) -> list[str]:
    meta = sa.MetaData()
    meta.reflect(connection)
    return [table.name for table in meta.sorted_tables if not table.name.startswith(_NOT_KEPT)]


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
