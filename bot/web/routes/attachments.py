"""A customer's files: sent to the person who has their request, and fetched again."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, File, Form, UploadFile
from sqlalchemy.engine import Connection
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from bot.analytics.counters import MESSAGES
from bot.attachments import store
from bot.attachments.errors import TooManyFiles
from bot.attachments.service import must_be_open, sent_before
from bot.conversations import intake
from bot.conversations import store as conversations
from bot.web.deps import ConversationId, Name, ServicesDep, Token
from bot.web.files import content_of, download

router = APIRouter(prefix="/api/v1/conversations", tags=["chat"])


@router.post("/{id}/attachments", status_code=202)
async def attach(
    id: ConversationId, parts: ServicesDep, token: Token,
    file: Annotated[UploadFile, File(description="A photo, a PDF or a text document.")],
    client_message_id: Annotated[Name, Form()], text: Annotated[str, Form()] = "",
) -> dict[str, Any]:
    """Send a file to the person who has the request; it arrives as a message with ``attachments``.

    Only while a ticket is open. The same ``client_message_id`` again gives the same answer.
    """
    said = intake.check_text(text, parts.settings.max_message_chars) if text.strip() else ""

    def before(connection: Connection) -> Any:
        """Refuse what cannot be kept before the file is looked into."""
        conversations.open_with(connection, id, token)
        already = sent_before(connection, id, client_message_id)
        if already is None:
            must_be_open(connection, id)
            parts.attachments.must_have_room(connection, id, "customer")
        return already

    done = await parts.database.run_read(before)
    if done is None:
        wait = parts.file_limit.hit(id)
        if wait:
            raise TooManyFiles(wait)
        content = await content_of(file, parts.attachments.max_bytes)
        checked = await run_in_threadpool(parts.attachments.check, content, file.filename or "")
        done = await parts.database.run_write(lambda c: parts.attachments.receive(
            c, id, token, client_message_id=client_message_id, checked=checked, text=said))
    if done.events:
        MESSAGES.inc()
    parts.broadcaster.publish(done.events)
    return {"seq": done.seq, "attachments": done.attachments}


@router.get("/{id}/attachments/{aid}", response_class=Response)
async def fetch(id: ConversationId, aid: str, parts: ServicesDep, token: Token) -> Response:
    """A file of this conversation, as a download."""
    def find(connection: Connection) -> store.Attachment:
        """Only what this token's conversation holds or shows."""
        conversations.open_with(connection, id, token)
        return store.of_chat(connection, aid, id)

    row = await parts.database.run_read(find)
    return download(row, parts.attachments.files.path(row["sha256"]))
