"""What leads and analysts read: gaps, figures, conversations."""

from __future__ import annotations

import csv
import io
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from bot.analytics.effort import by_flow
from bot.analytics.judge import any_unjudged, refresh_outcomes
from bot.analytics.listing import find
from bot.analytics.metrics import figures, period
from bot.analytics.reading import by_article
from bot.conversations import store as conversations
from bot.coverage import gaps
from bot.errors import NotFound
from bot.faq import store as articles
from bot.privacy.erasure import erase_conversation, erase_spooled
from bot.privacy.redaction import redact
from bot.settings import LOCALES
from bot.staff.accounts import Member
from bot.storage.clock import utcnow
from bot.web.deps import ConversationId, Line, Name, ServicesDep, allowed
from bot.web.problems import language_of
from bot.web.services import Services

router = APIRouter(prefix="/api/v1/staff", tags=["staff"])
Analyst = Annotated[Member, Depends(allowed("metrics"))]
Reader = Annotated[Member, Depends(allowed("conversations"))]
From = Annotated[str, Query(alias="from", max_length=40)]
To = Annotated[str, Query(max_length=40)]


class Decision(BaseModel):
    """What a lead makes of a group of messages."""

    gap: Line
    decision: Name
    slug: Name | None = None


@router.get("/gaps")
def list_gaps(
    parts: ServicesDep, who: Annotated[Member, Depends(allowed("gaps.read"))],
    locale: str = "", decided: bool = False, sort: str = "count",
) -> dict[str, Any]:
    """Messages without a good answer, grouped, most frequent or newest first; ``total`` counts all groups
    that fit, ``waiting`` those that nobody has decided on, in any language."""
    with parts.database.read() as connection:
        return {"gaps": gaps.grouped(connection, language=locale, include_decided=decided, sort=sort),
                "total": gaps.count(connection, language=locale, include_decided=decided),
                "waiting": gaps.count(connection)}


@router.post("/gaps/decisions")
def decide(
    body: Decision, parts: ServicesDep, who: Annotated[Member, Depends(allowed("gaps.decide"))]
) -> dict[str, Any]:
    """Settle a group: an article was written, it is a phrasing of one, or it is out of scope."""
    with parts.database.write() as connection:
        made = gaps.decide(connection, group=body.gap, decision=body.decision, slug=body.slug,
                           author=who.username)
        if body.decision == "phrasing" and body.slug:
            text = gaps.without_labels(made["text"])
            made["version"] = _add_phrasing(connection, body.slug, made["language"], text, who)
        articles.bump(connection, who.username)      # also where it is out of scope no longer
    return made


@router.get("/metrics")
def metrics(
    request: Request, parts: ServicesDep, who: Analyst, from_: From = "", to: To = "", by: str = ""
) -> dict[str, Any]:
    """The dashboard's figures."""
    return _figures(parts, from_, to, by, language_of(request))


@router.get("/metrics.csv")
def metrics_csv(
    request: Request, parts: ServicesDep, who: Analyst, from_: From = "", to: To = "", by: str = "day",
    language: str = "",
) -> Response:
    """The same as a table: one row a figure and group. ``language`` is that of the definitions: a link sends no header of its own."""
    found = _figures(parts, from_, to, by, language if language in LOCALES else language_of(request))
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(["from", "to", "by", "group", "name", "value", "low", "high", "n", "definition"])
    groups = [{"key": "", "metrics": found["metrics"]}, *found.get("groups", [])]
    for group in groups:
        for row in group["metrics"]:
            table.writerow([found["from"], found["to"], found["by"], _cell(group["key"]), row["name"],
                            row.get("value"), row.get("low"), row.get("high"), row["n"],
                            row["definition"]])
    name = f"relais-{found['from']}-{found['to']}.csv"
    return Response("\ufeff" + out.getvalue(), media_type="text/csv; charset=utf-8",
                    headers={"Content-Disposition": f'attachment; filename="{name}"'})


