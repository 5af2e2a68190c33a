"""The widget's borders in real Chromium: messages between windows, framing, keys that must not leak, hostile surroundings."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pydantic import SecretStr

from bot.settings import ROOT
from bot.visitors.identity import sign
from tests.acceptance.widget_faults import DENY_STORAGE
from tests.acceptance.widget_support import chat_of, chromium, context, open_chat, say, script
from tests.web_support import Dialogue, Web, running

pytestmark = pytest.mark.browser
KEY = "cle-partagee-avec-le-site-hote"
HOST = "http://shop.example"
FRIEND, STRANGER = "http://friend.example", "http://stranger.example"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as made:
        yield made


@pytest.fixture(scope="module")
def dialogue() -> Iterator[Dialogue]:
    made = Dialogue()
    made.script = script
    made.served.start()
    yield made
    made.served.stop()


@pytest.fixture(autouse=True)
def _fresh_script() -> None:
    """The script stays."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, dialogue: Dialogue) -> Iterator[Web]:
    with running(tmp_path_factory.mktemp("home"), dialogue, data=ROOT / "data", identity_secret=SecretStr(KEY),
                 allowed_origins="*") as made:
        yield made


@pytest.fixture
def visitor(browser: Browser) -> Iterator[BrowserContext]:
    made = context(browser, 900, 720)
    yield made
    made.close()


def embed(page: Page, site: Web, origin: str = HOST, *, headers: dict[str, str] | None = None, attributes: str = "",
          body: str = "<h1>Panier</h1>") -> None:
    """A page of another origin with the widget on it."""
    page.route(f"{origin}/**", lambda route: route.fulfill(
        status=200, content_type="text/html", headers=headers or {},
        body=f"<!doctype html><html lang=fr><title>Boutique</title><body>{body}<script async {attributes} src='{site.url}/widget.js'></script>"))
    page.goto(f"{origin}/panier?session=SECRET-OF-THE-HOST")


def opened(page: Page) -> Any:
    page.locator("relais-widget button").click()
    chat = chat_of(page)
    chat.locator(".msg.bot").first.wait_for()
    return chat


def frame_of(page: Page) -> Any:
    return next(frame for frame in page.frames if "/widget/frame" in frame.url)


def key_of(page: Page) -> list[str]:
    return str(frame_of(page).evaluate("() => localStorage.getItem('relais:conversation')")).split(" ")


FUZZ = """([seed, count]) => {
  let state = seed;
  const random = (n) => (state = (state * 1103515245 + 12345) % 2147483648) % n;
  const types = ["open","hide","locale","context","identify","ask","ready","close","unread","keep","event","__proto__","constructor","toString",""];
  const fields = ["focus","modal","locale","context","token","choice","text","count","keep","name","detail","__proto__","relais","type"];
  const values = () => [null, undefined, 0, -1, 1e309, NaN, "", "x".repeat(random(9000)), "<img src=x onerror=window.pwned=1>", true, [], {}, [[[]]],
    {a: {b: 1}}, new Date(), /x/, new Map([[1, 2]]), new Uint8Array(4), JSON.parse('{"__proto__":{"pwned":1}}'), 10n, {length: 1e9}][random(21)];
  return Array.from({length: count}, () => {
    if (random(9) === 0) return values();
    const made = {relais: [2, "1", null, 0, [1], 1][random(6)], type: types[random(types.length)]};
    for (let i = random(5); i > 0; i--) made[fields[random(fields.length)]] = values();
    // What is well formed is no fuzz: it would be obeyed, and rightly so. So a real type gets a field that it cannot have.
    if (made.relais === 1 && types.indexOf(made.type) < 11) {
      const needs = {open: "focus", locale: "locale", context: "context", identify: "token", ask: "choice", unread: "count", keep: "keep", event: "name"}[made.type];
      if (needs) made[needs] = [null, undefined, {}, [[]], new Date()][random(5)];
      if (!needs || needs === "context") made.type = types[11 + random(4)];
    }
    return made;
  });
}"""


