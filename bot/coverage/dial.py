"""The lead's dial: the largest share of wrong answers they accept, kept in the database."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.errors import BadInput
from bot.faq.store import DIAL_KEY, bump, read_dial
from bot.storage.clock import now_iso
from bot.storage.schema import settings_kv


def max_wrong(connection: Connection, default: float) -> float:
    """The dial's setting, or ``default`` where no lead has turned it."""
    found = read_dial(connection)
    return default if found is None else found


def set_max_wrong(connection: Connection, value: float, *, author: str) -> float:
    """Turn it; dialogue processes follow with the content version. Raises BadInput."""
    if not 0.0 <= value <= 0.5:
        raise BadInput("max_wrong is a share between 0 and 0.5.", key="dial_range")
    connection.execute(sa.delete(settings_kv).where(settings_kv.c.key == DIAL_KEY))
    connection.execute(sa.insert(settings_kv).values(
        key=DIAL_KEY, value=value, author=author, at=now_iso()))
    bump(connection, author)
    return value
