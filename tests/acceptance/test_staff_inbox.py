"""Agents at their desk, in Chromium: take, reply, note, transfer, resolve, hand back; the customer's side too."""

from __future__ import annotations

import contextlib

import pytest
from playwright.sync_api import Error, Page, Route, expect

from tests.acceptance.staff_support import Staff, browser, desk, overflow, saying, staff, waiting  # noqa: F401
from tests.web_support import Web

pytestmark = pytest.mark.browser


def opened(people: Staff, reference: str, username: str = "agent", **more: object) -> Page:
    """The inbox with a ticket open."""
    page = people.page(username, f"/inbox#{reference}", **more)
    expect(page.locator("#ticket-reference")).to_have_text(reference)
    return page


def take(page: Page) -> None:
    page.locator("#action-take").click()
    expect(page.locator("#action-resolve")).to_be_visible()


def test_agent_takes_and_replies_and_the_customer_sees_it(desk: Web, staff: Staff) -> None:  # noqa: F811
    customer, reference = waiting(desk, "ma facture a doublé")
    asked = len(desk.dialogue.seen)
    page = staff.page("agent", "/inbox")
    page.locator(f'[data-reference="{reference}"]').click()
    take(page)
    page.get_by_label("Réponse au client").last.fill("Bonjour, je regarde vos deux factures.")
    page.get_by_role("button", name="Envoyer").click()

    seen = customer.until(saying("Bonjour, je regarde vos deux factures."))
    assert [event["name"] for event in seen if event["author"] == "agent" and event["kind"] == "message"] == ["Ana"]
    expect(page.locator("#composer-text")).to_have_value("")
    expect(page.locator(".message-agent")).to_contain_text("Bonjour, je regarde")

    # What the customer answers arrives by itself, and the bot is not asked.
    customer.post("il y a deux fois le même mois")
    expect(page.locator(".message-customer").last).to_contain_text("il y a deux fois le même mois")
    assert len(desk.dialogue.seen) == asked


def test_packet_says_what_the_bot_learnt(desk: Web, staff: Staff) -> None:  # noqa: F811
    _, reference = waiting(desk, "ma facture a doublé")
    packet = opened(staff, reference).locator("#packet")
    for words in ("Facture · a demandé une personne", "1 article montré", "je veux une personne",
                  "Facture plus élevée que d'habitude", "C-12345674", "électrique", "en colère"):
        expect(packet).to_contain_text(words)


def test_packet_of_an_alarm_says_that_instructions_were_given(desk: Web, staff: Staff) -> None:  # noqa: F811
    customer = desk.customer()
    customer.say("ça sent le gaz")
    seen = customer.until(lambda event: event["kind"] == "ticket")
    packet = opened(staff, next(event["reference"] for event in seen if event["kind"] == "ticket")).locator("#packet")
    expect(packet.locator("[data-key='packet.tried']")).to_contain_text("Consignes de sécurité données : gaz")
    expect(packet).not_to_contain_text("n'avait encore rien répondu")


def test_two_agents_cannot_take_the_same_ticket(desk: Web, staff: Staff) -> None:  # noqa: F811
    _, reference = waiting(desk)
    staff.expected = ("409", "ERR_FAILED")
    # Paul's page does not learn in time that Ana was faster.
    ana, paul = opened(staff, reference), opened(staff, reference, "paul", deaf=True)
    expect(paul.locator("#action-take")).to_be_visible()
    take(ana)
    paul.locator("#action-take").click()
    expect(paul.locator(".toast-error")).to_contain_text("Ana l'a prise")
    expect(paul.locator("#ticket-banner")).to_contain_text("Ana s'occupe de cette demande")
    expect(paul.locator("#composer-send")).to_be_disabled()


def test_agents_see_that_a_colleague_is_replying(desk: Web, staff: Staff) -> None:  # noqa: F811
    _, reference = waiting(desk)
    ana, mehdi = opened(staff, reference), opened(staff, reference, "lead")
    expect(mehdi.locator("#live")).to_have_text("En direct")
    take(ana)
    ana.locator("#composer-text").press_sequentially("Je vous")
    expect(mehdi.locator("#collision")).to_contain_text("Ana est en train de répondre")


