"""What can happen between a browser and the server, and a count of what became of the messages.

Each scenario writes messages through the real widget in Chromium while something is broken, then
repairs it and asks the server what it holds. Used by the acceptance tests with few messages, and by
``benchmarks/widget_faults.py`` with a thousand.
"""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa
from playwright.sync_api import Browser, Error, Page, Route

from bot.settings import ROOT
from bot.storage.database import Database
from bot.storage.schema import events
from tests.acceptance.widget_support import chat_of, context, open_chat, say
from tests.web_support import ALWAYS, Dialogue, free_port

API = "**/api/v1/conversations/**"
DENY_STORAGE = """
for (const name of ["localStorage", "sessionStorage", "indexedDB"]) {
  Object.defineProperty(window, name, { get() { throw new DOMException("denied", "SecurityError"); } });
}
"""
STORAGE_FULL = """
Storage.prototype.setItem = () => { throw new DOMException("full", "QuotaExceededError"); };
IDBObjectStore.prototype.add = () => { throw new DOMException("full", "QuotaExceededError"); };
"""
ANSWER = "Bien reçu : "       # what the scripted dialogue puts before a message
CLOCK_WRONG = "const now = Date.now; Date.now = () => now() + 40 * 86400000;"


class Server:
    """A web process of its own that can be stopped, killed and started again at the same address, on the same data."""

    def __init__(self, home: Path, dialogue: Dialogue) -> None:
        self.port, self.home = free_port(), home
        self.url = f"http://127.0.0.1:{self.port}"
        self.env = {
            **os.environ, "RELAIS_HOME": str(home), "PORT": str(self.port),
            "RELAIS_DIALOGUE_URLS": dialogue.served.url, "RELAIS_DIALOGUE_SECRET": "geheim",
            "RELAIS_MESSAGES_PER_MINUTE": "1000000", "RELAIS_CONVERSATIONS_PER_MINUTE": "100000",
            "RELAIS_OPENING_HOURS": ALWAYS, "RELAIS_HOLIDAYS_COUNTRY": "", "RELAIS_TURN_TIMEOUT": "3",
        }
        self.start()
        self.database = Database(f"sqlite:///{home / 'relais.db'}")

    def start(self) -> None:
        """Serve; returns when it answers."""
        with (self.home / "web.out").open("ab") as out:
            self.process = subprocess.Popen([sys.executable, "-m", "bot.web.main"], cwd=ROOT, env=self.env,
                                            stdout=out, stderr=subprocess.STDOUT)
        until = time.monotonic() + 120
        while time.monotonic() < until:
            assert self.process.poll() is None, (self.home / "web.out").read_text()[-2000:]
            try:
                if httpx.get(f"{self.url}/healthz", trust_env=False, timeout=2).status_code == 200:
                    return
            except httpx.HTTPError:
                time.sleep(0.1)
        raise AssertionError("the server did not start")

    def stop(self) -> None:
        """Stop as an upgrade does: connections end in good order."""
        self.process.terminate()
        self.process.wait(timeout=30)

    def kill(self) -> None:
        """SIGKILL: no goodbye, turns in flight are gone."""
        self.process.kill()
        self.process.wait(timeout=30)

    def close(self) -> None:
        """The end."""
        self.database.close()
        self.stop()

    def written(self, author: str = "customer") -> list[str]:
        """Every message of an author in the database, in the order of its conversation's numbers."""
        with self.database.read() as connection:
            rows = connection.execute(
                sa.select(events.c.payload)
                .where(events.c.author == author, events.c.kind == "message")
                .order_by(events.c.at, events.c.seq)
            ).scalars()
            return [str(payload["text"]) for payload in rows]


@dataclass(frozen=True)
class Count:
    """What became of a scenario's messages."""

    scenario: str
    sent: int
    lost: int
    doubled: int
    misplaced: int
    twice: int             # answers given more than once
    seconds: float

    @property
    def clean(self) -> bool:
        """None lost, none doubled, order kept, none answered twice."""
        return not (self.lost or self.doubled or self.misplaced or self.twice)


