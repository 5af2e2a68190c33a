"""The customer's copy of a conversation, by e-mail."""

from __future__ import annotations

import hashlib
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy.engine import Connection
from starlette.responses import Response

from bot.conversations import store
from bot.conversations.transcript import as_text
from bot.conversations.wording import say
from bot.errors import TooManyRequests
from bot.handover.contact import normalise
from bot.storage import outbox
from bot.web.deps import ConversationId, Line, ServicesDep, Token

router = APIRouter(prefix="/api/v1/conversations", tags=["chat"])


class Address(BaseModel):
    """Where to."""

    email: Line


@router.post("/{id}/transcript-mail", status_code=202, response_class=Response)
async def mail_transcript(
    id: ConversationId, body: Address, parts: ServicesDep, token: Token
) -> Response:
    """Send the conversation as it stands to an address; 429 where that was asked for too often."""
    conversation = await parts.database.run_read(lambda c: store.open_with(c, id, token))
    to = normalise("email", body.email, conversation.language)
    for key in (f"conversation:{id}", f"address:{to.lower()}"):
        wait = parts.mail_limit.hit(key)
        if wait:
            raise TooManyRequests("This conversation was just sent: try again in an hour.",
                                  retry_after=wait, key="problem_transcript_often")

    def queue(connection: Connection) -> Any:
        """The copy is made in the transaction that queues it: exactly what is there now."""
        found = store.open_with(connection, id, token)
        text = as_text(found, store.all_events(connection, id), parts.desk.zone)
        digest = hashlib.sha256(to.lower().encode()).hexdigest()[:16]
        return outbox.put(
            connection, key=f"transcript:{id}:{found.seq}:{digest}", topic="mail", conversation_id=id,
            payload={"to": to, "language": found.language,
                     "subject": say("mail_transcript_subject", found.language),
                     "text": say("mail_transcript", found.language, transcript=text.strip())})

    await parts.database.run_write(queue)
    return Response(status_code=202)
