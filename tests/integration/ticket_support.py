"""A desk, a database on each engine, and tickets to work on."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from web_support import make_settings

from bot.conversations import intake, store
from bot.handover.service import hand_over
from bot.staff import accounts
from bot.staff.accounts import Member
from bot.storage.database import Database
from bot.storage.migrate import upgrade
from bot.tickets.hours import Desk, desk

ANA = Member("ana", "Ana", "agent")
LUC = Member("luc", "Luc", "agent")
LEA = Member("lea", "Léa", "lead")
HOURS = "mon-fri 08:00-20:00; sat 09:00-18:00"
PASSWORD = "un-mot-de-passe-pour-essais"


def utc(text: str) -> datetime:
    """``2026-11-26 09:00`` as an aware UTC time."""
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An empty, migrated database with three people."""
    made = Database(database_url)
    upgrade(made)
    with made.write() as connection:
        for who in (ANA, LUC, LEA):
            accounts.create(connection, username=who.username, first_name=who.first_name,
                            role=who.role, password=PASSWORD, languages=("fr",))
    yield made
    made.close()


@pytest.fixture
def hours(tmp_path: Path) -> Desk:
    """A desk in Paris with usual hours."""
    return desk(make_settings(tmp_path, None, opening_hours=HOURS, holidays_country="FR"))


class Chat:
    """A customer's conversation, straight on the database."""

    def __init__(self, database: Database, language: str = "fr") -> None:
        self.database = database
        with database.write() as connection:
            made, self.token, _ = intake.begin(connection, locale=language, page_url=None, language=language)
        self.id = made.id

    def say(self, text: str) -> None:
        """A message of the customer."""
        with self.database.write() as connection:
            intake.accept(connection, self.id, self.token, client_message_id=uuid.uuid4().hex,
                          text=text, choice=None, knows_article=lambda slug, language: None, lease_seconds=5)

    def ticket(self, desk: Desk, now: datetime, **more: Any) -> str:
        """Ask for a person; the reference."""
        with self.database.write() as connection:
            return hand_over(connection, store.get(connection, self.id, lock=True), desk=desk, now=now,
                             **more).reference

    def texts(self) -> list[str]:
        """Everything said, in order."""
        with self.database.read() as connection:
            return [event.text for event in store.all_events(connection, self.id) if event.text]

    def mode(self) -> str:
        """Who speaks."""
        with self.database.read() as connection:
            return store.get(connection, self.id).mode
