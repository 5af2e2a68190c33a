"""What is on screen at the desk stays in place while the page draws itself again, in Chromium.

Each time the page is refreshed by something that really happened, between a press and its release or
while something is selected or focused.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.acceptance.staff_support import Staff, browser, desk, staff, waiting  # noqa: F401
from tests.web_support import Customer, Web

pytestmark = pytest.mark.browser


def opened(people: Staff, reference: str) -> Page:
    page = people.page("agent", f"/inbox#{reference}")
    expect(page.locator("#ticket-reference")).to_have_text(reference)
    expect(page.locator("#live")).to_have_text("En direct")
    return page


def press(page: Page, target: Locator) -> None:
    """The mouse goes down on the middle of it."""
    target.scroll_into_view_if_needed()
    box = target.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()


def hear(page: Page, customer: Customer, text: str) -> None:
    """The customer writes, and the open request shows it."""
    customer.post(text)
    expect(page.locator(".message-customer").last).to_contain_text(text)


def selected(page: Page) -> str:
    return str(page.evaluate("getSelection().toString()"))


def test_a_file_pressed_while_a_message_comes_is_downloaded(desk: Web, staff: Staff) -> None:  # noqa: F811
    customer, reference = waiting(desk)
    agent = desk.staff("agent")
    file = agent.post(f"/tickets/{reference}/attachments", files={"file": ("plan.txt", b"le plan", "text/plain")})
    assert file.status_code == 201, file.text
    sent = agent.post(f"/tickets/{reference}/reply", json={"text": "Voici le plan.", "attachments": [file.json()["id"]]})
    assert sent.status_code < 300, sent.text
    page = opened(staff, reference)
    link = page.locator(".message-agent .file-chip")
    with page.expect_download() as caught:
        press(page, link)
        hear(page, customer, "merci, je regarde avec mes lunettes et je vous dis")
        page.mouse.up()
    assert caught.value.suggested_filename == "plan.txt"


def test_a_row_pressed_while_another_request_comes_opens(desk: Web, staff: Staff) -> None:  # noqa: F811
    _, reference = waiting(desk)
    page = staff.page("agent", "/inbox")
    expect(page.locator("#live")).to_have_text("En direct")
    row, count = page.locator(f'.ticket-row[data-reference="{reference}"]'), page.locator("#queue-count")
    expect(row).to_be_visible()
    before = count.inner_text()
    press(page, row)
    urgent = desk.customer()
    urgent.say("ça sent le gaz")                # goes to the top of the list
    expect(count).not_to_have_text(before)
    page.mouse.up()
    expect(page.locator("#ticket-reference")).to_have_text(reference)
    expect(page.locator(".ticket-row").first).to_contain_text("Urgent")


def test_an_action_pressed_while_a_message_comes_is_done(desk: Web, staff: Staff) -> None:  # noqa: F811
    customer, reference = waiting(desk)
    page = opened(staff, reference)
    press(page, page.locator("#action-take"))
    hear(page, customer, "j'ai oublié une chose")
    page.mouse.up()
    expect(page.locator("#action-resolve")).to_be_visible()


def test_what_is_selected_or_focused_stays_so(desk: Web, staff: Staff) -> None:  # noqa: F811
    customer, reference = waiting(desk, "ma facture a doublé")
    page = opened(staff, reference)
    for place, words in ((".message-customer .bubble >> nth=0", "ma facture a doublé"), (".packet .words", "je veux une personne")):
        page.locator(place).evaluate("node => getSelection().selectAllChildren(node)")
        hear(page, customer, f"au sujet de {place[:7]}")
        assert selected(page) == words
    article = page.locator("#packet a", has_text="Facture plus élevée")
    article.focus()
    hear(page, customer, "et une dernière chose")
    expect(article).to_be_focused()


def test_reading_further_up_is_not_interrupted(desk: Web, staff: Staff) -> None:  # noqa: F811
    customer, reference = waiting(desk, *(f"une ligne de plus, la {n}e" for n in range(12)))
    page = opened(staff, reference)
    page.locator(".message-customer").nth(5).evaluate("node => node.scrollIntoView({ block: 'start' })")
    before = page.locator("#ticket-scroll").evaluate("node => node.scrollTop")
    hear(page, customer, "vous êtes là ?")
    assert page.locator("#ticket-scroll").evaluate("node => node.scrollTop") == before
