"""Long conversations and long visits: only what is near is drawn, nothing piles up, the host page does not move."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from benchmarks.widget_speed import SCROLL, cycles, loading, opened_long
from tests.web_support import Web

pytestmark = pytest.mark.browser


def test_a_thousand_messages_are_drawn_in_parts_and_all_reached(browser: Browser, site: Web) -> None:
    """The end is shown first; scrolling up brings the rest, in order, to the very first."""
    visitor, page, _ = opened_long(browser, site, 1000, slow=False)
    drawn = page.locator(".messages > li").count()
    assert 100 < drawn < 320
    assert page.get_by_text("Message 999.").first.is_visible()
    page.evaluate(SCROLL)
    shown = page.locator(".bubble").all_text_contents()
    numbers = [int(text.split(".")[0].removeprefix("Message ")) for text in shown if text.startswith("Message ")]
    visitor.close()
    assert numbers == list(range(1000))


def test_opening_and_closing_leaves_nothing_behind(browser: Browser, site: Web) -> None:
    before, after = cycles(browser, site, 60)
    assert after["nodes"] <= before["nodes"] + 20
    assert after["listeners"] <= before["listeners"] + 5
    assert after["heap"] < before["heap"] * 1.25 + 200_000


def test_the_launcher_moves_nothing_on_the_page(browser: Browser, site: Web) -> None:
    assert loading(browser, site, f"<script async src='{site.url}/widget.js'></script>")["shift"] == 0
