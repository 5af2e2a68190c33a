"""Hostile texts through every field the widget shows, in real Chromium: all stay text.

The iframe's policy would stop most scripts anyway. So the page itself is examined: no element and no
attribute is there that the widget's own code does not make.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from bot.settings import ROOT
from tests.acceptance.widget_support import chat_of, chromium, context, open_chat, say
from tests.security.payloads import MARK, PAYLOADS
from tests.web_support import Web, answer, running, scripted

pytestmark = pytest.mark.browser
CHUNK = 25
CHUNKS = [PAYLOADS[at:at + CHUNK] for at in range(0, len(PAYLOADS), CHUNK)]

EXAMINE = """() => {
  const found = [];
  const tags = new Set(("html head meta title link script body div header h1 h2 h3 p span main footer form textarea input button svg path rect text " +
    "noscript ol ul li i a time strong em code blockquote figure figcaption table thead tbody tr th td dialog fieldset legend label small select option").split(" "));
  const walk = (root) => {
    for (const node of root.querySelectorAll("*")) {
      const tag = node.tagName.toLowerCase();
      if (!tags.has(tag)) found.push("element " + tag);
      if ((tag === "script" || tag === "link" || tag === "meta") && node.closest("body")) found.push(tag + " in body");
      for (const { name, value } of node.attributes) {
        if (/^on|^style$|^srcdoc$|^formaction$|^xlink/.test(name) && !(name === "style" && /^height: \\d+(\\.\\d+)?px;$|^--accent|^$/.test(value))) found.push(tag + " " + name + "=" + value);
        if (/^(href|src|action|data)$/.test(name) && tag !== "link" && tag !== "script" && !/^(https?:\\/\\/|mailto:|tel:)/.test(value)) found.push(tag + " " + name + "=" + value);
        if (tag === "a" && name === "href" && !/noopener/.test(node.rel)) found.push("a without noopener");
      }
    }
  };
  walk(document);
  if (window.pwned || Object.prototype.pwned) found.push("executed");
  return found;
}"""


def hostile(request: dict[str, Any]) -> Any:
    """Chunk number n of the payloads in every field of a reply."""
    text = request.get("text") or ""
    if not text.startswith("chunk "):
        return answer("ok", "smalltalk")
    part = CHUNKS[int(text.split()[1])]
    kind = text.split()[2]
    if kind == "article":
        return answer("\n".join(part)[:3000], "answer", feedback=True, articles=[{
            "id": "numero-pdl", "title": " ".join(part)[:3000], "locale": part[0], "probability": 0.9, "body": "\n\n".join(part)}])
    return answer("\n".join(part)[:3000], "options",
                  choices=[{"id": f"c{n} {bad}"[:190], "label": bad} for n, bad in enumerate(part)],
                  input={"kind": "text"},
                  picture={"kind": "bars", "title": part[0], "unit": part[1], "alt": part[2],
                           "bars": [{"label": bad, "value": n + 1, "previous": n} for n, bad in enumerate(part)]})


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as made:
        yield made


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    home = tmp_path_factory.mktemp("home")
    with scripted(hostile) as dialogue, running(home, dialogue, data=ROOT / "data", messages_per_minute=10_000) as made:
        yield made


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    visitor = context(browser, 900, 800)
    made = visitor.new_page()
    made.on("dialog", lambda dialog: pytest.fail(f"a dialog opened: {dialog.message}"))
    yield made
    visitor.close()


def examined(page: Page) -> list[str]:
    frame = next(frame for frame in page.frames if "/widget/frame" in frame.url)
    return [*frame.evaluate(EXAMINE), *page.evaluate("() => window.pwned ? ['executed on the page'] : []")]


def test_there_are_at_least_two_hundred_payloads() -> None:
    assert len(PAYLOADS) >= 200
    assert len(set(PAYLOADS)) == len(PAYLOADS)
    assert sum(MARK in payload for payload in PAYLOADS) > 120


def test_what_the_bot_says_offers_and_draws_is_text(page: Page, site: Web) -> None:
    chat = open_chat(page, site.url)
    for at in range(len(CHUNKS)):
        say(chat, f"chunk {at} options")
        expect(chat.locator(".picture")).to_have_count(at + 1)
        assert examined(page) == []
    shown = chat.locator(".chip").all_text_contents()
    assert shown[:len(CHUNKS[-1])] == CHUNKS[-1]                  # to the character


def test_articles_are_text(page: Page, site: Web) -> None:
    chat = open_chat(page, site.url)
    for at in range(len(CHUNKS)):
        say(chat, f"chunk {at} article")
        expect(chat.locator(".fold")).to_have_count(at + 1)
        chat.locator(".fold").last.click()
        assert examined(page) == []


def test_what_the_customer_writes_is_text(page: Page, site: Web) -> None:
    chat = open_chat(page, site.url)
    for part in CHUNKS:
        field = chat.locator("[name=message]")
        field.fill("x " + "\n".join(part)[:3900])
        field.press("Enter")
        assert examined(page) == []
    expect(chat.locator(".msg.customer")).to_have_count(len(CHUNKS))
    page.reload()                                                   # and as the server gives it back
    expect(chat_of(page).locator(".msg.customer")).to_have_count(len(CHUNKS))
    assert examined(page) == []


def test_what_an_agent_writes_is_text(page: Page, site: Web) -> None:
    chat = open_chat(page, site.url)
    kept = page.frames[-1].evaluate("() => localStorage.getItem('relais:conversation')")
    conversation, token = kept.split(" ")
    reference = site.http.post(f"{site.url}/api/v1/conversations/{conversation}/handover", json={"channel": "chat"},
                               headers={"Authorization": f"Bearer {token}"}).json()["ticket"]
    agent = site.staff("agent")
    for part in CHUNKS:
        text = ("x " + "\n".join(part))[:3900].replace("{{", "{ {")      # the desk refuses placeholders left unfilled
        assert agent.post(f"/tickets/{reference}/reply", json={"text": text}).status_code == 200
    expect(chat.locator(".msg.agent")).to_have_count(len(CHUNKS))
    assert examined(page) == []


def test_names_notices_files_surveys_and_times_to_call_are_text(page: Page, site: Web) -> None:
    """Everything else that an event or an answer of the API may carry, as a server gone wrong would send it."""
    bad = [payload.replace("\x00", "") for payload in PAYLOADS]

    def some(at: int, count: int = 40) -> str:
        return " ".join(bad[at:at + count])[:3000]

    kept = {"at": "2026-11-26T10:00:00+00:00", "author": "agent"}
    events = [
        *({**kept, "seq": n + 1, "kind": "message", "text": payload, "name": payload} for n, payload in enumerate(bad)),
        {**kept, "seq": 1001, "kind": "message", "text": "", "name": some(0), "photo": bad[7],
         "attachments": [{"id": payload, "name": payload, "size": 1} for payload in bad]},
        *({**kept, "author": "system", "seq": 1100 + n, "kind": kind, "text": some(40 * n), "reference": bad[n], "name": bad[n], "to": bad[n]}
          for n, kind in enumerate(("ticket", "handover", "notice", "closed", "handover"))),
        {**kept, "author": "system", "seq": 1200, "kind": "survey", "text": some(3), "ask": bad[5], "status": bad[9]},
        {**kept, "author": "system", "seq": 1201, "kind": "handover", "text": "", "position": bad[11], "wait_seconds": bad[12], "opening_at": bad[13]},
    ]
    page.route("**/api/v1/conversations/*/events*", lambda route: route.fulfill(json={"events": events}) if "wait=" in route.request.url
               else route.fulfill(status=200, content_type="application/json", json={"events": events}))
    page.route("**/callback-slots*", lambda route: route.fulfill(json={"slots": [{"start": payload, "label": payload} for payload in bad]}))
    page.goto(f"{site.url}/?lang=fr")
    page.locator("relais-widget button").click()
    chat = chat_of(page)
    chat.locator(".file").first.wait_for(timeout=60_000)
    chat.locator(".person").click()
    chat.locator(".option").nth(2).click()
    chat.locator("#hand-slot option").nth(5).wait_for(state="attached")
    assert examined(page) == []


def test_what_the_host_page_gives_is_text(page: Page, site: Web) -> None:
    """Attributes of the embedding script and every argument of the API."""
    for at in range(0, len(PAYLOADS), 60):
        bad = [payload.replace("\x00", "") for payload in PAYLOADS[at:at + 60]]

        def serve(route: Any, bad: list[str] = bad) -> None:
            route.fulfill(status=200, content_type="text/html", body="<!doctype html><html lang=fr><title>x</title><body>x</body></html>")

        page.route("http://host.example/**", serve)
        page.goto("http://host.example/")
        page.evaluate("""([src, bad]) => new Promise((done) => {
            const script = document.createElement("script");
            Object.assign(script.dataset, {locale: bad[0], label: bad[1], title: bad[2], logo: bad[3], accent: bad[4], scheme: bad[5], position: bad[6]});
            script.src = src;
            script.onload = done;
            document.head.append(script);
        })""", [f"{site.url}/widget.js", bad])
        page.evaluate("""(bad) => {
            for (const text of bad) {
                Relais.setContext({[text.slice(0, 40)]: text, page: text});
                Relais.setLocale(text);
                Relais.identify(text);
                Relais.on(text, () => {});
                Relais.open({article: text, text});
            }
        }""", bad[:20])
        chat_of(page).locator(".msg.customer").first.wait_for()
        page.wait_for_timeout(300)
        assert examined(page) == []
        assert page.evaluate("() => [...document.querySelector('relais-widget').shadowRoot.querySelectorAll('*')].map((n) => n.tagName.toLowerCase()).filter((t) => !['style','button','svg','path','span','div','iframe'].includes(t))") == []
        page.unroute("http://host.example/**")
