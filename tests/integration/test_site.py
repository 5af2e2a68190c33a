"""The demo supplier's pages over HTTP: six languages, search, escaping, the form, the frame's policy."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.backoffice.demo import DemoBackoffice, demo_customers
from bot.settings import LOCALES, ROOT
from bot.storage.clock import iso, utcnow
from bot.visitors.reading import count_visit, forget_visits
from bot.web.routes.pages_widget import frame_policy
from bot.web.site.catalogue import render
from bot.web.site.facts import facts
from bot.web.site.words import euros, pick, words
from tests.web_support import Web, make_settings


def _shape(node: object, prefix: str = "") -> dict[str, object]:
    """Keys of all texts with the placeholders in them."""
    if isinstance(node, Mapping):
        return {k: v for key, value in node.items() for k, v in _shape(value, f"{prefix}.{key}").items()}
    if isinstance(node, list):
        return {prefix: len(node)}
    return {prefix: sorted(re.findall(r"\{\w+\}", str(node)))}


@pytest.mark.parametrize("locale", [code for code in LOCALES if code != "fr"])
def test_every_language_has_every_text(locale: str) -> None:
    """With the same placeholders."""
    mine, french = _shape(words(locale)), _shape(words("fr"))
    assert mine == french


def test_prices_on_the_page_are_those_of_the_sheet(web: Web) -> None:
    """The page quotes data/solenne.yml and no figure of its own."""
    sheet = yaml.safe_load((ROOT / "data" / "solenne.yml").read_text("utf-8"))
    html = web.http.get(f"{web.url}/?lang=fr").text
    for price in sheet["electricity"]["subscription_eur_per_month"].values():
        assert euros(price, "fr") in html
    assert f"{sheet['electricity']['kwh_base_eur'] * 100:.2f}".replace(".", ",") in html
    assert facts("en").offers[0].monthly == f"€{min(sheet['electricity']['subscription_eur_per_month'].values()):.2f}"


@pytest.mark.parametrize("locale", LOCALES)
def test_pages_answer_in_each_language(web: Web, locale: str) -> None:
    """Chrome in the language, no inline script or style, and nothing from elsewhere."""
    for path in ("/", "/aide", "/espace-client", "/contact", "/aide/relever-compteur", "/widget/frame"):
        got = web.http.get(f"{web.url}{path}", params={"lang": locale})
        assert got.status_code == 200, path
        assert f'<html lang="{locale}"' in got.text
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", got.text), path
        assert not re.search(r'(?:src|href)="(?:https?:)?//', re.sub(r"<article.*?</article>", "", got.text, flags=re.S)), path


def test_an_article_without_translation_is_shown_in_french_and_says_so(web: Web) -> None:
    """Openly, with the language marked for screen readers."""
    html = web.http.get(f"{web.url}/aide/relever-compteur?lang=it").text
    if 'article lang="it"' not in html:
        assert words("it")["help"]["fallback"] in html
        assert '<article lang="fr">' in html


def test_search_finds_by_other_words_and_escapes_what_was_typed(web: Web) -> None:
    """And says so where nothing is found."""
    assert "/aide/relever-compteur" in web.http.get(f"{web.url}/aide", params={"q": "transmettre mon index", "lang": "fr"}).text
    html = web.http.get(f"{web.url}/aide", params={"q": "<script>alert(1)</script>", "lang": "fr"}).text
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert" in html


@pytest.mark.parametrize("hostile", [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))",
    "[x](data:text/html,x)", "![x](https://evil.example/pixel)", "[x](faq:../../admin)", "<a href=javascript:alert(1)>x</a>",
])
def test_article_bodies_never_become_active(hostile: str) -> None:
    """Whatever a lead pastes."""
    seen: list[tuple[str, list[tuple[str, str | None]]]] = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attrs: seen.append((tag, attrs))  # type: ignore[method-assign]
    parser.feed(render(hostile, "fr"))
    for tag, attributes in seen:
        assert tag in ("p", "a")
        assert {name for name, _ in attributes} <= {"href", "rel"}
        assert all(value and value.startswith(("/aide/", "https://")) for name, value in attributes if name == "href")


def test_unknown_articles_and_mails_are_a_page_not_a_traceback(web: Web) -> None:
    """404, in the reader's words."""
    for path in ("/aide/il-n-y-en-a-pas", "/demo/mail/nothing"):
        got = web.http.get(f"{web.url}{path}?lang=fr")
        assert got.status_code == 404
        assert "<h1>" in got.text


