"""What reaches an agent who looks elsewhere, and what else an opened request offers: calls, translations, links, hold."""

from __future__ import annotations

import json
import re
import time
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, Route, expect

from bot.channels import callbacks
from bot.channels.slots import SlotRules
from bot.storage.clock import iso, utcnow
from bot.storage.schema import callbacks as table
from bot.tickets.translations import translate_pending
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
from tests.web_support import Customer, Web

pytestmark = pytest.mark.browser

#: A desk whose notifications and customers' words are counted, and whose tab can be hidden at will.
ELSEWHERE = """
window.shown = []; window.away = false;
window.Notification = class { constructor(title, options) { window.shown.push(options.body); } static permission = "granted"; };
window.words = 0;
window.EventSource = class extends EventSource {
  constructor(url) { super(url); this.addEventListener("message", (event) => { words += event.data.includes('"author":"customer"'); }); }
};
Object.defineProperty(Document.prototype, "hidden", { get: () => window.away, configurable: true });
"""


class Translator:
    """Says which way it went."""

    def translate(self, text: str, source: str, target: str) -> str:
        return f"({source}>{target}) {text}"


def opened(people: Staff, reference: str, username: str = "agent", **more: object) -> Page:
    page = people.page(username, f"/inbox#{reference}", **more)
    expect(page.locator("#ticket-reference")).to_have_text(reference)
    return page


def heard(page: Page, count: int, what: str = "shown.length") -> None:
    """Wait for that many notifications; the page's policy lets no text be run in it."""
    end = time.monotonic() + 30
    while page.evaluate(what) < count:
        assert time.monotonic() < end, page.evaluate("shown")
        page.wait_for_timeout(200)


def asked(desk: Web, channel: str = "chat", locale: str = "fr", **more: Any) -> tuple[Customer, str]:  # noqa: F811
    customer = desk.customer(locale=locale)
    got = desk.http.post(f"{customer.url}/handover", json={"channel": channel, **more}, headers=customer.headers)
    assert got.status_code == 202, got.text
    return customer, str(got.json()["ticket"])


def test_who_looks_elsewhere_hears_of_answers_and_of_new_requests(desk: Web, staff: Staff) -> None:  # noqa: F811
    customer, reference = waiting(desk)
    agent = desk.staff("agent")
    agent.post(f"/tickets/{reference}/take")
    agent.put("/notifications/switches", json={"desktop": True})
    context = staff.context("agent")
    context.add_init_script(ELSEWHERE)
    page = context.new_page()
    page.goto(f"{desk.url}/inbox#{reference}")
    expect(page.locator("#ticket-reference")).to_have_text(reference)
    expect(page.locator("#live")).to_have_attribute("data-state", "live")
    expect(page.locator("#bell")).to_have_attribute("aria-label", re.compile("à voir"))
    customer.post("je regarde avec vous")
    expect(page.locator(".message-customer").last).to_contain_text("je regarde avec vous")
    heard(page, 1, "words")
    assert page.evaluate("shown") == [], "whoever sees it needs no notice"
    before = page.title()
    page.evaluate("away = true")
    customer.post("et maintenant ?")
    heard(page, 1)
    assert page.evaluate("shown[0]") == f"Nouveau message du client dans {reference}"
    assert page.title() != before
    page.evaluate("away = false; document.dispatchEvent(new Event('visibilitychange'))")
    expect(page).to_have_title(before)
    page.evaluate("away = true")
    page.locator("#queue-search").evaluate("box => { box.value = 'introuvable'; box.dispatchEvent(new Event('input')); }")
    expect(page.locator(".ticket-row")).to_have_count(0)
    page.evaluate("location.hash = ''")
    expect(page.locator("#ticket")).to_be_hidden()
    customer.post("toujours là ?")
    heard(page, 2)
    urgent = desk.customer()
    urgent.say("odeur de gaz chez moi")
    heard(page, 3)
    assert page.evaluate("shown[2]").startswith("Nouvelle demande urgente : SOL-")


def test_a_promised_call_is_seen_listed_and_noted_as_made(desk: Web, staff: Staff) -> None:  # noqa: F811
    slot = desk.http.get(f"{desk.url}/api/v1/callback-slots").json()["slots"][0]["start"]
    _, reference = asked(desk, "phone", contact="06 39 98 12 34", slot=slot)
    due = iso(utcnow() + timedelta(minutes=3))
    with desk.services.database.write() as connection:
        connection.execute(sa.update(table).where(table.c.reference == reference).values(slot=due))
        callbacks.remind(connection, SlotRules.of(desk.settings), utcnow())
    lead = staff.page("lead", "/inbox")
    expect(lead.locator("#bell-count")).to_be_visible()
    lead.locator("#bell").click()
    expect(lead.get_by_role("dialog")).to_contain_text(f"{reference} : le rappel promis est à faire")
    page = opened(staff, reference)
    expect(page.locator(f'.ticket-row[data-reference="{reference}"]')).to_contain_text("Rappel ")
    card = page.locator(".call-card")
    expect(card).to_contain_text("Rappel promis")
    expect(card.get_by_role("link")).to_have_attribute("href", "tel:+33639981234")
    expect(page.locator("#talk")).to_contain_text("Rappel réservé")
    assert violations(page) == []
    phone = opened(staff, reference, width=360, height=740)
    expect(phone.locator(".call-card")).to_be_visible()
    assert overflow(phone) == 0
    page.locator("#ticket-scroll").focus()
    page.keyboard.press("c")
    row = page.get_by_role("dialog").locator(".call-row", has_text=reference)
    expect(row).to_contain_text("+33")
    assert violations(page) == []
    row.get_by_role("button", name="Appel fait").click()
    expect(row).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.locator("#packet")).to_contain_text("Le client a été rappelé")
    expect(page.locator("#talk")).to_contain_text("Rappel fait (moi)")
    assert desk.staff("agent").get(f"/tickets/{reference}").json()["callback"]["done_at"]


