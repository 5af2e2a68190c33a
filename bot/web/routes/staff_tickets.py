"""The queue and what people do with its tickets."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel
from sqlalchemy.engine import Connection
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from bot.conversations import store as conversations
from bot.conversations.broadcast import INBOX
from bot.conversations.intake import check_text
from bot.handover.service import hand_over
from bot.staff.accounts import Member
from bot.storage.clock import utcnow
from bot.tickets import service, store
from bot.tickets.queue import standing
from bot.tickets.service import Done
from bot.web.deps import ConversationId, Name, ServicesDep, allowed, signed_in
from bot.web.services import Services

router = APIRouter(prefix="/api/v1/staff", tags=["staff"])
Agent = Annotated[Member, Depends(allowed("tickets"))]
_LONGEST_REPLY = 8000


class Text(BaseModel):
    """Words."""

    text: str


class Note(BaseModel):
    """Words that may be missing."""

    text: str | None = None


class Transfer(BaseModel):
    """Exactly one of the two."""

    queue: Name | None = None
    assignee: Name | None = None


@router.get("/tickets")
def list_tickets(
    parts: ServicesDep, who: Agent, status: str = "", queue: str = "", q: str = "",
    assignee: str = "", limit: Annotated[int, Query(ge=1, le=500)] = 200,
) -> dict[str, Any]:
    """Tickets, most pressing first. ``status=live`` for all that are not settled; ``assignee=me``."""
    mine = who.username if assignee == "me" else assignee
    with parts.database.read() as connection:
        found = store.search(connection, status=status, queue=queue, q=q[:200], assignee=mine,
                             limit=limit)
    return {"tickets": [store.public(ticket) for ticket in found]}


@router.get("/tickets/{reference}")
def get_ticket(reference: str, parts: ServicesDep, who: Agent) -> dict[str, Any]:
    """A ticket with its packet, transcript and history."""
    with parts.database.read() as connection:
        ticket = store.get(connection, reference)
        conversation = conversations.get(connection, ticket["conversation_id"])
        events = conversations.all_events(connection, conversation.id)
        place = standing(connection, ticket, utcnow())
        history = store.history(connection, reference)
    return {
        **store.public(ticket), "packet": ticket["packet"], "position": place.position,
        "transcript": [event.public() for event in events], "history": history,
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
    return await _do(parts, lambda c: service.take(c, reference, who))


@router.post("/tickets/{reference}/reply")
async def reply(reference: str, body: Text, parts: ServicesDep, who: Agent) -> dict[str, Any]:
    """Write to the customer."""
    text = check_text(body.text, _LONGEST_REPLY)
    return await _do(parts, lambda c: service.reply(c, reference, who, text))


@router.post("/tickets/{reference}/note")
async def note(reference: str, body: Text, parts: ServicesDep, who: Agent) -> dict[str, Any]:
    """A note for colleagues."""
    text = check_text(body.text, _LONGEST_REPLY)
    return await _do(parts, lambda c: service.note(c, reference, who, text))


@router.post("/tickets/{reference}/hold")
async def hold(reference: str, parts: ServicesDep, who: Agent) -> dict[str, Any]:
    """Set it aside."""
    return await _do(parts, lambda c: service.hold(c, reference, who))


@router.post("/tickets/{reference}/transfer")
async def transfer(reference: str, body: Transfer, parts: ServicesDep, who: Agent) -> dict[str, Any]:
    """Give it to a queue or a person."""
    return await _do(parts, lambda c: service.transfer(
        c, reference, who, queue=body.queue, assignee=body.assignee))


@router.post("/tickets/{reference}/resolve")
async def resolve(reference: str, parts: ServicesDep, who: Agent) -> dict[str, Any]:
    """Settle it."""
    return await _do(parts, lambda c: service.resolve(c, reference, who))


@router.post("/tickets/{reference}/hand-back")
async def hand_back(
    reference: str, parts: ServicesDep, who: Agent, body: Note | None = None
) -> dict[str, Any]:
    """Let the bot go on, with a note."""
    text = check_text(body.text, 2000) if body and body.text else None
    return await _do(parts, lambda c: service.hand_back(c, reference, who, text))


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


@router.post("/conversations/{id}/take")
async def take_conversation(id: ConversationId, parts: ServicesDep, who: Agent) -> dict[str, Any]:
    """Step into a chat the bot is having: opens its ticket and takes it."""
    def job(connection: Connection) -> Done:
        """One transaction."""
        conversation = conversations.get(connection, id, lock=True)
        done = hand_over(connection, conversation, desk=parts.desk, now=utcnow(),
                         given={"reason": "stepped in"}, author=who.username)
        ticket, made = service.take(connection, done.reference, who)
        return ticket, done.events + made

    return await _do(parts, job)


@router.get("/events", response_model=None)
async def inbox_events(
    request: Request, parts: ServicesDep, who: Member = Depends(signed_in)
) -> StreamingResponse:
    """A stream of nudges: something happened with a ticket or in a conversation; reload what shows it."""
    return StreamingResponse(_nudges(request, parts), media_type="text/event-stream",
                             headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})


async def _nudges(request: Request, parts: Services) -> AsyncIterator[str]:
    yield "retry: 3000\n\n"
    with parts.broadcaster.listen(INBOX) as listener:
        beat = time.monotonic()
        while not parts.broadcaster.closing:
            await listener.wait(15.0)
            for passing in listener.take_transient():
                yield f"data: {json.dumps(passing, ensure_ascii=False)}\n\n"
            if time.monotonic() - beat >= 15.0:
                beat = time.monotonic()
                try:
                    await run_in_threadpool(signed_in, request)   # notes presence; ends with the session
                except Exception:
                    return
                yield ": \n\n"


async def _do(parts: Services, job: Callable[[Connection], Done]) -> dict[str, Any]:
    ticket, events = await parts.database.run_write(job)
    parts.broadcaster.publish(events)
    parts.broadcaster.nudge(INBOX, {"kind": "ticket", "reference": ticket["reference"],
                                    "status": ticket["status"], "assignee": ticket["assignee"]})
    return {"ticket": store.public(ticket), **store.public(ticket)}


