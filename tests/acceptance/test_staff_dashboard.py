"""Analysts in Chromium: an interval with its definition, the way to the conversations, CSV, a transcript."""

from __future__ import annotations

import csv
import io

import pytest
from playwright.sync_api import expect

from tests.acceptance.staff_support import Staff, browser, desk, staff, waiting  # noqa: F401
from tests.web_support import Customer, Web

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def told(desk: Web) -> list[Customer]:  # noqa: F811
    """One conversation confirmed, one answered only, one handed over: 33 % to 67 %."""
    confirmed, answered = desk.customer(), desk.customer()
    confirmed.say("ma facture a doublé, écrivez à camille@example.org")
    got = desk.http.post(f"{confirmed.url}/feedback", json={"helped": True}, headers=confirmed.headers)
    assert got.status_code < 300, got.text
    answered.say("ma facture de novembre")
    return [confirmed, answered, waiting(desk)[0]]


def test_deflection_is_an_interval_with_its_definition(told: list[Customer], staff: Staff) -> None:  # noqa: F811
    page = staff.page("analyst", "/dashboard")
    tile = page.locator('[data-metric="deflection"]')
    expect(tile.locator(".figure-value")).to_have_text("33,3 % – 66,7 %")
    expect(tile).to_contain_text("confirmées")
    expect(tile).to_contain_text("sur 3")
    expect(page.locator('[data-metric="conversations"] .figure-value')).to_have_text("3")


def test_each_figure_leads_to_its_conversations(told: list[Customer], staff: Staff) -> None:  # noqa: F811
    page = staff.page("analyst", "/dashboard")
    page.locator('[data-metric="handover_rate"]').get_by_role("link").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody tr")).to_contain_text("Passée à une personne")
    page.go_back()
    page.get_by_role("link", name="Résolue, confirmée par le client").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    # Personal data is masked in the list as in the transcript.
    expect(page.locator("tbody")).to_contain_text("[e-mail]")
    page.locator("tbody a").click()
    expect(page.locator(".message-customer")).to_contain_text("[e-mail]")
    expect(page.locator(".transcript")).to_contain_text("cela m'a aidé")
    assert "camille@" not in page.content()
    assert page.locator("textarea, .composer").count() == 0


def test_charts_have_their_figures_in_words(told: list[Customer], staff: Staff) -> None:  # noqa: F811
    page = staff.page("analyst", "/dashboard")
    chart = page.locator("figure", has_text="Conversations").first
    chart.get_by_text("Voir les chiffres").click()
    expect(chart.locator("tbody tr")).to_have_count(30)
    expect(chart.locator("tbody tr").last.locator("td")).to_have_text("3")


def test_a_day_leads_to_its_conversations(told: list[Customer], staff: Staff) -> None:  # noqa: F811
    page = staff.page("analyst", "/dashboard")
    chart = page.locator("figure", has_text="Conversations").first
    chart.locator(".way").last.click()
    expect(page.locator("tbody tr")).to_have_count(3)
    assert "day=" in page.url
    page.go_back()
    chart.get_by_text("Voir les chiffres").click()
    chart.locator("tbody tr").last.get_by_role("link").click()
    expect(page.locator("tbody tr")).to_have_count(3)
    page.get_by_role("button", name="Retirer le filtre").click()
    expect(page.locator("tbody tr")).to_have_count(3)
    assert "day=" not in page.url


def test_main_figures_by_topic_language_and_day_lead_to_their_conversations(told: list[Customer], staff: Staff) -> None:  # noqa: F811
    page = staff.page("analyst", "/dashboard")
    french = page.locator("#by-locale tbody tr")
    expect(french).to_have_count(1)
    expect(french.locator("td")).to_have_text(["3 : Conversations, français", "33,3 % – 66,7 % : Déflexion, français", "33,3 % : Passées à une personne, français", "–", "–"])
    with page.expect_download() as waiting_for:
        page.locator("#by-topic").get_by_role("link", name="Ce tableau en CSV").click()
    rows = list(csv.DictReader(io.StringIO(waiting_for.value.path().read_text("utf-8-sig"))))
    assert {row["by"] for row in rows} == {"topic"}
    french.get_by_role("link", name="Passées à une personne").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.go_back()
    page.locator("#by-day summary").click()
    page.locator("#by-day tbody tr").first.get_by_role("link", name="Déflexion").click()
    expect(page.get_by_role("button", name="Avec une demande")).to_be_visible()
    expect(page.locator("tbody tr")).to_have_count(3)


def test_tables_scroll_and_the_page_does_not_on_a_phone(told: list[Customer], staff: Staff) -> None:  # noqa: F811
    page = staff.page("analyst", "/dashboard", width=360)
    page.locator("#by-day summary").click()
    expect(page.locator("#by-day tbody tr")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_a_late_answer_does_not_draw_over_what_was_asked_since(told: list[Customer], staff: Staff) -> None:  # noqa: F811
    page = staff.page("analyst", "/dashboard")
    held = []
    first = page.get_by_label("Du", exact=True).input_value()
    page.route(lambda url: "/metrics?" in url and f"from={first}" not in url and not held, lambda route: held.append(route))
    page.get_by_role("button", name="90 jours").click()
    page.wait_for_function("document.getElementById('view').getAttribute('aria-busy') === 'true'")
    page.get_by_role("button", name="30 jours").click()
    expect(page.locator("#view")).not_to_have_attribute("aria-busy", "true")
    for route in held:
        route.continue_()
    page.wait_for_load_state("networkidle")
    expect(page.get_by_label("Du", exact=True)).to_have_value(first)


def test_csv_holds_the_same_figures(told: list[Customer], staff: Staff) -> None:  # noqa: F811
    page = staff.page("analyst", "/dashboard")
    with page.expect_download() as waiting_for:
        page.get_by_role("link", name="Exporter en CSV").click()
    content = waiting_for.value.path().read_text("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(content)))
    total = next(row for row in rows if row["name"] == "deflection" and not row["group"])
    assert "demande" in total["definition"]
    assert (float(total["low"]), float(total["high"]), total["n"]) == (0.3333, 0.6667, "3")


def test_csv_explains_in_the_language_of_the_page(told: list[Customer], staff: Staff) -> None:  # noqa: F811
    page = staff.page("analyst", "/dashboard?lang=en")      # in a French browser
    with page.expect_download() as waiting_for:
        page.get_by_role("link", name="Export as CSV").click()
    rows = list(csv.DictReader(io.StringIO(waiting_for.value.path().read_text("utf-8-sig"))))
    assert "Of conversations with a request" in next(row for row in rows if row["name"] == "deflection")["definition"]


def test_period_without_conversations_helps(told: list[Customer], staff: Staff) -> None:  # noqa: F811
    page = staff.page("analyst", "/dashboard")
    page.get_by_label("Du", exact=True).fill("2020-01-01")
    page.get_by_label("au", exact=True).fill("2020-01-31")
    page.get_by_role("button", name="Afficher").click()
    expect(page.locator(".empty")).to_contain_text("Aucune conversation sur cette période")
    page.get_by_role("button", name="7 jours").click()
    expect(page.locator('[data-metric="conversations"] .figure-value')).to_have_text("3")


def test_conversations_are_found_by_their_words(told: list[Customer], staff: Staff) -> None:  # noqa: F811
    page = staff.page("analyst", "/dashboard#conversations")
    expect(page.locator("tbody tr")).to_have_count(3)
    page.get_by_label("Mots de la conversation").fill("novembre")
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)
