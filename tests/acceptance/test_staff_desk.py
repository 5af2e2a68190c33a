"""The desk's tools in Chromium: views, search, macros, files, mentions, snooze, several at once, stepping in."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.acceptance.staff_support import (  # noqa: F401
    Staff,
    browser,
    desk,
    overflow,
    saying,
    staff,
    violations,
    waiting,
)
from tests.web_support import Web

pytestmark = pytest.mark.browser
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00" + b"\0" * 3000


def opened(people: Staff, reference: str, username: str = "agent", **more: object) -> Page:
    page = people.page(username, f"/inbox#{reference}", **more)
    expect(page.locator("#ticket-reference")).to_have_text(reference)
    return page


@pytest.fixture(scope="module")
def macro(desk: Web) -> str:  # noqa: F811
    made = desk.staff("lead").post("/macros", json={"name": "Rappel convenu", "theme": "facture", "texts": {
        "fr": "Bonjour, je vous rappelle {{ask.jour du rappel}} au sujet de {{ticket.reference}}. {{agent.first_name}}"}})
    assert made.status_code == 201, made.text
    return "Rappel convenu"


def test_search_shows_the_line_and_a_view_narrows(desk: Web, staff: Staff) -> None:  # noqa: F811
    customer, reference = waiting(desk)
    customer.post("au fait, mon voisin Zéphyrin paie moins")
    page = staff.page("agent", "/inbox")
    page.locator("#queue-search").fill("zephyrin")
    expect(page.locator(".ticket-row")).to_have_count(1)
    expect(page.locator(".ticket-match")).to_contain_text("mon voisin Zéphyrin")
    page.locator("#queue-search").fill("")
    page.get_by_label("Vue", exact=True).select_option("mine")
    expect(page.locator(f'[data-reference="{reference}"]')).to_have_count(0)


def test_filters_become_a_view_of_ones_own(desk: Web, staff: Staff) -> None:  # noqa: F811
    page = staff.page("agent", "/inbox")
    page.locator("#filter-box summary").click()
    page.get_by_label("Priorité").select_option("high")
    page.locator("#view-save").click()
    page.get_by_label("Nom de la vue").fill("Mes prioritaires")
    page.get_by_role("dialog").get_by_role("button", name="Enregistrer la vue").click()
    expect(page.locator("#view option:checked")).to_have_text("Mes prioritaires")
    assert violations(page) == []


def test_macro_asks_for_what_is_missing_and_never_sends_a_placeholder(desk: Web, staff: Staff, macro: str) -> None:  # noqa: F811
    customer, reference = waiting(desk, "ma facture a doublé")
    page = opened(staff, reference)
    page.locator("#ticket-scroll").focus()
    page.keyboard.press("m")
    page.get_by_role("dialog").get_by_label("Rechercher une réponse type").fill("rappel")
    page.keyboard.press("Enter")
    page.get_by_label("jour du rappel").fill("demain matin")
    page.get_by_role("dialog").get_by_role("button", name="Insérer").click()
    expect(page.locator("#composer-text")).to_have_value(f"Bonjour, je vous rappelle demain matin au sujet de {reference}. Ana")
    page.keyboard.press("Control+Enter")
    customer.until(saying(f"Bonjour, je vous rappelle demain matin au sujet de {reference}. Ana"), seconds=30)
    staff.expected = ("400",)
    page.locator("#composer-text").fill("Bonjour {{customer.name}}")
    page.get_by_role("button", name="Envoyer").click()
    expect(page.locator(".toast-error")).to_contain_text("Remplissez {{customer.name}} avant d'envoyer.")


def test_files_go_with_the_reply_and_come_as_downloads(desk: Web, staff: Staff, tmp_path: Path) -> None:  # noqa: F811
    customer, reference = waiting(desk)
    page = opened(staff, reference)
    plan = tmp_path / "plan.png"
    plan.write_bytes(PNG)
    page.locator("#composer-file").set_input_files(plan)
    expect(page.locator("#composer-files")).to_contain_text("plan.png")
    page.get_by_role("button", name="Envoyer").click()
    event = customer.until(lambda e: bool(e.get("attachments")), seconds=30)[-1]
    assert event["attachments"][0]["name"] == "plan.png"
    link = page.locator(".message-agent .file-chip")
    with page.expect_download() as caught:
        link.click()
    assert caught.value.suggested_filename == "plan.png"
    staff.expected = ("400",)
    evil = tmp_path / "facture.pdf"
    evil.write_bytes(b"MZ\x90\x00" + b"\0" * 200)
    page.locator("#composer-file").set_input_files(evil)
    expect(page.locator(".toast-error")).to_contain_text("programmes")


def test_mention_is_picked_by_keyboard_and_rings_the_bell(desk: Web, staff: Staff) -> None:  # noqa: F811
    _, reference = waiting(desk)
    page = opened(staff, reference)
    page.get_by_role("tab", name="Note interne").click()
    page.locator("#composer-text").press_sequentially("@meh")
    expect(page.locator("#mention-list")).to_be_visible()
    page.keyboard.press("Enter")
    page.keyboard.type("tu peux regarder ?")
    expect(page.locator("#composer-text")).to_have_value("@lead tu peux regarder ?")
    page.get_by_role("button", name="Ajouter la note").click()
    lead = staff.page("lead", "/inbox")
    expect(lead.locator("#bell-count")).to_be_visible()
    lead.locator("#bell").click()
    expect(lead.get_by_role("dialog")).to_contain_text(f"Ana vous a mentionné dans {reference}")
    assert violations(lead) == []
    lead.get_by_role("dialog").get_by_role("button", name="Ana vous a mentionné").first.click()
    expect(lead.locator("#ticket-reference")).to_have_text(reference)
    expect(lead.locator("#bell-count")).to_be_hidden()


def test_snoozed_request_leaves_the_queue_and_comes_back_with_the_customer(desk: Web, staff: Staff) -> None:  # noqa: F811
    customer, reference = waiting(desk)
    page = opened(staff, reference)
    page.locator("#action-snooze").click()
    page.get_by_role("dialog").get_by_role("button", name="Demain matin").click()
    expect(page.locator(f'.ticket-row[data-reference="{reference}"]')).to_have_count(0)
    expect(page.locator("#action-wake")).to_be_visible()
    customer.post("en fait c'est urgent")
    expect(page.locator(f'.ticket-row[data-reference="{reference}"]')).to_have_count(1)


def test_several_requests_are_taken_at_once(desk: Web, staff: Staff) -> None:  # noqa: F811
    (_, one), (_, two) = waiting(desk), waiting(desk)
    page = staff.page("agent", "/inbox")
    for reference in (one, two):
        page.locator(f'[data-tick="{reference}"]').check()
    expect(page.locator("#bulk")).to_contain_text("2 demandes cochées")
    page.locator("#bulk").get_by_role("button", name="Prendre").click()
    expect(page.locator(".toast-ok")).to_contain_text("C'est fait pour 2 demandes")
    expect(page.locator("#bulk")).to_be_hidden()
    agent = desk.staff("agent")
    assert {agent.get(f"/tickets/{reference}").json()["assignee"] for reference in (one, two)} == {"agent"}


def test_stepping_into_a_troubled_chat(desk: Web, staff: Staff) -> None:  # noqa: F811
    customer = desk.customer()
    customer.say("bidule en panne de truc")
    customer.say("toujours pas")
    page = staff.page("agent", "/inbox")
    page.locator("#running").click()
    row = page.locator(".chat-row", has_text="toujours pas").first
    expect(row).to_contain_text("deux échecs de suite")
    row.click()
    expect(page.get_by_role("dialog")).to_contain_text("bidule en panne de truc")
    assert violations(page) == []
    page.get_by_role("button", name="Intervenir").click()
    customer.until(lambda event: event["kind"] == "handover" and event.get("name") == "Ana", seconds=30)
    expect(page.locator("#composer-text")).to_be_enabled()
    desk.dialogue.seen.clear()
    customer.post("vous êtes là ?")
    expect(page.locator(".message-customer").last).to_contain_text("vous êtes là ?")
    assert [body for body in desk.dialogue.seen if body["conversation_id"] == customer.id] == []


def test_what_helps_stands_beside_the_request(desk: Web, staff: Staff, macro: str) -> None:  # noqa: F811
    _, reference = waiting(desk, "ma facture a doublé")
    page = opened(staff, reference, width=1600, height=900)
    side = page.locator("#side")
    expect(side).to_contain_text("C-12345674")
    expect(side).to_contain_text("Aides pour payer")
    side.get_by_label("Ajouter une étiquette").fill("regularisation")
    page.keyboard.press("Enter")
    expect(side.locator(".tag", has_text="regularisation")).to_be_visible()
    assert violations(page) == []
    phone = opened(staff, reference, width=360, height=740)
    assert overflow(phone) == 0
    phone.locator("#side-toggle").click()
    expect(phone.locator("#side")).to_be_visible()
    assert overflow(phone) == 0


def test_lead_writes_a_macro_and_a_broken_placeholder_is_refused(desk: Web, staff: Staff) -> None:  # noqa: F811
    desk.staff("agent").post("/requests", json={"kind": "macro", "text": "un texte pour les relevés"})
    page = staff.page("lead", "/console#macros")
    staff.expected = ("400",)
    expect(page.locator(".asked")).to_contain_text("un texte pour les relevés")
    page.get_by_role("button", name="Nouvelle réponse type").click()
    page.get_by_label("Nom", exact=True).fill("Relevé reçu")
    page.get_by_label("Texte en français").fill("Bonjour {{customer.nam}}")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.locator(".macro-form .error")).to_contain_text("Vouliez-vous dire {{customer.name}}")
    page.get_by_label("Texte en français").fill("Bonjour ")
    page.get_by_role("button", name="Nom du client", exact=True).click()
    expect(page.get_by_label("Texte en français")).to_have_value("Bonjour {{customer.name}}")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.locator(".toast-ok")).to_contain_text("Relevé reçu")
    assert violations(page) == []
    page.get_by_label("Réponse à agent").fill("C'est fait")
    page.get_by_role("button", name="C'est écrit").click()
    expect(page.locator(".asked")).to_have_count(0)
