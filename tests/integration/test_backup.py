"""Backup of a running instance and restore: customers and staff see what they saw before."""

from __future__ import annotations

import io
import json
import sqlite3
import tarfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from web_support import Customer, Dialogue, Web, make_settings, running

from bot.backup.archive import unpack
from bot.backup.service import backup, restore
from bot.cli.doctor import examine
from bot.errors import BadInput, ConfigurationError, Conflict
from bot.storage import outbox
from bot.storage.database import Database
from bot.storage.migrate import HEAD, upgrade
from bot.storage.schema import conversations, events


def lived_in(web: Web) -> list[Customer]:
    """Conversations of every kind, an edited article, a rating, a mail that waits."""
    talking, waiting, helped = web.customer(), web.customer(locale="nl"), web.customer()
    talking.say("ma facture est fausse, à l'été 2026 — 20 € « en trop »\t\\N")
    waiting.say("ik wil een mens")
    waiting.http.post(f"{waiting.url}/handover", json={"channel": "email", "contact": "jan@voorbeeld.nl"}, headers=waiting.headers)
    helped.say("merci")
    helped.http.post(f"{helped.url}/handover", json={}, headers=helped.headers)
    helped.http.post(f"{helped.url}/feedback", json={"csat": 5, "comment": "bien"}, headers=helped.headers)
    agent, lead = web.staff("agent"), web.staff("lead")
    for ticket in agent.get("/tickets").json()["tickets"]:
        if ticket["conversation_id"] == helped.id:
            agent.post(f"/tickets/{ticket['reference']}/take")
            agent.post(f"/tickets/{ticket['reference']}/reply", json={"text": "Bonjour !"})
    lead.put("/articles/linky?locale=fr", json={"title": "Linky", "answer": "Du lead.", "body": "", "variants": ["a", "b"]})
    (web.settings.home_path / "attachments" / "ab").mkdir(parents=True)
    (web.settings.home_path / "attachments" / "ab" / "abcdef").write_bytes(b"\x89PNG")
    return [talking, waiting, helped]


def seen(web: Web, customers: list[Customer]) -> dict[str, Any]:
    """What customers and staff are shown."""
    told: dict[str, Any] = {}
    for customer in customers:
        url = f"{web.url}/api/v1/conversations/{customer.id}"
        told[customer.id] = web.http.get(f"{url}/events", headers=customer.headers).json()
        told[f"{customer.id} transcript"] = web.http.get(f"{url}/transcript", headers=customer.headers).text
    lead = web.staff("lead")
    listed = lead.get("/tickets").json()["tickets"]
    told["tickets"] = listed
    for ticket in listed:
        told[ticket["reference"]] = lead.get(f"/tickets/{ticket['reference']}").json()
    for path in ("/articles?locale=fr", "/articles/linky?locale=fr", "/gaps", "/metrics", "/settings", "/jobs", "/conversations"):
        told[path] = lead.get(path).json()
    return _ageless(told)


#: What only says how long ago something was when it was asked for, or who looks at it just now.
AGES = frozenset({"wait_seconds", "now", "age", "viewers", "present", "waiting_since", "seen_at", "seconds_left", "used_seconds"})


def _ageless(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _ageless(item) for key, item in value.items() if key not in AGES}
    return [_ageless(item) for item in value] if isinstance(value, list) else value