def test_the_form_opens_a_ticket_that_agents_see(web: Web) -> None:
    """Message, contact and reference, in one step and without JavaScript."""
    got = web.http.post(f"{web.url}/contact?lang=fr", data={"message": "Ma facture est fausse.", "email": "lea@exemple.fr"})
    reference = re.search(r"SOL-[A-Z0-9]+", got.text)
    assert got.status_code == 200
    assert reference
    ticket: dict[str, Any] = web.staff("agent").get(f"/tickets/{reference[0]}").json()
    assert "Ma facture est fausse." in str(ticket)
    assert "lea@exemple.fr" in str(ticket)


def test_the_contact_form_writes_to_one_address_within_a_limit(web: Web):
    data = {"message": "Ma facture est fausse.", "email": "Victime@formulaire.example"}
    codes = [web.http.post(f"{web.url}/contact?lang=fr", data=data).status_code
             for _ in range(web.services.handover_limit.limit + 1)]
    assert codes == [200] * web.services.handover_limit.limit + [503]
    assert web.http.post(f"{web.url}/contact?lang=fr", data=data | {"email": "autre@formulaire.example"}).status_code == 200


@pytest.mark.parametrize(("message", "email"), [("", "lea@exemple.fr"), ("<b>Bonjour</b>", "lea@"), ("Bonjour", "")])
def test_the_form_says_what_is_missing_and_keeps_what_was_written(web: Web, message: str, email: str) -> None:
    """Next to the field, and escaped."""
    got = web.http.post(f"{web.url}/contact?lang=fr", data={"message": message, "email": email})
    assert got.status_code == 400
    assert 'aria-invalid="true"' in got.text
    assert message.replace("<", "&lt;").replace(">", "&gt;") in got.text
    assert "<b>Bonjour" not in got.text


@pytest.mark.parametrize(("message", "number"), [("Ça sent fort le gaz chez moi", "0 800 47 33 33"), ("je veux mourir", "3114")])
def test_danger_in_the_form_is_answered_with_whom_to_call(web: Web, message: str, number: str) -> None:
    """On the page that says the request is open, and the request goes first."""
    got = web.http.post(f"{web.url}/contact?lang=fr", data={"message": message, "email": "lea@exemple.fr"})
    reference = re.search(r"SOL-[A-Z0-9]+", got.text)
    alarm = re.search(r'<p class="problem" role="alert">(.*?)</p>', got.text, re.S)
    assert reference
    assert alarm
    assert number in alarm[1].replace("\u00a0", " ").replace("\u202f", " ")
    ticket = web.staff("agent").get(f"/tickets/{reference[0]}").json()
    assert ticket["priority"] == "urgent"
    calm = web.http.post(f"{web.url}/contact?lang=fr", data={"message": "Ma facture est fausse.", "email": "lea@exemple.fr"})
    assert 'role="alert"' not in calm.text


def test_the_form_counts_a_line_break_once_and_cuts_nothing(web: Web) -> None:
    """Browsers send two characters for it; what is too long stays in the form."""
    lines = "\r\n".join(["x" * 7] * 500)        # 3,999 characters, 4,498 as sent
    got = web.http.post(f"{web.url}/contact?lang=fr", data={"message": lines[:-4] + "fin!", "email": "lea@exemple.fr"})
    reference = re.search(r"SOL-[A-Z0-9]+", got.text)
    assert reference
    assert "fin!" in str(web.staff("agent").get(f"/tickets/{reference[0]}").json())
    long = web.http.post(f"{web.url}/contact?lang=fr", data={"message": lines + "\r\n" + "y" * 50 + "fin!", "email": "lea@exemple.fr"})
    assert long.status_code == 400
    assert words("fr")["contact"]["too_long"].replace("{limit}", "4000") in long.text.replace("&#39;", "'")
    assert "fin!</textarea>" in long.text
    invisible = web.http.post(f"{web.url}/contact?lang=fr", data={"message": "\u200b\u200b", "email": "lea@exemple.fr"})
    assert words("fr")["contact"]["missing"] in invisible.text


def test_only_allowed_origins_may_frame_the_chat(web: Web) -> None:
    """By configuration; other pages by nobody."""
    settings = make_settings(web.settings.home, None, allowed_origins="https://shop.example")
    assert "frame-ancestors 'self' https://shop.example" in frame_policy(settings)
    frame = web.http.get(f"{web.url}/widget/frame").headers
    assert "script-src 'self'" in frame["content-security-policy"]
    assert "unsafe" not in frame["content-security-policy"]
    assert "x-frame-options" not in frame
    assert "frame-ancestors 'none'" in web.http.get(web.url).headers["content-security-policy"]


