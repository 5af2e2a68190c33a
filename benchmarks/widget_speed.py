"""How fast the widget is on a slow phone: Chromium with the CPU slowed 4× and slow 4G, beside an empty page.

    python -m benchmarks.widget_speed [RUNS]

Slow 4G as Lighthouse has it: 150 ms round trip, 1.6 Mbit/s down, 750 kbit/s up. Each figure is the
median of the runs; the empty page is measured in the same run, in turn with the other.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, CDPSession, Page

from bot.conversations import intake, store
from bot.conversations.model import Draft
from bot.settings import ROOT
from tests.acceptance.widget_support import chat_of, chromium, context, say, script
from tests.web_support import Dialogue, Web, running

SLOW_4G = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 750e3 / 8}
HOST = "http://host.example"
TEXT = "<p>" + "Une page ordinaire, avec du texte et rien d'autre. " * 20 + "</p>"
WATCH = """
window.watched = {blocked: 0, shift: 0};
new PerformanceObserver((list) => list.getEntries().forEach((e) => watched.blocked += Math.max(0, e.duration - 50))).observe({type: "longtask", buffered: true});
new PerformanceObserver((list) => list.getEntries().forEach((e) => watched.shift += e.value)).observe({type: "layout-shift", buffered: true});
addEventListener("relais:ready", () => watched.ready = performance.now());
"""
ARRIVAL = """
const parse = JSON.parse;
JSON.parse = (text) => { if (String(text).includes("Bien reçu : mesure")) window.arrived = performance.now(); return parse(text); };
new MutationObserver(() => {
  if (window.arrived && !window.drawn && document.body?.textContent.includes("Bien reçu : mesure"))
    requestAnimationFrame(() => window.drawn ??= performance.now());
}).observe(document, {childList: true, subtree: true});
"""
SCROLL = """async () => {
  const log = document.querySelector(".log"), gaps = [];
  let last = performance.now(), still = 0;
  while (still < 30) {
    const before = log.scrollTop;
    log.scrollTop -= 300;
    await new Promise(requestAnimationFrame);
    const now = performance.now();
    gaps.push(now - last);
    last = now;
    still = log.scrollTop === before ? still + 1 : 0;
  }
  gaps.sort((a, b) => a - b);
  return {frames: gaps.length, p95: gaps[Math.floor(gaps.length * 0.95)], longest: gaps[gaps.length - 1], rows: document.querySelectorAll(".messages > li").length};
}"""


def slowed(visitor: BrowserContext, page: Page) -> CDPSession:
    """The page as on a cheap phone far from a mast."""
    session = visitor.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", SLOW_4G)
    session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    return session


def host_page(page: Page, script_tag: str) -> None:
    """An ordinary page of another site, with ``script_tag`` at its end."""
    page.route(f"{HOST}/**", lambda route: route.fulfill(
        status=200, content_type="text/html",
        body=f"<!doctype html><html lang=fr><title>Boutique</title><body><h1>Boutique</h1>{TEXT}{script_tag}"))
    page.goto(f"{HOST}/", wait_until="load")
    page.wait_for_timeout(1500)


def loading(browser: Browser, site: Web, tag: str) -> dict[str, float]:
    """Load event, blocked main thread and layout shift of a host page; the launcher's readiness where it is there."""
    visitor = context(browser, 412, 823)
    page = visitor.new_page()
    page.add_init_script(WATCH)
    slowed(visitor, page)
    host_page(page, tag)
    got: dict[str, float] = page.evaluate("() => ({...watched, load: performance.getEntriesByType('navigation')[0].loadEventEnd})")
    visitor.close()
    return got


def talking(browser: Browser, site: Web) -> dict[str, float]:
    """From the click to a typed letter, and from an answer's arrival to its being drawn; milliseconds."""
    visitor = context(browser, 412, 823)
    page = visitor.new_page()
    page.add_init_script(ARRIVAL)
    slowed(visitor, page)
    host_page(page, f"<script async src='{site.url}/widget.js'></script>")
    started = time.monotonic()
    page.locator("relais-widget button").click()
    field = chat_of(page).locator("[name=message]")
    field.press("m")
    typed = time.monotonic() - started
    chat_of(page).locator(".msg.bot").first.wait_for()
    greeted = time.monotonic() - started
    say(chat_of(page), "mesure")
    chat_of(page).get_by_text("Bien reçu : mesure").first.wait_for()
    page.wait_for_timeout(300)
    frame = next(frame for frame in page.frames if "/widget/frame" in frame.url)
    drawn = frame.evaluate("() => window.drawn - window.arrived")
    visitor.close()
    return {"typed": typed * 1000, "greeted": greeted * 1000, "drawn": float(drawn)}


def long_conversation(site: Web, messages: int) -> tuple[str, str]:
    """A conversation with that many messages, and its key."""
    with site.services.database.write() as connection:
        conversation, token, _ = intake.begin(connection, locale="fr", page_url=None, language="fr")
        store.append(connection, conversation.id, [
            Draft("message", "customer" if n % 2 else "bot", {"text": f"Message {n}. " + "Une phrase de plus. " * (n % 7), "reply": "answer"})
            for n in range(messages)])
    return conversation.id, token