def test_malformed_messages_from_the_right_window_change_nothing(visitor: BrowserContext, site: Web) -> None:
    """Both ways: the page fuzzes the chat, the chat's window fuzzes the page."""
    page = visitor.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    embed(page, site)
    opened(page)
    page.evaluate("() => { window.heard = []; for (const n of ['open', 'close', 'unread', 'message', 'ticket', 'ready']) Relais.on(n, (d) => heard.push(n)); }")
    seed = random.Random(6).randrange(1 << 30)
    for n in range(10):
        page.evaluate(f"(args) => {{ const to = document.querySelector('relais-widget').shadowRoot.querySelector('iframe').contentWindow; for (const m of ({FUZZ})(args)) to.postMessage(m, '*'); }}", [seed + n, 100])
        frame_of(page).evaluate(f"(args) => {{ for (const m of ({FUZZ})(args)) parent.postMessage(m, '*'); }}", [seed - n, 100])
    page.wait_for_timeout(400)
    assert problems == []
    assert page.evaluate("() => [window.pwned, Object.prototype.pwned, window.heard]") == [None, None, []]
    assert frame_of(page).evaluate("() => [window.pwned, Object.prototype.pwned]") == [None, None]
    expect(chat_of(page).locator(".msg.customer")).to_have_count(0)
    expect(page.locator("relais-widget .panel")).to_be_visible()
    say(chat_of(page), "toujours là")
    chat_of(page).get_by_text("Bien reçu : toujours là").first.wait_for()


def test_the_key_never_crosses_the_border(visitor: BrowserContext, site: Web, capfd: pytest.CaptureFixture[str]) -> None:
    """Not in a message to the page, not in an address, not in a referrer, not in what the host's server or ours logs."""
    page = visitor.new_page()
    seen: list[str] = []
    page.on("request", lambda request: seen.append(f"{request.url} {request.headers.get('referer', '')} {request.post_data or ''}"))
    page.on("console", lambda message: seen.append(message.text))
    page.add_init_script("window.said = []; addEventListener('message', (event) => said.push(JSON.stringify(event.data)));")
    embed(page, site)
    chat = opened(page)
    say(chat, "où est mon PRM ?")
    chat.locator(".fold").wait_for()
    conversation, token = key_of(page)
    everything = "\n".join(seen + page.evaluate("() => said"))
    assert token not in everything
    assert page.evaluate("() => [document.cookie, JSON.stringify(localStorage), JSON.stringify(sessionStorage)].join()").find(token) == -1
    assert "SECRET-OF-THE-HOST" not in "\n".join(line for line in seen if site.url in line.split(" ")[0])
    # The server runs in this process: what it logs goes where its own standard streams go.
    site.http.get(f"{site.url}/api/v1/conversations/{conversation}/events", headers={"Authorization": f"Bearer {token}x"})
    site.http.get(f"{site.url}/api/v1/conversations/{conversation}/nothing", headers={"Authorization": f"Bearer {token}"})
    logged = "".join(capfd.readouterr())
    assert token not in logged
    assert conversation in everything                               # the id is no secret; the check above can fail


def test_links_in_messages_tell_their_target_nothing(visitor: BrowserContext, site: Web) -> None:
    page = visitor.new_page()
    embed(page, site)
    chat = opened(page)
    say(chat, "voir https://elsewhere.example/page")
    link = chat.locator(".msg.customer a")
    link.wait_for()
    assert link.get_attribute("rel") == "noopener noreferrer nofollow"
    got: list[dict[str, str]] = []
    visitor.route("https://elsewhere.example/**", lambda route: (got.append(route.request.headers), route.fulfill(status=200, body="ok")))
    with visitor.expect_page() as other:
        link.click()
    other.value.wait_for_load_state()
    assert got
    assert "referer" not in got[0]
    assert other.value.evaluate("() => window.opener") is None


