"""A scripted dialogue that shows everything the widget can draw, and a browser to look at it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.web_support import answer

CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage",
         "--disable-features=LocalNetworkAccessChecks"]   # made-up hosts may load from loopback

ARTICLE = """## Où le trouver
1. Sur un Linky, appuyez sur **+** jusqu'à « NUMERO DE PRM ».
2. Sur votre [facture](faq:comprendre-facture), page 2.

### À savoir
- Il compte 14 chiffres.
- Il reste le même quand vous [déménagez](faq:demenager).

Une question ? Écrivez à [nous](mailto:bonjour@solenne-energie.example) ou appelez le 02 61 91 10 20.
"""


def script(request: dict[str, Any]) -> Any:
    """A turn's result by keyword, so that a test can ask for any kind of reply."""
    text, choice = request.get("text") or "", request.get("choice") or ""
    if "article:" in choice or "prm" in text.lower():
        return answer(
            "Le numéro de point de livraison (PDL ou PRM) a 14 chiffres. Il figure sur votre facture et sur l'écran du compteur.",
            "answer", feedback=True, choices=[{"id": "flow:meter_reading", "label": "Envoyer mon relevé"}],
            articles=[{"id": "numero-pdl", "title": "Trouver mon numéro de PDL ou PRM", "locale": "fr",
                       "probability": 0.92, "body": ARTICLE}],
        )
    if "facture" in text.lower():
        return answer(
            "Votre facture du 12 octobre est de 128,40 €, soit 31,20 € de plus que la précédente. La consommation explique presque tout.",
            "flow",
            picture={"kind": "bars", "title": "Votre facture, comparée", "unit": "€",
                     "alt": "Consommation 92,10 € contre 63,40 €, abonnement 30,40 € contre 30,40 €, taxes 5,90 € contre 3,40 €.",
                     "bars": [{"label": "Consommation", "value": 92.1, "previous": 63.4},
                              {"label": "Abonnement", "value": 30.4, "previous": 30.4},
                              {"label": "Taxes", "value": 5.9, "previous": 3.4}]},
        )
    if "code" in text.lower():
        return answer("Entrez le code à six chiffres reçu par e-mail.", "flow", input={"kind": "code"})
    if "hésite" in text.lower():
        return answer(
            "Est-ce l'une de ces questions ?", "options",
            choices=[{"id": "article:numero-pdl", "label": "Trouver mon numéro de PDL ou PRM"},
                     {"id": "article:relever-compteur", "label": "Relever mon compteur"},
                     {"id": "else", "label": "Autre chose"}, {"id": "human", "label": "Parler à quelqu'un"}],
        )
    return answer(f"Bien reçu : {text or choice}", "smalltalk")


async def slow_script(request: dict[str, Any]) -> Any:
    """The same after a moment, so that a server can be killed while a turn is under way."""
    await asyncio.sleep(0.15)
    return script(request)


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, headless; skipped with a clear reason where it is not installed."""
    import pytest

    if not Path(CHROMIUM).exists():
        pytest.skip("Chromium is not installed (Debian package: chromium)")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def chat_of(page: Page) -> Any:
    """The chat's frame, once it is there."""
    return page.frame_locator("relais-widget iframe")


def open_chat(page: Page, url: str, lang: str = "fr") -> Any:
    """Go to the demo page and open the chat; returns its frame."""
    page.goto(f"{url}/?lang={lang}")
    page.locator("relais-widget button").click()
    chat = chat_of(page)
    chat.locator(".msg.bot").first.wait_for()
    return chat


def say(chat: Any, text: str) -> None:
    """Write a message and send it with Enter."""
    chat.locator(".composer [name=message]").fill(text)
    chat.locator(".composer [name=message]").press("Enter")


def context(browser: Browser, width: int = 1280, height: int = 800, **more: Any) -> BrowserContext:
    """A fresh visitor."""
    return browser.new_context(viewport={"width": width, "height": height}, locale="fr-FR", **more)
