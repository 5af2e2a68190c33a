"""The worker's chores and the commands that work on an instance's data."""

from __future__ import annotations

import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa
from web_support import Dialogue, answer, make_settings, running

from bot.cli.app import main
from bot.conversations import intake, store
from bot.errors import BadInput, Unavailable
from bot.handover.service import hand_over
from bot.integrations.mail import SpoolMailer
from bot.jobs.listing import jobs
from bot.settings import get_settings
from bot.staff.accounts import Member
from bot.storage import outbox, schema
from bot.storage.clock import later, utcnow
from bot.storage.database import Database
from bot.storage.migrate import upgrade
from bot.storage.schema import conversations, visitors
from bot.tickets import service
from bot.tickets.hours import desk
from bot.worker import Worker


@dataclass
class Ran:
    """What a command did."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def relais(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Run the command on an instance, in this process."""
    def run(home: Path, *arguments: str, typed: str = "") -> Ran:
        monkeypatch.setenv("RELAIS_HOME", str(home))
        monkeypatch.delenv("PORT", raising=False)
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        get_settings.cache_clear()
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        get_settings.cache_clear()
        out = capsys.readouterr()
        return Ran(int(ended.value.code or 0), out.out, out.err)

    return run


class FlakyMailer:
    """Fails as told, then sends."""

    def __init__(self, *failures: Exception) -> None:
        self.failures, self.sent = list(failures), []

    def send(self, mail):
        """Send or fail."""
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append(mail)
        return "id"


@pytest.fixture
def database(tmp_path: Path):
    made = Database(f"sqlite:///{tmp_path / 'relais.db'}")
    upgrade(made)
    yield made
    made.close()


def queue(database: Database, key: str = "k") -> None:
    with database.write() as connection:
        outbox.put(connection, key=key, topic="mail",
                   payload={"to": "camille@exemple.fr", "subject": "Sujet", "text": "Corps"})


def test_a_mail_is_tried_again_until_it_is_sent_once(tmp_path: Path, database: Database):
    mailer = FlakyMailer(Unavailable("away"), OSError("reset"))
    worker = Worker(make_settings(tmp_path, None), database, mailer)
    queue(database)
    for _ in range(4):
        worker.deliver()
        with database.write() as connection:
            connection.execute(sa.update(schema.outbox).values(next_at=later(-1)))
    assert [mail.key for mail in mailer.sent] == ["k"]
    with database.read() as connection:
        assert outbox.counts(connection) == {"waiting": 0, "dead": 0}


def test_a_mail_that_cannot_work_is_a_dead_letter_at_once(tmp_path: Path, database: Database):
    worker = Worker(make_settings(tmp_path, None), database, FlakyMailer(BadInput("no such address")))
    queue(database)
    worker.deliver()
    with database.read() as connection:
        assert jobs(connection, state="dead")[0]["error"] == "no such address"


def test_settled_tickets_are_closed_after_a_week_and_a_new_one_may_follow(tmp_path: Path, database: Database):
    settings = make_settings(tmp_path, None)
    worker = Worker(settings, database, FlakyMailer())
    moment = {"desk": desk(settings), "now": utcnow()}
    ana = Member("ana", "Ana", "agent")
    with database.write() as connection:
        conversation, _, _ = intake.begin(connection, locale="fr", page_url=None, language="fr")
        first = hand_over(connection, conversation, **moment).reference
        service.resolve(connection, first, ana)
    def close() -> int:
        return next(chore for chore in worker.chores if chore.name == "tickets").run()

    assert close() == 0
    with database.write() as connection:
        connection.execute(sa.update(schema.tickets).values(solved_at=later(-8 * 86400)))
    assert close() == 1
    with database.write() as connection:
        again = hand_over(connection, store.get(connection, conversation.id), **moment).reference
    assert again != first


def test_one_failing_chore_does_not_stop_the_others(tmp_path: Path, database: Database):
    worker = Worker(make_settings(tmp_path, None), database, FlakyMailer())
    ran: list[str] = []

    def broken() -> int:
        raise RuntimeError("broken")

    worker.chores[0].run = broken
    worker.chores[1].run = lambda: ran.append("idle") or 0
    worker.once()
    assert ran == ["idle"]


