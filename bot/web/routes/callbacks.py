"""Call-backs: the times we offer, and the calls to make."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from bot.channels import callbacks
from bot.channels.slots import SlotRules
from bot.staff.accounts import Member
from bot.storage.clock import utcnow
from bot.web.deps import ServicesDep, allowed

router = APIRouter(prefix="/api/v1")
Agent = Annotated[Member, Depends(allowed("tickets"))]


@router.get("/callback-slots", tags=["chat"])
def slots(
    parts: ServicesDep, locale: Annotated[str, Query(max_length=40)] = "fr"
) -> dict[str, Any]:
    """Times at which we can call; give one as ``slot`` to the hand-over with channel ``phone``."""
    with parts.database.read() as connection:
        found = callbacks.offered(connection, parts.desk, SlotRules.of(parts.settings), utcnow(), locale)
    return {"slots": found, "timezone": parts.settings.timezone}


@router.get("/staff/callbacks", tags=["staff"])
def agenda(parts: ServicesDep, who: Agent) -> dict[str, Any]:
    """Calls still to make, the next first."""
    with parts.database.read() as connection:
        return {"callbacks": callbacks.agenda(connection)}


@router.post("/staff/callbacks/{reference}/done", tags=["staff"])
def called(reference: str, parts: ServicesDep, who: Agent) -> dict[str, Any]:
    """The call was made."""
    with parts.database.write() as connection:
        return callbacks.done(connection, reference, who.username)
