"""Who gets in, in which language, and that every page is accessible at every width in both themes."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Page, Route, expect

from tests.acceptance.staff_support import (  # noqa: F401
    Staff,
    browser,
    desk,
    overflow,
    sign_in,
    staff,
    violations,
    waiting,
)
from tests.web_support import Web

pytestmark = pytest.mark.browser


def test_wrong_password_is_said_once_and_the_name_kept(staff: Staff) -> None:  # noqa: F811
    staff.expected = ("401",)
    page = staff.page("", "/login")
    sign_in(page, "agent", "pas le bon")
    expect(page.get_by_role("alert")).to_have_text("Identifiant ou mot de passe incorrect.")
    expect(page.get_by_label("Identifiant")).to_have_value("agent")


def test_sign_in_leads_where_one_was_going(staff: Staff) -> None:  # noqa: F811
    page = staff.page("", "/console")
    sign_in(page, "lead")
    page.wait_for_url("**/console")


@pytest.mark.parametrize("target", ["//evil.example/", "https://evil.example/", "/static/x", "javascript:alert(1)"])
def test_sign_in_never_leads_away(staff: Staff, target: str) -> None:  # noqa: F811
    page = staff.page("", f"/login?next={target}")
    sign_in(page, "analyst")
    page.wait_for_url(f"{staff.url}/dashboard")


@pytest.mark.parametrize(("username", "path", "opens"), [
    ("agent", "/inbox", True), ("agent", "/console", False), ("agent", "/dashboard", False),
    ("lead", "/inbox", True), ("lead", "/console", True), ("lead", "/dashboard", True),
    ("analyst", "/inbox", False), ("analyst", "/console", False), ("analyst", "/dashboard", True),
])
def test_each_role_opens_its_pages(staff: Staff, username: str, path: str, opens: bool) -> None:  # noqa: F811
    answer = staff.context(username).request.get(f"{staff.url}{path}")
    assert answer.status == (200 if opens else 403)
    assert ('class="page-forbidden"' in answer.text()) is not opens


def test_signing_out_ends_the_session(staff: Staff, desk: Web) -> None:  # noqa: F811
    page = staff.page("", "/login")
    sign_in(page, "lead")
    page.wait_for_url("**/inbox")
    kept = page.context.cookies()
    page.locator("#account summary").click()
    page.get_by_role("button", name="Se déconnecter").click()
    page.wait_for_url("**/login")
    page.context.add_cookies(kept)
    page.goto(f"{staff.url}/inbox")
    assert "/login" in page.url


def test_signing_out_is_not_cut_short_by_a_refresh(staff: Staff, desk: Web) -> None:  # noqa: F811
    """The session ends while the page still asks for news: the page leaves for where it was sent."""
    page = staff.page("", "/login")
    sign_in(page, "lead")
    page.wait_for_url("**/inbox")
    expect(page.locator("#live[data-state=live]")).to_have_count(1)

    page.evaluate("""async () => {
        const { get } = await import("/static/staff/lib/api.js");
        setInterval(() => get("tickets").catch(() => {}), 20);
    }""")

    def slowly(route: Route) -> None:
        """The session is closed, and the page hears so half a second later."""
        answer = route.fetch(max_redirects=0)
        time.sleep(0.5)
        route.fulfill(response=answer)

    page.route("**/logout", slowly)
    page.locator("#account summary").click()
    page.get_by_role("button", name="Se déconnecter").click()
    page.wait_for_url("**/login")


def test_language_switch_keeps_the_place_and_the_choice(staff: Staff, desk: Web) -> None:  # noqa: F811
    _, reference = waiting(desk)
    page = staff.page("agent", f"/inbox#{reference}")
    expect(page.locator("#ticket-reference")).to_have_text(reference)
    page.locator("#switch-language").click()
    expect(page.get_by_role("button", name="Take", exact=True)).to_be_visible()
    expect(page.locator("#ticket-reference")).to_have_text(reference)
    page.goto(f"{staff.url}/inbox")
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_theme_is_chosen_and_kept(staff: Staff) -> None:  # noqa: F811
    page = staff.page("analyst", "/dashboard")
    light = page.evaluate("getComputedStyle(document.body).color")
    page.locator("#account summary").click()
    page.get_by_label("Apparence").select_option("dark")
    page.reload()
    page.locator("#view h1").wait_for()
    assert page.evaluate("getComputedStyle(document.body).color") != light


def test_a_write_without_the_csrf_token_is_refused(staff: Staff, desk: Web) -> None:  # noqa: F811
    _, reference = waiting(desk)
    http = staff.context("agent").request
    assert http.post(f"{staff.url}/api/v1/staff/tickets/{reference}/take").status == 403
    assert desk.staff("agent").get(f"/tickets/{reference}").json()["assignee"] is None


def prepared(page: Page, state: str) -> None:
    """Bring a page into a state worth looking at."""
    if state == "ticket":
        page.locator(".ticket-row").first.click()
        page.locator("#packet details").wait_for()
    elif state == "shortcuts":
        page.locator("#keys-button").click()
    elif state == "transfer":
        page.locator(".ticket-row").first.click()
        page.locator("#action-transfer").click()
        page.get_by_role("dialog").wait_for()
    elif state == "versions":
        page.locator("#versions summary").click()
        page.locator(".version").first.wait_for()
    elif state == "try":
        page.locator("#try-text").fill("au secours")
        page.locator("#panel-try button[type=submit]").click()
        page.locator(".candidate").first.wait_for()
    elif state == "account":
        page.locator("#account summary").click()


STATES = [
    ("", "/login", "#username", ""), ("agent", "/inbox", ".ticket-row", ""), ("agent", "/inbox", ".ticket-row", "ticket"),
    ("agent", "/inbox", ".ticket-row", "transfer"), ("agent", "/inbox", ".ticket-row", "shortcuts"),
    ("lead", "/console", ".article-list button", "account"), ("lead", "/console#articles/aides-fsl/fr", "#edit-title", "versions"),
    ("lead", "/console#articles/new/fr", "#edit-title", ""), ("lead", "/console#articles/aides-fsl/nl", "#edit-title", ""),
    ("lead", "/console#gaps", ".gap", ""), ("lead", "/console#dial", "#dial", ""), ("lead", "/console#try", "#try-text", "try"),
    ("analyst", "/dashboard", ".figure", ""), ("analyst", "/dashboard#conversations", "tbody tr", ""),
    ("analyst", "/dashboard#?from=2020-01-01&to=2020-01-02", ".empty", ""), ("analyst", "/inbox", "h1", ""),
]


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])
def test_every_state_is_accessible_and_fits(staff: Staff, desk: Web, width: int, scheme: str) -> None:  # noqa: F811
    waiting(desk, "ma facture a doublé")
    desk.customer().say("reprenez-vous les vieux panneaux ?")
    staff.expected = ("403",)
    for username, path, ready, state in STATES:
        page = staff.page(username, path, width=width, height=780, color_scheme=scheme)
        page.locator(ready).first.wait_for()
        prepared(page, state)
        assert violations(page) == [], (path, state)
        assert overflow(page) <= 0, (path, state)
        page.context.close()
