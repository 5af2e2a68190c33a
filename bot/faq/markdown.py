"""Markdown of articles as safe HTML, for previews and the help centre."""

from __future__ import annotations

from functools import lru_cache

import nh3
from markdown_it import MarkdownIt

_TAGS = {"p", "h2", "h3", "h4", "ul", "ol", "li", "strong", "em", "a", "br", "code", "blockquote",
         "table", "thead", "tbody", "tr", "th", "td", "hr"}


def to_html(markdown: str) -> str:
    """HTML that holds nothing but text structure and links (http, https, mailto, tel, faq)."""
    return str(nh3.clean(
        _renderer().render(markdown), tags=_TAGS, attributes={"a": {"href", "title"}},
        url_schemes={"http", "https", "mailto", "tel", "faq"}, link_rel="noopener nofollow",
    ))


@lru_cache(maxsize=1)
def _renderer() -> MarkdownIt:
    renderer = MarkdownIt("commonmark", {"html": False}).enable("table")
    return renderer
