"""The widget as customers meet it: by mouse, by keyboard, in every state checked with axe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.acceptance.widget_support import chat_of, context, open_chat, say
from tests.web_support import Web

pytestmark = pytest.mark.browser
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
RULES = "{runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}"


def chat_frame(page: Page) -> Any:
    """The chat as a frame that can run code."""
    return next(frame for frame in page.frames if "/widget/frame" in frame.url)


def violations(frame: Any) -> list[str]:
    """What axe finds, one line a rule with the first place."""
    frame.evaluate(AXE)
    found = frame.evaluate(f"async () => (await axe.run(document, {RULES})).violations")
    return [f"{rule['id']}: {rule['nodes'][0]['html'][:160]}" for rule in found]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_any_state_of_the_chat(browser: Browser, site: Web, scheme: str) -> None:
    """Open, answer, article, picture, choices, hand-over, error, ticket, agent, survey, menu, offline."""
    visitor = context(browser, 420, 900, color_scheme=scheme, reduced_motion="reduce")
    page = visitor.new_page()
    found: dict[str, list[str]] = {}

    def look(state: str) -> None:
        found[state] = violations(chat_frame(page))

    page.goto(site.url)
    found["closed"] = violations(page.main_frame)
    chat = open_chat(page, site.url)
    look("open")
    say(chat, "c'est quoi mon PRM")
    chat.locator(".fold").click()
    look("article")
    say(chat, "expliquez ma facture")
    chat.locator(".picture").wait_for()
    look("picture")
    say(chat, "j'hésite")
    chat.get_by_text("Autre chose").wait_for()
    look("options")
    chat.locator(".person").click()
    chat.get_by_text("Par e-mail").click()
    look("hand-over")
    chat.locator("#hand-contact").fill("x")
    chat.get_by_role("button", name="Demander un conseiller").click()
    expect(chat.locator(".error")).not_to_be_empty()
    look("error")
    chat.get_by_text("Par chat").click()
    chat.get_by_role("button", name="Demander un conseiller").click()
    chat.locator(".notice").first.wait_for()
    look("ticket")
    agent = site.staff("agent")
    reference = agent.get("/tickets").json()["tickets"][0]["reference"]
    agent.post(f"/tickets/{reference}/reply", json={"text": "Bonjour, je regarde votre dossier."})
    chat.locator(".msg.agent").wait_for()
    look("agent")
    agent.post(f"/tickets/{reference}/resolve", json={})
    chat.locator(".score").nth(3).click()
    look("survey")
    chat.get_by_role("button", name="Options").click()
    look("menu")
    page.keyboard.press("Escape")
    visitor.set_offline(True)
    say(chat, "hors ligne")
    chat.locator(".banner").wait_for()
    look("offline")
    visitor.close()
    assert {state: rules for state, rules in found.items() if rules} == {}
    assert len(found) == 12


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_site(browser: Browser, site: Web, scheme: str) -> None:
    """Home, help, search, article, account, form."""
    visitor = context(browser, 1280, 900, color_scheme=scheme)
    page = visitor.new_page()
    found = {}
    for path in ("/", "/aide", "/aide?q=relev%C3%A9", "/aide/relever-compteur?lang=en", "/espace-client", "/contact"):
        page.goto(site.url + path)
        found[path] = violations(page.main_frame)
    visitor.close()
    assert {path: rules for path, rules in found.items() if rules} == {}


def test_a_whole_conversation_by_keyboard(browser: Browser, site: Web) -> None:
    """Open, ask, unfold the article, reach a person, close: focus is always where it is expected."""
    visitor = context(browser)
    page = visitor.new_page()
    page.goto(site.url)
    page.locator("relais-widget button").focus()
    page.keyboard.press("Enter")
    chat = chat_of(page)
    expect(chat.locator("[name=message]")).to_be_focused()
    chat.locator(".msg.bot").first.wait_for()
    page.keyboard.type("mon PRM ?")
    page.keyboard.press("Enter")
    chat.locator(".fold").wait_for()
    for _ in range(12):
        if chat.locator(".fold").evaluate("node => node === document.activeElement"):
            break
        page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(chat.locator(".fold")).to_have_attribute("aria-expanded", "true")
    for _ in range(20):
        page.keyboard.press("Tab")
        if chat.locator(".person").evaluate("node => node === document.activeElement"):
            break
    page.keyboard.press("Enter")
    expect(chat.locator("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(chat.locator(".person")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("relais-widget .panel")).to_be_hidden()
    expect(page.locator("relais-widget button")).to_be_focused()
    visitor.close()


def test_new_messages_are_announced_once(browser: Browser, site: Web) -> None:
    """The live region speaks each answer once and says nothing else."""
    visitor = context(browser)
    page = visitor.new_page()
    chat = open_chat(page, site.url)
    page.wait_for_timeout(1700)          # history is not announced, what comes now is
    chat_frame(page).evaluate("""() => {
        window.spoken = [];
        const voice = document.querySelector("[aria-live=polite]");
        new MutationObserver(() => spoken.push(voice.textContent)).observe(voice, {childList: true, characterData: true, subtree: true});
    }""")
    say(chat, "première")
    chat.get_by_text("Bien reçu : première").first.wait_for()
    page.wait_for_timeout(900)
    spoken = chat_frame(page).evaluate("() => window.spoken")
    visitor.close()
    assert [line for line in spoken if "première" in line] == ["Bien reçu : première"]
    assert len(spoken) == 1


def test_conversation_and_draft_survive_a_reload_and_another_page(browser: Browser, site: Web) -> None:
    """The chat goes on where it was, open, with what was typed but not sent."""
    visitor = context(browser)
    page = visitor.new_page()
    chat = open_chat(page, site.url)
    say(chat, "avant le rechargement")
    chat.get_by_text("Bien reçu : avant").first.wait_for()
    chat.locator("[name=message]").fill("pas encore fini")
    page.goto(f"{site.url}/aide")
    again = chat_of(page)
    again.get_by_text("Bien reçu : avant").first.wait_for()
    expect(again.locator("[name=message]")).to_have_value("pas encore fini")
    assert again.locator(".msg.customer").count() == 1
    visitor.close()


def test_the_way_to_a_person_is_in_view_at_320_pixels(browser: Browser, site: Web) -> None:
    """Without scrolling, also after a long answer; nothing is wider than the screen."""
    visitor = context(browser, 320, 480)
    page = visitor.new_page()
    chat = open_chat(page, site.url)
    say(chat, "mon PRM")
    chat.locator(".fold").click()
    expect(chat.locator(".person")).to_be_in_viewport(ratio=1)
    box = chat.locator(".person").bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= 24
    width = chat_frame(page).evaluate("() => document.documentElement.scrollWidth")
    assert width <= 320
    page.goto(f"{site.url}/aide/relever-compteur")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 320
    visitor.close()


def test_host_page_can_open_an_article_and_change_language(browser: Browser, site: Web) -> None:
    """`window.Relais` and marked links; events tell the page, without any text."""
    visitor = context(browser)
    page = visitor.new_page()
    page.goto(f"{site.url}/aide/numero-pdl")
    page.evaluate("() => { window.seen = []; for (const n of ['open', 'message']) Relais.on(n, (d) => seen.push(n + ':' + d)); }")
    page.get_by_text("Continuer dans le chat").click()
    chat = chat_of(page)
    chat.locator(".fold").wait_for()
    assert "message:customer" in page.evaluate("() => seen")
    page.evaluate("() => Relais.setLocale('de')")
    expect(chat.locator(".person")).to_contain_text("Mit jemandem sprechen")
    visitor.close()


def test_a_link_to_an_article_of_the_help_centre_opens_it_in_the_chat(browser: Browser, site: Web) -> None:
    visitor = context(browser)
    page = visitor.new_page()
    page.goto(f"{site.url}/aide/numero-pdl?lang=fr#chat")
    chat = chat_of(page)
    expect(chat.locator(".msg.customer")).to_have_count(1)
    chat.locator(".fold").wait_for()
    page.reload()                                # the same words are not said once more
    chat = chat_of(page)
    chat.locator(".fold").wait_for()
    page.wait_for_timeout(500)
    expect(chat.locator(".msg.customer")).to_have_count(1)
    visitor.close()


def test_foreign_and_malformed_messages_change_nothing(browser: Browser, site: Web) -> None:
    """Neither side listens to another window or to what is not shaped as declared."""
    visitor = context(browser)
    page = visitor.new_page()
    chat = open_chat(page, site.url)
    before = chat.locator(".msg").count()
    page.evaluate("""() => {
        const frame = document.querySelector("relais-widget").shadowRoot.querySelector("iframe").contentWindow;
        for (const data of ["x", null, 1, {}, {relais: 1, type: "ask"}, {relais: 9, type: "ask", choice: "", text: "pirate"}]) frame.postMessage(data, "*");
        window.postMessage({relais: 1, type: "close"}, "*");
    }""")
    # The page shows another window the chat's frame: what that window posts comes from the wrong source.
    with page.expect_popup() as opened:
        page.evaluate("() => { window.chat = document.querySelector('relais-widget').shadowRoot.querySelector('iframe').contentWindow; window.open('/contact'); }")
    opened.value.evaluate("() => opener?.chat.postMessage({relais: 1, type: 'ask', choice: '', text: 'pirate'}, '*')")
    page.wait_for_timeout(500)
    assert chat.locator(".msg").count() == before
    expect(page.locator("relais-widget .panel")).to_be_visible()
    visitor.close()


def test_no_feedback_sends_what_the_server_expects(browser: Browser, site: Web) -> None:
    """"No" is stored, told to the assistant, and thanked for; property names survive the build."""
    visitor = context(browser)
    page = visitor.new_page()
    chat = open_chat(page, site.url)
    say(chat, "mon PRM")
    chat.locator(".helped button").nth(1).wait_for()
    with page.expect_request(lambda r: r.url.endswith("/feedback")) as sent:
        chat.locator(".helped button").nth(1).click()
    assert sent.value.post_data_json == {"helped": False}
    assert sent.value.response().status == 204
    chat.get_by_text("Bien reçu : Non").or_(chat.get_by_text("Bien reçu : helped:no")).first.wait_for()
    visitor.close()


def test_erasing_removes_the_conversation_and_starts_afresh(browser: Browser, site: Web) -> None:
    """The token opens nothing any more, and the screen is clean."""
    visitor = context(browser)
    page = visitor.new_page()
    chat = open_chat(page, site.url)
    say(chat, "à oublier")
    chat.get_by_text("Bien reçu : à oublier").first.wait_for()
    kept = chat_frame(page).evaluate("() => localStorage.getItem('relais:conversation')")
    conversation, token = kept.split(" ")
    chat.get_by_role("button", name="Options").click()
    chat.get_by_text("Supprimer mes données").click()
    chat.get_by_role("button", name="Tout supprimer").click()
    expect(chat.locator(".msg.customer")).to_have_count(0)
    chat.locator(".msg.bot").first.wait_for()
    gone = site.http.get(f"{site.url}/api/v1/conversations/{conversation}/events",
                         headers={"Authorization": f"Bearer {token}"})
    assert gone.status_code in (403, 404)
    visitor.close()


def test_a_strict_page_on_another_origin_may_embed_it(browser: Browser, site: Web) -> None:
    """A host with its own content security policy, no inline style, another origin."""
    visitor = context(browser)
    page = visitor.new_page()
    problems: list[str] = []
    page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
    policy = f"default-src 'none'; script-src {site.url}; frame-src {site.url}"
    page.route("http://shop.example/**", lambda route: route.fulfill(
        status=200, content_type="text/html", headers={"Content-Security-Policy": policy},
        body=f"<!doctype html><html lang=fr><title>x</title><body><script async src='{site.url}/widget.js'></script>"))
    page.goto("http://shop.example/panier")
    page.locator("relais-widget button").click()
    chat = chat_of(page)
    chat.locator(".msg.bot").first.wait_for()
    say(chat, "depuis la boutique")
    chat.get_by_text("Bien reçu : depuis la boutique").first.wait_for()
    visitor.close()
    assert [line for line in problems if "favicon" not in line] == []