def test_a_worker_process_sends_what_the_web_process_queued_and_stops_on_sigterm(relais, tmp_path: Path, dialogue: Dialogue):
    with running(tmp_path, dialogue) as web:
        customer = web.customer()
        customer.say("je préfère un mail")
        got = web.http.post(f"{customer.url}/handover", headers=customer.headers,
                            json={"channel": "email", "contact": "camille@exemple.fr"})
        worker = subprocess.Popen([sys.executable, "-m", "bot.worker"], env={
            **os.environ, "RELAIS_HOME": str(tmp_path), "RELAIS_ENV_FILE": "/nonexistent"})
        try:
            spool = SpoolMailer(tmp_path / "mail")
            until = time.monotonic() + 30
            while not spool.list() and time.monotonic() < until:
                time.sleep(0.1)
            mail = spool.list()[0]
            assert mail.to == "camille@exemple.fr"
            assert got.json()["ticket"] in mail.subject
            assert "je préfère un mail" in mail.text
        finally:
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(timeout=10) == 0

        exported = relais(tmp_path, "export", "camille@exemple.fr")
        assert json.loads(exported.stdout)[0]["events"][1]["payload"]["text"] == "je préfère un mail"
        erased = relais(tmp_path, "erase", "camille@exemple.fr", "--yes")
        assert erased.returncode == 0, erased.stderr
        assert "1 conversation(s), 1 written mail(s)" in erased.stdout
        assert spool.list() == ()
        for path in tmp_path.glob("relais.db*"):
            assert b"camille@exemple.fr" not in path.read_bytes(), path
        again = relais(tmp_path, "erase", "camille@exemple.fr", "--yes")
        assert again.returncode == 1
        assert again.stderr.count("\n") == 1


@pytest.mark.parametrize("asked", ["06 39 98 12 34", "Camille@Exemple.fr", "compte@exemple.fr"], ids=["as written", "replaced later", "of the host's page"])
def test_a_contact_is_found_however_it_is_kept(relais, tmp_path: Path, dialogue: Dialogue, asked: str):
    with running(tmp_path, dialogue) as web:
        customer, other = web.customer(), web.customer()
        for one, contacts in ((customer, ("camille@exemple.fr", "+33 6 39 98 12 34")), (other, ("autre-camille@exemple.fr",))):
            one.say("je préfère un mail")
            for contact in contacts:
                got = web.http.post(f"{one.url}/handover", headers=one.headers,
                                    json={"channel": "email" if "@" in contact else "phone", "contact": contact})
                assert got.status_code == 202, got.text
        with web.services.database.write() as connection:
            connection.execute(sa.insert(visitors).values(
                conversation_id=customer.id, user_id="u", email="compte@exemple.fr", context={}, updated_at="2026-11-27T10:00:00.000Z"))

        exported = relais(tmp_path, "export", asked)
        assert exported.returncode == 0, exported.stderr
        assert [found["conversation"]["id"] for found in json.loads(exported.stdout)] == [customer.id]
        erased = relais(tmp_path, "erase", asked, "--yes")
        assert "1 conversation(s)" in erased.stdout, erased.stderr
        with web.services.database.read() as connection:
            assert [row.id for row in connection.execute(sa.select(conversations.c.id))] == [other.id]


def test_nothing_is_erased_without_a_yes(relais, tmp_path: Path, database: Database):
    with database.write() as connection:
        kept = intake.begin(connection, locale="fr", page_url=None, language="fr")[0].id
    nobody = relais(tmp_path, "erase", kept)
    assert (nobody.returncode, nobody.stderr.splitlines()[-1]) == (2, "relais: Say --yes to erase without being asked.")
    no = relais(tmp_path, "erase", kept, typed="n\n")
    assert (no.returncode, no.stderr.splitlines()[-1]) == (1, "relais: Nothing was erased.")
    with database.read() as connection:
        assert store.get(connection, kept).id == kept
    assert relais(tmp_path, "erase", kept, typed="y\n").returncode == 0
    assert relais(tmp_path, "erase", kept, "--yes").returncode == 1


def test_nothing_a_word_and_a_reference_are_no_contact(relais, tmp_path: Path, dialogue: Dialogue):
    """What is asked for stands in what every customer was told; nobody is erased for it."""
    with running(tmp_path, dialogue) as web:
        kept = []
        for contact in ({"channel": "chat"}, {"channel": "email", "contact": "camille@exemple.fr"}):
            customer = web.customer()
            customer.say("bonjour")
            told = web.http.post(f"{customer.url}/handover", headers=customer.headers, json=contact).json()
            kept.append(customer.id)
        for asked in ("", " ", "demande", told["ticket"], "12"):
            assert relais(tmp_path, "erase", asked, "--yes").returncode == 1, asked
        with web.services.database.read() as connection:
            assert {row.id for row in connection.execute(sa.select(conversations.c.id))} == set(kept)


