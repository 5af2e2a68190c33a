"""What the worker does for tickets by itself, and what the command line says of people."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
import time_machine
from ticket_support import ANA, HOURS, LUC, Chat, utc
from typer.testing import CliRunner
from web_support import make_settings

from bot.cli.users import app
from bot.desk import away
from bot.settings import get_settings
from bot.staff.sessions import open_session
from bot.storage.clock import now_iso, utcnow
from bot.storage.database import Database
from bot.storage.schema import sla_firings, staff, staff_sessions, tickets
from bot.tickets import follow_ups, presence, routing, service, store
from bot.tickets.chores import chores
from bot.tickets.hours import Desk
from bot.tickets.queue import standing
from bot.tickets.rules import DEFAULT

MONDAY = utc("2026-11-23 09:00")


def test_every_chore_does_its_work_once_and_then_nothing(database: Database, hours: Desk, tmp_path: Path):
    value = {**DEFAULT, "queues": {"fr": {"overflow": {"after_minutes": 30, "to": "renfort"}}}}
    work = {name: run for name, _, run in chores(make_settings(tmp_path, None, opening_hours=HOURS, holidays_country="FR"), database)}
    assert set(work) == {"queues", "sla", "news", "orphans"}
    assert [run() for run in work.values()] == [0, 0, 0, 0]
    with time_machine.travel(MONDAY, tick=False) as traveller:
        promised, left, waiting = (Chat(database).ticket(hours, MONDAY) for _ in range(3))
        with database.write() as connection:
            routing.save(connection, value, base=0, author="lea")
            service.take(connection, left, ANA)
            follow_ups.schedule_follow_up(connection, promised, ANA, desk=hours, now=MONDAY, next_by=date(2026, 11, 23))
            connection.execute(sa.delete(staff).where(staff.c.username == "ana"))
        traveller.move_to(utc("2026-11-23 17:30"))
        assert work["orphans"]() == 1
        assert work["news"]() == 1
        assert work["sla"]() >= 3
        traveller.move_to(utc("2026-11-23 18:05"))
        assert work["queues"]() == 3
        work["sla"]()
        assert [run() for run in work.values()] == [0, 0, 0, 0]
    with database.read() as connection:
        assert store.get(connection, waiting)["queue"] == "renfort"
        assert store.get(connection, left)["assignee"] is None
        assert connection.execute(sa.select(sa.func.count()).select_from(sla_firings)).scalar_one() >= 6


def test_an_inbox_left_open_is_nobody(database: Database, hours: Desk, tmp_path: Path):
    work = {name: run for name, _, run in chores(make_settings(tmp_path, None, opening_hours=HOURS, holidays_country="FR"), database)}
    with database.write() as connection:
        routing.save(connection, {**DEFAULT, "assignment": "auto"}, base=0, author="lea")

    def there() -> list[str]:
        """Who is, while every stream asks on."""
        with database.write() as connection:
            connection.execute(sa.update(staff_sessions).values(seen_at=now_iso()))
        with database.read() as connection:
            return [agent.username for agent in presence.agents(connection, utcnow()) if agent.present]

    with time_machine.travel(MONDAY, tick=False) as traveller:
        with database.write() as connection:
            for who in (ANA, LUC):
                open_session(connection, who, 24 * 30)
        away.here(database, "ana")           # Luc's is a program: it never tells of keys
        assert there() == ["ana", "luc"]
        given = Chat(database).ticket(hours, MONDAY)
        assert work["queues"]() == 1
        with database.read() as connection:
            assert store.get(connection, given)["assignee"] == "ana"
        traveller.shift(15 * 60)
        assert there() == ["ana", "luc"]
        assert work["queues"]() == 0
        traveller.shift(1)
        assert there() == ["luc"]
        assert work["queues"]() == 2         # back from her, and to him
        with database.read() as connection:
            ticket = store.get(connection, given)
            assert ticket["assignee"] == "luc"
            assert standing(connection, ticket, hours, utcnow()).people_present == 1
        traveller.shift(3 * 86400)
        assert there() == ["luc"]
        with database.write() as connection:
            open_session(connection, ANA, 12)         # signed in anew, before her page told of a key
        assert there() == ["ana", "luc"]
        traveller.shift(16 * 60)
        assert there() == ["luc"]
        away.here(database, "ana")
        assert there() == ["ana", "luc"]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("RELAIS_HOME", str(tmp_path))
    monkeypatch.delenv("RELAIS_DATABASE_URL", raising=False)
    get_settings.cache_clear()
    yield tmp_path
    get_settings.cache_clear()


def test_people_are_described_shut_and_removed_at_the_command_line(home: Path, monkeypatch: pytest.MonkeyPatch, hours: Desk):
    from bot.storage.migrate import upgrade

    database = Database(f"sqlite:///{home / 'relais.db'}")
    upgrade(database)
    monkeypatch.setenv("RELAIS_NEW_PASSWORD", "un-mot-de-passe-long")
    run = CliRunner()
    assert run.invoke(app, ["add", "ana", "--languages", "fr,nl"]).exit_code == 0
    got = run.invoke(app, ["set", "ana", "--skills", "facture,L2", "--capacity", "8"])
    assert got.output.strip() == "ana: languages fr,nl; skills facture,L2; capacity 8; presence auto"
    assert "skills any" in run.invoke(app, ["set", "ana", "--skills", "any"]).output
    assert run.invoke(app, ["set", "ana", "--capacity", "900"]).exit_code == 1
    reference = Chat(database).ticket(hours, MONDAY)
    with database.write() as connection:
        service.take(connection, reference, ANA)
    assert "1 open ticket back in the queue." in run.invoke(app, ["shut", "ana"]).output
    assert run.invoke(app, ["remove", "ana"]).exit_code == 0
    with database.read() as connection:
        assert connection.execute(sa.select(tickets.c.assignee)).scalar_one() is None
        assert connection.execute(sa.select(sa.func.count()).select_from(staff)).scalar_one() == 0
    database.close()