def opened_long(browser: Browser, site: Web, messages: int, slow: bool = True) -> tuple[BrowserContext, Page, float]:
    """The chat on its own page with a long conversation in it; seconds until its last message is shown."""
    conversation, token = long_conversation(site, messages)
    visitor = context(browser, 412, 823)
    page = visitor.new_page()
    page.add_init_script(WATCH)
    page.goto(f"{site.url}/healthz")
    page.evaluate("(value) => localStorage.setItem('relais:conversation', value)", f"{conversation} {token}")
    if slow:
        slowed(visitor, page)
    started = time.monotonic()
    page.goto(f"{site.url}/widget/frame?lang=fr")
    page.get_by_text(f"Message {messages - 1}.").first.wait_for()
    return visitor, page, time.monotonic() - started


def scrolled(browser: Browser, site: Web, messages: int = 1000) -> dict[str, float]:
    """Opening a long conversation and scrolling to its beginning."""
    visitor, page, opening = opened_long(browser, site, messages)
    page.wait_for_timeout(1000)
    blocked = page.evaluate("() => watched.blocked")
    got: dict[str, float] = page.evaluate(SCROLL)
    visitor.close()
    return {"open": opening * 1000, "blocked": blocked, **got}


def cycles(browser: Browser, site: Web, count: int) -> tuple[dict[str, float], dict[str, float]]:
    """Heap (bytes), nodes and listeners after 20 open–close cycles, and after ``count`` more."""
    visitor = context(browser, 900, 720)
    page = visitor.new_page()
    session = visitor.new_cdp_session(page)
    session.send("Performance.enable")
    page.goto(f"{site.url}/?lang=fr")
    page.locator("relais-widget button").click()
    chat_of(page).locator(".msg.bot").first.wait_for()

    def turn(times: int) -> dict[str, float]:
        page.evaluate("""async (times) => { for (let n = 0; n < times; n++) {
            Relais.close(); await new Promise(requestAnimationFrame); Relais.open(); await new Promise(requestAnimationFrame); } }""", times)
        page.wait_for_timeout(500)
        session.send("HeapProfiler.collectGarbage")
        found = {m["name"]: m["value"] for m in session.send("Performance.getMetrics")["metrics"]}
        return {"heap": found["JSHeapUsedSize"], "nodes": found["Nodes"], "listeners": found["JSEventListeners"]}

    before, after = turn(20), turn(count)
    visitor.close()
    return before, after


def median(runs: int, measure: Callable[[], dict[str, float]]) -> dict[str, float]:
    """Each figure's median over the runs."""
    found = [measure() for _ in range(runs)]
    return {name: statistics.median(run[name] for run in found) for name in found[0]}


def main(runs: int) -> int:
    """Print the table."""
    dialogue = Dialogue()
    dialogue.script = script
    dialogue.served.start()
    with tempfile.TemporaryDirectory() as home, running(Path(home), dialogue, data=ROOT / "data") as site, chromium() as browser:
        tag = f"<script async src='{site.url}/widget.js'></script>"
        pairs = [(loading(browser, site, ""), loading(browser, site, tag)) for _ in range(runs)]

        def row(name: str, empty: Any, full: Any, unit: str) -> None:
            print(f"{name:52} {empty:>12} {full:>12} {unit}", flush=True)

        row("slow 4G, CPU 4×", "empty page", "with widget", "")
        for key, name in (("load", "page loaded"), ("blocked", "main thread blocked (over 50 ms)"), ("shift", "layout shift")):
            empty, full = (statistics.median(pair[i][key] for pair in pairs) for i in (0, 1))
            row(name, f"{empty:.3g}" if key == "shift" else f"{empty:.0f}", f"{full:.3g}" if key == "shift" else f"{full:.0f}", "" if key == "shift" else "ms")
        row("launcher interactive", "", f"{statistics.median(full['ready'] for _, full in pairs):.0f}", "ms")
        talk = median(runs, lambda: talking(browser, site))
        row("click to first letter typed", "", f"{talk['typed']:.0f}", "ms")
        row("click to greeting shown", "", f"{talk['greeted']:.0f}", "ms")
        row("answer arrived to answer drawn", "", f"{talk['drawn']:.0f}", "ms")
        few, many = (median(runs, lambda count=count: scrolled(browser, site, count)) for count in (10, 1000))  # type: ignore[misc]
        row("a conversation of", "10", "1000", "messages")
        for key, name, unit in (("open", "opened to its last message", "ms"), ("blocked", "main thread blocked while opening", "ms"),
                                ("p95", "frame while scrolling to the top, 95 %", "ms"), ("longest", "longest frame while scrolling", "ms")):
            row(f"  {name}", f"{few[key]:.0f}", f"{many[key]:.0f}", unit)
        before, after = cycles(browser, site, 200)
        row("open–close cycles", "20", "220", "")
        row("  JavaScript heap", f"{before['heap'] / 1e6:.2f}", f"{after['heap'] / 1e6:.2f}", "MB")
        row("  nodes", f"{before['nodes']:.0f}", f"{after['nodes']:.0f}", "")
        row("  listeners", f"{before['listeners']:.0f}", f"{after['listeners']:.0f}", "")
    dialogue.served.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 3))
