"""The widget for everyone: axe in every state, theme and language; keyboard, zoom, targets, what is read aloud."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from bot.settings import LOCALES
from tests.acceptance.widget_support import chat_of, context, open_chat, say
from tests.web_support import Web

pytestmark = pytest.mark.browser
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
RULES = "{runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}"
THEMES: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light", "forced_colors": "none"},
    "dark": {"color_scheme": "dark", "forced_colors": "none"},
    "forced colours": {"color_scheme": "light", "forced_colors": "active"},
}
STATES = ("closed", "open", "article", "picture", "form", "options", "hand-over", "error", "waiting", "agent", "typing", "file", "survey", "menu", "e-mail", "offline")
SMALL = """() => [...document.querySelectorAll("button, a[href], input, select, textarea, [tabindex='0']")]
  .filter((node) => node.checkVisibility() && node.type !== "radio" && !node.closest("p.bubble, .card-body, .foot, .banner"))
  .map((node) => [node.className || node.tagName, node.getBoundingClientRect()])
  .filter(([, box]) => box.width && (box.width < 24 || box.height < 24))
  .map(([name, box]) => `${name} ${box.width}x${box.height}`)"""


def chat_frame(page: Page) -> Any:
    return next(frame for frame in page.frames if "/widget/frame" in frame.url)


def ticket_of(site: Web, page: Page) -> str:
    conversation = chat_frame(page).evaluate("() => localStorage.getItem('relais:conversation')").split(" ")[0]
    tickets = site.staff("agent").get("/tickets").json()["tickets"]
    return str(next(t["reference"] for t in tickets if t["conversation_id"] == conversation))


def walk(page: Page, site: Web, locale: str, look: Any) -> None:
    """One conversation through every state; ``look`` is told each."""
    page.goto(f"{site.url}/?lang={locale}")
    page.locator("relais-widget button").wait_for()
    look("closed")
    page.locator("relais-widget button").click()
    chat = chat_of(page)
    chat.locator(".msg.bot").first.wait_for()
    look("open")
    say(chat, "PRM ?")
    chat.locator(".fold").click()
    look("article")
    say(chat, "facture")
    chat.locator(".picture").wait_for()
    look("picture")
    say(chat, "code")
    expect(chat.locator("[name=message]")).to_have_attribute("autocomplete", "one-time-code")
    look("form")
    say(chat, "hésite")
    expect(chat.locator(".choices .chip")).to_have_count(4)
    look("options")
    chat.locator(".person").click()
    chat.locator(".option").nth(1).click()
    look("hand-over")
    chat.locator("#hand-contact").fill("x")
    chat.locator(".hand .primary").click()
    expect(chat.locator(".hand .error")).not_to_be_empty()
    look("error")
    chat.locator(".option").first.click()
    chat.locator(".hand .primary").click()
    chat.locator(".notice").first.wait_for()
    look("waiting")
    agent, reference = site.staff("agent"), ticket_of(site, page)
    assert agent.post(f"/tickets/{reference}/reply", json={"text": "Bonjour, je regarde."}).status_code == 200
    chat.locator(".msg.agent").wait_for()
    look("agent")
    assert agent.post(f"/tickets/{reference}/typing", json={}).status_code == 204
    chat.locator(".typing").wait_for()
    look("typing")
    chat.locator("input[type=file]").set_input_files([{"name": "releve.txt", "mimeType": "text/plain", "buffer": b"index 12345"}])
    chat.locator(".file").wait_for()
    look("file")
    assert agent.post(f"/tickets/{reference}/resolve", json={}).status_code == 200
    chat.locator(".score").nth(3).click()
    look("survey")
    chat.locator(".head .round").first.click()
    chat.locator(".entry").first.wait_for()
    look("menu")
    chat.locator(".entry").nth(1).click()
    chat.locator("#mail-to").wait_for()
    look("e-mail")
    page.keyboard.press("Escape")
    page.context.set_offline(True)
    say(chat, "...")
    chat.locator(".banner").wait_for()
    look("offline")


@pytest.mark.parametrize("locale", LOCALES)
def test_axe_finds_nothing_in_any_state_and_theme(browser: Browser, site: Web, locale: str) -> None:
    """Every state in light, dark and forced colours; every target is at least 24 pixels."""
    visitor = context(browser, 420, 900, reduced_motion="reduce")
    page = visitor.new_page()
    found: dict[str, list[str]] = {}
    seen: list[str] = []

    def look(state: str) -> None:
        seen.append(state)
        frame = page.main_frame if state == "closed" else chat_frame(page)
        frame.evaluate(AXE)
        for theme, media in THEMES.items():
            page.emulate_media(**media)
            broken = frame.evaluate(f"async () => (await axe.run(document, {RULES})).violations")
            lines = [f"{rule['id']}: {rule['nodes'][0]['html'][:160]}" for rule in broken]
            if lines:
                found[f"{state}, {theme}"] = lines
        small = chat_frame(page).evaluate(SMALL) if state != "closed" else []
        if small:
            found[f"{state}, size of targets"] = small
        page.emulate_media(color_scheme="light", forced_colors="none")

    walk(page, site, locale, look)
    visitor.close()
    assert found == {}
    assert tuple(seen) == STATES


def reach(place: Locator, tries: int = 5) -> None:
    """Scroll there; again where the form grew meanwhile (the times to call arrive after it is shown)."""
    for _ in range(tries):
        place.scroll_into_view_if_needed()
        with suppress(AssertionError):
            expect(place).to_be_in_viewport(ratio=0.99, timeout=2000)
            return
    expect(place).to_be_in_viewport(ratio=0.99)


@pytest.mark.parametrize(("width", "height"), [(640, 512), (320, 256), (320, 568)])
def test_at_200_and_400_percent_everything_is_reached(browser: Browser, site: Web, width: int, height: int) -> None:
    """1280 × 1024 at 200 % and 400 % are 640 × 512 and 320 × 256 (WCAG 1.4.10): nothing is cut or scrolls sideways."""
    visitor = context(browser, width, height)
    page = visitor.new_page()
    chat = open_chat(page, site.url)
    say(chat, "PRM")
    chat.locator(".fold").click()
    for part in (".person", "[name=message]", ".send"):
        expect(chat.locator(part)).to_be_in_viewport(ratio=0.99)
    chat.locator(".head .round").last.focus()
    expect(chat.locator(".head .round").last).to_be_in_viewport(ratio=0.99)
    chat.locator(".person").click()
    chat.locator(".option").nth(2).click()
    reach(chat.locator(".hand .primary"))
    wide = chat_frame(page).evaluate("() => [document.documentElement.scrollWidth - innerWidth, document.querySelector('.log').scrollWidth - document.querySelector('.log').clientWidth]")
    visitor.close()
    assert max(wide) <= 0


def test_a_conversation_by_keyboard_alone_to_a_person(browser: Browser, site: Web) -> None:
    """Choose an option, ask for a person by e-mail, correct a mistake, rate the help: never a mouse, never lost."""
    visitor = context(browser)
    page = visitor.new_page()
    page.goto(f"{site.url}/?lang=fr")
    chat = chat_of(page)
    keys = page.keyboard

    def focused(selector: str, key: str = "Tab", most: int = 40) -> None:
        for _ in range(most):
            if chat.locator(":focus").count() and chat.locator(f":focus:is({selector})").count():
                return
            keys.press(key)
        raise AssertionError(f"{selector} cannot be reached with {key}")

    page.locator("relais-widget button").focus()
    keys.press("Space")
    expect(chat.locator("[name=message]")).to_be_focused()
    keys.type("j'hésite")
    keys.press("Enter")
    expect(chat.locator(".choices .chip")).to_have_count(4)
    focused(".choices .chip", "Shift+Tab")
    keys.press("Enter")                                     # the last one offered: a person
    expect(chat.locator("dialog")).to_be_visible()
    focused("input[type=radio]")
    keys.press("ArrowDown")
    focused("#hand-contact")
    keys.type("camille")
    keys.press("Enter")
    expect(chat.locator(".hand .error")).not_to_be_empty()
    expect(chat.locator("#hand-contact")).to_be_focused()   # the field to correct, with its words kept
    expect(chat.locator("#hand-contact")).to_have_value("camille")
    keys.press("End")
    keys.type("@exemple.fr")
    keys.press("Enter")
    chat.locator(".notice").first.wait_for()
    expect(chat.locator("dialog")).to_have_count(0)
    assert site.staff("agent").post(f"/tickets/{ticket_of(site, page)}/resolve", json={}).status_code == 200
    chat.locator(".score").first.wait_for()
    focused(".score", "Shift+Tab")
    keys.press("Enter")
    focused(".survey .primary")
    keys.press("Enter")
    chat.get_by_text("Merci, c’est noté.").first.wait_for()
    keys.press("Escape")
    expect(page.locator("relais-widget button")).to_be_focused()
    visitor.close()


TRANSCRIPT = """\
- banner:
  - heading "Solenne" [level=1]
  - paragraph: Répond jour et nuit
  - button "Options"
  - button "Fermer la conversation"
