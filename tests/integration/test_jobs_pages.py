"""Deliveries as leads and operators see them: API and command line; backup and restore as commands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from web_support import Dialogue, Web, running

from bot.cli.app import main
from bot.settings import get_settings
from bot.storage import outbox
from bot.storage.schema import outbox as table


@pytest.fixture
def lived(tmp_path: Path, dialogue: Dialogue) -> Iterator[Web]:
    """An instance with a dead letter and a mail that waits."""
    with running(tmp_path / "home", dialogue) as web:
        with web.services.database.write() as connection:
            for key in ("gone", "waits"):
                outbox.put(connection, key=key, topic="mail", payload={
                    "to": "camille.durand@exemple.fr", "subject": "Votre demande", "text": "très privé"})
            connection.execute(sa.update(table).where(table.c.key == "gone").values(
                dead=True, attempts=10, error="The mail server does not answer."))
        yield web


def relais(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], home: Path, *arguments: str) -> tuple[int, str, str]:
    monkeypatch.setenv("RELAIS_HOME", str(home))
    monkeypatch.delenv("PORT", raising=False)
    get_settings.cache_clear()
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    get_settings.cache_clear()
    out = capsys.readouterr()
    return int(ended.value.code or 0), out.out, out.err


def test_a_lead_sees_dead_letters_and_starts_them_again(lived: Web) -> None:
    lead = lived.staff("lead")
    found = lead.get("/jobs", params={"state": "dead"}).json()
    assert found["dead"] == found["waiting"] == 1
    job = found["jobs"][0]
    assert (job["topic"], job["about"], job["to"], job["error"]) == (
        "mail", "Votre demande", "c…@exemple.fr", "The mail server does not answer.")
    assert "privé" not in json.dumps(found)
    assert lead.post(f"/jobs/{job['id']}/retry").status_code == 204
    assert lead.post(f"/jobs/{job['id']}/retry").status_code == 404
    assert lead.get("/jobs", params={"state": "dead"}).json()["jobs"] == []
    assert len(lead.get("/jobs", params={"state": "waiting"}).json()["jobs"]) == 2
    assert [j["key"] for j in lead.get("/jobs", params={"limit": 1}).json()["jobs"]] == ["waits"]
    assert [j["key"] for j in lead.get("/jobs", params={"before": 2}).json()["jobs"]] == ["gone"]


def test_odd_wishes_get_a_clear_answer(lived: Web) -> None:
    lead = lived.staff("lead")
    bad = lead.get("/jobs", params={"state": "lost"})
    assert bad.status_code == 400
    assert "waiting, running, retrying, done, dead" in bad.json()["detail"]
    for number in ("0", "-1", str(2**70)):
        assert lead.post(f"/jobs/{number}/retry").status_code == 404
    assert lead.post("/jobs/x/retry").status_code == 422
    assert lead.post("/jobs/retry", params={"topic": "webhook"}).json() == {"retried": 0}
    assert lead.post("/jobs/retry").json() == {"retried": 1}


def test_the_same_by_command(lived: Web, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    home = lived.settings.home_path
    code, out, _ = relais(monkeypatch, capsys, home, "jobs", "list", "--state", "dead")
    assert code == 0
    assert "The mail server does not answer." in out
    assert "1 waiting, 1 dead." in out
    assert relais(monkeypatch, capsys, home, "jobs", "retry")[0] == 2
    assert relais(monkeypatch, capsys, home, "jobs", "retry", "1", "--all")[0] == 2
    assert relais(monkeypatch, capsys, home, "jobs", "retry", "99")[0] == 1
    assert relais(monkeypatch, capsys, home, "jobs", "retry", "--all")[1] == "1 job(s) will be tried again.\n"
    code, out, _ = relais(monkeypatch, capsys, home, "jobs", "list", "--json")
    assert [json.loads(line)["state"] for line in out.splitlines()] == ["waiting", "waiting"]


def test_backup_and_restore_by_command(lived: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    home, file = lived.settings.home_path, tmp_path / "kept.tar.gz"
    code, out, err = relais(monkeypatch, capsys, home, "backup", str(file))
    assert code == 0, err
    assert "schema" in out
    assert relais(monkeypatch, capsys, home, "backup", str(file))[0] == 1
    assert relais(monkeypatch, capsys, home, "backup", str(file), "--force")[0] == 0
    code, _, err = relais(monkeypatch, capsys, home, "restore", str(file), "--replace")
    assert code == 1
    assert "Stop the instance first" in err
    assert relais(monkeypatch, capsys, tmp_path / "new", "restore", str(tmp_path / "nothing"))[0] == 1
    code, out, err = relais(monkeypatch, capsys, tmp_path / "new", "restore", str(file))
    assert code == 0, err
    code, out, _ = relais(monkeypatch, capsys, tmp_path / "new", "jobs", "list")
    assert "1 waiting, 1 dead." in out
    for command in ("backup", "restore"):
        assert "Example: " in relais(monkeypatch, capsys, home, command, "--help")[1]


def test_an_agents_answer_sent_again_is_written_once(lived: Web) -> None:
    customer = lived.customer()
    reference = lived.http.post(f"{customer.url}/handover", json={}, headers=customer.headers).json()["ticket"]
    agent, body = lived.staff("agent"), {"text": "Bonjour !", "client_message_id": "desk-1"}
    for _ in range(3):
        assert agent.post(f"/tickets/{reference}/reply", json=body).status_code == 200
    agent.post(f"/tickets/{reference}/reply", json=body | {"client_message_id": "desk-2"})
    said = [event for event in customer.events() if event["author"] == "agent" and event["kind"] == "message"]
    assert [event["text"] for event in said] == ["Bonjour !", "Bonjour !"]
    assert not any("client_message_id" in event for event in said)
