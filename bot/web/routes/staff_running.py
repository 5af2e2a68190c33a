"""Chats the bot is having: those with a sign of trouble, reading along, stepping in."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from sqlalchemy.engine import Connection

from bot.conversations import store as conversations
from bot.conversations.errors import UnknownConversation
from bot.desk import trouble
from bot.handover.service import hand_over
from bot.privacy.redaction import redact
from bot.staff.accounts import Member
from bot.storage.clock import utcnow
from bot.tickets import service
from bot.tickets import store as tickets
from bot.tickets.service import Done
from bot.web.deps import ConversationId, ServicesDep, allowed
from bot.web.routes.staff_tickets import do

router = APIRouter(prefix="/api/v1/staff", tags=["staff"])
Agent = Annotated[Member, Depends(allowed("tickets"))]


@router.get("/running")
def running(parts: ServicesDep, who: Agent) -> dict[str, Any]:
    """Chats with the bot in the last minutes, most troubled first."""
    with parts.database.read() as connection:
        return {"chats": [trouble.public(chat) for chat in trouble.running(connection, utcnow())]}


@router.get("/running/{id}")
def read_along(id: ConversationId, parts: ServicesDep, who: Agent) -> dict[str, Any]:
    """A chat the bot is having, personal data masked; 404 once it is no longer the bot's."""
    with parts.database.read() as connection:
        found = conversations.get(connection, id)
        if found.mode != "bot":
            raise UnknownConversation()
        events = conversations.last_events(connection, id, 100)
    shown = [event.public() for event in events]
    for event in shown:
        if event.get("text"):
            event["text"] = redact(str(event["text"]))
    return {"conversation_id": id, "language": found.language, "theme": found.theme,
            "signs": list(trouble.signs(events[-14:], utcnow())), "transcript": shown}


@router.post("/conversations/{id}/take")
async def step_in(id: ConversationId, parts: ServicesDep, who: Agent) -> dict[str, Any]:
    """Step into a chat the bot is having: opens its ticket, takes it, and tells the customer who is here.

    The bot says nothing more: a turn it was thinking about is dropped.
    """
    def job(connection: Connection) -> Done:
        """One transaction."""
        conversation = conversations.get(connection, id, lock=True)
        before = tickets.of_conversation(connection, id)
        done = hand_over(connection, conversation, desk=parts.desk, now=utcnow(),
                         given={"reason": "stepped in"}, author=who.username, quiet=True)
        # What was solved or handed back is nobody's, though it still names who did that.
        ticket, made = service.take(connection, done.reference, who,
                                    anew=before is not None and before["status"] == "solved")
        return ticket, done.events + made

    return await do(parts, job)