- main:
  - log "Conversation":
    - list:
      - listitem: Aujourd’hui
      - listitem:
        - text: "Solenne:"
        - paragraph: GREETING
        - paragraph:
          - time: TIME
      - listitem:
        - text: "Vous:"
        - paragraph: mon PRM
        - paragraph:
          - time: TIME
          - text: · Envoyé
      - listitem:
        - text: "Solenne:"
        - paragraph: Le numéro de point de livraison (PDL ou PRM) a 14 chiffres. Il figure sur votre facture et sur l'écran du compteur.
        - button "Trouver mon numéro de PDL ou PRM Voir tout l’article"
        - group "Cela répond à votre question ?":
          - button "Oui"
          - button "Non"
        - paragraph:
          - time: TIME
      - listitem:
        - button "Envoyer mon relevé"
- contentinfo:
  - button "Parler à quelqu’un"
  - textbox "Votre message"
  - button "Envoyer"
"""


def test_what_a_screen_reader_reads_of_a_conversation(browser: Browser, site: Web) -> None:
    """From the accessibility tree: who speaks, what is said, what can be pressed, in this order and nothing else."""
    visitor = context(browser)
    page = visitor.new_page()
    chat = open_chat(page, site.url)
    say(chat, "mon PRM")
    chat.locator(".fold").wait_for()
    chat.get_by_text("Envoyé").wait_for()
    read = chat.locator("#app").aria_snapshot()
    visitor.close()
    read = re.sub(r"- status.*", "", re.sub(r"time: .*", "time: TIME", read))   # the live region has a test of its own
    read = re.sub(r"paragraph: Bonjour.*", "paragraph: GREETING", read)
    assert read.strip() == TRANSCRIPT.strip()


@pytest.mark.parametrize(("accent", "by_style"), [("#ffe000", False), ("#9be7ff", True), ("#cccccc", False), ("gold", True), ("#fc0", True)])
def test_a_hosts_pale_colour_is_darkened_with_a_warning(browser: Browser, site: Web, accent: str, by_style: bool) -> None:
    """White on the corrected colour has 4.5:1 at least, on the button and in the chat, and so has a link in a message."""
    visitor = context(browser)
    page = visitor.new_page()
    warned: list[str] = []
    page.on("console", lambda message: warned.append(message.text) if message.type == "warning" else None)
    page.route("http://shop.example/**", lambda route: route.fulfill(status=200, content_type="text/html", body=(
        f"<!doctype html><html lang=fr><title>x</title>{f'<style>relais-widget {{ --relais-accent: {accent} }}</style>' if by_style else ''}"
        f"<body><script async {'' if by_style else f'data-accent={accent}'} src='{site.url}/widget.js'></script>")))
    page.goto("http://shop.example/")
    page.locator("relais-widget button").click()
    chat = chat_of(page)
    say(chat, "https://example.org/")
    link = chat.locator(".bot .bubble a").first
    link.wait_for()
    chat.locator(".customer .bubble").wait_for()
    assert any("too light for white text" in line for line in warned)
    def light(place: Any, what: str) -> float:
        parts = [int(part) / 255 for part in re.findall(r"\d+", place.evaluate(f"(node) => getComputedStyle(node).{what}"))[:3]]
        r, g, b = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05

    for place in (page.locator("relais-widget button"), chat.locator(".customer .bubble")):
        assert 1.05 / light(place, "backgroundColor") >= 4.5
    assert light(link.locator("xpath=.."), "backgroundColor") / light(link, "color") >= 4.5
    visitor.close()


def test_a_page_from_right_to_left_keeps_everything_in_place(browser: Browser, site: Web) -> None:
    """On an RTL page the launcher stands at the other side and nothing overlaps."""
    visitor = context(browser, 800, 700)
    page = visitor.new_page()
    page.route("http://shop.example/**", lambda route: route.fulfill(status=200, content_type="text/html", body=(
        f"<!doctype html><html lang=en dir=rtl><title>x</title><body><script async src='{site.url}/widget.js'></script>")))
    page.goto("http://shop.example/")
    box = page.locator("relais-widget button").bounding_box()
    visitor.close()
    assert box is not None
    assert box["x"] < 400
