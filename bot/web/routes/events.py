"""The customer's events: by long poll or as a stream, from the same source."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from bot.analytics.counters import STREAMS
from bot.conversations import store
from bot.conversations.broadcast import Listener
from bot.conversations.errors import UnknownConversation
from bot.conversations.model import Event
from bot.handover.place import place
from bot.storage.clock import utcnow
from bot.web.deps import ConversationId, ServicesDep, Token
from bot.web.services import Services

router = APIRouter(prefix="/api/v1/conversations", tags=["chat"])
HEARTBEAT_SECONDS = 15.0
LONGEST_POLL = 30.0
_PAGE = 500
_MOST = 2**53


@router.get("/{id}/events", response_model=None)
async def events(
    id: ConversationId, request: Request, parts: ServicesDep, token: Token,
    after: Annotated[int, Query(ge=0, le=_MOST)] = 0,
    wait: Annotated[float, Query(ge=0, le=3600)] = 0.0,
) -> Response:
    """Events after a number; waits up to ``wait`` seconds (30 at most) for one, or streams them."""
    if "text/event-stream" in request.headers.get("accept", ""):
        opened = await parts.database.run_read(lambda c: store.open_with(c, id, token))
        parts.presence.seen(opened)
        last = request.headers.get("last-event-id", "").strip()
        start = int(last) if last.isdecimal() and len(last) < 16 else after
        return StreamingResponse(
            _stream(parts, id, start, opened.mode == "waiting"), media_type="text/event-stream",
            headers={"Cache-Control": "no-cache, no-store", "X-Accel-Buffering": "no"},
        )
    with parts.broadcaster.listen(id) as listener:      # before the first look: nothing falls between
        listener.must_look()      # which is what comes now
        conversation, found = await parts.database.run_read(
            lambda c: (store.open_with(c, id, token), store.events_after(c, id, after, _PAGE)))
        parts.presence.seen(conversation)
        found = found or await _poll(parts, id, after, min(wait, LONGEST_POLL), listener, request)
    return JSONResponse({"events": [event.public() for event in found]})


async def _poll(
    parts: Services, id: str, after: int, wait: float, listener: Listener, request: Request
) -> list[Event]:
    until = time.monotonic() + wait
    while (left := until - time.monotonic()) > 0 and not parts.broadcaster.closing:
        if not await listener.wait(min(left, 5.0)):
            listener.doubt()
        if await request.is_disconnected():
            return []
        found = await _new(parts, id, after, listener)
        if found:
            return found
    return []


async def _stream(parts: Services, id: str, after: int, waits: bool) -> AsyncIterator[str]:
    STREAMS.inc()
    try:
        yield "retry: 2000\n\n"
        with parts.broadcaster.listen(id) as listener:
            beat = time.monotonic()
            told = None                         # of the queue: again where it changed, or on a new stream
            while not parts.broadcaster.closing:
                for passing in listener.take_transient():
                    yield _frame(passing | {"seq": after}, None)
                try:
                    found = await _new(parts, id, after, listener)
                except UnknownConversation:
                    return                      # erased meanwhile
                for event in found:
                    after = event.seq
                    yield _frame(event.public(), event.seq)
                if found:
                    beat = time.monotonic()
                if waits:
                    waits = False
                    now = await parts.database.run_read(lambda c: place(c, id, parts.desk, utcnow()))
                    if now is not None and now != told:
                        told = now
                        yield _frame({"kind": "queue", "author": "system", **now}, None)
                if len(found) == _PAGE:
                    listener.doubt()
                    continue
                woken = await listener.wait(max(0.1, beat + HEARTBEAT_SECONDS - time.monotonic()))
                if not woken and time.monotonic() - beat >= HEARTBEAT_SECONDS:
                    beat = time.monotonic()
                    listener.doubt()            # a nudge may have been lost
                    waits = await _waits(parts, id)
                    yield ": \n\n"
    finally:
        STREAMS.dec()


async def _waits(parts: Services, id: str) -> bool:
    """Notes that somebody reads along; whether they wait for a person."""
    with contextlib.suppress(UnknownConversation):      # erased: the next look ends the stream
        conversation = await parts.database.run_read(lambda c: store.get(c, id))
        parts.presence.seen(conversation)
        return conversation.mode == "waiting"
    return False


async def _new(parts: Services, id: str, after: int, listener: Listener) -> list[Event]:
    """Events handed over, or read where there may be more; raises UnknownConversation for an erased one."""
    handed = listener.take_events(after)
    if not listener.must_look() and handed is not None:
        return handed

    def job(connection: Any) -> list[Event]:
        found = store.events_after(connection, id, after, _PAGE)
        if not found:
            store.get(connection, id)
        return found

    return await parts.database.run_read(job)


def _frame(data: dict[str, Any], seq: int | None) -> str:
    body = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return (f"id: {seq}\n" if seq is not None else "") + f"data: {body}\n\n"
