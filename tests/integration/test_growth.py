"""The growth benchmark stores what it says it stores, and everything it measures runs."""

from __future__ import annotations

import pytest

from benchmarks import growth, growth_data
from bot.storage.clock import utcnow
from bot.storage.database import Database
from bot.storage.migrate import upgrade


@pytest.fixture
def database(database_url: str):
    made = Database(database_url)
    upgrade(made)
    yield made
    made.close()


def test_written_and_copied_conversations_are_stored_and_every_cost_can_be_measured(database: Database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(growth_data, "WRITTEN", 60)
    growth_data.fill(database, 0, 40, utcnow())
    growth_data.fill(database, 40, 180, utcnow())
    rows = growth_data.stored(database)
    assert rows["conversations"] == 220
    assert rows["events"] > 400
    assert rows["tickets"] > 0
    assert rows["ticket_events"] == 3 * rows["tickets"]
    for writing, jobs in ((False, growth.readings()), (True, growth.writings())):
        for name, job in jobs.items():
            assert growth.timed(database, job, writing=writing, server=None, calls=1).wall > 0, name
