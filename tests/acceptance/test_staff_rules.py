"""The leads' rules in Chromium: routing edited and tried, service levels, people; two leads at once."""

from __future__ import annotations

import os

import pytest
from playwright.sync_api import Page, expect

from tests.acceptance.staff_support import Staff, browser, desk, overflow, staff, violations  # noqa: F401
from tests.web_support import Web

pytestmark = pytest.mark.browser


def rules(people: Staff, **more: int) -> Page:
    """The tab, filled."""
    page = people.page("lead", "/console#rules", **more)
    expect(page.get_by_role("heading", name="Vers qui vont les demandes")).to_be_visible()
    return page


def test_a_rule_is_written_tried_and_saved(desk: Web, staff: Staff) -> None:  # noqa: F811
    page = rules(staff)
    before = desk.staff("lead").get("/routing").json()
    page.get_by_role("button", name="Nouvelle règle").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Nom de la règle").fill("compteur-nl")
    dialog.get_by_text("Langue", exact=True).click()
    dialog.get_by_label("néerlandais").check()
    dialog.get_by_label("File").fill("meters")
    dialog.get_by_role("button", name="Garder la règle").click()
    expect(page.locator(".rule").filter(has_text="compteur-nl")).to_contain_text("néerlandais → file meters")
    page.locator("form").filter(has_text="Débordements").get_by_role("button", name="Enregistrer").click()
    expect(page.locator(".toast-ok").last).to_contain_text("Règles enregistrées")
    saved = desk.staff("lead").get("/routing").json()
    assert saved["version"] == before["version"] + 1
    assert {"id": "compteur-nl", "when": {"language": ["nl"]}, "then": {"queue": "meters"}} in saved["value"]["rules"]
    page.locator("#rules-try-language").select_option("nl")
    page.get_by_role("button", name="Essayer", exact=True).last.click()
    expect(page.locator(".rules-try [role=status]")).to_contain_text("File meters, priorité Normale")


def test_shipped_rules_are_named_in_the_readers_language_and_keep_their_id(desk: Web, staff: Staff) -> None:  # noqa: F811
    page = rules(staff)
    row = page.locator(".rule").filter(has_text="Client mécontent")
    expect(page.locator(".rule").filter(has_text="En français, par sujet")).to_be_visible()
    row.get_by_role("button", name="Modifier la règle Client mécontent").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Nom de la règle")).to_have_value("Client mécontent")
    dialog.get_by_label("Priorité").select_option("urgent")
    dialog.get_by_role("button", name="Garder la règle").click()
    page.locator("form").filter(has_text="Débordements").get_by_role("button", name="Enregistrer").click()
    expect(page.locator(".toast-ok").last).to_contain_text("Règles enregistrées")
    kept = {rule["id"]: rule["then"] for rule in desk.staff("lead").get("/routing").json()["value"]["rules"]}
    assert kept["angry"] == {"priority": "urgent"}


def test_what_cannot_work_is_refused_in_words_and_kept_on_the_screen(staff: Staff) -> None:  # noqa: F811
    staff.expected = ("400",)
    page = rules(staff)
    page.get_by_label("Débordements").fill("fr 30 nl\nnl 30 fr")
    page.locator("form").filter(has_text="Débordements").get_by_role("button", name="Enregistrer").click()
    expect(page.locator(".toast-error").last).to_contain_text("fr → nl → fr")
    expect(page.get_by_label("Débordements")).to_have_value("fr 30 nl\nnl 30 fr")


def test_the_second_lead_is_told_who_was_first(desk: Web, staff: Staff) -> None:  # noqa: F811
    staff.expected = ("409",)
    page = rules(staff)
    first = desk.staff("lead")
    now = first.get("/sla").json()
    first.put("/sla", json={"base_version": now["version"], "value": now["value"]})
    page.get_by_label("Prévenir à (% du délai)").fill("60")
    page.locator("form").filter(has_text="Autres heures").get_by_role("button", name="Enregistrer").click()
    expect(page.locator(".toast-error").last).to_contain_text(f"lead a enregistré la version {now['version'] + 1}")


def test_what_someone_can_take_is_changed(desk: Web, staff: Staff) -> None:  # noqa: F811
    page = rules(staff)
    row = page.get_by_role("row").filter(has_text="paul")
    row.get_by_label("Sujets, files, niveaux").fill("facture, L2")
    row.get_by_label("Charge maximale").fill("3")
    row.get_by_role("button").click()
    expect(page.locator(".toast-ok").last).to_contain_text("Paul")
    found = next(a for a in desk.staff("lead").get("/agents").json()["agents"] if a["username"] == "paul")
    assert (found["skills"], found["capacity"]) == (["facture", "L2"], 3)


@pytest.mark.parametrize("width", [375, 1280])
def test_it_is_accessible_and_fits(staff: Staff, width: int) -> None:  # noqa: F811
    page = rules(staff, width=width)
    if folder := os.environ.get("RELAIS_SHOTS"):
        page.screenshot(path=f"{folder}/rules-{width}.png", full_page=True)
    assert violations(page) == []
    assert overflow(page) <= 0
