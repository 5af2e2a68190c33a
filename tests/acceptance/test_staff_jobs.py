"""Leads in Chromium: deliveries that failed, and a new start for them."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from bot.storage import outbox
from bot.storage.schema import outbox as table
from tests.acceptance.staff_support import Staff, browser, desk, overflow, staff, violations  # noqa: F401
from tests.web_support import Web

pytestmark = pytest.mark.browser


def test_dead_letters_are_seen_and_started_again(desk: Web, staff: Staff) -> None:  # noqa: F811
    with desk.services.database.write() as connection:
        for key in ("one", "two"):
            outbox.put(connection, key=key, topic="mail", payload={
                "to": "camille@exemple.fr", "subject": f"<b>Votre demande {key}</b>", "text": "privé"})
        connection.execute(sa.update(table).where(table.c.key.in_(["one", "two"])).values(
            dead=True, attempts=10, error="The mail server does not answer."))
    page = staff.page("lead", "/console#jobs")
    rows = page.locator("#panel-jobs .gap")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("<b>Votre demande two</b>")
    expect(rows.first).to_contain_text("c…@exemple.fr")
    expect(rows.first).to_contain_text("The mail server does not answer.")
    expect(page.locator("#dead-count")).to_have_text("2")
    assert "privé" not in page.locator("#panel-jobs").inner_text()
    assert violations(page) == []
    rows.first.get_by_role("button", name="Relancer").click()
    expect(rows).to_have_count(1)
    page.get_by_role("button", name="Tout relancer").click()
    expect(page.get_by_text("Aucun envoi en échec")).to_be_visible()
    expect(page.locator("#dead-count")).to_be_hidden()
    page.get_by_role("button", name="En attente").click()
    expect(rows).to_have_count(2)


def test_a_narrow_screen_shows_all_of_it(desk: Web, staff: Staff) -> None:  # noqa: F811
    page = staff.page("lead", "/console#jobs", width=360, height=700)
    expect(page.get_by_role("group", name="État")).to_be_visible()
    assert overflow(page) <= 0
