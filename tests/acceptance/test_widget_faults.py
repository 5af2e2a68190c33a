"""Messages written in Chromium while things break: none lost, none doubled, order kept."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.acceptance.widget_faults import SCENARIOS, Server, run
from tests.acceptance.widget_support import slow_script
from tests.web_support import scripted

pytestmark = pytest.mark.browser
MESSAGES = 8


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that scenarios may restart."""
    with scripted(slow_script) as dialogue:
        made = Server(tmp_path_factory.mktemp("home"), dialogue)
        yield made
        made.close()


@pytest.mark.parametrize("scenario", list(SCENARIOS))
def test_no_message_is_lost_doubled_or_misplaced(scenario: str, browser: Browser, server: Server) -> None:
    """Whatever breaks in between."""
    counted = run(scenario, browser, server, MESSAGES)
    assert counted.sent == MESSAGES
    assert counted.clean, counted


def test_the_count_notices_loss_doubles_and_disorder(monkeypatch: pytest.MonkeyPatch) -> None:
    """The judge itself can fail."""
    from tests.acceptance import widget_faults

    class Broken:
        """A server that lost `a 1`, doubled `a 2` and swapped `a 3` with `a 4`."""

        def written(self, author: str = "customer") -> list[str]:
            """What it holds."""
            if author == "bot":
                return ["Bien reçu : a 0", "Bien reçu : a 0", "Bonjour"]
            return ["a 0", "a 2", "a 2", "a 4", "a 3"]

    monkeypatch.setattr(widget_faults.time, "monotonic", iter(range(0, 10_000, 100)).__next__)
    counted = widget_faults.judge(
        "x", Broken(), [widget_faults.lines("a", 5)], 0, lambda _: None)  # type: ignore[arg-type]
    monkeypatch.undo()
    assert (counted.lost, counted.doubled) == (1, 1)
    assert counted.misplaced > 0
    assert counted.twice == 1
    assert not counted.clean