def failing(share: float | Callable[[], float], seed: int) -> Callable[[Route], None]:
    """A route that fails a share of requests: before the server, after it (answer lost), or with 503."""
    chance = random.Random(seed)

    def handle(route: Route) -> None:
        with contextlib.suppress(Error):       # the page left, or went offline, while this was handled
            fail(route) if chance.random() < (share if isinstance(share, float) else share()) else route.continue_()

    def fail(route: Route) -> None:
        kind = chance.choice(("abort", "lost", "busy"))
        if kind == "busy":
            route.fulfill(status=503, content_type="application/problem+json", body="{}")
        elif kind == "lost" and route.request.method == "POST":
            route.fetch()      # the server gets and keeps it; the browser never hears
            route.abort()
        else:
            route.abort()

    return handle


def lines(prefix: str, count: int) -> list[str]:
    """Messages that can be told apart."""
    return [f"{prefix} {i}" for i in range(count)]


def judge(
    scenario: str, server: Server, wanted: list[list[str]], started: float,
    pause: Callable[[float], None],
) -> Count:
    """Wait until everything arrived (or 90 s and two more for each message passed), then count. ``wanted``: one list a tab.

    ``pause`` waits some milliseconds while the browser's requests go on being handled.
    """
    every = [text for tab in wanted for text in tab]
    end = time.monotonic() + 90 + 2 * len(every)
    found: list[str] = []
    while time.monotonic() < end:
        found = [text for text in server.written() if text in set(every)]
        if len(set(found)) == len(every):
            break
        pause(200)
    pause(500)                 # a double would come late
    found = [text for text in server.written() if text in set(every)]
    answers = [text for text in server.written("bot") if text.removeprefix(ANSWER) in set(every)]
    misplaced = 0
    for tab in wanted:
        mine = [text for text in found if text in set(tab)]
        misplaced += sum(a != b for a, b in zip(mine, [t for t in tab if t in set(mine)], strict=False))
    return Count(scenario, len(every), len(set(every) - set(found)), len(found) - len(set(found)),
                 misplaced, len(answers) - len(set(answers)), time.monotonic() - started)


def write(page: Page, texts: list[str]) -> None:
    """Say all of them, without waiting for answers."""
    for text in texts:
        say(chat_of(page), text)


def run(scenario: str, browser: Browser, server: Server, count: int) -> Count:
    """One scenario with ``count`` messages."""
    started = time.monotonic()
    visitor = context(browser, 420, 720)
    page = visitor.new_page()
    texts = lines(scenario, count)
    try:
        return SCENARIOS[scenario](scenario, visitor, page, server, texts, started)
    finally:
        visitor.close()


def _flaky(scenario: str, visitor: Any, page: Page, server: Server, texts: list[str], started: float) -> Count:
    open_chat(page, server.url)
    page.route(API, failing(0.3, 7))
    write(page, texts)
    return judge(scenario, server, [texts], started, page.wait_for_timeout)


def _offline(scenario: str, visitor: Any, page: Page, server: Server, texts: list[str], started: float) -> Count:
    open_chat(page, server.url)
    visitor.set_offline(True)
    write(page, texts)
    chat_of(page).locator(".banner").wait_for()
    visitor.set_offline(False)
    return judge(scenario, server, [texts], started, page.wait_for_timeout)


def _reload(scenario: str, visitor: Any, page: Page, server: Server, texts: list[str], started: float) -> Count:
    open_chat(page, server.url)
    page.route(API, lambda route: route.abort())
    write(page, texts)
    page.reload()
    page.unroute(API)
    chat_of(page).locator(".msg.customer").first.wait_for(state="attached")   # nobody opened it again
    return judge(scenario, server, [texts], started, page.wait_for_timeout)


def _restart(scenario: str, visitor: Any, page: Page, server: Server, texts: list[str], started: float) -> Count:
    open_chat(page, server.url)
    half = len(texts) // 2
    write(page, texts[:half])
    server.stop()
    write(page, texts[half:])
    server.start()
    return judge(scenario, server, [texts], started, page.wait_for_timeout)


def _killed(scenario: str, visitor: Any, page: Page, server: Server, texts: list[str], started: float) -> Count:
    open_chat(page, server.url)
    half = len(texts) // 2
    write(page, texts[:half])
    server.kill()              # the dialogue takes its time, so a turn is under way
    write(page, texts[half:])
    server.start()
    return judge(scenario, server, [texts], started, page.wait_for_timeout)