def test_errors_and_refusals_name_no_key(site: Web, capfd: pytest.CaptureFixture[str]) -> None:
    """A bad token, a bad identity and a bad body come back without what was sent."""
    customer = site.customer()
    secret = "t0ken-that-must-not-appear-anywhere"
    for path, body in (("messages", {"text": "x"}), ("visitor", {"identity": secret}), ("push", {"endpoint": secret})):
        for token in (secret, customer.token):
            got = site.http.post(f"{customer.url}/{path}", json=body, headers={"Authorization": f"Bearer {token}"})
            assert got.status_code >= 400
            assert secret not in got.text
            assert customer.token not in got.text
    out, err = capfd.readouterr()
    assert secret not in out + err
    assert customer.token not in out + err


def test_only_allowed_origins_frame_the_chat_and_nobody_frames_the_rest(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory, dialogue: Dialogue
) -> None:
    with running(tmp_path_factory.mktemp("home"), dialogue, data=ROOT / "data", allowed_origins=FRIEND) as site:
        frame = site.http.get(f"{site.url}/widget/frame")
        assert f"frame-ancestors 'self' {FRIEND}" in frame.headers["content-security-policy"]
        for path in ("/", "/login", "/inbox", "/contact", "/widget/notify", "/aide", "/docs"):
            answer = site.http.get(site.url + path)
            assert "frame-ancestors 'none'" in answer.headers["content-security-policy"], path
            assert answer.headers["x-frame-options"] == "DENY", path
        assert site.http.options(f"{site.url}/api/v1/conversations", headers={
            "Origin": STRANGER, "Access-Control-Request-Method": "POST"}).headers.get("access-control-allow-origin") is None


@pytest.mark.parametrize(("origins", "shown"), [("*", True), ("http://shop.example", True), ("http://other.example", False)])
def test_framing_is_enforced_by_the_browser(
    visitor: BrowserContext, tmp_path: Path, dialogue: Dialogue, origins: str, shown: bool
) -> None:
    with running(tmp_path, dialogue, data=ROOT / "data", allowed_origins=origins) as site:
        page = visitor.new_page()
        embed(page, site)
        page.locator("relais-widget button").click()
        if shown:
            chat_of(page).locator(".msg.bot").first.wait_for()
        else:
            page.wait_for_timeout(2500)
            assert chat_of(page).locator("#app").count() == 0


def test_a_clickjacking_page_cannot_use_staff_pages(visitor: BrowserContext, site: Web) -> None:
    page = visitor.new_page()
    page.route("http://evil.example/**", lambda route: route.fulfill(status=200, content_type="text/html", body=f"<iframe src='{site.url}/login' width=800 height=600></iframe>"))
    page.goto("http://evil.example/")
    page.wait_for_timeout(800)
    assert page.frame_locator("iframe").locator("input").count() == 0


STRICT = "default-src 'none'; script-src {site}; frame-src {site}; style-src 'none'; img-src 'none'; require-trusted-types-for 'script'; trusted-types 'none'; base-uri 'none'; form-action 'none'"


def test_a_host_with_the_strictest_policy(visitor: BrowserContext, site: Web) -> None:
    """No inline style, trusted types required, nothing else allowed."""
    page = visitor.new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" and "favicon" not in message.text else None)
    embed(page, site, headers={"Content-Security-Policy": STRICT.format(site=site.url)})
    chat = opened(page)
    say(chat, "sous bonne garde")
    chat.get_by_text("Bien reçu : sous bonne garde").first.wait_for()
    assert problems == []


def test_without_any_storage_the_chat_works_while_the_page_lives(visitor: BrowserContext, site: Web) -> None:
    page = visitor.new_page()
    page.add_init_script(DENY_STORAGE)
    embed(page, site)
    chat = opened(page)
    say(chat, "sans mémoire")
    chat.get_by_text("Bien reçu : sans mémoire").first.wait_for()