def test_restored_is_what_was_backed_up(database_url: str, tmp_path: Path, dialogue: Dialogue, request: pytest.FixtureRequest) -> None:
    postgres = not database_url.startswith("sqlite")
    where = {"database_url": database_url} if postgres else {}
    file = tmp_path / "kept" / "backup.tar.gz"
    with running(tmp_path / "a", dialogue, **where) as web:
        customers = lived_in(web)
        before = seen(web, customers)
        done = backup(web.settings, file)
        customers[0].say("après la sauvegarde")
    assert file.stat().st_mode & 0o077 == 0
    assert done.files >= 3
    elsewhere = {"database_url": other_database(database_url)} if postgres else {}
    settings = make_settings(tmp_path / "b", dialogue, **elsewhere)
    restore(settings, file)
    with running(tmp_path / "b", dialogue, **elsewhere) as web:
        assert seen(web, customers) == before
        assert (tmp_path / "b" / "secret.key").read_bytes() == (tmp_path / "a" / "secret.key").read_bytes()
        assert (tmp_path / "b" / "attachments" / "ab" / "abcdef").read_bytes() == b"\x89PNG"
        customers[0].url, customers[0].http = f"{web.url}/api/v1/conversations/{customers[0].id}", web.http
        customers[0].say("et on continue")
        assert web.customer().say("une nouvelle")["text"]
        with web.services.database.write() as connection:      # numbers go on where they were
            assert outbox.put(connection, key="new", topic="mail", payload={})


def other_database(url: str) -> str:
    """An empty database beside this one."""
    import psycopg2

    server, name = url.rsplit("/", 1)
    port = int(server.rsplit(":", 1)[1])
    connection = psycopg2.connect(host="127.0.0.1", port=port, user="postgres", dbname="postgres")
    connection.autocommit = True
    connection.cursor().execute(f"CREATE DATABASE {name}b")
    connection.close()
    return f"{url}b"


def test_a_restore_over_a_running_or_lived_in_instance_is_refused(tmp_path: Path, dialogue: Dialogue) -> None:
    file = tmp_path / "backup.tar.gz"
    with running(tmp_path / "a", dialogue) as web:
        web.customer().say("bonjour")
        backup(web.settings, file)
        with pytest.raises(Conflict, match="in use"):
            restore(web.settings, file, replace=True)
    with pytest.raises(Conflict, match="--replace"):
        restore(web.settings, file)
    changed = sqlite3.connect(tmp_path / "a" / "relais.db")
    changed.execute("DELETE FROM settings_kv")
    changed.commit()
    changed.close()
    done = restore(web.settings, file, replace=True)
    assert done.aside is not None
    assert (done.aside / "relais.db").exists()


@pytest.mark.postgres
def test_a_restore_over_data_on_postgres_replaces_it(tmp_path: Path, dialogue: Dialogue, postgres_url: str) -> None:
    file = tmp_path / "backup.tar.gz"
    with running(tmp_path / "a", dialogue, database_url=postgres_url) as web:
        customer = web.customer()
        customer.say("gardée")
        backup(web.settings, file)
        lost = web.customer()
        with pytest.raises(Conflict, match="in use"):
            restore(web.settings, file, replace=True)
    with pytest.raises(Conflict, match="--replace"):
        restore(web.settings, file)
    restore(web.settings, file, replace=True)
    with running(tmp_path / "a", dialogue, database_url=postgres_url) as web:
        url = f"{web.url}/api/v1/conversations"
        assert len(web.http.get(f"{url}/{customer.id}/events", headers=customer.headers).json()["events"]) == 3
        assert web.http.get(f"{url}/{lost.id}/events", headers=lost.headers).status_code == 404