def test_note_stays_inside(desk: Web, staff: Staff) -> None:  # noqa: F811
    customer, reference = waiting(desk)
    page = opened(staff, reference)
    page.get_by_role("tab", name="Note interne").click()
    page.locator("#composer-text").fill("Index estimé deux fois.")
    page.get_by_role("button", name="Ajouter la note").click()
    expect(page.locator(".message-note")).to_contain_text("Index estimé deux fois.")
    assert all("Index estimé" not in str(event) for event in customer.events())


def test_transfer_to_a_queue_frees_the_ticket(desk: Web, staff: Staff) -> None:  # noqa: F811
    _, reference = waiting(desk)
    page = opened(staff, reference)
    take(page)
    page.locator("#action-transfer").click()
    page.get_by_role("dialog").get_by_role("button", name="Contrat").click()
    expect(page.locator("#ticket-tags")).to_contain_text("Contrat")
    expect(page.locator("#action-take")).to_be_visible()
    expect(page.locator("#talk")).to_contain_text("Demande transférée : Contrat")


def test_transfer_to_a_person_tells_them(desk: Web, staff: Staff) -> None:  # noqa: F811
    _, reference = waiting(desk)
    page = opened(staff, reference)
    take(page)
    page.locator("#action-transfer").click()
    page.get_by_role("dialog").get_by_role("button", name="Paul").click()
    expect(page.locator("#ticket-banner")).to_contain_text("Paul s'occupe de cette demande")
    ticket = desk.staff("paul").get(f"/tickets/{reference}").json()
    assert ticket["assignee"] == "paul"


def test_resolve_tells_the_customer_and_writing_opens_it_again(desk: Web, staff: Staff) -> None:  # noqa: F811
    customer, reference = waiting(desk)
    page = opened(staff, reference)
    take(page)
    page.locator("#action-resolve").click()
    page.get_by_role("dialog").get_by_role("button", name="Résoudre").click()
    expect(page.locator("#ticket-banner")).to_contain_text("Demande résolue")
    customer.until(lambda event: event["kind"] == "closed")
    customer.post("en fait non")
    expect(page.locator("#composer-send")).to_be_enabled(timeout=10_000)


def test_hand_back_lets_the_bot_answer_with_the_note(desk: Web, staff: Staff) -> None:  # noqa: F811
    customer, reference = waiting(desk)
    page = opened(staff, reference)
    take(page)
    page.locator("#action-hand-back").click()
    page.get_by_label("Une consigne pour la suite").fill("Le relevé est fait.")
    page.get_by_role("dialog").get_by_role("button", name="Rendre au bot").click()
    expect(page.locator(".toast-ok")).to_contain_text("Le bot a repris")
    assert "index estimé" in customer.say("et ma facture alors")["text"]


