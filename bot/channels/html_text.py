"""The words of an HTML mail: markup, styles and scripts dropped, quoted parts left out."""

from __future__ import annotations

import re
from html.parser import HTMLParser

LONGEST = 500_000
_BREAKS = frozenset({"br", "p", "div", "li", "tr", "h1", "h2", "h3", "h4", "table", "ul", "ol", "hr"})
_HIDDEN = frozenset({"script", "style", "head", "title", "template", "noscript", "svg", "object"})
_QUOTES = re.compile(r"gmail_quote|moz-cite-prefix|yahoo_quoted|protonmail_quote|divRplyFwdMsg|appendonsend")
_VOID = frozenset({"br", "hr", "img", "input", "meta", "link", "col", "area", "base", "wbr", "source"})


class _Reader(HTMLParser):
    def __init__(self, *, quotes: bool) -> None:
        super().__init__(convert_charrefs=True)
        self.quotes = quotes
        self.words: list[str] = []
        self._skipped: list[str] = []      # open tags since the one that is left out

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._skipped:
            if tag not in _VOID:
                self._skipped.append(tag)
            return
        marks = " ".join(value or "" for name, value in attrs if name in ("class", "id"))
        quoted = tag == "blockquote" or bool(_QUOTES.search(marks))
        if tag in _HIDDEN or (quoted and not self.quotes):
            if tag not in _VOID:
                self._skipped.append(tag)
        elif tag in _BREAKS:
            self.words.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if self._skipped:
            if tag in self._skipped:       # also closes what was never closed inside
                while self._skipped and self._skipped.pop() != tag:
                    pass
        elif tag in _BREAKS and tag != "br":
            self.words.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._skipped:
            self.words.append(re.sub(r"\s+", " ", data))


def words_of(markup: str) -> str:
    """The text of ``markup``; with its quotes where nothing else is in it."""
    for quotes in (False, True):
        reader = _Reader(quotes=quotes)
        reader.feed(markup[:LONGEST])
        reader.close()
        text = re.sub(r"[ \t]*\n[ \t]*", "\n", "".join(reader.words))
        text = re.sub(r"\n{3,}", "\n\n", text).strip()
        if text:
            return text
    return ""