def test_with_third_party_cookies_blocked_the_chat_works_and_sets_none(browser: Browser, site: Web) -> None:
    visitor = context(browser, 900, 720)
    page = visitor.new_page()
    embed(page, site)
    chat = opened(page)
    say(chat, "sans cookie")
    chat.get_by_text("Bien reçu : sans cookie").first.wait_for()
    assert visitor.cookies() == []
    visitor.close()


def test_without_javascript_a_form_opens_a_ticket(browser: Browser, site: Web) -> None:
    visitor = context(browser, 900, 720, java_script_enabled=False)
    page = visitor.new_page()
    page.goto(f"{site.url}/?lang=fr")
    page.locator("noscript a, footer a[href*='/contact']").first.click()
    page.locator("[name=message]").fill("Ma facture est trop haute.")
    page.locator("[name=email]").fill("camille@exemple.fr")
    page.locator("form button[type=submit], form button").last.click()
    expect(page.locator("main")).to_contain_text("camille@exemple.fr")
    tickets = site.staff("agent").get("/tickets").json()["tickets"]
    assert any("trop haute" in ticket["summary"] for ticket in tickets)
    visitor.close()


def test_another_user_of_the_same_browser_sees_nothing_of_the_first(visitor: BrowserContext, site: Web) -> None:
    """`identify` with another user, and signing out, end the conversation in this browser."""
    def token(user: str) -> str:
        return sign(KEY.encode(), {"sub": user, "exp": time.time() + 600})

    page = visitor.new_page()
    embed(page, site)
    page.evaluate("(token) => Relais.identify(token)", token("ana"))
    chat = opened(page)
    say(chat, "mon secret à moi")
    chat.get_by_text("Bien reçu : mon secret").first.wait_for()
    first = key_of(page)
    page.evaluate("(token) => Relais.identify(token)", token("bob"))
    expect(chat.locator(".msg.customer")).to_have_count(0)
    chat.locator(".msg.bot").first.wait_for()
    assert key_of(page)[0] != first[0]
    say(chat, "à mon tour")
    chat.get_by_text("Bien reçu : à mon tour").first.wait_for()
    page.evaluate("() => Relais.identify(null)")
    expect(chat.locator(".msg.customer")).to_have_count(0)
    kept = frame_of(page).evaluate("() => JSON.stringify(localStorage)")
    assert "à mon tour" not in kept
    assert json.loads(kept).get("relais:draft") is None


def test_a_forged_identity_warns_the_host_and_changes_nothing(visitor: BrowserContext, site: Web) -> None:
    page = visitor.new_page()
    warned: list[str] = []
    page.on("console", lambda message: warned.append(message.text))
    embed(page, site)
    page.evaluate("() => Relais.identify('forged.token.here')")
    chat = opened(page)
    say(chat, "bonjour")
    chat.get_by_text("Bien reçu : bonjour").first.wait_for()
    assert any(line.startswith("Relais: ") for line in warned)
    with site.services.database.read() as connection:
        from bot.visitors import store

        assert "identity" not in store.of(connection, key_of(page)[0])


def test_the_page_and_the_hosts_context_reach_the_agent(visitor: BrowserContext, site: Web) -> None:
    page = visitor.new_page()
    embed(page, site)
    page.evaluate("(token) => { Relais.setContext({order: 'CMD-7'}); Relais.identify(token); }",
                  sign(KEY.encode(), {"sub": "ana", "name": "Ana Silva", "exp": time.time() + 600}))
    chat = opened(page)
    say(chat, "bonjour")
    chat.get_by_text("Bien reçu : bonjour").first.wait_for()
    with site.services.database.read() as connection:
        from bot.visitors import store

        known = store.of(connection, key_of(page)[0])
    assert known["context"] == {"page": f"{HOST}/panier", "order": "CMD-7"}
    assert known["identity"]["name"] == "Ana Silva"


