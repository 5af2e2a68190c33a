"""Pictures of people who answer: shown to customers, changed by whom they show."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, File, UploadFile
from fastapi import Path as PathParam
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from bot.staff import photos
from bot.staff.accounts import Member
from bot.web.deps import ServicesDep, allowed
from bot.web.files import content_of

router = APIRouter(prefix="/api/v1")
Agent = Annotated[Member, Depends(allowed("tickets"))]


@router.get("/photos/{id}", response_class=Response, tags=["chat"])
async def show(id: Annotated[str, PathParam(regex="^[0-9a-f]{32}$")], parts: ServicesDep) -> Response:
    """The picture an agent's message names. It never changes under its id."""
    content = await parts.database.run_read(lambda c: photos.get(c, id))
    return Response(content, media_type=photos.TYPE, headers={
        "Cache-Control": "public, max-age=86400, immutable", "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox"})


@router.put("/staff/me/photo", tags=["staff"])
async def put(parts: ServicesDep, who: Agent, file: Annotated[UploadFile, File()]) -> dict[str, str]:
    """Show customers this picture of oneself from the next message on."""
    content = await content_of(file, photos.MAX_BYTES)
    small = await run_in_threadpool(photos.shrunk, content)
    return {"photo": await parts.database.run_write(lambda c: photos.put(c, who.username, small))}


@router.delete("/staff/me/photo", status_code=204, response_class=Response, tags=["staff"])
async def drop(parts: ServicesDep, who: Agent) -> Response:
    """Show the initial again, in what was said already too."""
    await parts.database.run_write(lambda c: photos.drop(c, who.username))
    return Response(status_code=204)
