"""From the first released schema, with rows in every table, to the newest: nothing changes for anyone.

`tests/fixtures/released_0001.json` is what an instance of that release held: three conversations (one
answered, one that waits for a call back by mail, one settled by an agent), a lead's edit, a decision on
a gap, and jobs that wait, were delivered and are dead.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from argon2 import PasswordHasher
from web_support import PASSWORD, Dialogue, make_settings, running

from bot.backup.service import backup
from bot.cli.app import main
from bot.integrations.deliveries import Deliveries, Delivery
from bot.jobs.delivery import Deliverer
from bot.jobs.engine import make_engine
from bot.jobs.listing import jobs
from bot.settings import get_settings
from bot.storage import outbox
from bot.storage.clock import later
from bot.storage.database import Database
from bot.storage.migrate import HEAD, alembic_config, revision_of, upgrade

FIXTURE = json.loads((Path(__file__).parents[1] / "fixtures" / "released_0001.json").read_text("utf-8"))
TABLES: dict[str, list[dict[str, Any]]] = FIXTURE["tables"]


@pytest.fixture
def released(database_url: str) -> Iterator[Database]:
    """A database as that release left it."""
    database = Database(database_url)
    upgrade(database, "0001")
    meta = sa.MetaData()
    meta.reflect(database.engine)
    with database.write() as connection:
        for table in meta.sorted_tables:
            if rows := TABLES.get(table.name):
                connection.execute(sa.insert(table), rows)
        if not database.is_sqlite:
            for name in ("outbox", "feedback", "ticket_events"):
                connection.exec_driver_sql(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT max(id) FROM {name}))")
    yield database
    database.close()


def rows_of(database: Database) -> dict[str, list[dict[str, Any]]]:
    """What is in the columns that release knew."""
    meta = sa.MetaData()
    meta.reflect(database.engine, only=list(TABLES))
    found = {}
    with database.read() as connection:
        for name, rows in TABLES.items():
            table = meta.tables[name]
            columns = [table.c[column] for column in rows[0]]
            query = sa.select(*columns).order_by(*[table.c[c.name] for c in table.primary_key.columns])
            found[name] = [dict(row) for row in connection.execute(query).mappings()]
    return found


def by_key(rows: dict[str, list[dict[str, Any]]]) -> dict[str, list[str]]:
    """In an order of their own, so that two engines' sorting of texts does not matter."""
    return {name: sorted(json.dumps(row, sort_keys=True, ensure_ascii=False) for row in found) for name, found in rows.items()}


def test_there_is_a_row_for_every_table_of_that_release(released: Database) -> None:
    with released.read() as connection:
        known = set(sa.inspect(connection).get_table_names()) - {"alembic_version"}
    assert {name for name, rows in TABLES.items() if rows} == known
    assert by_key(rows_of(released)) == by_key(TABLES)


def test_every_row_comes_through_and_the_schema_is_the_newest(released: Database) -> None:
    upgrade(released)
    assert revision_of(released) == HEAD
    assert by_key(rows_of(released)) == by_key(TABLES)
    if released.is_sqlite:
        with released.read() as connection:
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall() == []
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"


def test_what_waited_is_delivered_after_the_upgrade(released: Database) -> None:
    upgrade(released)
    got: list[str] = []
    engine = make_engine(released, Deliverer(released, Deliveries({"mail": Delivery(lambda job: got.append(job.key))})))
    engine.run_due()
    waiting = [row["key"] for row in TABLES["outbox"] if row["done_at"] is None and not row["dead"]]
    assert sorted(got) == sorted(waiting)
    with released.read() as connection:
        assert [job["key"] for job in jobs(connection, state="dead")] == ["dead"]


def test_a_backup_of_that_release_is_restored_into_the_newest_schema(
    released: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:
    """By the command, into a database that `relais prepare` has made already."""
    home, file = tmp_path / "old", tmp_path / "backup.tar.gz"
    done = backup(make_settings(home, None, database_url=released.url), file)
    assert done.revision == "0001"
    url = f"sqlite:///{tmp_path / 'new' / 'relais.db'}" if released.is_sqlite else f"{released.url}_new"
    if not released.is_sqlite:
        with released.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {url.rsplit('/', 1)[1]}")
    upgrade(url)
    monkeypatch.setenv("RELAIS_HOME", str(tmp_path / "new"))
    monkeypatch.setenv("RELAIS_DATABASE_URL", url)
    get_settings.cache_clear()
    with pytest.raises(SystemExit) as ended:
        main(["restore", str(file), "--replace"])
    get_settings.cache_clear()
    said = capsys.readouterr()
    assert ended.value.code == 0, said.err
    assert done.engine in said.out
    restored = Database(url)
    try:
        assert revision_of(restored) == HEAD
        assert by_key(rows_of(restored)) == by_key(TABLES)
        with restored.write() as connection:      # numbers go on where they were
            assert outbox.put(connection, key="new", topic="mail", payload={})
    finally:
        restored.close()


def test_customers_and_staff_go_on_where_they_were(released: Database, tmp_path: Path, dialogue: Dialogue) -> None:
    with released.write() as connection:      # a year in the drawer is not what is tested here
        connection.execute(sa.text("UPDATE conversations SET last_at = :now"), {"now": later(0)})
        # that release's hashes stand for passwords nobody knows: its way of making one, for one that we do
        connection.execute(sa.text("UPDATE staff SET password_hash = :made"), {"made": PasswordHasher(2, 19_456, 1).hash(PASSWORD)})
    with running(tmp_path / "home", dialogue, database_url=released.url) as web:
        lead = web.staff("lead")
        listed = {ticket["reference"]: ticket["status"] for ticket in lead.get("/tickets", params={"status": "all"}).json()["tickets"]}
        assert set(listed) <= {ticket["reference"] for ticket in TABLES["tickets"]}
        for ticket in TABLES["tickets"]:
            opened = lead.get(f"/tickets/{ticket['reference']}").json()
            assert opened["status"] == ticket["status"]
            assert opened["summary"] == ticket["summary"]
        for id, token in FIXTURE["tokens"].items():
            url, headers = f"{web.url}/api/v1/conversations/{id}", {"Authorization": f"Bearer {token}"}
            events = web.http.get(f"{url}/events", headers=headers).json()["events"]
            before = [event for event in TABLES["events"] if event["conversation_id"] == id]
            assert [e.get("text") for e in events] == [e["payload"].get("text") for e in before]
            sent = web.http.post(f"{url}/messages", headers=headers, json={"client_message_id": id, "text": "me revoilà"})
            assert sent.json()["seq"] == len(before) + 1
        assert lead.get("/articles/linky?locale=fr").json()["answer"] == "Réponse du lead."
        for account in TABLES["staff"]:
            me = web.staff(account["username"]).get("/me").json()
            assert (me["first_name"], me["role"]) == (account["first_name"], account["role"])


def test_down_to_that_release_and_up_again_keeps_its_rows(released: Database) -> None:
    upgrade(released)
    config = alembic_config()
    with released.write() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")
    assert by_key(rows_of(released)) == by_key(TABLES)
    upgrade(released)
    assert by_key(rows_of(released)) == by_key(TABLES)
