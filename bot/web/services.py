"""Everything the routes need, wired once a process from the settings."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from bot.assistant.client import DialogueClient
from bot.conversations.broadcast import Broadcaster
from bot.conversations.fallback import Fallback
from bot.conversations.runner import Runner
from bot.faq.store import ArticleCache
from bot.settings import Settings
from bot.storage.database import Database
from bot.tickets.hours import Desk, desk
from bot.web.limits import Limiter


@dataclass(frozen=True)
class Services:
    """The parts of a running web process."""

    settings: Settings
    database: Database
    desk: Desk
    client: DialogueClient
    broadcaster: Broadcaster
    articles: ArticleCache
    fallback: Fallback
    runner: Runner
    secret: bytes
    message_limit: Limiter
    open_limit: Limiter
    login_limit: Limiter
    guess_limit: Limiter


def build(settings: Settings) -> Services:
    """Open the database and make the parts; nothing runs yet."""
    database = Database(settings.sqlalchemy_url)
    urls = [url.strip() for url in settings.dialogue_urls.split(",") if url.strip()]
    secret = settings.dialogue_secret
    client = DialogueClient(urls, secret.get_secret_value() if secret else "", settings.turn_timeout)
    broadcaster = Broadcaster(database)
    articles = ArticleCache(database)
    fallback = Fallback(articles.current)
    hours = desk(settings)
    runner = Runner(database, client, broadcaster, fallback, hours, settings.turn_timeout)
    return Services(
        settings=settings, database=database, desk=hours, client=client, broadcaster=broadcaster,
        articles=articles, fallback=fallback, runner=runner, secret=_secret_key(settings),
        message_limit=Limiter(settings.messages_per_minute),
        open_limit=Limiter(settings.conversations_per_minute),
        login_limit=Limiter(10, 300.0), guess_limit=Limiter(300),
    )


def _secret_key(settings: Settings) -> bytes:
    """The key for signed cookies: from the settings, else made once and kept in the home."""
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value().encode()
    path = Path(settings.home_path) / "secret.key"
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_hex(32).encode())
    return path.read_bytes()
