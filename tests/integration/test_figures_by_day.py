"""Figures stored by day equal figures computed anew, whatever happened in between; chores are done once."""

from __future__ import annotations

import random
import threading
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from web_support import ALWAYS, make_settings

from bot.analytics import daily, judge, listing
from bot.analytics.judge import any_unjudged, refresh_outcomes
from bot.analytics.metrics import figures, period
from bot.conversations import intake, store
from bot.conversations.model import Draft
from bot.handover.service import hand_over
from bot.privacy.erasure import erase_conversation, hold
from bot.staff.accounts import Member
from bot.storage import chore_runs
from bot.storage.clock import iso, later, utcnow
from bot.storage.database import Database
from bot.storage.migrate import upgrade
from bot.storage.schema import chore_runs as chore_table
from bot.storage.schema import conversations, daily_figures
from bot.tickets import service
from bot.tickets.hours import desk

ZONE = ZoneInfo("Europe/Paris")
AGENT = Member("agent", "Ana", "agent")
TODAY = utcnow().astimezone(ZONE).date()


@pytest.fixture
def database(database_url: str):
    made = Database(database_url)
    upgrade(made)
    yield made
    made.close()


def begin(database: Database, days_ago: float, theme: str | None = None, language: str = "fr") -> tuple[str, str]:
    with database.write() as connection:
        found, token, _ = intake.begin(connection, locale=language, page_url=None, language=language)
        store.update(connection, found.id, created_at=later(-days_ago * 86400), theme=theme)
    return found.id, token


def dashboard(database: Database, days: int = 40) -> dict:
    with database.write() as connection:
        refresh_outcomes(connection)
    with database.read() as connection:
        span = period((TODAY - timedelta(days=days)).isoformat(), None, ZONE, utcnow())
        return {by: figures(connection, span, by=by, zone=ZONE) for by in ("", "day", "topic", "locale")}


def test_an_event_added_while_a_conversation_is_judged_is_judged_too(database: Database, monkeypatch: pytest.MonkeyPatch):
    conversation_id, _ = begin(database, 0)
    classes = judge._classes

    def slow(connection, ids):
        found = classes(connection, ids)
        store.append(connection, conversation_id, [Draft("message", "bot", {"text": "Voici.", "reply": "answer"})])
        return found

    monkeypatch.setattr(judge, "_classes", slow)
    with database.write() as connection:
        assert refresh_outcomes(connection) == 0
    monkeypatch.undo()
    with database.write() as connection:
        assert any_unjudged(connection)
        assert refresh_outcomes(connection) == 1


def stored_days(database: Database) -> int:
    with database.read() as connection:
        return len(connection.execute(sa.select(daily_figures.c.start).distinct()).all())


def store_all(database: Database) -> int:
    with database.write() as connection:
        refresh_outcomes(connection)
        return daily.store_missing(connection, ZONE, TODAY)


def test_stored_days_equal_days_computed_anew_after_anything(database: Database, tmp_path: Path):
    chance = random.Random(7)
    open_desk = desk(make_settings(tmp_path, None, opening_hours=ALWAYS))
    known: list[tuple[str, str]] = []
    for round_ in range(4):
        for _ in range(6):
            known.append(begin(database, chance.uniform(0, 30), chance.choice([None, "facture", "panne"]), chance.choice(["fr", "nl"])))
        for conversation_id, token in chance.sample(known, 6):
            with database.write() as connection:
                step = chance.randrange(4)
                if step == 0:
                    intake.rate(connection, conversation_id, token, kind=chance.choice(["csat", "effort"]), value=chance.randint(1, 5), comment=None)
                elif step == 1:
                    done = hand_over(connection, store.get(connection, conversation_id, lock=True), desk=open_desk, now=utcnow())
                    service.take(connection, done.reference, AGENT) if chance.random() < 0.9 else None
                elif step == 2:
                    store.append(connection, conversation_id, [Draft("message", "bot", {"text": "r", "reply": "answer"})])
                    store.update(connection, conversation_id, theme=chance.choice(["facture", "panne"]))
                else:
                    erase_conversation(connection, conversation_id)
                    known.remove((conversation_id, token))
        kept = dashboard(database)
        with database.write() as connection:
            connection.execute(sa.delete(daily_figures))
        assert dashboard(database) == kept, f"round {round_}"
        assert store_all(database) > 0
        assert dashboard(database) == kept, "stored figures differ"
    total = next(m for m in kept[""]["metrics"] if m["name"] == "conversations")["value"]
    assert total == len(known)


def test_an_event_drops_its_day_only_and_erasing_too(database: Database):
    (old, token), (other, _) = begin(database, 3), begin(database, 5)
    assert store_all(database) == 5
    assert store_all(database) == 0
    assert stored_days(database) == 5
    with database.write() as connection:
        intake.rate(connection, old, token, kind="csat", value=5, comment=None)
    with database.read() as connection:
        assert any_unjudged(connection)
    with database.write() as connection:
        refresh_outcomes(connection)
        assert not any_unjudged(connection)
    assert stored_days(database) == 4
    with database.write() as connection:
        erase_conversation(connection, other)
    assert stored_days(database) == 3


