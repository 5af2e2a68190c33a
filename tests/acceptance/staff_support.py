"""Staff in a browser: a web process with a scripted dialogue, Chromium, sign-in, axe."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.settings import ROOT
from bot.staff import accounts
from tests.acceptance.widget_support import chromium
from tests.web_support import PASSWORD, Customer, Dialogue, Web, answer, make_settings

#: Patience of an expectation in milliseconds: enough for a busy machine.
expect.set_options(timeout=20_000)
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
#: Rules about good practice that axe knows on top of WCAG 2.2 AA are held too.
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def script(body: dict[str, Any]) -> dict[str, Any]:
    """What the scripted dialogue does, by words of the message."""
    text, turn = str(body.get("text") or ""), str(body["turn_id"])
    if "facture" in text:
        return answer("Une facture plus haute vient le plus souvent d'un index estimé.", theme="facture",
                      feedback=True, articles=[{"id": "facture-plus-elevee", "title": "Facture plus élevée que d'habitude",
                                                "locale": "fr", "probability": 0.8}])
    if "personne" in text or "gaz" in text:
        urgent = "gaz" in text
        payload = {"reason": "urgent" if urgent else "asked", "urgent": urgent, "language": "fr",
                   "theme": "urgence" if urgent else "facture", "mood": "neutral" if urgent else "angry",
                   "asks": [text], "instructed": "gas" if urgent else None, "slots": {"contract": "C-12345674", "heating": "electric"}}
        return answer("Quelqu'un prend la suite.", "handover", theme=payload["theme"],
                      effects=[{"kind": "handover", "key": f"h-{turn}", "payload": payload}])
    gap = {"text": text, "language": "fr", "intent": "faq", "articles": [["aides-fsl", 0.2]]}
    return answer("Pouvez-vous m'en dire un peu plus ?", "nonanswer",
                  effects=[{"kind": "gap", "key": f"g-{turn}", "payload": gap}])


async def _understand(request: Request) -> Response:
    body = json.loads(await request.body())
    return JSONResponse({
        "text": body["text"], "language": "fr", "reply": "options", "intent": {"name": "faq", "confidence": 0.7},
        "articles": [{"id": "aides-fsl", "locale": "fr", "probability": 0.62},
                     {"id": "delai-paiement", "locale": "fr", "probability": 0.21}]})


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """A web process with the demo accounts and the script above, one a test module."""
    dialogue = Dialogue()
    dialogue.script = script
    dialogue.served.server.config.app.routes.append(Route("/understand", _understand, methods=["POST"]))
    dialogue.served.start()
    web = Web(make_settings(tmp_path_factory.mktemp("desk"), dialogue, data=ROOT / "data"), dialogue)
    with web.services.database.write() as connection:
        accounts.create(connection, username="paul", first_name="Paul", role="agent", password=PASSWORD)
    yield web
    web.close()
    dialogue.served.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, one a test module."""
    with chromium() as found:
        yield found


#: Signed-in profiles by instance and account: signing in is tested elsewhere.
_STATES: dict[tuple[str, str], Any] = {}


class Staff:
    """Pages of signed-in staff; each page of its own browser profile."""

    def __init__(self, browser: Browser, url: str, password: str) -> None:
        self.browser, self.url, self.password = browser, url, password
        self.contexts: list[BrowserContext] = []
        self.noise: list[str] = []
        self.expected: tuple[str, ...] = ()     # parts of errors that a test provokes

    def context(self, username: str = "", width: int = 1280, height: int = 800, **more: Any) -> BrowserContext:
        """A profile, signed in where a name is given."""
        key = (self.url, username)
        if username and key not in _STATES:
            fresh = self.browser.new_context(locale="fr-FR")
            page = fresh.new_page()
            page.goto(f"{self.url}/login")
            sign_in(page, username, self.password)
            page.wait_for_url(lambda url: "/login" not in url)
            _STATES[key] = fresh.storage_state()
            fresh.close()
        made = self.browser.new_context(
            viewport={"width": width, "height": height}, locale="fr-FR", timezone_id="Europe/Paris",
            storage_state=_STATES.get(key), **more)
        self.contexts.append(made)
        return made

    def page(self, username: str, path: str, *, deaf: bool = False, **more: Any) -> Page:
        """A page at a path, ``deaf`` to the live stream; what the console and the policy complain about is kept in ``noise``."""
        page = self.context(username, **more).new_page()
        page.on("console", lambda message: self.noise.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.noise.append(str(error)))
        if deaf:
            page.route("**/api/v1/staff/events", lambda route: route.abort())
        page.goto(f"{self.url}{path}")
        return page

    def quiet(self) -> None:
        """Fail for errors that pages logged and the test did not expect."""
        unexpected = [line for line in self.noise if not any(part in line for part in self.expected)]
        assert not unexpected, unexpected

    def close(self) -> None:
        """Close every page, so that no stream keeps the server up."""
        for context in self.contexts:
            context.close()


@pytest.fixture
def staff(browser: Browser, desk: Web) -> Iterator[Staff]:
    """Staff of the scripted instance; a test fails for errors its pages logged."""
    made = Staff(browser, desk.url, PASSWORD)
    yield made
    made.close()
    made.quiet()


def sign_in(page: Page, username: str, password: str = PASSWORD) -> None:
    """Fill in the form and send it."""
    page.get_by_label("Identifiant").fill(username)
    page.get_by_label("Mot de passe").fill(password)
    page.get_by_role("button", name="Se connecter").click()


def waiting(desk: Web, *lines: str) -> tuple[Customer, str]:
    """A customer who asked for a person, and the reference of their ticket."""
    customer = desk.customer()
    for line in (*lines, "je veux une personne"):
        customer.say(line)
    seen = customer.until(lambda event: event["kind"] == "ticket")
    return customer, next(event["reference"] for event in seen if event["kind"] == "ticket")


def violations(page: Page) -> list[str]:
    """What axe finds on the page as it stands."""
    page.evaluate(AXE)
    found = page.evaluate("tags => axe.run({runOnly: tags})", TAGS)
    return [f"{v['id']}: {[n['target'] for n in v['nodes']]} {v['nodes'][0]['failureSummary']}" for v in found["violations"]]


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than the screen."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def saying(text: str, author: str = "agent") -> Callable[[dict[str, Any]], bool]:
    """Whether an event is this message."""
    return lambda event: event["kind"] == "message" and event["author"] == author and event.get("text") == text
