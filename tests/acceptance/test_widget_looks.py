"""How the widget looks: main states at three widths in two themes, compared with what was approved.

A picture is kept as a 256-bit difference hash (16 × 16 gradients of the shrunk grey picture): it ignores
the time in a message and the smoothing of letters, and notices moved, missing or recoloured parts. Up to
:data:`TOLERANCE` bits may differ. The hashes belong to one set of fonts; where the machine has another,
the test is skipped and says so. To approve a new look: ``RELAIS_APPROVE_LOOKS=1 scripts/test tests/acceptance/test_widget_looks.py``
and look at the pictures it writes first.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.acceptance.widget_support import context, open_chat, say
from tests.web_support import Web

pytestmark = pytest.mark.browser
FILE = Path(__file__).with_name("widget_looks.json")
WIDTHS = {320: 568, 768: 1024, 1280: 800}
TOLERANCE = 24          # of 256 bits
#: Widths of a line in the fonts a page gets here, in pixels.
FONTS = """() => ["400 16px system-ui", "600 16px system-ui", "16px sans-serif"].map((font) => {
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = font;
  return Math.round(pen.measureText("Répond jour et nuit: fijäß 0123").width * 10) / 10;
})"""


def fingerprint(picture: bytes) -> str:
    """The difference hash, as 64 hexadecimal digits."""
    small = Image.open(io.BytesIO(picture)).convert("L").resize((17, 16), Image.Resampling.BOX)
    pixels = list(small.getdata())
    bits = 0
    for row in range(16):
        for column in range(16):
            # A step of less than two grey levels is noise on an even ground, and counts as none.
            bits = bits << 1 | (pixels[row * 17 + column] > pixels[row * 17 + column + 1] + 2)
    return f"{bits:064x}"


def distance(a: str, b: str) -> int:
    """Bits in which two hashes differ."""
    return bin(int(a, 16) ^ int(b, 16)).count("1")


def states(page: Page, site: Web) -> Iterator[tuple[str, bytes]]:
    """The main states with their pictures."""
    def shot() -> bytes:
        page.wait_for_timeout(150)
        return page.screenshot(animations="disabled", caret="hide")

    page.goto(f"{site.url}/?lang=fr")
    page.locator("relais-widget button").wait_for()
    yield "closed", shot()
    chat = open_chat(page, site.url)
    yield "open", shot()
    say(chat, "mon PRM")
    chat.locator(".fold").click()
    # Where the log stands after unfolding depends on when its height settled: put it in one place.
    chat.locator(".fold").evaluate("card => card.scrollIntoView({ block: 'start', behavior: 'instant' })")
    yield "article", shot()
    say(chat, "ma facture")
    chat.locator(".picture").wait_for()
    yield "picture", shot()
    chat.locator(".person").click()
    chat.locator(".option").nth(1).click()
    expect(chat.locator("#hand-contact")).to_be_visible()
    yield "hand-over", shot()
    page.keyboard.press("Escape")
    page.context.set_offline(True)
    say(chat, "hors ligne")
    chat.locator(".banner").wait_for()
    yield "offline", shot()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", list(WIDTHS))
def test_the_main_states_look_as_approved(browser: Browser, site: Web, width: int, scheme: str, tmp_path: Path) -> None:
    known: dict[str, Any] = json.loads(FILE.read_text("utf-8")) if FILE.exists() else {"fonts": None, "looks": {}}
    approve = bool(os.environ.get("RELAIS_APPROVE_LOOKS"))
    visitor = context(browser, width, WIDTHS[width], color_scheme=scheme, reduced_motion="reduce")
    page = visitor.new_page()
    page.goto(f"{site.url}/contact")
    fonts = page.evaluate(FONTS)
    if not approve and fonts != known["fonts"]:
        visitor.close()
        pytest.skip(f"this machine's fonts are not those the looks were approved with ({fonts}, {known['fonts']})")
    off: list[str] = []
    for state, picture in states(page, site):
        name, found = f"{state} {width} {scheme}", fingerprint(picture)
        (tmp_path / f"{name.replace(' ', '-')}.png").write_bytes(picture)
        if approve:
            known["looks"][name] = found
        elif distance(found, known["looks"][name]) > TOLERANCE:
            off.append(f"{name}: {distance(found, known['looks'][name])} bits differ; see {tmp_path}")
    visitor.close()
    if approve:
        known["fonts"] = fonts
        FILE.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n", "utf-8")
    assert off == []


def test_the_hash_notices_what_moved_and_forgives_a_speck() -> None:
    def picture(left: int, speck: bool) -> bytes:
        image = Image.new("RGB", (400, 400), "white")
        image.paste((11, 90, 94), (left, 100, left + 120, 300))
        if speck:
            image.paste((0, 0, 0), (10, 10, 14, 14))
        out = io.BytesIO()
        image.save(out, "PNG")
        return out.getvalue()

    plain = fingerprint(picture(50, False))
    assert distance(plain, fingerprint(picture(50, True))) <= 2
    assert distance(plain, fingerprint(picture(250, False))) > TOLERANCE
