"""Articles in the database: seeded from files, edited by leads, every version kept.

``content_version`` grows with every change; dialogue and web processes poll it and reload. A file
that changes with a new release reaches the database only where no lead has edited that article.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.errors import BadInput, Conflict, NotFound
from bot.faq.articles import Article, load_articles
from bot.integrations import announce
from bot.language.typography import tidy
from bot.storage.clock import now_iso
from bot.storage.database import Database
from bot.storage.schema import article_versions, articles, settings_kv

_A, _V, _K = articles.c, article_versions.c, settings_kv.c
_VERSION_KEY, DIAL_KEY = "content_version", "max_wrong"
EDITABLE = ("title", "answer", "body", "variants", "theme", "flow", "audience", "person_only",
            "review_date", "related")


def content_version(source: Connection | Database) -> int:
    """A number that is another one after every change of any article or of the dial."""
    if isinstance(source, Database):
        with source.read() as connection:
            return content_version(connection)
    found = source.execute(sa.select(_K.value).where(_K.key == _VERSION_KEY)).scalar_one_or_none()
    return int(found or 0)


def published(database: Database) -> list[Article]:
    """All articles in force, for whoever builds an index of them."""
    with database.read() as connection:
        return list_articles(connection)


def read_dial(source: Connection | Database) -> float | None:
    """The largest share of wrong answers a lead accepts; None where no lead has turned the dial."""
    if isinstance(source, Database):
        with source.read() as connection:
            return read_dial(connection)
    found = source.execute(sa.select(_K.value).where(_K.key == DIAL_KEY)).scalar_one_or_none()
    return None if found is None else float(found)


def list_articles(connection: Connection, *, locale: str = "", q: str = "") -> list[Article]:
    """All articles, by slug and locale; ``q`` matches slug, title, answer, body and phrasings."""
    query = sa.select(_A.content).order_by(_A.id, _A.locale)
    if locale:
        query = query.where(_A.locale == locale)
    found = [Article.from_json(content) for content in connection.execute(query).scalars()]
    words = q.casefold().split()
    return [a for a in found if all(word in _haystack(a) for word in words)]


def overview(connection: Connection, *, locale: str = "", q: str = "") -> list[dict[str, Any]]:
    """Articles with version and date, as a list of leads shows them; phrasings only counted."""
    query = sa.select(articles).order_by(_A.id, _A.locale)
    if locale:
        query = query.where(_A.locale == locale)
    words = q.casefold().split()
    found = []
    for row in connection.execute(query).mappings():
        article = Article.from_json(row["content"])
        if all(word in _haystack(article) for word in words):
            found.append({
                "id": article.id, "locale": article.locale, "title": article.title,
                "answer": article.answer, "theme": article.theme, "flow": article.flow,
                "person_only": article.person_only, "review_date": article.review_date,
                "variants": len(article.variants), "version": row["version"],
                "edited": row["edited"], "updated_at": row["updated_at"]})
    return found


def get_article(connection: Connection, slug: str, locale: str) -> Article:
    """One article. Raises NotFound."""
    return Article.from_json(_row(connection, slug, locale)["content"])


def details(connection: Connection, slug: str, locale: str) -> dict[str, Any]:
    """An article with its version, whether a lead edited it, and when it last changed."""
    row = _row(connection, slug, locale)
    return {**row["content"], "version": row["version"], "edited": row["edited"],
            "updated_at": row["updated_at"]}


def versions(connection: Connection, slug: str, locale: str) -> list[dict[str, Any]]:
    """All versions, newest first."""
    _row(connection, slug, locale)
    rows = connection.execute(
        sa.select(article_versions).where(_V.id == slug, _V.locale == locale)
        .order_by(_V.version.desc())
    ).mappings()
    return [dict(row) for row in rows]


def put_article(
    connection: Connection, slug: str, locale: str, changes: dict[str, Any], *, author: str,
    base_version: int | None = None, note: str | None = None,
) -> int:
    """Publish a change (or a new article); the new version's number.

    A change names only what it changes. Raises BadInput where the result is not an article, Conflict
    where ``base_version`` is not the newest any more.
    """
    row = connection.execute(
        sa.select(articles).where(_A.id == slug, _A.locale == locale).with_for_update()
    ).mappings().first()
    _not_overtaken(row, base_version)
    before = Article.from_json(row["content"]) if row else _new(connection, slug, locale)
    article = _validated(Article.from_json(before.to_json() | {
        key: value for key, value in changes.items() if key in EDITABLE and value is not None
    }))
    version = _newest(connection, slug, locale) + 1
    _store(connection, article, version, author=author, note=note, edited=True,
           file_hash=row["file_hash"] if row else None)
    bump(connection, author)
    return version


def roll_back(
    connection: Connection, slug: str, locale: str, version: int, *, author: str, base_version: int | None = None,
) -> int:
    """Publish an earlier version again, as a new version.

    Raises NotFound, and Conflict where ``base_version`` is not the newest any more.
    """
    _not_overtaken(_row(connection, slug, locale, lock=True), base_version)
    content = connection.execute(
        sa.select(_V.content)
        .where(_V.id == slug, _V.locale == locale, _V.version == version)
    ).scalar_one_or_none()
    if content is None:
        raise NotFound(f"{slug} ({locale}) has no version {version}.", key="article_version", slug=slug, locale=locale, version=version)
    fresh = _newest(connection, slug, locale) + 1
    _store(connection, Article.from_json(content), fresh, author=author,
           note=f"back to version {version}", edited=True, file_hash=None)
    bump(connection, author)
    return fresh


def add_variant(connection: Connection, slug: str, locale: str, text: str, *, author: str) -> int:
    """Add a customer's phrasing to an article; the version in force (unchanged if it was known)."""
    row = _row(connection, slug, locale, lock=True)
    article = Article.from_json(row["content"])
    if text in article.variants:
        return int(row["version"])
    return put_article(connection, slug, locale, {"variants": [*article.variants, text]},
                       author=author, note="phrasing added")


