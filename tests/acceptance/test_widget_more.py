"""What hangs on a conversation: files, the copy, sound, the tab's title, keyboards, motion, notifications."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from bot.settings import ROOT
from tests.acceptance.staff_support import violations
from tests.acceptance.test_widget_access import chat_frame, ticket_of
from tests.acceptance.widget_support import context, open_chat, say
from tests.web_support import Web

pytestmark = pytest.mark.browser


def asked_for_a_person(page: Page, site: Web) -> tuple[Any, Any, str]:
    """A chat that waits, an agent signed in to the API, and the reference."""
    chat = open_chat(page, site.url)
    chat.locator(".person").click()
    chat.locator(".hand .primary").click()
    chat.locator(".notice").first.wait_for()
    return chat, site.staff("agent"), ticket_of(site, page)


def test_a_file_arrives_and_both_sides_can_save_it(browser: Browser, site: Web, tmp_path: Path) -> None:
    visitor = context(browser)
    page = visitor.new_page()
    chat, agent, reference = asked_for_a_person(page, site)
    chat.locator("input[type=file]").set_input_files([{"name": "relevé.txt", "mimeType": "text/plain", "buffer": b"index 12345"}])
    expect(chat.locator(".msg.customer .file")).to_contain_text("relevé.txt")
    expect(chat.locator(".msg.customer .foot").last).to_contain_text("Envoyé")
    got = [event for event in agent.get(f"/tickets/{reference}").json()["transcript"] if event.get("attachments")]
    assert agent.get(f"/attachments/{got[0]['attachments'][0]['id']}").content == b"index 12345"
    with page.expect_download() as mine:
        chat.locator(".msg.customer .file").click()
    assert mine.value.suggested_filename == "relevé.txt"
    assert Path(mine.value.path()).read_bytes() == b"index 12345"
    visitor.close()


def test_the_copy_is_saved_with_what_was_said(browser: Browser, site: Web) -> None:
    visitor = context(browser)
    page = visitor.new_page()
    chat = open_chat(page, site.url)
    say(chat, "mon compteur siffle")
    chat.locator(".bubble", has_text="Bien reçu : mon compteur siffle").wait_for()
    chat.locator(".head .round").first.click()
    with page.expect_download() as copy:
        chat.locator(".entry").first.click()
    assert copy.value.suggested_filename.endswith(".html")
    assert "mon compteur siffle" in Path(copy.value.path()).read_text("utf-8")
    visitor.close()


def test_no_sound_unless_asked_for_and_the_title_counts_what_a_hidden_tab_missed(browser: Browser, site: Web) -> None:
    visitor = context(browser)
    visitor.add_init_script("""
      window.tones = 0;
      const real = AudioContext.prototype.createOscillator;
      AudioContext.prototype.createOscillator = function () { window.tones += 1; return real.call(this); };
      Object.defineProperty(Document.prototype, "hidden", { configurable: true, get: () => Boolean(top.away) });
    """)
    page = visitor.new_page()
    chat, agent, reference = asked_for_a_person(page, site)
    title = page.title()
    page.wait_for_timeout(1600)      # what was there on opening is no news

    def tones() -> int:
        return int(chat_frame(page).evaluate("() => window.tones"))

    page.evaluate("() => { window.away = true; }")
    agent.post(f"/tickets/{reference}/reply", json={"text": "Je regarde."}).raise_for_status()
    page.wait_for_function("(title) => document.title === '(1) ' + title", arg=title)
    assert tones() == 0
    page.evaluate("() => { window.away = false; }")
    chat_frame(page).evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_function("(title) => document.title === title", arg=title)
    chat.locator(".head .round").first.click()
    chat.locator(".entry", has_text="son").click()
    heard = tones()
    page.evaluate("() => { window.away = true; }")
    agent.post(f"/tickets/{reference}/reply", json={"text": "C'est noté."}).raise_for_status()
    chat.locator(".bubble", has_text="C'est noté.").wait_for()
    page.wait_for_timeout(300)
    assert tones() > heard
    visitor.close()


def test_the_keyboard_is_that_of_what_is_asked_for(browser: Browser, site: Web) -> None:
    visitor = context(browser, 390, 800)
    page = visitor.new_page()
    kinds = {"number": ("decimal", "off"), "email": ("email", "email"), "tel": ("tel", "tel"), "postcode": ("numeric", "postal-code"),
             "code": ("numeric", "one-time-code"), "iban": ("text", "off"), "date": ("text", "off"), "text": ("text", "off")}
    seq = 0

    def told(route: Any) -> None:
        route.fulfill(json={"events": [
            {"seq": n + 1, "kind": "message", "author": "bot", "at": "2026-11-26T10:00:00+00:00", "text": f"étape {kind}", "input": {"kind": kind}}
            for n, kind in enumerate(list(kinds)[:seq])]})

    page.route("**/api/v1/conversations/*/events*", told)
    page.goto(f"{site.url}/?lang=fr")
    page.locator("relais-widget button").click()
    field = page.frame_locator("relais-widget iframe").locator("[name=message]")
    for kind, (mode, fill) in kinds.items():
        seq += 1
        page.frame_locator("relais-widget iframe").get_by_text(f"étape {kind}").first.wait_for(timeout=60_000)
        expect(field).to_have_js_property("inputMode", mode)
        expect(field).to_have_attribute("autocomplete", fill)
    visitor.close()


def test_nothing_moves_for_whoever_asked_for_less_motion(browser: Browser, site: Web) -> None:
    visitor = context(browser, reduced_motion="reduce")
    page = visitor.new_page()
    chat = open_chat(page, site.url)
    say(chat, "hésite")
    chat.locator(".choices .chip").first.wait_for()
    chat.locator(".person").click()
    chat.locator("dialog").wait_for()
    running = "() => document.getAnimations({ subtree: true }).filter((one) => one.playState === 'running').length"
    assert chat_frame(page).evaluate(running) == 0
    assert page.evaluate(running) == 0
    styles = "() => [...document.querySelectorAll('*')].filter((node) => !['none', ''].includes(getComputedStyle(node).animationName)).length"
    assert chat_frame(page).evaluate(styles) == 0
    visitor.close()


BROWSER = """
  window.subscribed = %s;
  window.asked = 0;
  class Fake { toJSON() { return { endpoint: "https://fcm.googleapis.com/fcm/send/abc", keys: { p256dh: "%s", auth: "%s" } }; } async unsubscribe() { window.subscribed = false; } }
  Notification.requestPermission = async () => { window.asked += 1; return "granted"; };
  Object.defineProperty(Notification, "permission", { get: () => (window.subscribed ? "granted" : "default") });
  PushManager.prototype.subscribe = async function () { window.subscribed = true; return new Fake(); };
  PushManager.prototype.getSubscription = async function () { return window.subscribed ? new Fake() : null; };
