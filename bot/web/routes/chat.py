"""The chat API that the widget uses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from bot.analytics.counters import MESSAGES
from bot.channels import callbacks
from bot.channels.slots import SlotRules
from bot.conversations import intake, store
from bot.conversations.errors import EmptyMessage, TooManyMessages
from bot.conversations.transcript import as_html, as_text
from bot.conversations.wording import speak
from bot.errors import BadInput, TooManyRequests
from bot.failpoints import reached
from bot.handover.contact import normalise
from bot.handover.service import hand_over
from bot.privacy.erasure import erase_conversation, erase_spooled, hold
from bot.storage.clock import utcnow
from bot.web.deps import Address, ConversationId, Line, Name, ServicesDep, Short, Token
from bot.web.problems import language_of
from bot.web.services import Services

router = APIRouter(prefix="/api/v1/conversations", tags=["chat"])


class NewConversation(BaseModel):
    """Both optional: the page's language and address."""

    locale: Short | None = None
    page_url: Line | None = None


class NewMessage(BaseModel):
    """A text or the id of a choice; the id makes sending twice harmless."""

    client_message_id: Name
    text: str | None = None
    choice: Name | None = None


class HandoverRequest(BaseModel):
    """How the customer wants to be reached."""

    channel: Literal["chat", "email", "phone"] = "chat"
    contact: Line | None = None
    slot: Short | None = None       # with phone: the start of one of /api/v1/callback-slots


class Feedback(BaseModel):
    """Exactly one of the three."""

    helped: bool | None = None
    csat: int | None = Field(None, ge=1, le=5)
    effort: int | None = Field(None, ge=1, le=10)
    comment: Line | None = None
    reason: Short | None = None      # of a csat, see bot/tickets/satisfaction.py


class Created(BaseModel):
    """The conversation and its only key."""

    id: str
    token: str


@router.post("", status_code=201, response_model=Created)
async def create(
    request: Request, parts: ServicesDep, address: Address, body: NewConversation | None = None
) -> dict[str, str]:
    """Open a conversation; its first event is a greeting."""
    wait = await parts.open_limit.ahit(address)
    if wait:
        raise TooManyRequests("Too many conversations from this address.", retry_after=wait,
                              key="problem_too_many_messages", seconds=max(1, round(wait)))
    wanted = body or NewConversation()
    language = speak(wanted.locale) if wanted.locale else language_of(request, "fr")
    conversation, token, _ = await parts.database.run_write(
        lambda c: intake.begin(c, locale=wanted.locale, page_url=wanted.page_url, language=language)
    )
    return {"id": conversation.id, "token": token}


@router.post("/{id}/messages", status_code=202)
async def post_message(
    id: ConversationId, body: NewMessage, parts: ServicesDep, token: Token
) -> dict[str, int]:
    """Store a message; the reply arrives as an event."""
    await reached("web.message.received")
    wait = await parts.message_limit.ahit(id)
    if wait:
        raise TooManyMessages(wait)
    text = "" if body.choice else intake.check_text(body.text or "", parts.settings.max_message_chars)
    if body.choice is None and not text:
        raise EmptyMessage()
    accepted = await parts.database.run_write(
        lambda c: intake.accept(
            c, id, token, client_message_id=body.client_message_id, text=text, choice=body.choice,
            knows_article=parts.articles.title, lease_seconds=parts.runner.lease_seconds,
        )
    )
    if accepted.events:
        MESSAGES.inc()
    await reached("web.message.stored")
    parts.broadcaster.publish(accepted.events)
    if accepted.turn is not None:
        parts.runner.begin(accepted.turn)
    return {"seq": accepted.seq}


@router.post("/{id}/typing", status_code=204, response_class=Response)
async def typing(id: ConversationId, parts: ServicesDep, token: Token) -> Response:
    """Tell an agent who reads along that the customer is typing; kept nowhere."""
    await parts.database.run_read(lambda c: store.open_with(c, id, token))
    parts.broadcaster.nudge("inbox", {"kind": "typing", "author": "customer", "conversation_id": id})
    return Response(status_code=204)


