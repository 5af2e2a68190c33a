"""What commands that work on an instance's data share."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

from bot.errors import ConfigurationError
from bot.settings import Settings, get_settings
from bot.storage.database import Database
from bot.storage.migrate import upgrade

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@contextlib.contextmanager
def instance() -> Iterator[tuple[Settings, Database]]:
    """Settings and migrated database of this instance. Raises ConfigurationError where there is none."""
    settings = get_settings()
    if not settings.database_url and not (settings.home_path / "relais.db").exists():
        raise ConfigurationError(
            f"There is no instance in {settings.home_path}. Run `relais serve` first, or set RELAIS_HOME.")
    database = Database(settings.sqlalchemy_url)
    try:
        upgrade(database)
        yield settings, database
    finally:
        database.close()


def is_conversation_id(text: str) -> bool:
    """Whether ``text`` is an id rather than a contact."""
    return bool(_UUID.fullmatch(text.strip().lower()))