"""


def notify_window(page: Page, chat: Any) -> Page:
    chat.locator(".head .round").first.click()
    with page.context.expect_page() as other:
        chat.locator(".entry", has_text="Me prévenir").click()
    other.value.wait_for_load_state()
    return other.value


@pytest.mark.parametrize("known", [False, True], ids=["first time", "known from another conversation"])
def test_notifications_are_asked_for_in_a_window_of_their_own(browser: Browser, site: Web, known: bool) -> None:
    """Chromium has no push service here: its part is played, the permission, the key and the server's part are real."""
    from base64 import urlsafe_b64encode

    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    point = ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    visitor = context(browser)
    visitor.add_init_script(BROWSER % (str(known).lower(), urlsafe_b64encode(point).decode().rstrip("="), urlsafe_b64encode(b"a" * 16).decode().rstrip("=")))
    page = visitor.new_page()
    chat = open_chat(page, site.url)
    posts: list[str] = []
    visitor.on("response", lambda response: posts.append(f"{response.request.method} {response.status}") if response.url.endswith("/push") else None)
    window = notify_window(page, chat)
    assert "#" not in window.url      # the key is taken out of the address at once
    if not known:
        assert violations(window) == []
        window.locator("#yes").click()
    expect(window.locator("#note")).not_to_be_empty()
    expect(window.locator("#no")).to_be_visible()
    assert "POST 204" in posts
    window.locator("#no").click()
    expect(window.locator("#yes")).to_be_visible()
    assert "DELETE 204" in posts
    visitor.close()


def test_the_service_worker_says_that_there_is_an_answer_and_not_which(browser: Browser, site: Web) -> None:
    """The built worker in a page: what a push shows, and where a click leads."""
    page = context(browser).new_page()
    page.goto(f"{site.url}/?lang=fr")
    source = (ROOT / "bot" / "web" / "static" / "widget" / "worker.js").read_text("utf-8").replace("export{};", "")
    shown = page.evaluate("""async (source) => {
      const heard = {}, shown = [], opened = [];
      const scope = { addEventListener: (name, run) => { heard[name] = run; },
        registration: { showNotification: async (title, options) => shown.push([title, options]) },
        clients: { matchAll: async () => [], openWindow: async (url) => opened.push(url) } };
      new Function(...Object.keys(scope), source)(...Object.values(scope));
      const told = { text: "Vous avez une réponse.", url: "https://shop.example/panier", tag: "relais" };
      await heard.push({ data: { json: () => told }, waitUntil: (work) => work });
      for (const data of [told.url, "javascript:alert(1)"]) await heard.notificationclick({ notification: { data, close() {} }, waitUntil: (work) => work });
      await new Promise((done) => setTimeout(done, 50));
      return [shown, opened];
    }""", source)
    assert shown[0][0][0] == "Vous avez une réponse."
    assert shown[1] == ["https://shop.example/panier"]
