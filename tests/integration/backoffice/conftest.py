"""One seeded database for the session, copied for each test; both implementations over it."""

from __future__ import annotations

import re
import shutil
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import uvicorn

from bot.backoffice.codes import CodeRules
from bot.backoffice.demo import DemoBackoffice, demo_customers
from bot.backoffice.http import HttpBackoffice
from bot.backoffice.port import Backoffice
from bot.backoffice.prices import load_prices
from bot.backoffice.records import Access
from bot.integrations.mail import SpoolMailer
from bot.settings import ROOT
from tests.integration.backoffice.rest_app import TOKEN, make_app

START = datetime(2026, 11, 26, 9, 30, tzinfo=timezone.utc)


@dataclass
class Clock:
    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> None:
        self.now += timedelta(**span)


@dataclass
class World:
    """A back office as the assistant sees it, and what a test may look behind."""

    backoffice: Backoffice
    demo: DemoBackoffice
    clock: Clock
    home: Path
    rules: CodeRules
    _keys: int = field(default=0)

    def key(self) -> str:
        self._keys += 1
        return f"turn-{self._keys}"

    def mails(self) -> list[str]:
        self.demo.post.deliver()
        return [mail.text for mail in SpoolMailer(self.home / "mail").list()]

    def code(self) -> str:
        self.demo.post.deliver()
        newest = max(SpoolMailer(self.home / "mail").list(), key=lambda m: m.at)
        found = re.search(r"\b\d{6}\b", newest.text)
        assert found
        return found.group()

    def sign_in(self, number: int = 0, conversation: str = "conv") -> Access:
        """As a customer does: number, postcode, code out of the mail."""
        who = demo_customers()[number]
        before = {m.id for m in SpoolMailer(self.home / "mail").list()}
        challenge = self.backoffice.request_code(who.contract, who.postcode, conversation, self.key())
        self.demo.post.deliver()
        mail = next(m for m in SpoolMailer(self.home / "mail").list() if m.id not in before)
        code = re.search(r"\b\d{6}\b", mail.text)
        assert code
        verified = self.backoffice.check_code(challenge.id, code.group(), conversation)
        assert verified is not None
        assert verified.contract == who.contract
        return Access(verified.token, conversation)

    def sql(self, query: str, *values: object) -> list[tuple[object, ...]]:
        with sqlite3.connect(self.home / "backoffice.db") as connection:
            return connection.execute(query, values).fetchall()


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("backoffice")
    DemoBackoffice(home, SpoolMailer(home / "mail"), load_prices(ROOT / "data"), CodeRules(600, 5, 5), clock=Clock())
    with sqlite3.connect(home / "backoffice.db") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return home


@pytest.fixture
def demo_world(template: Path, tmp_path: Path) -> World:
    home = tmp_path / "home"
    home.mkdir()
    for name in ("backoffice.db", "backoffice.key"):
        shutil.copy(template / name, home / name)
    clock, rules = Clock(), CodeRules(600, 5, 5)
    demo = DemoBackoffice(home, SpoolMailer(home / "mail"), load_prices(ROOT / "data"), rules, clock=clock)
    return World(demo, demo, clock, home, rules)


@pytest.fixture
def rest_url(demo_world: World) -> Iterator[str]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(make_app(demo_world.demo), log_level="error", ws="none", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + 10
        while not server.started:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join(10)


@pytest.fixture(params=["demo", "http"])
def world(request: pytest.FixtureRequest, demo_world: World) -> Iterator[World]:
    """The same suite for both implementations."""
    if request.param == "http":
        client = HttpBackoffice(request.getfixturevalue("rest_url"), TOKEN, 10.0)
        demo_world.backoffice = client
        yield demo_world
        client.close()
    else:
        yield demo_world
