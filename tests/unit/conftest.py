"""The demo back office for unit tests of flows: seeded once a session, copied for each test."""

from __future__ import annotations

import re
import secrets
import shutil
import sqlite3
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import pytest

from bot.backoffice.codes import CodeRules
from bot.backoffice.demo import DemoBackoffice
from bot.backoffice.prices import load_prices
from bot.backoffice.records import Access
from bot.integrations.mail import SpoolMailer
from bot.settings import ROOT

#: A Thursday evening; everything in the tests of flows happens then.
NOW = datetime(2026, 11, 26, 18, 0, tzinfo=timezone.utc)


@dataclass
class Desk:
    """A demo back office with what a test may look at behind it."""

    backoffice: DemoBackoffice
    home: Path

    def code(self) -> str:
        """The six digits of the newest mail."""
        self.backoffice.post.deliver()
        newest_first = sorted(SpoolMailer(self.home / "mail").list(), key=lambda mail: mail.at, reverse=True)
        found = next((f for mail in newest_first if (f := re.search(r"\b\d{6}\b", mail.text))), None)
        assert found
        return found.group()

    def token(self, contract: str, conversation: str = "conv") -> str:
        """A verified customer's token, as the identity steps obtain it."""
        postcode = str(self.row(contract)["postcode"])
        challenge = self.backoffice.request_code(contract, postcode, conversation, f"test:{secrets.token_hex(4)}")
        verified = self.backoffice.check_code(challenge.id, self.code(), conversation)
        assert verified
        return verified.token

    def access(self, contract: str) -> Access:
        return Access(self.token(contract), "conv")

    def row(self, contract: str) -> sqlite3.Row:
        """The customer as stored now."""
        with sqlite3.connect(self.home / "backoffice.db") as connection:
            connection.row_factory = sqlite3.Row
            row = connection.execute("SELECT * FROM customers WHERE number = ?", (contract,)).fetchone()
        assert isinstance(row, sqlite3.Row)
        return row

    def agreements(self, kind: str) -> int:
        """How many effects of a kind there are in all."""
        with sqlite3.connect(self.home / "backoffice.db") as connection:
            return int(connection.execute("SELECT COUNT(*) FROM agreements WHERE kind = ?", (kind,)).fetchone()[0])

    def break_down(self) -> None:
        """From now on every call fails."""
        (self.home / "backoffice.down").write_text("")

    def repair(self) -> None:
        (self.home / "backoffice.down").unlink()


@pytest.fixture(scope="session")
def seeded_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("seeded")
    DemoBackoffice(home, SpoolMailer(home / "mail"), load_prices(ROOT / "data"), CodeRules(600, 5, 50), clock=lambda: NOW)
    with sqlite3.connect(home / "backoffice.db") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return home


@pytest.fixture
def desk(seeded_home: Path, tmp_path: Path) -> Desk:
    home = tmp_path / "desk"
    home.mkdir()
    for name in ("backoffice.db", "backoffice.key"):
        shutil.copy(seeded_home / name, home / name)
    backoffice = DemoBackoffice(home, SpoolMailer(home / "mail"), load_prices(ROOT / "data"), CodeRules(600, 5, 50), clock=lambda: NOW)
    return Desk(backoffice, home)
