"""The help centre's articles: one per slug in the reader's language, by theme, searched, as HTML.

Articles come from the running service's cache, so what a lead publishes shows here at once; pages
served without the service read the files.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import nh3
from markdown_it import MarkdownIt

from bot.faq.articles import Article, load_articles
from bot.faq.lexical import LexicalSearch
from bot.settings import get_settings

THEMES = ("contrat", "compteur", "facture", "paiement", "demenagement", "espace-client", "services", "urgence")
#: Shown first on the home page and the help centre.
FREQUENT = ("choisir-puissance", "relever-compteur", "comprendre-facture", "delai-paiement", "demenager", "panne-courant")
_FAQ = re.compile(r"faq:([a-z0-9-]{1,80})")
_TAGS = {"h2", "h3", "h4", "p", "ul", "ol", "li", "strong", "em", "a", "code", "blockquote", "br",
         "table", "thead", "tbody", "tr", "th", "td"}


@dataclass
class Catalogue:
    """Articles of one moment."""

    articles: Sequence[Article]
    _index: LexicalSearch | None = field(default=None, repr=False)

    def of(self, locale: str) -> list[Article]:
        """One article a slug: the locale's own, else the French source."""
        best: dict[str, Article] = {}
        for article in self.articles:
            known = best.get(article.id)
            if known is None or article.locale == locale or (
                article.locale == "fr" and known.locale != locale
            ):
                best[article.id] = article
        return list(best.values())

    def get(self, slug: str, locale: str) -> Article | None:
        """The article in the locale, else in French, else in any."""
        return next((article for article in self.of(locale) if article.id == slug), None)

    def themes(self, locale: str) -> list[tuple[str, list[Article]]]:
        """Themes in their usual order, then any other, with their articles by title."""
        groups: dict[str, list[Article]] = {theme: [] for theme in THEMES}
        for article in self.of(locale):
            groups.setdefault(article.theme or "services", []).append(article)
        return [(theme, sorted(found, key=lambda a: a.title)) for theme, found in groups.items() if found]

    def search(self, query: str, locale: str, limit: int = 12) -> list[Article]:
        """Articles for words, best first; empty where nothing comes near."""
        if self._index is None:
            self._index = LexicalSearch(self.articles)
        out: dict[str, Article] = {}
        hits = self._index.search(query, language=locale, k=limit)
        for hit in hits:
            # Far behind the best, a hit shares a common word and little else.
            if hit.score < 0.35 * hits[0].score:
                break
            article = self.get(hit.id, locale)
            if article is not None:
                out.setdefault(article.id, article)
        return list(out.values())

    def related(self, article: Article, locale: str, limit: int = 4) -> list[Article]:
        """What the editor linked, then the theme's others."""
        linked = [self.get(slug, locale) for slug in article.related]
        same = [other for theme, found in self.themes(locale) if theme == article.theme for other in found]
        out: dict[str, Article] = {}
        for other in [*linked, *same]:
            if other is not None and other.id != article.id:
                out.setdefault(other.id, other)
        return list(out.values())[:limit]

    def frequent(self, locale: str, limit: int = 6) -> list[Article]:
        """The usual questions, filled up with others where a slug is missing."""
        found = [article for slug in FREQUENT if (article := self.get(slug, locale))]
        rest = [article for article in self.of(locale) if article not in found]
        return (found + rest)[:limit]


@lru_cache(maxsize=1)
def _from_files() -> Catalogue:
    return Catalogue(load_articles(get_settings().data / "faq"))


_cached: tuple[int, Catalogue] | None = None


def catalogue(services: Any | None) -> Catalogue:
    """The articles in force: of the running service, rebuilt when a version is published, or of the files."""
    global _cached
    if services is None:
        return _from_files()
    version, articles = services.articles.current()
    if not articles:
        return _from_files()
    if _cached is None or _cached[0] != version:
        _cached = (version, Catalogue(articles))
    return _cached[1]


_markdown = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table")


def render(body: str, locale: str) -> str:
    """An article's Markdown as safe HTML; ``faq:slug`` links lead to the help centre.

    HTML in the source is shown as text by the parser; what comes out is cleaned again by nh3.
    """
    source = _FAQ.sub(lambda match: f"/aide/{match.group(1)}?lang={quote(locale)}", body)
    html = _markdown.render(source)
    return nh3.clean(
        html, tags=_TAGS, attributes={"a": {"href"}, "ol": {"start"}},
        url_schemes={"http", "https", "mailto", "tel"}, link_rel="noopener noreferrer",
    )