def test_keyboard_alone(desk: Web, staff: Staff) -> None:  # noqa: F811
    customer, reference = waiting(desk)
    page = staff.page("agent", "/inbox")
    page.locator("#queue-search").fill(reference)
    expect(page.locator(".ticket-row")).to_have_count(1)
    page.keyboard.press("Tab")
    page.locator("body").evaluate("() => document.activeElement.blur()")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("#ticket-reference")).to_have_text(reference)
    page.keyboard.press("t")
    expect(page.locator("#composer-text")).to_be_focused()
    page.keyboard.type("Au clavier seulement.")
    page.keyboard.press("Control+Enter")
    customer.until(saying("Au clavier seulement."))
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    expect(page.get_by_role("tab", name="Note interne")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Raccourcis clavier")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_keys_do_nothing_to_a_request_while_the_next_one_loads(desk: Web, staff: Staff) -> None:  # noqa: F811
    """And where it cannot be read, address and list say what is still on screen."""
    (_, shown), (_, coming) = waiting(desk), waiting(desk)
    page = opened(staff, shown)
    take(page)
    held: list[Route] = []
    where = f"**/api/v1/staff/tickets/{coming}"
    page.route(where, lambda route: held.append(route))
    staff.expected = ("Failed to load", "ERR_FAILED")
    row = page.locator(f'.ticket-row[data-reference="{coming}"]')
    row.focus()
    with page.expect_request(where):
        page.keyboard.press("Enter")
    expect(page.locator("#ticket")).to_have_js_property("inert", True)
    for key in ("e", "t", "s", "r", "m"):
        page.keyboard.press(key)
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(row).to_be_focused()
    held[0].abort()
    expect(page.locator(".toast-error")).to_be_visible()
    expect(page.locator("#ticket")).to_have_js_property("inert", False)
    expect(page.locator(f'.ticket-row[data-reference="{shown}"]')).to_have_attribute("aria-current", "true")
    assert page.url.endswith(f"#{shown}")
    page.unroute(where)
    row.click()
    expect(page.locator("#ticket-reference")).to_have_text(coming)
    assert desk.staff("agent").get(f"/tickets/{shown}").json()["status"] == "open"


def test_single_key_shortcuts_can_be_turned_off(desk: Web, staff: Staff) -> None:  # noqa: F811
    _, reference = waiting(desk)
    page = opened(staff, reference)
    page.locator("#keys-button").click()
    page.get_by_label("Raccourcis à une touche activés").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    expect(page.get_by_role("tab", name="Réponse au client")).to_have_attribute("aria-selected", "true")


def test_markup_of_a_customer_is_only_text(desk: Web, staff: Staff) -> None:  # noqa: F811
    evil = '<img src=x onerror="document.title=1"><script>document.title=2</script> une personne'
    customer = desk.customer()
    customer.say(evil)
    reference = next(e["reference"] for e in customer.until(lambda e: e["kind"] == "ticket") if e["kind"] == "ticket")
    page = opened(staff, reference)
    expect(page.locator(".message-customer .bubble")).to_have_text(evil)
    assert page.locator("#ticket img, #ticket script, #queue-list img").count() == 0
    assert "Demandes" in page.title()


def test_draft_survives_a_reload_and_stays_with_its_ticket(desk: Web, staff: Staff) -> None:  # noqa: F811
    _, reference = waiting(desk)
    _, other = waiting(desk)
    page = opened(staff, reference)
    page.locator("#composer-text").fill("Pas encore envoyé")
    page.reload()
    expect(page.locator("#composer-text")).to_have_value("Pas encore envoyé")
    page.locator(f'[data-reference="{other}"]').click()
    expect(page.locator("#ticket-reference")).to_have_text(other)
    expect(page.locator("#composer-text")).to_have_value("")


def test_filters_narrow_the_queue_and_an_empty_one_helps(desk: Web, staff: Staff) -> None:  # noqa: F811
    customer = desk.customer()
    customer.say("ça sent le gaz")
    page = staff.page("agent", "/inbox")
    expect(page.locator(".ticket-row").first).to_contain_text("Urgent")
    page.locator("#filter-box summary").click()
    page.get_by_label("File").select_option("urgent")
    expect(page.locator(".ticket-row", has_not_text="Urgent")).to_have_count(0)
    expect(page.locator(".ticket-row").first).to_be_visible()
    page.locator("#queue-search").fill("introuvable")
    expect(page.locator("#queue-empty")).to_contain_text("Rien ne correspond à ces filtres")
    page.get_by_role("button", name="Effacer les filtres").click()
    expect(page.locator(".ticket-row").first).to_be_visible()


def test_phone_shows_one_thing_at_a_time(desk: Web, staff: Staff) -> None:  # noqa: F811
    _, reference = waiting(desk, "ma facture a doublé")
    page = staff.page("agent", "/inbox", width=360, height=740)
    row = page.locator(f'[data-reference="{reference}"]')
    expect(row).to_be_visible()
    assert overflow(page) == 0
    row.click()
    expect(page.locator("#ticket-reference")).to_be_visible()
    expect(row).to_be_hidden()
    take(page)
    assert overflow(page) == 0
    page.get_by_role("button", name="Retour à la liste").click()
    expect(row).to_be_visible()


def test_ended_session_leads_to_sign_in_and_back(desk: Web, staff: Staff) -> None:  # noqa: F811
    _, reference = waiting(desk)
    page = opened(staff, reference)
    staff.expected = ("401", "Failed to load")
    page.locator("#filter-box summary").click()
    page.context.clear_cookies(name="relais_session")
    with contextlib.suppress(Error):     # a call of the page itself may have led away a moment before
        page.get_by_label("Statut").select_option("new", timeout=5000)
    page.wait_for_url("**/login?next=*")
    assert "%2Finbox" in page.url