@router.post("/{id}/handover", status_code=202)
async def handover(
    id: ConversationId, body: HandoverRequest, parts: ServicesDep, token: Token
) -> dict[str, str]:
    """Ask for a person; the same ticket however often it is asked.

    429 where an e-mail address is named too often: each is sent a confirmation.
    """
    if body.channel == "email":
        await _may_mail(parts, id, token, body.contact)

    def job(connection: Any) -> Any:
        """One transaction."""
        conversation, now = store.open_with(connection, id, token, lock=True), utcnow()
        done = hand_over(connection, conversation, desk=parts.desk, now=now,
                         channel=body.channel, contact=body.contact)
        if body.slot is None:
            if body.channel != "phone":
                callbacks.cancel(connection, done.reference)
            return done
        if body.channel != "phone":
            raise BadInput("A slot is for calls: send it with channel phone.")
        booked = callbacks.book(connection, done.reference, conversation, body.slot, desk=parts.desk,
                                rules=SlotRules.of(parts.settings), now=now)
        return replace(done, events=done.events + booked)

    done = await parts.database.run_write(job)
    await reached("web.handover.stored")
    parts.broadcaster.publish(done.events)
    return {"ticket": done.reference}


@router.post("/{id}/feedback", status_code=204, response_class=Response)
async def give_feedback(
    id: ConversationId, body: Feedback, parts: ServicesDep, token: Token
) -> Response:
    """Rate the help; 429 beyond the rate for messages."""
    wait = await parts.message_limit.ahit(f"feedback:{id}")
    if wait:
        raise TooManyMessages(wait)
    given = {k: v for k, v in {"helped": body.helped, "csat": body.csat, "effort": body.effort}.items()
             if v is not None}
    if len(given) != 1:
        raise BadInput("Send exactly one of helped, csat and effort.")
    kind, value = next(iter(given.items()))
    events = await parts.database.run_write(
        lambda c: intake.rate(c, id, token, kind=kind, value=int(value), comment=body.comment,
                              reason=body.reason)
    )
    parts.broadcaster.publish(events)
    return Response(status_code=204)


@router.get("/{id}/transcript")
async def transcript(
    id: ConversationId, request: Request, parts: ServicesDep, token: Token
) -> Response:
    """The customer's copy, as text, or as HTML where that is asked for."""
    conversation, events = await _read(parts, id, token)
    headers = {"Content-Disposition": f'attachment; filename="conversation-{id[:8]}."'}
    if "text/html" in request.headers.get("accept", ""):
        headers["Content-Disposition"] = headers["Content-Disposition"][:-1] + 'html"'
        return HTMLResponse(as_html(conversation, events, parts.desk.zone), headers=headers)
    headers["Content-Disposition"] = headers["Content-Disposition"][:-1] + 'txt"'
    return PlainTextResponse(as_text(conversation, events, parts.desk.zone), headers=headers)


@router.delete("/{id}", status_code=204, response_class=Response)
async def erase(id: ConversationId, parts: ServicesDep, token: Token) -> Response:
    """Erase the conversation and every copy of it, at the customer's wish."""
    def job(connection: Any) -> None:
        """One transaction."""
        store.open_with(connection, id, token)
        hold(connection, id)
        erase_spooled(connection, id, parts.settings.spool)
        erase_conversation(connection, id)

    await parts.database.run_write(job)
    return Response(status_code=204)


async def _may_mail(parts: Services, id: str, token: str, contact: str | None) -> None:
    """Counts a confirmation to be sent. Raises TooManyMessages for this conversation or this address."""
    conversation = await parts.database.run_read(lambda c: store.open_with(c, id, token))
    to = normalise("email", contact, conversation.language) if contact and contact.strip() else conversation.contact
    if not to:
        return      # there is nowhere to write to, and the hand-over says so
    for key in (f"conversation:{id}", f"address:{to.lower()}"):
        if wait := await parts.handover_limit.ahit(key):
            raise TooManyMessages(wait)


async def _read(parts: Services, id: str, token: str) -> Any:
    def job(connection: Any) -> Any:
        conversation = store.open_with(connection, id, token)
        return conversation, store.all_events(connection, id)

    return await parts.database.run_read(job)
