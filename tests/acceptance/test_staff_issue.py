"""An issue handed to Jira from the inbox: offered where Jira is set up, once, with the way there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect
from pydantic import SecretStr

from bot.worker import Worker
from tests.acceptance.staff_support import Staff, browser, desk, staff, violations, waiting  # noqa: F401
from tests.standins.jira import JiraStandIn
from tests.web_support import PASSWORD, Dialogue, Served, Web, dialogue, running  # noqa: F401

pytestmark = pytest.mark.browser


@pytest.fixture
def jira() -> Iterator[tuple[JiraStandIn, str]]:
    """A Jira, and its address."""
    there = JiraStandIn()
    served = Served(there.app).start()
    yield there, served.url
    served.stop()


def test_an_agent_reports_an_issue_and_finds_it_again(
    browser: Browser, jira: tuple[JiraStandIn, str], tmp_path, dialogue: Dialogue,  # noqa: F811
) -> None:
    there, url = jira
    with running(tmp_path, dialogue, jira_url=url, jira_user="bot@example.org",
                 jira_token=SecretStr("jira-token")) as web:
        customer = web.customer()
        customer.say("le relevé affiche une erreur 500")
        reference = web.http.post(f"{customer.url}/handover", headers=customer.headers, json={}).json()["ticket"]
        people = Staff(browser, web.url, PASSWORD)
        page = people.page("agent", f"/inbox#{reference}", width=1600)
        part = page.locator("#side-elsewhere-part")
        part.get_by_role("button", name="Signaler une anomalie").click()
        page.get_by_role("dialog").get_by_role("button", name="Envoyer à Jira").click()
        expect(part.get_by_role("button", name="Signaler une anomalie")).to_have_count(0)
        expect(part).to_contain_text("création en cours")
        expect(page.locator(".talk-line").last).to_contain_text("Anomalie signalée dans Jira")
        Worker(web.settings, web.services.database).deliver()
        page.reload()
        link = part.get_by_role("link")
        expect(link).to_have_text(f"Jira {there.first['key']}")
        expect(link).to_have_attribute("href", f"{url}/browse/{there.first['key']}")
        assert "erreur 500" in there.first["fields"]["description"]
        assert len(there.issues) == 1
        assert violations(page) == []
        people.close()
        people.quiet()


def test_without_a_jira_nothing_is_offered(desk: Web, staff: Staff) -> None:  # noqa: F811
    _, reference = waiting(desk)
    page = staff.page("agent", f"/inbox#{reference}", width=1600)
    expect(page.locator("#ticket-reference")).to_have_text(reference)
    expect(page.locator("#side-tags")).to_be_visible()
    expect(page.locator("#side-elsewhere-part")).to_be_hidden()
