"""Which articles people read: shown in conversations, refused there, opened in the help centre."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.analytics.metrics import Period
from bot.storage.schema import article_views, articles

_V, _A = article_views.c, articles.c
MOST = 200


def by_article(connection: Connection, span: Period, language: str) -> list[dict[str, Any]]:
    """Articles seen in the period, the most seen first: ``shown`` and ``refused`` in chats, ``visited`` in the help centre.

    Titles are in ``language``, else French; an article taken down since has its identifier.
    """
    counts: dict[str, dict[str, int]] = {}
    rows = connection.execute(
        sa.select(_V.article_id, _V.result, sa.func.count()).where(_V.at >= span.start, _V.at < span.end)
        .group_by(_V.article_id, _V.result))
    for slug, result, count in rows:
        counts.setdefault(slug, {})[result] = count
    titles: dict[str, str] = {}
    found = connection.execute(sa.select(_A.id, _A.locale, _A.content["title"].as_string()).where(_A.locale.in_(("fr", language))))
    for slug, _locale, title in sorted(found, key=lambda row: row.locale == language):
        titles[slug] = title
    out: list[dict[str, Any]] = [{"article": slug, "title": titles.get(slug, slug), "shown": by.get("shown", 0), "refused": by.get("refused", 0),
            "visited": by.get("visited", 0)} for slug, by in counts.items()]
    return sorted(out, key=lambda row: (-(row["shown"] + row["visited"]), row["article"]))[:MOST]