@router.get("/metrics/flows")
def flows(parts: ServicesDep, who: Analyst, from_: From = "", to: To = "") -> dict[str, Any]:
    """How flows end, and what each of their steps costs customers."""
    span = period(from_, to, parts.desk.zone, utcnow())
    with parts.database.read() as connection:
        return {"from": span.first.isoformat(), "to": span.last.isoformat(), "flows": by_flow(connection, span)}


@router.get("/metrics/articles")
def article_metrics(request: Request, parts: ServicesDep, who: Analyst, from_: From = "", to: To = "") -> dict[str, Any]:
    """How often each article was seen, in chats and in the help centre."""
    span = period(from_, to, parts.desk.zone, utcnow())
    with parts.database.read() as connection:
        found = by_article(connection, span, language_of(request))
    return {"from": span.first.isoformat(), "to": span.last.isoformat(), "articles": found}


@router.get("/conversations")
def list_conversations(
    parts: ServicesDep, who: Reader, from_: From = "", to: To = "", outcome: str = "",
    locale: str = "", topic: str = "", day: str = "", person: str = "", need: str = "", replied: str = "",
    rated: str = "", q: str = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> dict[str, Any]:
    """The conversations behind a figure, newest first."""
    span = period(from_, to, parts.desk.zone, utcnow())
    _judge(parts)
    with parts.database.read() as connection:
        return find(connection, span, zone=parts.desk.zone, outcome=outcome, locale=locale,
                    topic=topic, day=day, person=person, need=need, replied=replied, rated=rated, q=q[:200], limit=limit,
                    offset=offset)


@router.get("/conversations/{id}")
def read_conversation(id: ConversationId, parts: ServicesDep, who: Reader) -> dict[str, Any]:
    """A transcript to read, personal data replaced, with what the bot decided at each turn."""
    with parts.database.read() as connection:
        found = conversations.get(connection, id)
        events = conversations.all_events(connection, id)
    shown = []
    for event in events:
        line = event.public() | {"meta": event.payload.get("meta")}
        if event.text:      # whoever wrote it: notices name the contact, replies of the bot a contract
            line["text"] = redact(event.text)
        if translation := line.get("translation"):
            line["translation"] = {**translation, "text": redact(str(translation.get("text") or ""))}
        if line.get("subject"):     # of a mail
            line["subject"] = redact(str(line["subject"]))
        line.pop("contact", None)
        shown.append(line)
    return {"id": found.id, "created_at": found.created_at, "last_at": found.last_at,
            "language": found.language, "mode": found.mode, "theme": found.theme,
            "outcome": found.outcome, "transcript": shown}


@router.delete("/conversations/{id}", status_code=204, response_class=Response)
def erase(
    id: ConversationId, parts: ServicesDep, who: Annotated[Member, Depends(allowed("erase"))]
) -> Response:
    """Erase a conversation and every copy."""
    with parts.database.write() as connection:
        erase_spooled(connection, id, parts.settings.spool)
        erase_conversation(connection, id)
    return Response(status_code=204)


def _figures(parts: Services, first: str, last: str, by: str, language: str) -> dict[str, Any]:
    span = period(first, last, parts.desk.zone, utcnow())
    _judge(parts)
    with parts.database.read() as connection:
        return figures(connection, span, by=by, zone=parts.desk.zone, language=language)


def _judge(parts: Services) -> None:
    with parts.database.read() as connection:
        if not any_unjudged(connection):      # no write lock for nothing
            return
    with parts.database.write() as connection:
        refresh_outcomes(connection)


def _add_phrasing(connection: Any, slug: str, language: str, text: str, who: Member) -> int:
    try:
        return articles.add_variant(connection, slug, language, text, author=who.username)
    except NotFound:      # not translated: the French source learns it
        return articles.add_variant(connection, slug, "fr", text, author=who.username)


def _cell(text: str) -> str:
    """A group's name that a spreadsheet does not take for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t") and len(text) > 1 else text
