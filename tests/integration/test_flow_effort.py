"""Effort by step: what the dialogue notes of each answer, added up by flow, on both engines."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from bot.analytics.effort import by_flow
from bot.analytics.metrics import period
from bot.conversations import intake, store
from bot.storage.clock import iso, later, now_iso, utcnow
from bot.storage.database import Database
from bot.storage.migrate import upgrade
from bot.storage.schema import facts
from tests.web_support import Web

ZONE = ZoneInfo("Europe/Paris")


@pytest.fixture
def database(database_url: str):
    made = Database(database_url)
    upgrade(made)
    yield made
    made.close()


def happened(database: Database, *events: dict[str, Any], days_ago: float = 0) -> None:
    with database.write() as connection:
        conversation, _, _ = intake.begin(connection, locale="fr", page_url=None, language="fr")
        store.update(connection, conversation.id, created_at=later(-days_ago * 86400))
        for n, payload in enumerate(events):
            connection.execute(sa.insert(facts).values(
                key=f"{conversation.id}:{n}", conversation_id=conversation.id, at=now_iso(), kind="flow", payload=payload))


def test_messages_an_answer_took_by_step_and_how_flows_ended(database: Database) -> None:
    def step(name: str, moved: bool, flow: str = "meter_reading") -> dict[str, Any]:
        return {"event": "step", "flow": flow, "step": name, "moved": moved}

    happened(database, step("index", False), step("index", False), step("index", True), step("day", True),
             {"event": "done", "flow": "meter_reading", "reference": "SOL-1"})
    happened(database, step("index", True), {"event": "handover", "flow": "meter_reading", "reference": None})
    happened(database, step("town", False, "move_home"), {"event": "cancelled", "flow": "move_home", "reference": None})
    happened(database, step("index", False), days_ago=60)
    with database.read() as connection:
        span = period(None, None, ZONE, utcnow())
        found = by_flow(connection, span)
        early = by_flow(connection, period(iso(utcnow() - timedelta(days=61))[:10], iso(utcnow() - timedelta(days=59))[:10], ZONE, utcnow()))
    reading, moving = found
    assert reading["flow"] == "meter_reading"
    assert reading["ends"] == {"done": 1, "handover": 1, "failed": 0, "cancelled": 0}
    assert reading["steps"] == [
        {"step": "index", "messages": 4, "answered": 2, "each": 2.0}, {"step": "day", "messages": 1, "answered": 1, "each": 1.0}]
    assert moving["steps"] == [{"step": "town", "messages": 1, "answered": 0, "each": None}]
    assert [(one["flow"], one["steps"][0]["messages"]) for one in early] == [("meter_reading", 1)]


def test_articles_by_how_often_they_were_seen(web: Web) -> None:
    """In chats and in the help centre; whoever reads twice a day counts once."""
    for agent in ("Mozilla/5.0 (X11)", "Mozilla/5.0 (X11)", "Mozilla/5.0 (Mac)"):
        web.http.get(f"{web.url}/aide/numero-pdl?lang=fr", headers={"User-Agent": agent})
    found = web.staff("analyst").get("/metrics/articles", headers={"Accept-Language": "fr"}).json()["articles"]
    assert found[0] | {"title": ""} == {"article": "numero-pdl", "title": "", "shown": 0, "refused": 0, "visited": 2}
    assert found[0]["title"] != "numero-pdl"
    assert web.staff("agent").get("/metrics/articles").status_code == 403


def test_analysts_read_it_and_agents_do_not(web: Web) -> None:
    assert web.staff("analyst").get("/metrics/flows").json()["flows"] == []
    assert web.staff("agent").get("/metrics/flows").status_code == 403
