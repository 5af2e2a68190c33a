"""Agents' side of files: uploads for the next reply, and downloads."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, UploadFile
from sqlalchemy.engine import Connection
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from bot.attachments import store
from bot.staff.accounts import Member
from bot.tickets import store as tickets
from bot.web.deps import ServicesDep, allowed
from bot.web.files import content_of, download

router = APIRouter(prefix="/api/v1/staff", tags=["staff"])
Agent = Annotated[Member, Depends(allowed("tickets"))]


@router.post("/tickets/{reference}/attachments", status_code=201)
async def upload(
    reference: str, parts: ServicesDep, who: Agent, file: Annotated[UploadFile, File()]
) -> dict[str, Any]:
    """Keep a file for the next reply: name its ``id`` in the reply's ``attachments``."""
    def before(connection: Connection) -> None:
        """Refuse what cannot be kept before the file is looked into."""
        ticket = tickets.get(connection, reference)
        parts.attachments.must_have_room(connection, ticket["conversation_id"], "agent")

    await parts.database.run_read(before)
    content = await content_of(file, parts.attachments.max_bytes)
    checked = await run_in_threadpool(parts.attachments.check, content, file.filename or "")
    row = await parts.database.run_write(
        lambda c: parts.attachments.upload(c, reference, who.username, checked))
    return store.public(row)


@router.get("/attachments/{aid}", response_class=Response)
async def fetch(aid: str, parts: ServicesDep, who: Agent) -> Response:
    """A file of a conversation, as a download."""
    row = await parts.database.run_read(lambda c: store.get(c, aid))
    return download(row, parts.attachments.files.path(row["sha256"]))


@router.delete("/attachments/{aid}", status_code=204, response_class=Response)
async def drop(aid: str, parts: ServicesDep, who: Agent) -> Response:
    """Change one's mind about an upload that was not sent."""
    await parts.database.run_write(lambda c: store.drop_waiting(c, aid, who.username))
    return Response(status_code=204)
