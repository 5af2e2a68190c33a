"""What leaves the product in the background, for leads: listed, and tried again by hand."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from bot.jobs import listing
from bot.staff.accounts import Member
from bot.storage import outbox
from bot.web.deps import ServicesDep, allowed

router = APIRouter(prefix="/api/v1/staff", tags=["staff"])
Operator = Annotated[Member, Depends(allowed("operations"))]
_LARGEST = 2**62


@router.get("/jobs")
def list_jobs(
    parts: ServicesDep, who: Operator, state: Annotated[str, Query(max_length=20)] = "",
    topic: Annotated[str, Query(max_length=40)] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    before: Annotated[int, Query(ge=0, le=_LARGEST)] = 0,
) -> dict[str, Any]:
    """Mails, webhooks and what else waits, runs, was delivered, or is dead; newest first."""
    with parts.database.read() as connection:
        return {"jobs": listing.jobs(connection, state=state, topic=topic, limit=limit, before=before),
                **outbox.counts(connection)}


@router.post("/jobs/{row}/retry", status_code=204, response_class=Response)
def retry(row: int, parts: ServicesDep, who: Operator) -> Response:
    """Give a dead letter a new start."""
    with parts.database.write() as connection:
        outbox.retry(connection, row if 0 < row < _LARGEST else 0)
    return Response(status_code=204)


@router.post("/jobs/retry")
def retry_all(
    parts: ServicesDep, who: Operator, topic: Annotated[str, Query(max_length=40)] = ""
) -> dict[str, int]:
    """Give every dead letter (of a topic) a new start."""
    with parts.database.write() as connection:
        return {"retried": listing.retry_all(connection, topic)}
