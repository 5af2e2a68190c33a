"""Visits to articles of the help centre, counted beside the articles shown in conversations."""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.storage.clock import iso
from bot.storage.schema import article_views

_ROBOT = re.compile(r"bot|crawl|spider|slurp|preview|monitor|curl|python|httpx", re.I)


def is_reader(agent: str, purpose: str) -> bool:
    """Whether a request comes from someone who reads: no robot, no page fetched in advance."""
    return bool(agent) and not _ROBOT.search(agent) and "prefetch" not in purpose


def forget_visits(connection: Connection, before: str) -> int:
    """Delete visits older than a time (ISO); they belong to no conversation that would take them along."""
    done = connection.execute(sa.delete(article_views).where(article_views.c.conversation_id.is_(None), article_views.c.at < before))
    return int(done.rowcount)


def count_visit(
    connection: Connection, *, secret: bytes, address: str, agent: str, article_id: str, locale: str,
    now: datetime,
) -> bool:
    """Count a visit, once a day for each reader, article and language; False where it was counted.

    The reader is a keyed hash of address and browser that changes daily: nobody is recognised
    tomorrow, and neither address nor browser is kept.
    """
    who = "\n".join((f"{now:%Y-%m-%d}", address, agent[:300], article_id, locale))
    key = "visit:" + hmac.new(secret, who.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:40]
    known = sa.select(article_views.c.key).where(article_views.c.key == key)
    if connection.execute(known).first():
        return False
    connection.execute(sa.insert(article_views).values(
        key=key, conversation_id=None, article_id=article_id, locale=locale, at=iso(now), result="visited"))
    return True