def test_opened_on_the_help_centre_it_knows_the_article(visitor: BrowserContext, site: Web) -> None:
    page = visitor.new_page()
    chat = open_chat(page, site.url)
    page.goto(f"{site.url}/aide/relever-compteur?lang=fr")
    chat_of(page).locator(".msg.bot").first.wait_for()
    page.wait_for_timeout(500)
    with site.services.database.read() as connection:
        from bot.visitors import store

        assert store.of(connection, key_of(page)[0])["context"]["page"].endswith("/aide/relever-compteur")
    assert chat is not None


def test_a_chat_that_cannot_load_can_be_closed_and_is_tried_anew(browser: Browser, site: Web) -> None:
    """On a phone it would cover the page with nothing to close it by."""
    visitor = context(browser, 390, 800)
    page = visitor.new_page()
    page.route("**/widget/frame*", lambda route: route.abort())
    embed(page, site)
    button, panel = page.locator("relais-widget button"), page.locator("relais-widget .panel")
    button.click()
    expect(panel).to_be_visible()
    expect(button).to_be_visible()
    button.click()
    expect(panel).to_be_hidden()
    page.unroute("**/widget/frame*")
    opened(page)
    expect(button).to_be_hidden()
    visitor.close()


def _token(name: str) -> str:
    return sign(KEY.encode(), {"sub": name, "name": name.capitalize(), "email": f"{name}@example.org", "exp": int(time.time()) + 600})


def test_the_next_users_first_words_are_theirs_and_arrive_once(visitor: BrowserContext, site: Web) -> None:
    page = visitor.new_page()
    embed(page, site)
    chat = opened(page)
    page.evaluate("(token) => Relais.identify(token)", _token("ana"))
    say(chat, "je suis Ana")
    chat.locator(".bubble", has_text="Bien reçu : je suis Ana").wait_for()
    first = key_of(page)[0]

    def late(route: Any) -> None:
        page.wait_for_timeout(800)
        route.continue_()

    page.route("**/visitor", late)
    page.evaluate("(token) => Relais.identify(token)", _token("bob"))
    say(chat, "je suis Bob")
    chat.locator(".bubble", has_text="Bien reçu : je suis Bob").wait_for()
    expect(chat.locator(".msg.customer")).to_have_count(1)
    assert key_of(page)[0] != first


def test_signing_out_before_the_chat_is_loaded_counts_on_the_next_page(visitor: BrowserContext, site: Web) -> None:
    """And nothing signed stays in the browser."""
    page = visitor.new_page()
    embed(page, site)
    chat = opened(page)
    page.evaluate("(token) => Relais.identify(token)", _token("ana"))
    say(chat, "je suis Ana")
    chat.locator(".bubble", has_text="Bien reçu : je suis Ana").wait_for()
    assert "eyJ" in frame_of(page).evaluate("() => JSON.stringify(localStorage)")
    page.evaluate("() => Relais.close()")
    embed(page, site)
    page.evaluate("() => Relais.identify(null)")      # and away, before anybody opened the chat
    embed(page, site)
    chat = opened(page)
    expect(chat.locator(".msg.customer")).to_have_count(0)
    assert "eyJ" not in frame_of(page).evaluate("() => JSON.stringify(localStorage)")
    assert page.evaluate("() => localStorage.getItem('relais:out')") is None


def test_a_person_can_be_asked_for_without_a_network(visitor: BrowserContext, site: Web) -> None:
    """The wish waits like any message; and a slow line opens one sheet however often it is asked."""
    page = visitor.new_page()
    embed(page, site)
    chat = opened(page)
    visitor.set_offline(True)
    chat.locator(".person").click()
    expect(chat.locator(".msg.customer")).to_have_count(1, timeout=2000)
    visitor.set_offline(False)
    chat.locator(".notice.handover, .notice.ticket, .msg.bot >> nth=1").first.wait_for()
    chat.locator(".person").click(click_count=3, delay=10)
    chat.locator("dialog").wait_for()
    page.wait_for_timeout(500)
    expect(chat.locator("dialog")).to_have_count(1)