def seed(database: Database, folder: Path) -> int:
    """Bring the files of ``folder`` in; how many articles changed. Raises BadInput for a bad file."""
    shipped = load_articles(folder)
    with database.write() as connection:
        return seed_articles(connection, shipped)


def seed_articles(connection: Connection, shipped: Iterable[Article]) -> int:
    """Bring shipped files in: new ones, and changed ones that no lead has edited. How many changed."""
    known = {
        (row.id, row.locale): row
        for row in connection.execute(sa.select(_A.id, _A.locale, _A.file_hash, _A.edited))
    }
    changed = 0
    for article in shipped:
        digest = _digest(article)
        row = known.get((article.id, article.locale))
        if row is not None and (row.edited or row.file_hash == digest):
            continue
        version = _newest(connection, article.id, article.locale) + 1
        _store(connection, article, version, author="files", note=None, edited=False,
               file_hash=digest)
        changed += 1
    if changed:
        bump(connection, "files")
    return changed


class ArticleCache:
    """The articles in force, reread when ``content_version`` moves. Safe between threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._version = -1
        self._articles: tuple[Article, ...] = ()

    def current(self) -> tuple[int, Sequence[Article]]:
        """Version and articles; the last known ones while the database does not answer."""
        try:
            with self._database.read() as connection:
                version = content_version(connection)
                if version != self._version:
                    found = tuple(list_articles(connection))
                    with self._lock:
                        self._articles, self._version = found, version
        except sa.exc.SQLAlchemyError:
            if self._version < 0:
                raise
        return self._version, self._articles

    def title(self, slug: str, language: str = "fr") -> str | None:
        """An article's title in a language, or in any; None where there is no such slug."""
        same = [article for article in self.current()[1] if article.id == slug]
        return next((a.title for a in same if a.locale == language), same[0].title if same else None)


def _not_overtaken(row: Mapping[Any, Any] | None, base_version: int | None) -> None:
    """Raises Conflict where a lead started from another version than the one in force."""
    newest = int(row["version"]) if row else 0
    if base_version is not None and base_version != newest:
        raise Conflict(
            f"Someone published version {newest} meanwhile; "
            f"you started from {base_version}. Compare before you publish.",
            key="article_overtaken", version=newest, base=base_version,
        )


