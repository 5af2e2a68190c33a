"""What the widget's modules share; a module with a fixture of the same name has its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from bot.settings import ROOT
from tests.acceptance.widget_support import chromium, script
from tests.web_support import Web, running, scripted


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for the module."""
    with chromium() as made:
        yield made


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """The whole web process with a dialogue that shows every kind of reply."""
    with scripted(script) as dialogue, running(tmp_path_factory.mktemp("home"), dialogue, data=ROOT / "data") as made:
        yield made
