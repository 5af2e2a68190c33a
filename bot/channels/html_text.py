"""The words of an HTML mail: markup, styles and scripts dropped, quoted parts left out."""

from __future__ import annotations

import re
from html.parser import HTMLParser

LONGEST = 500_000
_BREAKS = frozenset({"br", "p", "div", "li", "tr", "h1", "h2", "h3", "h4", "table", "ul", "ol", "hr"})
_HIDDEN = frozenset({"script", "style", "head", "title", "template", "noscript", "svg", "object"})
_QUOTES = re.compile(r"gmail_quote|moz-cite-prefix|yahoo_quoted|protonmail_quote")
_FROM_HERE = "divRplyFwdMsg"       # Outlook's headers of what it quotes, which is not in that element but after it
_VOID = frozenset({"br", "hr", "img", "input", "meta", "link", "col", "area", "base", "wbr", "source"})


class _Reader(HTMLParser):
    def __init__(self, *, quotes: bool) -> None:
        super().__init__(convert_charrefs=True)
        self.quotes = quotes
        self.words: list[str] = []
        self._skipped: list[str] = []      # open tags since the one that is left out
        self._over = False                 # all that follows is quoted

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._over:
            return
        if self._skipped:
            if tag not in _VOID:
                self._skipped.append(tag)
            return
        marks = " ".join(value or "" for name, value in attrs if name in ("class", "id"))
        if _FROM_HERE in marks and not self.quotes:
            self._over = True
            return
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
        elif tag in _BREAKS and tag != "br" and not self._over:
            self.words.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._skipped and not self._over:
            self.words.append(re.sub(r"\s+", " ", data))


def words_of(markup: str) -> str:
    """The text of ``markup``; with its quotes where nothing else is in it."""
    return read(markup, quotes=False) or read(markup, quotes=True)


def read(markup: str, *, quotes: bool) -> str:
    """The text of ``markup``, with or without its quotes."""
    reader = _Reader(quotes=quotes)
    reader.feed(markup[:LONGEST])
    reader.close()
    text = re.sub(r"[ \t]*\n[ \t]*", "\n", "".join(reader.words))
    return re.sub(r"\n{3,}", "\n\n", text).strip()
