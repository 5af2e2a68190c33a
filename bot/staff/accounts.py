"""Accounts of people who work with Relais."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.errors import BadInput, Conflict, NotFound, not_one_of
from bot.settings import LOCALES, Settings
from bot.staff.passwords import generate, hash_password, verify
from bot.staff.roles import ROLES
from bot.storage.clock import now_iso
from bot.storage.database import Database
from bot.storage.schema import staff, staff_sessions

_S = staff.c
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_SKILL = re.compile(r"[\w-]{1,40}")
PRESENCE = ("auto", "away")
#: username, first name customers see, role
DEMO = (("agent", "Ana", "agent"), ("lead", "Mehdi", "lead"), ("analyst", "Inès", "analyst"))


@dataclass(frozen=True)
class Member:
    """Someone signed in. Customers see ``first_name`` and nothing else."""

    username: str
    first_name: str
    role: str
    languages: tuple[str, ...] = ("fr",)


def create(
    connection: Connection, *, username: str, first_name: str, role: str, password: str,
    languages: tuple[str, ...] = ("fr",),
) -> Member:
    """A new account. Raises BadInput, Conflict."""
    if not _NAME.fullmatch(username):
        raise BadInput("A user name has 2 to 40 of a–z, 0–9, '.', '_' and '-'.", key="account_name")
    if role not in ROLES:
        raise not_one_of("role", ROLES)
    if len(password) < 10:
        raise BadInput("A password has at least 10 characters.", key="account_password")
    if any(language not in LOCALES for language in languages):
        raise not_one_of("languages", LOCALES)
    if connection.execute(sa.select(_S.username).where(_S.username == username)).first():
        raise Conflict(f"There already is an account {username}.", key="account_taken", username=username)
    connection.execute(sa.insert(staff).values(
        username=username, first_name=first_name.strip()[:40] or username, role=role,
        password_hash=hash_password(password), languages=list(languages), active=True,
        created_at=now_iso()))
    return Member(username, first_name, role, languages)


def get(connection: Connection, username: str) -> dict[str, Any]:
    """The row of an account. Raises NotFound."""
    row = connection.execute(sa.select(staff).where(_S.username == username)).mappings().first()
    if row is None:
        raise NotFound(f"There is no account {username[:40]}.", key="account_gone", username=username[:40])
    return dict(row)


def list_accounts(connection: Connection) -> list[dict[str, Any]]:
    """All accounts, without password hashes."""
    rows = connection.execute(sa.select(staff).order_by(_S.username)).mappings()
    return [{k: v for k, v in row.items() if k != "password_hash"} for row in rows]


def set_password(connection: Connection, username: str, password: str) -> None:
    """Change a password and end the account's sessions. Raises BadInput, NotFound."""
    if len(password) < 10:
        raise BadInput("A password has at least 10 characters.", key="account_password")
    get(connection, username)
    connection.execute(
        sa.update(staff).where(_S.username == username).values(password_hash=hash_password(password))
    )
    connection.execute(sa.delete(staff_sessions).where(staff_sessions.c.username == username))


def set_active(connection: Connection, username: str, active: bool) -> None:
    """Open or shut an account; shutting ends its sessions. Raises NotFound."""
    get(connection, username)
    connection.execute(sa.update(staff).where(_S.username == username).values(active=active))
    if not active:
        connection.execute(sa.delete(staff_sessions).where(staff_sessions.c.username == username))


def remove(connection: Connection, username: str) -> None:
    """Delete an account and its sessions; tickets are :mod:`bot.tickets.moves`' business. Raises NotFound."""
    get(connection, username)
    connection.execute(sa.delete(staff_sessions).where(staff_sessions.c.username == username))
    connection.execute(sa.delete(staff).where(_S.username == username))


def set_abilities(
    connection: Connection, username: str, *, languages: Sequence[str] | None = None,
    skills: Sequence[str] | None = None, capacity: int | None = None, presence: str | None = None,
) -> dict[str, Any]:
    """Change what routing reads: languages, skills (themes; none means any), capacity (tickets at a
    time, 0–100), presence (``auto``: there while at a page; ``away``). Raises BadInput, NotFound."""
    get(connection, username)
    values: dict[str, Any] = {}
    if languages is not None:
        if not languages or any(not _LANGUAGE.fullmatch(name) for name in languages):
            raise BadInput("languages are two-letter codes, at least one: fr, en, pl.", key="account_languages")
        values["languages"] = list(dict.fromkeys(languages))
    if skills is not None:
        if len(skills) > 40 or any(not _SKILL.fullmatch(name) for name in skills):
            raise BadInput("A skill is a theme or queue: up to 40 letters, digits, '-' and '_'.", key="account_skill")
        values["skills"] = list(dict.fromkeys(skills))
    if capacity is not None:
        if not 0 <= capacity <= 100:
            raise BadInput("capacity is a number of tickets from 0 to 100.", key="account_capacity")
        values["capacity"] = capacity
    if presence is not None:
        if presence not in PRESENCE:
            raise not_one_of("presence", PRESENCE)
        values["presence"] = presence
    if values:
        connection.execute(sa.update(staff).where(_S.username == username).values(**values))
    return {k: v for k, v in get(connection, username).items() if k != "password_hash"}


def authenticate(database: Database, username: str, password: str) -> Member | None:
    """The member, or None; the work is the same for a wrong name and a wrong password.

    No connection is held while the password is checked. Raises TooManyRequests.
    """
    with database.read() as connection:
        row = connection.execute(sa.select(staff).where(_S.username == username)).mappings().first()
    good = verify(row["password_hash"] if row else None, password)
    if not good or row is None or not row["active"]:
        return None
    return member(row)


def member(row: Any) -> Member:
    """A member from a row."""
    return Member(row["username"], row["first_name"], row["role"], tuple(row["languages"]))


def ensure_demo_accounts(database: Database, settings: Settings) -> list[tuple[str, str]]:
    """Create the demo accounts in a database without any account; names and passwords, once."""
    if not settings.demo:
        return []
    given = settings.demo_password.get_secret_value() if settings.demo_password else None
    made: list[tuple[str, str]] = []
    with database.write() as connection:
        if connection.execute(sa.select(_S.username).limit(1)).first():
            return []
        for username, first_name, role in DEMO:
            password = given or generate()
            connection.execute(sa.insert(staff).values(
                username=username, first_name=first_name, role=role,
                password_hash=hash_password(password), languages=list(LOCALES), active=True,
                created_at=now_iso()))
            made.append((username, password))
    return made