def _row(connection: Connection, slug: str, locale: str, *, lock: bool = False) -> dict[str, Any]:
    query = sa.select(articles).where(_A.id == slug, _A.locale == locale)
    row = connection.execute(query.with_for_update() if lock else query).mappings().first()
    if row is None:
        raise NotFound(f"There is no article {slug[:80]} in {locale[:8]}.", key="article_gone", slug=slug[:80], locale=locale[:8])
    return dict(row)


def _newest(connection: Connection, slug: str, locale: str) -> int:
    newest = connection.execute(
        sa.select(sa.func.max(_V.version)).where(_V.id == slug, _V.locale == locale)
    ).scalar()
    return int(newest or 0)


def _store(
    connection: Connection, article: Article, version: int, *, author: str, note: str | None,
    edited: bool, file_hash: str | None,
) -> None:
    now, content = now_iso(), article.to_json()
    where = sa.and_(_A.id == article.id, _A.locale == article.locale)
    row = {"version": version, "content": content, "file_hash": file_hash, "edited": edited, "updated_at": now}
    # The row stays the same one: whoever waits for its lock must find it changed, not gone.
    if not connection.execute(sa.update(articles).where(where).values(row)).rowcount:
        connection.execute(sa.insert(articles).values(id=article.id, locale=article.locale, **row))
    connection.execute(sa.insert(article_versions).values(
        id=article.id, locale=article.locale, version=version, content=content, author=author,
        at=now, note=note))
    if edited:      # what a lead published; files that came with a release are no news
        announce.article(connection, article.id, article.locale, version, author)


def bump(connection: Connection, author: str) -> None:
    """Tell everyone who polls ``content_version`` to reload."""
    connection.execute(sa.select(_K.key).where(_K.key == _VERSION_KEY).with_for_update())    # two at once: one after the other
    put_setting(connection, _VERSION_KEY, content_version(connection) + 1, author)


def put_setting(connection: Connection, key: str, value: Any, author: str) -> None:
    """Keep a value under a key, in place of what was there."""
    row = {"value": value, "author": author, "at": now_iso()}
    if not connection.execute(sa.update(settings_kv).where(_K.key == key).values(row)).rowcount:
        connection.execute(sa.insert(settings_kv).values(key=key, **row))


def _new(connection: Connection, slug: str, locale: str) -> Article:
    """An empty article; a new translation starts with the editorial fields of its source."""
    source = connection.execute(
        sa.select(_A.content).where(_A.id == slug).order_by(_A.locale != "fr").limit(1)
    ).scalar_one_or_none()
    if source is None:
        return Article(id=slug, locale=locale, title="")
    kept = Article.from_json(source)
    return replace(kept, locale=locale, title="", answer="", body="", variants=())


def _validated(article: Article) -> Article:
    article = replace(
        article, title=tidy(article.title), answer=article.answer.strip(),
        body=article.body.strip(),
        variants=tuple(dict.fromkeys(v.strip() for v in article.variants if v.strip())),
    )
    if not article.title:
        raise BadInput("An article needs a title.", key="article_title")
    if not article.answer:
        raise BadInput("An article needs a short answer: the two sentences shown in the chat.", key="article_answer")
    if len(article.title) > 200 or len(article.answer) > 2000 or len(article.body) > 40_000:
        raise BadInput("Too long: a title has 200 characters at most, an answer 2000, a body 40000.", key="article_long")
    if len(article.variants) > 500 or any(len(v) > 1000 for v in article.variants):
        raise BadInput("At most 500 phrasings of 1000 characters each.", key="article_variants")
    return article


def _digest(article: Article) -> str:
    packed = json.dumps(article.to_json(), sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(packed.encode()).hexdigest()


def _haystack(article: Article) -> str:
    return " ".join((article.id, article.title, article.answer, article.body, *article.variants)).casefold()