def test_a_translated_conversation_is_read_and_answered_side_by_side(
    desk: Web, staff: Staff, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:
    translator = Translator()
    monkeypatch.setitem(desk.services.__dict__, "translator", translator)
    customer, reference = asked(desk, locale="nl")
    customer.post("Hoe laat komt de monteur?")
    desk.staff("lead").post("/macros", json={"name": "Passage", "texts": {"fr": "Il passe à 9 h.", "en": "He comes at 9."}})
    desk.staff("agent").post(f"/tickets/{reference}/tags", json={"add": ["translate"]})
    assert translate_pending(desk.services.database, translator) >= 1
    page = opened(staff, reference)
    expect(page.locator(".message-customer .translation")).to_contain_text("(nl>en) Hoe laat komt de monteur?")
    box = page.get_by_label("Traduire en néerlandais avant l'envoi")
    expect(box).to_be_checked()
    page.get_by_role("button", name="Réponse type").click()
    page.get_by_role("dialog").get_by_role("button", name="Passage").click()
    expect(page.locator(".toast-ok")).to_contain_text("sa version en anglais sera traduite")
    page.get_by_role("button", name="Envoyer", exact=True).click()
    customer.until(saying("(en>nl) He comes at 9."), seconds=30)
    expect(page.locator(".message-agent .translation")).to_contain_text("He comes at 9.")
    assert violations(page) == []
    phone = opened(staff, reference, width=360, height=740)
    expect(phone.locator(".message-agent .translation")).to_be_visible()
    assert overflow(phone) == 0
    box.uncheck()
    page.locator("#composer-text").fill("Tot ziens")
    page.get_by_role("button", name="Envoyer", exact=True).click()
    customer.until(saying("Tot ziens"), seconds=30)
    page.get_by_role("tab", name="Note interne").click()
    expect(box).to_be_hidden()


def test_requests_are_linked_put_on_hold_and_given_on_together(desk: Web, staff: Staff) -> None:  # noqa: F811
    (_, one), (_, two) = asked(desk), asked(desk)
    page = opened(staff, one, width=1600, height=900)

    def more(name: str) -> None:
        page.locator("#action-more").click()
        page.get_by_role("dialog").get_by_role("button", name=name).click()

    more("Lier à une autre demande")
    page.get_by_label("Référence de l'autre demande").fill(two.lower())
    page.get_by_role("dialog").get_by_role("button", name="Lier", exact=True).click()
    links = page.locator("#side-links")
    expect(links.get_by_role("link", name=two)).to_be_visible()
    more("Rattacher à une panne connue")
    page.get_by_label("Numéro de la panne").fill("P-42")
    page.get_by_role("dialog").get_by_role("button", name="Rattacher", exact=True).click()
    links.get_by_role("button", name="Panne P-42").click()
    expect(page.get_by_role("dialog")).to_contain_text(one)
    assert violations(page) == []
    page.keyboard.press("Escape")
    links.get_by_role("button", name=f"Délier {two}").click()
    expect(links.get_by_role("link", name=two)).to_have_count(0)
    expect(page.locator("#talk")).to_contain_text("Lien retiré")
    page.locator("#action-take").click()
    expect(page.locator("#action-resolve")).to_be_visible()
    more("Mettre en pause")
    expect(page.locator("#ticket-tags")).to_contain_text("En pause")
    page.locator("#action-resume").click()
    expect(page.locator("#ticket-tags")).not_to_contain_text("En pause")
    for reference in (one, two):
        page.locator(f'[data-tick="{reference}"]').check()
    bulk = page.locator("#bulk")
    bulk.get_by_role("button", name="Mettre en pause").click()
    expect(bulk).to_be_hidden()
    agent = desk.staff("agent")
    assert {agent.get(f"/tickets/{reference}").json()["status"] for reference in (one, two)} == {"on_hold"}
    for reference in (one, two):
        page.locator(f'[data-tick="{reference}"]').check()
    bulk.get_by_role("button", name="Transférer").click()
    page.get_by_role("dialog").get_by_role("button", name="Paul").click()
    expect(bulk).to_be_hidden()
    assert {agent.get(f"/tickets/{reference}").json()["assignee"] for reference in (one, two)} == {"paul"}
    expect(page.locator("#action-snooze")).to_have_count(0)


def test_a_list_that_goes_on_can_be_read_on(desk: Web, staff: Staff) -> None:  # noqa: F811
    asked(desk)
    limits: list[str] = []

    def further(route: Route) -> None:
        limit = route.request.url.split("limit=")[1].split("&")[0]
        limits.append(limit)
        got = route.fetch()
        route.fulfill(response=got, body=json.dumps({**got.json(), "more": int(limit) < 600}))

    context = staff.context("agent")
    page = context.new_page()
    page.route("**/api/v1/staff/tickets?*", further)
    page.goto(f"{desk.url}/inbox")
    more = page.get_by_role("button", name="En montrer plus")
    expect(page.locator("#queue-count")).to_contain_text("premières demandes")
    more.click()
    expect(more).not_to_have_attribute("aria-busy", "true")
    more.click()
    expect(more).to_be_hidden()
    assert list(dict.fromkeys(limits)) == ["200", "400", "600"]
    page.locator("#queue-search").fill("personne")
    expect(more).to_be_visible()
