"""What leads set together: each save is a version of its own, and nobody overwrites what they did not see.

A version is one row of ``settings_kv`` (``routing:000004``), so two who save at once meet on its primary
key: one wins, the other gets a Conflict that says who and when. Old versions stay and can be read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.errors import Conflict, NotFound
from bot.storage.clock import now_iso, parse
from bot.storage.schema import settings_kv

_K = settings_kv.c


@dataclass(frozen=True)
class Version:
    """A saved state. ``number`` is 0 for what is shipped, with no author and no time."""

    number: int
    value: Any
    author: str
    at: str


def latest(connection: Connection, name: str, default: Any) -> Version:
    """What is in force: the newest version, or ``default`` as number 0."""
    row = connection.execute(
        sa.select(settings_kv).where(_K.key.like(f"{name}:%")).order_by(_K.key.desc()).limit(1)
    ).mappings().first()
    if row is None:
        return Version(0, default, "", "")
    return Version(_number(row["key"]), row["value"], row["author"], row["at"])


def version(connection: Connection, name: str, number: int) -> Version:
    """An older version. Raises NotFound."""
    row = connection.execute(
        sa.select(settings_kv).where(_K.key == _key(name, number))).mappings().first()
    if row is None:
        raise NotFound(f"There is no version {number}.", key="version_gone", number=number)
    return Version(number, row["value"], row["author"], row["at"])


def versions(connection: Connection, name: str, limit: int = 50) -> list[dict[str, Any]]:
    """Newest first: number, author, time."""
    rows = connection.execute(
        sa.select(_K.key, _K.author, _K.at).where(_K.key.like(f"{name}:%"))
        .order_by(_K.key.desc()).limit(limit)).all()
    return [{"version": _number(row.key), "author": row.author, "at": row.at} for row in rows]


def save(
    connection: Connection, name: str, value: Any, *, base: int, author: str
) -> Version:
    """Make ``value`` the next version, if ``base`` still is the newest. Raises Conflict."""
    newest = latest(connection, name, None)
    if newest.number != base:
        raise _overtaken(newest)
    made = Version(base + 1, value, author, now_iso())
    try:
        with connection.begin_nested():
            connection.execute(sa.insert(settings_kv).values(
                key=_key(name, made.number), value=value, author=author, at=made.at))
    except sa.exc.IntegrityError as error:
        raise _overtaken(latest(connection, name, None)) from error
    return made


def _overtaken(newest: Version) -> Conflict:
    when = f"{parse(newest.at):%Y-%m-%d %H:%M} UTC" if newest.at else "a moment ago"
    return Conflict(
        f"{newest.author or 'Someone'} saved version {newest.number} on {when}, after you opened "
        "yours. Load it and make your change again.",
        key="version_overtaken" if newest.author else "version_overtaken_by_us",
        by=newest.author, at=newest.at, version=newest.number, when=when)


def _key(name: str, number: int) -> str:
    return f"{name}:{number:06d}"


def _number(key: str) -> int:
    return int(key.rpartition(":")[2])
