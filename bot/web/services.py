"""Everything the routes need, wired once a process from the settings."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

from bot.assistant.client import DialogueClient
from bot.attachments.service import Attachments
from bot.attachments.service import build as build_attachments
from bot.backoffice.factory import make_backoffice
from bot.backoffice.port import Backoffice
from bot.channels.presence import Presence
from bot.conversations.broadcast import Broadcaster
from bot.conversations.bus import RedisBus
from bot.conversations.fallback import Fallback
from bot.conversations.runner import Runner
from bot.desk.feed import DeskFeed
from bot.desk.suggest import MacroSearch
from bot.faq.store import ArticleCache
from bot.integrations.translation import Translator, make_translator
from bot.privacy.keys import instance_key
from bot.settings import Settings
from bot.storage.database import Database
from bot.storage.redis_link import RedisLink
from bot.tickets.hours import Desk, desk
from bot.web.limits import Limiter, make_limiter


@dataclass(frozen=True)
class Services:
    """The parts of a running web process."""

    settings: Settings
    database: Database
    desk: Desk
    client: DialogueClient
    broadcaster: Broadcaster
    feed: DeskFeed
    articles: ArticleCache
    fallback: Fallback
    runner: Runner
    translator: Translator | None
    attachments: Attachments
    presence: Presence
    secret: bytes
    message_limit: Limiter
    open_limit: Limiter
    login_limit: Limiter
    file_limit: Limiter
    mail_limit: Limiter
    handover_limit: Limiter
    macro_search: MacroSearch
    backoffice: Callable[[], Backoffice]
    redis: RedisLink | None = None


def build(settings: Settings) -> Services:
    """Open the database and make the parts; nothing runs yet."""
    database = Database(settings.sqlalchemy_url)
    urls = [url.strip() for url in settings.dialogue_urls.split(",") if url.strip()]
    secret = settings.dialogue_secret
    client = DialogueClient(urls, secret.get_secret_value() if secret else "", settings.turn_timeout)
    redis = RedisLink(settings.redis_url, settings.redis_prefix) if settings.redis_url else None
    broadcaster = Broadcaster(database, bus=RedisBus(redis) if redis else None)
    articles = ArticleCache(database)
    fallback = Fallback(articles.current)
    hours = desk(settings)
    runner = Runner(database, client, broadcaster, fallback, hours, settings.turn_timeout)
    return Services(
        settings=settings, database=database, desk=hours, client=client, broadcaster=broadcaster,
        feed=DeskFeed(database, broadcaster, hours),
        articles=articles, fallback=fallback, runner=runner, translator=make_translator(settings),
        attachments=build_attachments(settings, database), presence=Presence(database), secret=instance_key(settings),
        message_limit=make_limiter("messages", settings.messages_per_minute, 60.0, redis),
        open_limit=make_limiter("opened", settings.conversations_per_minute, 60.0, redis),
        login_limit=make_limiter("login", 10, 300.0, redis),
        file_limit=make_limiter("files", settings.attachments_per_minute, 60.0, redis),
        mail_limit=make_limiter("transcripts", 3, 3600.0, redis),
        handover_limit=make_limiter("handovers", 10, 600.0, redis), macro_search=MacroSearch(),
        backoffice=functools.lru_cache(maxsize=1)(lambda: make_backoffice(settings)), redis=redis,
    )