def test_reports_say_the_same_before_and_after_recomputing(relais, tmp_path: Path, dialogue: Dialogue):
    with running(tmp_path, dialogue) as web:
        for text in ("une", "deux"):
            web.customer().say(text)
        dialogue.script = lambda body: answer("Bonjour !", "smalltalk")
        web.customer().say("salut")
        first = json.loads(relais(tmp_path, "report", "--json").stdout)
        with web.services.database.write() as connection:
            connection.execute(sa.update(conversations).values(outcome="urgent"))
        second = json.loads(relais(tmp_path, "report", "--json", "--recompute").stdout)
        assert second.pop("recomputed") == 3
        assert first == second
        text = relais(tmp_path, "report", "--by", "locale").stdout
        assert "deflection" in text
        assert "0.0% … 100.0%" in text


def test_accounts_by_command(relais, tmp_path: Path, dialogue: Dialogue):
    with running(tmp_path, dialogue) as web:
        made = relais(tmp_path, "users", "add", "luc", "--role", "admin", "--languages", "fr,nl")
        assert made.returncode == 0, made.stderr
        password = made.stdout.split("password ")[1].strip()
        login = {"username": "luc", "password": password}
        assert web.http.post(f"{web.url}/api/v1/staff/login", json=login).json()["role"] == "admin"
        assert relais(tmp_path, "users", "shut", "luc").returncode == 0
        assert web.http.post(f"{web.url}/api/v1/staff/login", json=login).status_code == 401
        assert "(shut)" in relais(tmp_path, "users", "list").stdout
        for bad in (("add", "luc"), ("add", "x"), ("add", "eva", "--role", "boss"), ("shut", "nobody")):
            got = relais(tmp_path, "users", *bad)
            assert got.returncode in (1, 2)
            assert "Traceback" not in got.stderr
            assert got.stderr.strip()


def test_commands_without_an_instance_say_what_to_do(relais, tmp_path: Path):
    for command in (("report",), ("users", "list"), ("export", "a@b.fr"), ("erase", "a@b.fr", "--yes")):
        got = relais(tmp_path / "empty", *command)
        assert got.returncode == 1
        assert "relais serve" in got.stderr
        assert not (tmp_path / "empty").exists()


def test_a_database_that_fails_is_one_line_without_what_was_asked_for(relais, tmp_path: Path):
    upgrade(f"sqlite:///{tmp_path / 'relais.db'}")
    with sqlite3.connect(tmp_path / "relais.db") as broken:
        broken.execute("DROP TABLE conversations")
    broken.close()
    got = relais(tmp_path, "export", "camille@exemple.fr")
    assert got.returncode == 1
    assert got.stderr.startswith("relais: The database: no such table")
    assert got.stderr.count("\n") == 1
    assert "camille" not in got.stderr


@pytest.mark.parametrize(("variable", "value", "told"), [
    ("RELAIS_MAX_WRONG", "0,05", "RELAIS_MAX_WRONG: "), ("RELAIS_DATABASE_URL", "postgres://relais:s3cret@db/relais", "RELAIS_DATABASE_URL is no address"),
    ("RELAIS_DATABASE_URL", "postgresql+psycopg2://relais:s3cret@127.0.0.1:9/relais", "The database"),
])
@pytest.mark.parametrize("process", ["worker", "web"])
def test_settings_that_cannot_be_end_a_process_with_a_sentence(tmp_path: Path, process: str, variable: str, value: str, told: str):
    module = {"worker": "bot.worker", "web": "bot.web.main"}[process]
    ran = subprocess.run([sys.executable, "-m", module], capture_output=True, text=True, timeout=120, check=False,
                         env={**os.environ, "RELAIS_HOME": str(tmp_path), "RELAIS_ENV_FILE": "/nonexistent", variable: value})
    assert ran.returncode == 1
    assert ran.stderr.startswith(f"relais {process}: {told}")
    assert ran.stderr.count("\n") == 1
    assert "s3cret" not in ran.stderr
