"""Articles: what the assistant may answer with, and how they are read from files.

``data/faq/<slug>.yml`` holds the French source with its editorial fields, ``data/faq/<locale>/<slug>.yml``
a translation (title, answer, body, variants), which inherits the rest from the source. Errors name
file and line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from bot.errors import BadInput
from bot.language.normalise import clean
from bot.language.typography import tidy, typeset
from bot.settings import LOCALES

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_MARK = re.compile(r"[*_`]{1,3}|^\s{0,3}(?:>|[-*+]|\d{1,3}[.)])\s+|^\s{0,3}#{1,6}\s*", re.M)
_HEADING = re.compile(r"^\s{0,3}#{1,6}\s+(.+?)\s*#*\s*$", re.M)
#: Longest passage, in characters: about what an encoder of 128 tokens reads.
PASSAGE_CHARS = 420


@dataclass(frozen=True)
class Article:
    """One article in one locale. ``id`` is the slug, the same in every locale."""

    id: str
    locale: str
    title: str
    answer: str = ""
    body: str = ""
    variants: tuple[str, ...] = ()
    theme: str | None = None
    flow: str | None = None
    audience: tuple[str, ...] = ()
    person_only: bool = False
    review_date: str | None = None   # ISO date
    related: tuple[str, ...] = ()

    @property
    def plain(self) -> str:
        """The body as plain text."""
        return plain_text(self.body)

    @property
    def passages(self) -> tuple[str, ...]:
        """The body in pieces of one subject, each led by its heading; see :func:`passages`."""
        return passages(self.body)

    def to_json(self) -> dict[str, Any]:
        """Plain data for model files."""
        data = dict(self.__dict__)
        for key in ("variants", "audience", "related"):
            data[key] = list(data[key])
        return data

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Article:
        """The inverse of :meth:`to_json`."""
        fields = dict(data)
        for key in ("variants", "audience", "related"):
            fields[key] = tuple(fields.get(key, ()))
        return Article(**fields)


def plain_text(markdown: str) -> str:
    """Markdown as a reader hears it: link texts kept, marks and targets dropped."""
    return clean(_MARK.sub(" ", _LINK.sub(r"\1", markdown)))


def passages(markdown: str, limit: int = PASSAGE_CHARS) -> tuple[str, ...]:
    """Pieces of at most about ``limit`` characters, cut at headings, then between lines.

    Each piece starts with the heading it stands under, so that it can be understood alone.
    """
    out: list[str] = []
    heading, lines = "", list[str]()

    def flush() -> None:
        text = plain_text("\n".join(lines))
        if text:
            out.append(f"{heading} : {text}" if heading else text)
        lines.clear()

    for line in markdown.splitlines():
        found = _HEADING.match(line)
        if found:
            flush()
            heading = plain_text(found.group(1))
            continue
        if lines and sum(map(len, lines)) + len(line) > limit:
            flush()
        lines.append(line)
    flush()
    return tuple(out)


def load_articles(folder: Path | str) -> list[Article]:
    """All articles below ``folder``, sources first, then translations, each sorted by name.

    Raises :class:`BadInput` with file and line for the first thing that cannot be used: a file that is
    no YAML, a missing or mistyped key, a slug that occurs twice, a translation without a source.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise BadInput(f"{folder}: no such folder of articles.")
    seen: dict[tuple[str, str], Path] = {}
    sources: dict[str, Article] = {}
    out: list[Article] = []
    files = sorted(folder.glob("*.yml")) + sorted(folder.glob("*/*.yml"))
    for path in files:
        article = load_article(path, default_locale=path.parent.name if path.parent != folder else "fr")
        key = (article.id, article.locale)
        if key in seen:
            raise BadInput(f"{path}:1: article “{article.id}” ({article.locale}) is already in {seen[key]}.")
        seen[key] = path
        if path.parent == folder:
            sources[article.id] = article
        else:
            source = sources.get(article.id)
            if source is None:
                raise BadInput(f"{path}:1: translation of “{article.id}”, but there is no {folder / (article.id + '.yml')}.")
            article = inherit(article, source)
        out.append(article)
    if not out:
        raise BadInput(f"{folder}: holds no article (*.yml).")
    return out


def inherit(translation: Article, source: Article) -> Article:
    """A translation with the editorial fields of its source."""
    return replace(
        translation, theme=source.theme, flow=source.flow, audience=source.audience,
        person_only=source.person_only, review_date=source.review_date, related=source.related,
    )


def load_article(path: Path, default_locale: str = "fr") -> Article:
    """One article file; raises :class:`BadInput` with file and line."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise BadInput(f"{path}:{line}: not UTF-8 text.") from error
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror}).") from error
    try:
        data = yaml.load(text, Loader=_LOADER)  # noqa: S506 - a safe loader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        raise BadInput(f"{path}:{line}: not valid YAML ({getattr(error, 'problem', None) or 'unreadable'}).") from error
    if not isinstance(data, dict):
        raise BadInput(f"{path}:1: expected keys like “slug” and “title”.")
    return _build(data, path, text, default_locale)


def _build(data: dict[str, Any], path: Path, text: str, default_locale: str) -> Article:
    def line(key: str) -> int:
        for number, row in enumerate(text.splitlines(), 1):
            if row.startswith(f"{key}:"):
                return number
        return 1

    def fail(key: str, why: str) -> BadInput:
        return BadInput(f"{path}:{line(key)}: “{key}” {why}.")

    def string(key: str, default: str | None = None) -> str:
        value = data.get(key, default)
        if not isinstance(value, str) or (default is None and not value.strip()):
            raise fail(key, "is missing" if value is None else "must be text")
        return value.strip()

    def strings(key: str) -> tuple[str, ...]:
        value = data.get(key) or []
        if not isinstance(value, list):
            raise fail(key, "must be a list")
        bad = next((v for v in value if not isinstance(v, str | int | float) or isinstance(v, bool)), None)
        if bad is not None:
            raise fail(key, f"holds something that is not text ({bad!r:.40}); put it in double quotes")
        return tuple(dict.fromkeys(clean(str(v)) for v in value if str(v).strip()))

    slug = string("slug")
    if not _SLUG.fullmatch(slug):
        raise fail("slug", "may hold only lower-case letters, digits and hyphens")
    locale = string("locale", default_locale)
    if locale not in LOCALES:
        raise fail("locale", f"must be one of {', '.join(LOCALES)}")
    review = data.get("review_date")
    return Article(
        id=slug, locale=locale, title=tidy(string("title")), answer=typeset(tidy(string("answer", "")), locale),
        body=typeset(string("body", ""), locale), variants=strings("variants"), theme=data.get("theme"), flow=data.get("flow"),
        audience=strings("audience"), person_only=bool(data.get("person_only", False)),
        review_date=str(review) if review else None, related=strings("related"),
    )


def by_locale(articles: Iterable[Article], locale: str) -> list[Article]:
    """The articles of one locale, order kept."""
    return [a for a in articles if a.locale == locale]
