"""The queue and what people do with its tickets."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field
from sqlalchemy.engine import Connection
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from bot.conversations import store as conversations
from bot.conversations.broadcast import INBOX
from bot.conversations.intake import check_text
from bot.desk import bulk, listing, notify, presence, replies, search, snooze
from bot.desk.filters import Filters
from bot.failpoints import hit, reached
from bot.staff.accounts import Member
from bot.storage.clock import utcnow
from bot.tickets import service, store
from bot.tickets.follow_ups import planned
from bot.tickets.presence import suggest
from bot.tickets.queue import standing
from bot.tickets.service import Done
from bot.tickets.translations import between, translate_reply
from bot.tickets.views import shown, transcript
from bot.visitors import store as visitors
from bot.web.deps import Name, ServicesDep, allowed
from bot.web.services import Services

router = APIRouter(prefix="/api/v1/staff", tags=["staff"])
Agent = Annotated[Member, Depends(allowed("tickets"))]
Text200 = Annotated[str, Query(max_length=200)]
_LONGEST_REPLY = 8000


class Text(BaseModel):
    """Words."""

    text: str


class Reply(BaseModel):
    """Words, files uploaded before, or both. ``translate``: the customer reads it in their language.

    With a ``client_message_id`` of the desk's own making it may be sent again and is written once.
    """

    text: str = ""
    client_message_id: Name | None = None
    translate: bool = False
    attachments: list[Name] = Field(default_factory=list, max_items=10)
    macro: int | None = Field(None, ge=1, le=2**31)


class Note(BaseModel):
    """Words that may be missing."""

    text: str | None = None


class Transfer(BaseModel):
    """Exactly one of the two."""

    queue: Name | None = None
    assignee: Name | None = None


@router.get("/tickets")
def list_tickets(
    parts: ServicesDep, who: Agent, status: Text200 = "", queue: Text200 = "", q: Text200 = "",
    assignee: Text200 = "", priority: Text200 = "", level: Text200 = "", locale: Text200 = "",
    tag: Text200 = "", channel: Text200 = "", sla: Text200 = "", snoozed: Text200 = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> dict[str, Any]:
    """Tickets, most pressing first. ``status=live`` for all that are not settled; ``assignee`` may be
    ``me`` or ``none``; ``sla`` ``due`` or ``late``; ``snoozed`` ``no`` or ``only``. ``q`` searches the full
    text of tickets, messages and notes; ``match`` then is the line found. ``more`` says whether there are
    more than ``limit``."""
    filters = Filters(status=status, queue=queue, q=q, assignee=assignee, priority=priority, level=level,
                      locale=locale, tag=tag, channel=channel, sla=sla, snoozed=snoozed)
    if q.strip():
        search.catch_up(parts.database)
    with parts.database.read() as connection:
        found = listing.find(connection, filters, me=who.username, now=utcnow(), limit=limit + 1)
        more, found = len(found) > limit, found[:limit]
        rows = shown(connection, [item.ticket for item in found], parts.desk, utcnow())
    for row, item in zip(rows, found, strict=True):
        if item.snippet:
            row["match"] = {"text": item.snippet, "seq": item.seq}
    return {"tickets": rows, "more": more}


@router.get("/tickets/{reference}")
def get_ticket(reference: str, parts: ServicesDep, who: Agent) -> dict[str, Any]:
    """A ticket with its packet, transcript (of merged duplicates too) and history; ``translation`` where
    answers can be translated."""
    with parts.database.read() as connection:
        ticket = store.get(connection, reference)
        conversation = conversations.get(connection, ticket["conversation_id"])
        events = conversations.all_events(connection, conversation.id)
        place = standing(connection, ticket, parts.desk, utcnow())
        history = store.history(connection, reference)
        known = visitors.of(connection, conversation.id)     # as of now, not as of the hand-over
        row = shown(connection, [ticket], parts.desk, utcnow())[0]
        joined = store.merged_conversations(connection, reference)
        contacts = [ticket["packet"].get("contact"), *(conversations.get(connection, id_).contact for id_ in joined)]
        merged = [{"conversation_id": id_, "transcript": transcript(conversations.all_events(connection, id_), contacts)}
                  for id_ in joined]
        plan = planned(connection, reference)
        best = suggest(connection, ticket, utcnow())
        present = presence.others(connection, reference, who.username)
        snoozed_until = snooze.until_of(connection, reference, utcnow())
        translation = between(connection, parts.translator, ticket)
    return {
        **row, "packet": ticket["packet"] | known, "position": place.position,
        "present": present, "snoozed_until": snoozed_until, "translation": translation,
        "transcript": transcript(events, contacts), "history": history,
        "merged": merged, "follow_up": plan, "suggested_assignee": best,
        "notes": [line for line in history if line["action"] == "note" and "text" in line["detail"]],
        "conversation": {"id": conversation.id, "language": conversation.language,
                         "mode": conversation.mode, "page_url": conversation.page_url,
                         "created_at": conversation.created_at, "last_at": conversation.last_at,
                         "contact": conversation.contact,
                         "contact_channel": conversation.contact_channel},
    }


@router.post("/tickets/{reference}/take")
async def take(reference: str, parts: ServicesDep, who: Agent) -> dict[str, Any]:
    """Become the one who answers; 409 where someone else is."""
    return await do(parts, lambda c: service.take(c, reference, who))


@router.post("/tickets/{reference}/reply")
async def reply(reference: str, body: Reply, parts: ServicesDep, who: Agent) -> dict[str, Any]:
    """Write to the customer."""
    silent = body.attachments and not body.text.strip()
    text = "" if silent else check_text(body.text, _LONGEST_REPLY)
    original: str | None = None
    if body.translate and text:
        original, text = text, await run_in_threadpool(
            translate_reply, parts.database, parts.translator, reference, text)

    def job(connection: Connection) -> Done:
        """One transaction."""
        done = replies.send(
            connection, reference, who, text, files=body.attachments, macro=body.macro, original=original,
            message_id=f"desk:{body.client_message_id}" if body.client_message_id else None)
        hit("staff.reply.storing")
        return done

    return await do(parts, job, stored="staff.reply.stored")


@router.post("/tickets/{reference}/note")
async def note(reference: str, body: Text, parts: ServicesDep, who: Agent) -> dict[str, Any]:
    """A note for colleagues; ``@name`` tells that colleague."""
    text = check_text(body.text, _LONGEST_REPLY)

    def job(connection: Connection) -> Done:
        """One transaction."""
        done = service.note(connection, reference, who, text)
        called.extend(notify.tell_mentioned(connection, reference, who.username, text))
        return done

    called: list[str] = []
    done = await do(parts, job)
    if called:
        parts.broadcaster.nudge(INBOX, {"kind": "notification"})
    return done


@router.post("/tickets/{reference}/hold")
async def hold(reference: str, parts: ServicesDep, who: Agent) -> dict[str, Any]:
    """Set it aside."""
    return await do(parts, lambda c: service.hold(c, reference, who))


@router.post("/tickets/{reference}/transfer")
async def transfer(reference: str, body: Transfer, parts: ServicesDep, who: Agent) -> dict[str, Any]:
    """Give it to a queue or a person."""
    return await do(parts, lambda c: bulk.transfer(
        c, reference, who, queue=body.queue, assignee=body.assignee))


@router.post("/tickets/{reference}/resolve")
async def resolve(reference: str, parts: ServicesDep, who: Agent) -> dict[str, Any]:
    """Settle it."""
    return await do(parts, lambda c: service.resolve(c, reference, who))


@router.post("/tickets/{reference}/hand-back")
async def hand_back(
    reference: str, parts: ServicesDep, who: Agent, body: Note | None = None
) -> dict[str, Any]:
    """Let the bot go on, with a note."""
    text = check_text(body.text, 2000) if body and body.text else None
    return await do(parts, lambda c: service.hand_back(c, reference, who, text))


@router.post("/tickets/{reference}/typing", status_code=204, response_class=Response)
async def typing(reference: str, parts: ServicesDep, who: Agent) -> Response:
    """Show the customer that someone is writing, and colleagues who."""
    ticket = await parts.database.run_read(lambda c: store.get(c, reference))
    if ticket["assignee"] == who.username:
        parts.broadcaster.nudge(ticket["conversation_id"], {
            "kind": "typing", "author": "agent", "name": who.first_name})
    parts.broadcaster.nudge(INBOX, {"kind": "typing", "author": "agent", "reference": reference,
                                    "username": who.username, "name": who.first_name})
    return Response(status_code=204)


@router.get("/events", response_model=None)
async def inbox_events(
    request: Request, parts: ServicesDep, who: Agent
) -> StreamingResponse:
    """A stream of what happens: ``ticket`` and ``activity`` carry the ticket's row as the list shows it;
    ``tickets`` says to read the list; ``typing``, ``presence`` and ``notification`` pass as they come."""
    return StreamingResponse(_told(request, parts), media_type="text/event-stream",
                             headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})


async def _told(request: Request, parts: Services) -> AsyncIterator[str]:
    yield "retry: 3000\n\n"
    with parts.feed.open() as seat:
        beat = time.monotonic()
        while not parts.broadcaster.closing:
            if told := await seat.wait(15.0):
                yield told
            if time.monotonic() - beat >= 15.0:
                beat = time.monotonic()
                try:
                    await run_in_threadpool(allowed("tickets"), request)   # notes presence; ends with the session
                except Exception:
                    return
                yield ": \n\n"


async def do(
    parts: Services, job: Callable[[Connection], Done], *, stored: str = ""
) -> dict[str, Any]:
    """Run one move of a ticket in a transaction and tell whoever listens; the ticket as it is then."""
    ticket, events = await parts.database.run_write(job)
    if stored:
        await reached(stored)
    parts.broadcaster.publish(events)
    parts.broadcaster.nudge(INBOX, {"kind": "ticket", "reference": ticket["reference"],
                                    "status": ticket["status"], "assignee": ticket["assignee"]})
    return {"ticket": store.public(ticket), **store.public(ticket)}


