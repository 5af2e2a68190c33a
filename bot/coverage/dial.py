"""The lead's dial: the largest share of wrong answers they accept, kept in the database."""

from __future__ import annotations

from sqlalchemy.engine import Connection

from bot.errors import BadInput
from bot.faq.store import DIAL_KEY, bump, put_setting, read_dial


def max_wrong(connection: Connection, default: float) -> float:
    """The dial's setting, or ``default`` where no lead has turned it."""
    found = read_dial(connection)
    return default if found is None else found


def set_max_wrong(connection: Connection, value: float, *, author: str) -> float:
    """Turn it; dialogue processes follow with the content version. Raises BadInput."""
    if not 0.0 <= value <= 0.5:
        raise BadInput("max_wrong is a share between 0 and 0.5.", key="dial_range")
    put_setting(connection, DIAL_KEY, value, author)
    bump(connection, author)
    return value