@pytest.mark.parametrize("harm", ["cut", "bit", "escape", "link", "other", "future", "newer"])
def test_a_file_that_is_no_whole_backup_is_refused_before_anything_is_touched(tmp_path: Path, harm: str) -> None:
    (tmp_path / "a").mkdir()
    sqlite3.connect(tmp_path / "a" / "relais.db").close()
    (tmp_path / "a" / "secret.key").write_bytes(b"k" * 4000)
    settings = make_settings(tmp_path / "a", None)
    upgrade(settings.sqlalchemy_url)
    file = tmp_path / "backup.tar.gz"
    backup(settings, file)
    content = file.read_bytes()
    if harm == "cut":
        file.write_bytes(content[: len(content) // 2])
    elif harm == "other":
        file.write_bytes(b"not a tar")
    else:
        rewrite(file, harm)
    target = make_settings(tmp_path / "b", None)
    with pytest.raises(BadInput):
        restore(target, file)
    assert list((tmp_path / "b").iterdir()) == []


def rewrite(file: Path, harm: str) -> None:
    """The same archive with something wrong in it."""
    with tarfile.open(file, "r:gz") as tar:
        members = [(member, tar.extractfile(member).read()) for member in tar]  # type: ignore[union-attr]
    with tarfile.open(file, "w:gz") as tar:
        for member, content in members:
            if harm == "bit" and member.name.endswith("secret.key"):
                content = b"x" + content[1:]
            if harm == "future" and member.name == "manifest.json":
                content = content.replace(b'"format": 1', b'"format": 9')
                member.size = len(content)
            if harm == "newer" and member.name == "manifest.json":
                content = content.replace(f'"revision": "{HEAD}"'.encode(), b'"revision": "9999"')
                member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
        if harm == "escape":
            tar.addfile(tarfile.TarInfo("../../evil"), io.BytesIO(b""))
        if harm == "link":
            link = tarfile.TarInfo("home/link")
            link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
            tar.addfile(link)


@pytest.mark.parametrize("place", ["outside/support.db", "home/relais.sqlite", "home/sub/x.db", "home/relais.db"])
def test_a_sqlite_database_is_kept_wherever_the_settings_have_it(tmp_path: Path, dialogue: Dialogue, place: str) -> None:
    url = f"sqlite:///{tmp_path / 'a' / place}"
    file = tmp_path / "backup.tar.gz"
    with running(tmp_path / "a" / "home", dialogue, database_url=url) as web:
        customer = web.customer()
        customer.say("gardée")
        backup(web.settings, file)
        with pytest.raises(Conflict, match="in use"):
            restore(web.settings, file, replace=True)
        customer.say("perdue")
    with pytest.raises(Conflict, match="--replace"):
        restore(web.settings, file)
    restore(web.settings, file, replace=True)
    assert [text for text in texts(url) if text in ("gardée", "perdue")] == ["gardée"]
    before = [path for path in (tmp_path / "a").rglob("*") if path.is_file() and "before-restore" in str(path) and path.name.startswith(Path(place).name)]
    assert any("perdue" in texts(f"sqlite:///{path}") for path in before if not path.name.endswith(("-wal", "-shm")))
    elsewhere = make_settings(tmp_path / "b", dialogue)      # and where another instance keeps its own
    restore(elsewhere, file)
    assert [text for text in texts(elsewhere.sqlalchemy_url) if text in ("gardée", "perdue")] == ["gardée"]


def texts(url: str) -> list[str]:
    """What customers wrote, in a database by its URL."""
    database = Database(url)
    try:
        with database.read() as connection:
            found = connection.execute(sa.select(events.c.payload).where(events.c.author == "customer").order_by(events.c.at))
            return [str(row.payload.get("text")) for row in found]
    finally:
        database.close()


@pytest.mark.postgres
def test_back_to_the_release_before_a_newer_one_changed_the_database(tmp_path: Path, dialogue: Dialogue, postgres_url: str) -> None:
    """The way back after an upgrade: the older checkout does not know the newer one's steps down."""
    file = tmp_path / "backup.tar.gz"
    with running(tmp_path / "a", dialogue, database_url=postgres_url) as web:
        web.customer().say("gardée")
        backup(web.settings, file)
    database = Database(postgres_url)
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        connection.exec_driver_sql("CREATE TABLE of_the_newer (id serial PRIMARY KEY, conversation text REFERENCES conversations (id))")
        connection.exec_driver_sql("ALTER TABLE events ADD COLUMN newer text NOT NULL DEFAULT ''")
        connection.exec_driver_sql("CREATE FUNCTION procrastinate_newer_v9() RETURNS int LANGUAGE sql AS 'SELECT 1'")
    with pytest.raises(ConfigurationError, match="newer release"):
        upgrade(database)
    database.close()
    finding = next(f for f in examine(web.settings) if f.name == "Database")
    assert not finding.ok
    assert "update the checkout" in finding.todo
    restore(web.settings, file, replace=True)
    assert texts(postgres_url) == ["gardée"]
    with running(tmp_path / "a", dialogue, database_url=postgres_url) as web:
        assert web.customer().say("on continue")["text"]
        with web.services.database.read() as connection:
            assert "of_the_newer" not in sa.inspect(connection).get_table_names()


@pytest.mark.postgres
def test_a_database_that_holds_something_else_is_left_alone(tmp_path: Path, dialogue: Dialogue, postgres_url: str) -> None:
    file = tmp_path / "backup.tar.gz"
    with running(tmp_path / "a", dialogue, database_url=postgres_url) as web:
        web.customer().say("gardée")
        backup(web.settings, file)
    other = Database(other_database(postgres_url))
    with other.write() as connection:
        connection.exec_driver_sql("CREATE TABLE invoices (id int)")
    other.close()
    (tmp_path / "b").mkdir()
    with pytest.raises(Conflict, match="invoices"):
        restore(make_settings(tmp_path / "b", dialogue, database_url=other.url), file, replace=True)
    assert list((tmp_path / "b").iterdir()) == []


def test_customers_go_on_writing_while_a_backup_is_made(database_url: str, tmp_path: Path, dialogue: Dialogue) -> None:
    postgres = not database_url.startswith("sqlite")
    where = {"messages_per_minute": 100_000, **({"database_url": database_url} if postgres else {})}
    file, done = tmp_path / "backup.tar.gz", threading.Event()
    with running(tmp_path / "a", dialogue, **where) as web:
        before = web.customer()
        before.say("avant")
        customers = [web.customer() for _ in range(3)]

        def write(customer: Customer) -> int:
            number = 0
            while not done.is_set():
                number += 1
                assert customer.post(f"message {number}").status_code == 202
            return number

        with ThreadPoolExecutor(3) as writers:
            writing = [writers.submit(write, customer) for customer in customers]
            try:
                time.sleep(0.5)
                backup(web.settings, file)
                time.sleep(0.2)
            finally:
                done.set()
            written = [future.result() for future in writing]
    elsewhere = {"database_url": other_database(database_url)} if postgres else {}
    settings = make_settings(tmp_path / "b", dialogue, **elsewhere)
    restore(settings, file)
    kept = {}
    database = Database(settings.sqlalchemy_url)
    with database.read() as connection:
        for customer in [before, *customers]:
            rows = connection.execute(sa.select(events.c.seq, events.c.author, events.c.payload)
                                      .where(events.c.conversation_id == customer.id).order_by(events.c.seq)).all()
            assert [row.seq for row in rows] == list(range(1, len(rows) + 1)), "one moment, nothing missing in between"
            assert connection.execute(sa.select(conversations.c.seq).where(conversations.c.id == customer.id)).scalar() == len(rows)
            kept[customer.id] = [row.payload["text"] for row in rows if row.author == "customer"]
        if not postgres:
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall() == []
    database.close()
    assert kept[before.id] == ["avant"]
    for customer, number in zip(customers, written, strict=True):
        texts_kept = kept[customer.id]
        assert texts_kept == [f"message {n}" for n in range(1, len(texts_kept) + 1)]
        assert 0 < len(texts_kept) <= number
    assert sum(len(kept[customer.id]) for customer in customers) < sum(written), "they went on meanwhile"


def test_what_a_backup_names_is_what_it_holds(tmp_path: Path, dialogue: Dialogue) -> None:
    file = tmp_path / "backup.tar.gz"
    with running(tmp_path / "a", dialogue) as web:
        (web.settings.home_path / "logs").mkdir(exist_ok=True)
        (web.settings.home_path / "logs" / "web.log").write_text("…")
        backup(web.settings, file)
    (tmp_path / "out").mkdir()
    manifest = unpack(file, tmp_path / "out")
    assert "home/relais.db" in manifest.files
    assert "home/secret.key" in manifest.files
    assert not any("logs" in name for name in manifest.files)
    assert "geheim" not in json.dumps(manifest.settings)
