"""Whether a database answers, and waiting for one whose server comes up beside us."""

from __future__ import annotations

import time
from collections.abc import Callable

from sqlalchemy.exc import OperationalError, SQLAlchemyError

from bot.errors import ConfigurationError
from bot.storage.database import Database

_PAUSE = 2.0         # seconds between two tries
#: What a server says of settings that no waiting mends (it says it in its own language: then we wait).
_FOR_GOOD = ("authentication failed", "does not exist", "no password supplied", "no pg_hba.conf entry")


def await_database(url: str, seconds: float, say: Callable[[str], None] = lambda line: None) -> None:
    """Return once the database answers; one in a file always does.

    ``say`` hears once that we wait. Raises ConfigurationError where it does not answer in ``seconds``,
    and at once where it refuses who we are.
    """
    database = Database(url)
    if database.is_sqlite:
        database.close()
        return
    until, told = time.monotonic() + seconds, False
    try:
        while True:
            try:
                with database.read() as connection:
                    connection.exec_driver_sql("SELECT 1")
                    return
            except OperationalError as error:
                why = reason(error)
            if time.monotonic() >= until or any(words in why for words in _FOR_GOOD):
                raise ConfigurationError(f"The database of RELAIS_DATABASE_URL does not answer: {why}. Start it, or correct the setting.")
            if not told:
                say("Waiting for the database of RELAIS_DATABASE_URL…")
                told = True
            time.sleep(_PAUSE)
    finally:
        database.close()


def reason(error: SQLAlchemyError) -> str:
    """What the database says, in one line: without the statement, whose values may be customers' words."""
    said = str(getattr(error, "orig", None) or error).strip().splitlines()
    return said[0].rstrip(" .") if said else type(error).__name__
