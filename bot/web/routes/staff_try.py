"""A lead's try: what would the bot decide on this message, and on what evidence. Nothing is stored."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from bot.errors import BadInput, not_one_of
from bot.settings import LOCALES
from bot.staff.accounts import Member
from bot.web.deps import CleanStr, Name, ServicesDep, allowed

router = APIRouter(prefix="/api/v1/staff", tags=["staff"])


class Trial(BaseModel):
    """A message as a customer would write it, on a page in this language."""

    text: CleanStr
    locale: Name | None = None


@router.post("/try")
async def try_message(
    body: Trial, parts: ServicesDep, who: Annotated[Member, Depends(allowed("articles.write"))]
) -> dict[str, Any]:
    """The decision on one text as a first message, with the articles weighed and their titles."""
    text = body.text.strip()
    if not text:
        raise BadInput("Type a message to try.", key="try_empty")
    if body.locale is not None and body.locale not in LOCALES:
        raise not_one_of("locale", LOCALES)
    found = await parts.client.understand(text, body.locale)
    for article in found.get("articles", ()):
        article["title"] = await run_in_threadpool(parts.articles.title, article["id"], article["locale"])
    return found