def _slow(scenario: str, visitor: Any, page: Page, server: Server, texts: list[str], started: float) -> Count:
    open_chat(page, server.url)
    visitor.new_cdp_session(page).send("Network.emulateNetworkConditions", {
        "offline": False, "latency": 600, "downloadThroughput": 6250, "uploadThroughput": 6250})   # 50 kbit/s
    write(page, texts)
    return judge(scenario, server, [texts], started, page.wait_for_timeout)


def _asleep(scenario: str, visitor: Any, page: Page, server: Server, texts: list[str], started: float) -> Count:
    open_chat(page, server.url)
    half = len(texts) // 2
    write(page, texts[:half])
    page.route(API, lambda route: route.abort())
    write(page, texts[half:])
    lid = visitor.new_cdp_session(page)
    lid.send("Page.setWebLifecycleState", {"state": "frozen"})
    server.stop()              # upgraded while the laptop sleeps
    server.start()
    lid.send("Page.setWebLifecycleState", {"state": "active"})
    page.unroute(API)
    return judge(scenario, server, [texts], started, page.wait_for_timeout)


def _everything(scenario: str, visitor: Any, page: Page, server: Server, texts: list[str], started: float) -> Count:
    """Faults drawn at random, one after another, while messages are written."""
    chance, share = random.Random(20), 0.0
    open_chat(page, server.url)
    page.route(API, failing(lambda: share, 21))
    for text in texts:
        draw = chance.random()
        if draw < 0.08:
            visitor.set_offline(True)
        elif draw < 0.2:
            visitor.set_offline(False)
        elif draw < 0.3:
            share = chance.choice((0.0, 0.1, 0.4, 0.7))
        elif draw < 0.36 and not page.evaluate("() => !navigator.onLine"):
            page.reload()
            page.locator("relais-widget button").click()      # on a phone it is not opened again by itself
        elif draw < 0.375:
            (server.kill if chance.random() < 0.5 else server.stop)()
            server.start()
        write(page, [text])
    visitor.set_offline(False)
    share = 0.0
    return judge(scenario, server, [texts], started, page.wait_for_timeout)


def _two_tabs(scenario: str, visitor: Any, page: Page, server: Server, texts: list[str], started: float) -> Count:
    open_chat(page, server.url)
    other = visitor.new_page()
    other.goto(server.url)
    if not other.locator("relais-widget iframe").count():
        other.locator("relais-widget button").click()
    chat_of(other).locator(".msg.bot").first.wait_for()
    for tab, seed in ((page, 3), (other, 4)):
        tab.route(API, failing(0.2, seed))
    mine, theirs = texts[::2], texts[1::2]
    for i in range(max(len(mine), len(theirs))):
        write(page, mine[i:i + 1])
        write(other, theirs[i:i + 1])
    return judge(scenario, server, [mine, theirs], started, page.wait_for_timeout)


def _with_script(script: str) -> Callable[..., Count]:
    def scene(scenario: str, visitor: Any, page: Page, server: Server, texts: list[str], started: float) -> Count:
        page.add_init_script(script)
        open_chat(page, server.url)
        page.route(API, failing(0.2, 11))
        write(page, texts)
        return judge(scenario, server, [texts], started, page.wait_for_timeout)

    return scene


def _no_streams(scenario: str, visitor: Any, page: Page, server: Server, texts: list[str], started: float) -> Count:
    def swallow(route: Route) -> None:
        if "event-stream" in (route.request.headers.get("accept") or ""):
            route.fulfill(status=200, content_type="text/plain", body="")
        else:
            route.continue_()

    page.route(API, swallow)
    open_chat(page, server.url)
    write(page, texts)
    chat_of(page).locator(".msg.bot").nth(1).wait_for()     # answers arrive by long poll
    return judge(scenario, server, [texts], started, page.wait_for_timeout)


SCENARIOS: dict[str, Callable[..., Count]] = {
    "30 % of requests fail": _flaky,
    "cut, then back": _offline,
    "2G (50 kbit/s, 600 ms)": _slow,
    "page reloaded before anything was sent": _reload,
    "server stopped and started (upgrade)": _restart,
    "server killed in mid-turn, then started": _killed,
    "laptop asleep, server upgraded meanwhile": _asleep,
    "two tabs write at once": _two_tabs,
    "storage denied": _with_script(DENY_STORAGE),
    "storage full": _with_script(STORAGE_FULL),
    "clock 40 days wrong": _with_script(CLOCK_WRONG),
    "streams swallowed by a proxy": _no_streams,
    "all of these at random": _everything,
}