def test_a_day_stored_while_one_of_its_conversations_is_erased_does_not_count_it(database: Database, monkeypatch: pytest.MonkeyPatch):
    gone, _ = begin(database, 3)
    begin(database, 3)
    compute, erased = daily.compute, threading.Event()

    def erase() -> None:
        with database.write() as connection:
            erase_conversation(connection, gone)
        erased.set()

    eraser = threading.Thread(target=erase, daemon=True)

    def beside(*given):
        found = compute(*given)
        if eraser.ident is None:
            eraser.start()
            erased.wait(1)      # it gets its turn after this transaction
        return found

    monkeypatch.setattr(daily, "compute", beside)
    store_all(database)
    eraser.join(timeout=20)
    monkeypatch.undo()
    assert erased.is_set()
    kept = dashboard(database)
    assert next(m for m in kept[""]["metrics"] if m["name"] == "conversations")["value"] == 1


def test_whoever_erases_and_whoever_judges_do_not_wait_for_each_other_for_good(database: Database, monkeypatch: pytest.MonkeyPatch):
    ids = [begin(database, 3) for _ in range(2)]
    classes, eraser = judge._classes, threading.Thread(target=lambda: erase(), daemon=True)
    failed: list[BaseException] = []

    def erase() -> None:
        try:
            with database.write() as connection:
                store.open_with(connection, *ids[0])
                hold(connection, ids[0][0])
                erase_conversation(connection, ids[0][0])
        except BaseException as error:
            failed.append(error)

    def slow(connection, given):
        eraser.start()
        eraser.join(0.5)
        return classes(connection, given)

    monkeypatch.setattr(judge, "_classes", slow)
    with database.write() as connection:
        assert refresh_outcomes(connection) == 2
    eraser.join(timeout=20)
    assert (eraser.is_alive(), failed) == (False, [])


def test_days_stored_under_another_time_zone_are_not_taken(database: Database):
    begin(database, 2)
    store_all(database)
    with database.read() as connection:
        day = TODAY - timedelta(days=2)
        there = daily.days(connection, day - timedelta(days=1), day + timedelta(days=1), ZoneInfo("Pacific/Auckland"))
        here = daily.days(connection, day - timedelta(days=1), day + timedelta(days=1), ZONE)
    for found in (there, here):
        assert sum(sum(tallies["", ""].outcomes.values()) for tallies in found.values()) == 1


def test_a_local_day_has_23_to_25_hours():
    start, end = daily.bounds(date(2026, 3, 29), ZONE)
    assert (start, end) == ("2026-03-28T23:00:00.000Z", "2026-03-29T22:00:00.000Z")
    start, end = daily.bounds(date(2026, 10, 25), ZONE)
    assert (start, end) == ("2026-10-24T22:00:00.000Z", "2026-10-25T23:00:00.000Z")


def test_a_chore_is_done_by_one_worker_in_its_interval(database: Database):
    got: list[int | None] = []

    def worker() -> None:
        got.append(chore_runs.take(database, "sla", 30))

    threads = [threading.Thread(target=worker) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(fence for fence in got if fence) == [1]
    assert chore_runs.finish(database, "sla", 1, 30)
    assert chore_runs.take(database, "sla", 30) is None, "not due yet"
    with database.write() as connection:
        connection.execute(sa.update(chore_table).values(next_at=later(-1)))
    assert chore_runs.take(database, "sla", 30) == 2


def test_a_worker_that_died_in_a_chore_does_not_hold_it_for_ever(database: Database):
    assert chore_runs.take(database, "idle", 30) == 1
    assert chore_runs.take(database, "idle", 30) is None
    with database.write() as connection:
        connection.execute(sa.update(chore_table).values(lease_until=later(-1)))
    assert chore_runs.take(database, "idle", 30) == 2
    assert not chore_runs.finish(database, "idle", 1, 30), "the dead one's lease is lost"
    assert chore_runs.finish(database, "idle", 2, 30, done=False)


def test_a_clock_set_back_holds_no_chore(database: Database):
    chore_runs.take(database, "idle", 30)
    with database.write() as connection:
        connection.execute(sa.update(chore_table).values(next_at=later(86400), lease_until=later(86400)))
    assert chore_runs.take(database, "idle", 30) == 2


def test_conversations_without_figures_are_no_days(database: Database):
    assert store_all(database) == 0
    empty = dashboard(database)
    assert empty["day"]["groups"] == []
    with database.write() as connection:
        assert connection.execute(sa.select(conversations.c.id)).first() is None
        daily.forget(connection, [iso(utcnow())])


def test_a_search_by_words_says_how_far_back_it_looked(database: Database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(listing, "SEARCHED", 2)
    for days_ago in (1, 2, 3):
        conversation_id, _ = begin(database, days_ago)
        with database.write() as connection:
            store.append(connection, conversation_id, [Draft("message", "customer", {"text": f"ma facture n° {days_ago}"})])
    with database.read() as connection:
        span = period(None, None, ZONE, utcnow())
        found = listing.find(connection, span, zone=ZONE, q="facture")
        assert (found["total"], found["searched"]) == (2, 2)
        assert [row["first_message"] for row in found["conversations"]] == ["ma facture n° 1", "ma facture n° 2"]
        both = listing.find(connection, span, zone=ZONE, q="facture 2")
        assert [row["first_message"] for row in both["conversations"]] == ["ma facture n° 2"]
        assert "searched" not in listing.find(connection, span, zone=ZONE)
    monkeypatch.setattr(listing, "SEARCHED", 50)
    with database.read() as connection:
        assert "searched" not in listing.find(connection, span, zone=ZONE, q="facture")