def test_language_is_chosen_by_address_then_browser_then_french() -> None:
    """``?lang=`` wins; what we have no texts for does not."""
    assert pick("de", "en") == "de"
    assert pick(None, "pt, nl;q=0.8") == "nl"
    assert pick("xx", "") == "fr"


def test_the_account_page_vouches_for_its_customer(web: Web) -> None:
    """As a host's own server does; the token is one the widget's endpoint accepts."""
    page = web.http.get(f"{web.url}/espace-client?lang=fr").text
    token = re.search(r'data-relais-identity="([^"]+)"', page)
    assert token
    customer = web.customer()
    told = web.http.post(f"{customer.url}/visitor", json={"identity": token.group(1)}, headers=customer.headers)
    assert told.status_code == 204


def test_an_address_without_a_page_is_a_page_for_browsers_and_a_problem_for_programs(web: Web) -> None:
    """404 in the reader's words with a way on; a program gets problem+json."""
    browser = web.http.get(f"{web.url}/nulle-part", headers={"Accept": "text/html", "Accept-Language": "nl"})
    assert browser.status_code == 404
    assert "Deze pagina bestaat niet" in browser.text
    assert 'href="/contact?lang=nl"' in browser.text
    for path, accept in (("/nulle-part", "*/*"), ("/api/v1/nulle-part", "text/html"), ("/static/none.css", "text/html")):
        program = web.http.get(web.url + path, headers={"Accept": accept})
        assert (program.status_code, program.headers["content-type"]) == (404, "application/problem+json")


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_a_page_that_breaks_says_so_and_shows_no_traceback(web: Web, monkeypatch: pytest.MonkeyPatch, accept: str) -> None:
    """500 in the reader's words."""
    def broken(*_: Any) -> Any:
        raise ZeroDivisionError("a secret of ours")

    monkeypatch.setattr("bot.web.site.catalogue.Catalogue.themes", broken)
    got = web.http.get(f"{web.url}/aide", headers={"Accept": accept, "Accept-Language": "fr", "Connection": "close"})
    assert got.status_code == 500
    assert "secret" not in got.text
    assert ("Cette page ne s’affiche pas" in got.text) == (accept == "text/html")
    assert ("Quelque chose n'a pas marché" in got.text) == (accept != "text/html")


@pytest.mark.parametrize("locale", LOCALES)
def test_the_account_shows_its_customers_contract_bills_and_use(web: Web, locale: str) -> None:
    """What the back office holds, in the reader's language; whoever reads it can prove who they are in the chat."""
    html = web.http.get(f"{web.url}/espace-client?lang={locale}").text
    known = demo_customers()[0]
    backoffice = web.services.backoffice()
    assert isinstance(backoffice, DemoBackoffice)
    shown = backoffice.showcase(known.contract)
    assert known.contract in html
    assert known.postcode in html
    assert euros(float(shown.bills[0].to_pay_eur), locale) in html
    assert str(shown.readings[-1].value) in html
    assert f"{shown.contract.power_kva} kVA" in html
    assert words(locale)["account"]["states"][shown.bills[0].status] in html
    assert html.count("<rect") == len(shown.use.months)


def test_with_the_back_office_away_the_account_still_leads_to_the_chat(web: Web) -> None:
    sign = Path(web.settings.home_path) / "backoffice.down"
    before = web.http.get(f"{web.url}/espace-client?lang=fr")
    sign.write_text("")
    try:
        page = web.http.get(f"{web.url}/espace-client?lang=fr")
    finally:
        sign.unlink()
    customer = web.customer()
    for seen in (before, page):      # the same person, whom the chat goes on with
        token = re.search(r'data-relais-identity="([^"]+)"', seen.text)
        assert token
        assert web.http.post(f"{customer.url}/visitor", json={"identity": token.group(1)}, headers=customer.headers).status_code == 204
    assert page.status_code == 200
    assert "data-relais-text" in page.text
    assert words("fr")["account"]["demo"] in page.text


def test_old_visits_of_the_help_centre_are_forgotten(web: Web) -> None:
    now = utcnow()
    with web.services.database.write() as connection:
        for days in (400, 1):
            count_visit(connection, secret=b"k", address="192.0.2.7", agent="Mozilla", article_id="numero-pdl", locale="fr", now=now - timedelta(days=days))
        assert forget_visits(connection, iso(now - timedelta(days=365))) >= 1
        assert forget_visits(connection, iso(now - timedelta(days=365))) == 0
