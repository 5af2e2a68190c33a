"""Fail points: off by default, refused outside test mode, each named place is somewhere."""

from __future__ import annotations

import errno
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import failpoints
from bot.errors import BadInput, ConfigurationError
from bot.failpoints import PLACES, FailPointError, hit, parse, reached
from bot.settings import ROOT, Settings
from bot.storage.clock import utcnow

CALL = re.compile(r"\b(?:hit|reached)\(\"([a-z._]+)\"\)|stored=\"([a-z._]+)\"")


@pytest.fixture(autouse=True)
def _off() -> Iterator[None]:
    yield
    failpoints.activate(Settings(_env_file=None))


def order(text: str, home: Path = Path("/nonexistent")) -> None:
    failpoints.activate(Settings(_env_file=None, home=home, failpoints=text, test_mode=True))


def test_every_place_is_in_the_code_and_every_call_names_a_place() -> None:
    sources = [*(ROOT / "bot").rglob("*.py"), *(ROOT / "actions").rglob("*.py")]
    called = {a or b for path in sources for a, b in CALL.findall(path.read_text("utf-8"))}
    assert called == set(PLACES) - {"clock"}
    assert len(PLACES) >= 25


def test_nothing_happens_where_nothing_is_ordered() -> None:
    for place in PLACES:
        hit(place)


def test_orders_are_refused_outside_test_mode() -> None:
    with pytest.raises(ConfigurationError, match="RELAIS_TEST_MODE"):
        failpoints.activate(Settings(_env_file=None, failpoints="db.commit=raise"))


@pytest.mark.parametrize("text", ["nowhere=raise", "db.commit=explode", "db.commit=hang:soon", "clock=kill", "db.commit=offset:3"])
def test_a_bad_order_says_what_is_wrong(text: str) -> None:
    with pytest.raises(BadInput):
        parse(text)


def test_an_order_is_carried_out_at_its_place_and_its_time() -> None:
    order("db.commit=raise@2;mail.written=enospc")
    hit("db.commit")
    with pytest.raises(FailPointError):
        hit("db.commit")
    hit("db.commit")
    for _ in range(2):
        with pytest.raises(OSError, match="No space left") as full:
            hit("mail.written")
        assert full.value.errno == errno.ENOSPC


async def test_a_coroutine_waits_or_fails_at_its_place() -> None:
    order("web.turn.asking=delay:0.01;web.turn.begun=raise")
    began = time.perf_counter()
    await reached("web.turn.asking")
    assert time.perf_counter() - began >= 0.01
    with pytest.raises(FailPointError):
        await reached("web.turn.begun")


def test_a_file_gives_orders_that_change_and_are_carried_out_once_in_all(tmp_path: Path) -> None:
    file = tmp_path / "failpoints"
    order("file", tmp_path)
    hit("db.commit")
    file.write_text("db.commit=raise@1\n")
    with pytest.raises(FailPointError):
        hit("db.commit")
    order("file", tmp_path)           # as the process started after the first one
    hit("db.commit")
    file.write_text("db.begin=raise")
    with pytest.raises(FailPointError):
        hit("db.begin")
    file.unlink()
    hit("db.begin")


def test_the_clock_can_be_wrong() -> None:
    right = utcnow()
    order("clock=offset:-3600")
    assert 3500 < (right - utcnow()).total_seconds() < 3700
