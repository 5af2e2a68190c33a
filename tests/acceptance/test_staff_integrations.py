"""Leads in Chromium: webhook endpoints, the secret shown once, the delivery log."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from bot.storage.schema import webhook_endpoints
from bot.worker import Worker
from tests.acceptance.staff_support import Staff, browser, desk, overflow, staff, violations  # noqa: F401
from tests.web_support import Web

pytestmark = pytest.mark.browser


def test_an_endpoint_is_added_tried_and_removed(desk: Web, staff: Staff) -> None:  # noqa: F811
    staff.expected = ("400",)
    page = staff.page("lead", "/console#integrations")
    expect(page.get_by_role("heading", name="Aucune adresse")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="Ajouter une adresse").click()
    form = page.get_by_role("dialog", name="Ajouter une adresse")
    form.get_by_label("Adresse (https)").fill("http://interne.example/hook")
    form.get_by_role("button", name="Enregistrer").click()
    expect(page.locator(".toast-error").last).to_contain_text("https")
    assert violations(page) == []
    form.get_by_label("Adresse (https)").fill("https://127.0.0.1:9/hook")
    form.get_by_label("À quoi elle sert").fill("Suivi <b>qualité</b>")
    form.get_by_label("message.created").check()
    form.get_by_role("button", name="Enregistrer").click()
    secret = page.get_by_role("dialog", name="Secret de signature")
    assert secret.get_by_label("Secret de signature").input_value().startswith("whsec_")
    secret.get_by_role("button", name="C'est noté").click()
    row = page.locator("#panel-integrations [data-endpoint]")
    expect(row).to_contain_text("Suivi <b>qualité</b>")
    expect(row).to_contain_text("ticket.*, message.created")
    row.get_by_role("button", name="Envoyer un essai").click()
    line = page.locator("#panel-integrations [data-message]")
    expect(line).to_contain_text("en attente")
    Worker(desk.settings, desk.services.database).deliver()
    page.reload()
    expect(line).to_contain_text("échoué")
    expect(line).to_contain_text("private network")
    line.get_by_role("button", name="Renvoyer").click()
    expect(line).to_contain_text("en attente")
    with desk.services.database.write() as connection:
        connection.execute(sa.update(webhook_endpoints).values(
            active=False, disabled_reason="No message was accepted since 2026-01-01."))
    page.reload()
    expect(row).to_contain_text("Arrêtée d'office")
    assert violations(page) == []
    row.get_by_role("button", name="Supprimer").click()
    page.get_by_role("dialog").get_by_role("button", name="Supprimer").click()
    expect(page.get_by_role("heading", name="Aucune adresse")).to_be_visible()


def test_a_narrow_screen_shows_all_of_it(desk: Web, staff: Staff) -> None:  # noqa: F811
    desk.staff("lead").post("/webhooks", json={
        "url": "https://un-nom-de-domaine-vraiment-tres-long.example.org/webhooks/relais/clients/suivi", "events": ["*"]})
    page = staff.page("lead", "/console#integrations", width=360, height=700)
    expect(page.locator("#panel-integrations [data-endpoint]").first).to_contain_text(re.compile("tres-long"))
    assert overflow(page) <= 0
