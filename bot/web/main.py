"""``python -m bot.web.main``: the web process of an instance."""

from __future__ import annotations

import sys

from sqlalchemy.exc import SQLAlchemyError

from bot import failpoints
from bot.errors import RelaisError
from bot.logs import configure
from bot.settings import get_settings
from bot.storage.reach import await_database, reason
from bot.web.server import run


def main() -> int:
    """Serve until a signal; 1 with one line on stderr where the settings do not allow it."""
    try:
        settings = get_settings()
        configure(settings, "web")
        failpoints.activate(settings)
        await_database(settings.sqlalchemy_url, 0)      # before the server: its own words for a failed start are a traceback
        run(settings)
    except RelaisError as error:
        print(f"relais web: {error.detail}", file=sys.stderr)
        return 1
    except SQLAlchemyError as error:
        print(f"relais web: The database: {reason(error)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
