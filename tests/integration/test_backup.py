"""Backup of a running instance and restore: customers and staff see what they saw before."""

from __future__ import annotations

import io
import json
import sqlite3
import tarfile
from pathlib import Path
from typing import Any

import pytest
from web_support import Customer, Dialogue, Web, make_settings, running

from bot.backup.archive import unpack
from bot.backup.service import backup, restore
from bot.errors import BadInput, Conflict
from bot.storage import outbox


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


@pytest.mark.parametrize("harm", ["cut", "bit", "escape", "link", "other", "future"])
def test_a_file_that_is_no_whole_backup_is_refused_before_anything_is_touched(tmp_path: Path, harm: str) -> None:
    (tmp_path / "a").mkdir()
    sqlite3.connect(tmp_path / "a" / "relais.db").close()
    (tmp_path / "a" / "secret.key").write_bytes(b"k" * 4000)
    from bot.storage.migrate import upgrade

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
    assert list(tmp_path.glob(".relais-restore-*")) == []


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
            tar.addfile(member, io.BytesIO(content))
        if harm == "escape":
            tar.addfile(tarfile.TarInfo("../../evil"), io.BytesIO(b""))
        if harm == "link":
            link = tarfile.TarInfo("home/link")
            link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
            tar.addfile(link)


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
