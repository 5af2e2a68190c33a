"""Articles as leads edit them, and the dial."""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from bot.coverage import dial
from bot.errors import BadInput, not_one_of
from bot.faq import store
from bot.faq.markdown import to_html
from bot.settings import LOCALES
from bot.staff.accounts import Member
from bot.web.deps import CleanStr, Name, ServicesDep, allowed

router = APIRouter(prefix="/api/v1/staff", tags=["staff"])
Reader = Annotated[Member, Depends(allowed("articles.read"))]
Writer = Annotated[Member, Depends(allowed("articles.write"))]
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


class Long(CleanStr):
    """Up to 40,000 characters: a body."""

    most = 40_000


class ArticleChange(BaseModel):
    """What changes; what is left out stays as it is."""

    title: CleanStr | None = None
    answer: CleanStr | None = None
    body: Long | None = None
    variants: list[CleanStr] | None = None
    theme: Name | None = None
    flow: Name | None = None
    person_only: bool | None = None
    review_date: Name | None = None
    related: list[Name] | None = None
    base_version: int | None = Field(None, ge=0)
    note: CleanStr | None = None


class Version(BaseModel):
    """A version to go back to."""

    version: int = Field(ge=1)
    base_version: int | None = Field(None, ge=0)


class Dial(BaseModel):
    """The largest share of wrong answers accepted."""

    max_wrong: float


class Preview(BaseModel):
    """Markdown."""

    body: Long


@router.get("/articles")
def list_articles(parts: ServicesDep, who: Reader, locale: str = "", q: str = "") -> dict[str, Any]:
    """Articles with their versions, by slug."""
    with parts.database.read() as connection:
        return {"articles": store.overview(connection, locale=_locale(locale, empty=True), q=q[:200])}


@router.get("/articles/{id}")
def get_article(id: str, parts: ServicesDep, who: Reader, locale: str = "fr") -> dict[str, Any]:
    """One article in one locale."""
    with parts.database.read() as connection:
        return store.details(connection, id, _locale(locale))


@router.put("/articles/{id}")
def put_article(
    id: str, body: ArticleChange, parts: ServicesDep, who: Writer, locale: str = "fr"
) -> dict[str, int]:
    """Publish; the next customer gets it."""
    if not _SLUG.fullmatch(id) or len(id) > 80:
        raise BadInput("An article's id has lower-case letters, digits and hyphens, 80 at most.", key="article_id")
    changes = body.dict(exclude={"base_version", "note"}, exclude_unset=True)
    with parts.database.write() as connection:
        version = store.put_article(connection, id, _locale(locale), changes, author=who.username,
                                    base_version=body.base_version, note=body.note)
    return {"version": version}


@router.get("/articles/{id}/versions")
def versions(id: str, parts: ServicesDep, who: Reader, locale: str = "fr") -> dict[str, Any]:
    """All versions, newest first."""
    with parts.database.read() as connection:
        return {"versions": store.versions(connection, id, _locale(locale))}


@router.post("/articles/{id}/rollback")
def rollback(
    id: str, body: Version, parts: ServicesDep, who: Writer, locale: str = "fr"
) -> dict[str, int]:
    """Publish an earlier version again."""
    with parts.database.write() as connection:
        return {"version": store.roll_back(connection, id, _locale(locale), body.version,
                                           author=who.username, base_version=body.base_version)}


@router.post("/articles/preview")
def preview(body: Preview, who: Reader) -> dict[str, str]:
    """The body as customers will read it."""
    return {"html": to_html(body.body)}


@router.get("/settings")
def get_settings(
    parts: ServicesDep, who: Annotated[Member, Depends(allowed("settings.read"))]
) -> dict[str, Any]:
    """The dial."""
    with parts.database.read() as connection:
        return {"max_wrong": dial.max_wrong(connection, parts.settings.max_wrong),
                "default": parts.settings.max_wrong}


@router.put("/settings")
def put_settings(
    body: Dial, parts: ServicesDep, who: Annotated[Member, Depends(allowed("settings.write"))]
) -> dict[str, float]:
    """Turn the dial."""
    with parts.database.write() as connection:
        return {"max_wrong": dial.set_max_wrong(connection, body.max_wrong, author=who.username)}


def _locale(locale: str, *, empty: bool = False) -> str:
    if locale in LOCALES or (empty and not locale):
        return locale
    raise not_one_of("locale", LOCALES)
