"""Whether each kind of process does its work, asked from outside it: for containers and monitoring."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable

import sqlalchemy as sa

from bot.errors import ConfigurationError, RelaisError, Unavailable
from bot.settings import Settings

#: A chore that every worker may do runs every 30 s; none for this long means that no worker works.
WORKER_SILENCE = 300.0


def web(settings: Settings) -> str:
    """The web process of this machine answers."""
    return _ask(f"http://{_near(settings.host)}:{settings.port}/healthz", {})


def dialogue(settings: Settings) -> str:
    """The dialogue process of this machine takes turns; where no port is set for it, every one that web processes ask."""
    urls = [f"http://{_near(settings.dialogue_host)}:{settings.dialogue_port}"] if settings.dialogue_port else \
        [url.strip().rstrip("/") for url in settings.dialogue_urls.split(",") if url.strip()]
    if not urls:
        raise ConfigurationError("Where the dialogue process listens is not set: name its port in RELAIS_DIALOGUE_PORT, or all of them in "
                                 "RELAIS_DIALOGUE_URLS. Of those that `relais serve` starts, GET /readyz tells.")
    secret = settings.dialogue_secret.get_secret_value() if settings.dialogue_secret else ""
    for url in urls:
        _ask(f"{url}/health", {"X-Relais-Secret": secret})
    return "ok"


def worker(settings: Settings) -> str:
    """Some worker did a chore lately: asked of the database, where chores are taken."""
    from bot.storage.clock import later
    from bot.storage.database import Database
    from bot.storage.schema import chore_runs

    database = Database(settings.sqlalchemy_url)
    try:
        with database.read() as connection:
            newest = connection.execute(
                sa.select(chore_runs.c.next_at).where(chore_runs.c.name == "idle")).scalar()
    except sa.exc.SQLAlchemyError as error:
        raise Unavailable("The database does not answer.") from error
    finally:
        database.close()
    if newest is None or newest < later(-WORKER_SILENCE):
        raise RelaisError(f"No worker did a chore in {WORKER_SILENCE:.0f} s.")
    return "ok"


CHECKS: dict[str, Callable[[Settings], str]] = {"web": web, "dialogue": dialogue, "worker": worker}


def _near(host: str) -> str:
    return "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104


def _ask(url: str, headers: dict[str, str]) -> str:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=5) as response:  # noqa: S310
            json.loads(response.read(100_000))
    except (urllib.error.URLError, OSError, ValueError) as error:
        raise Unavailable(f"{url} does not answer as it should: {error}"[:300]) from error
    return "ok"
