"""Whether the process is up, whether it can answer, and what it counts."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy.engine import Connection
from starlette.responses import JSONResponse, Response

from bot.analytics.counters import OUTBOX, TICKETS
from bot.analytics.counters import text as counters
from bot.storage import outbox
from bot.storage.schema import tickets
from bot.tickets.states import STATUSES
from bot.web.deps import ServicesDep

router = APIRouter(tags=["operations"])


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """The process is up."""
    return {"status": "up"}


@router.get("/readyz", response_model=None)
async def readyz(parts: ServicesDep) -> JSONResponse:
    """Whether customers get answers now. 200 as long as they do, with what is degraded; 503 if not."""
    checks: dict[str, Any] = {}
    try:
        await parts.database.run_read(lambda c: c.execute(sa.select(1)).scalar())
        checks["database"] = "ok"
    except Exception:
        checks["database"] = "does not answer"
    health = await parts.client.health()
    alive = [said is not None for said in health]
    if any(alive):
        checks["dialogue"] = "ok" if all(alive) else f"{sum(alive)} of {len(alive)} answer"
    else:
        checks["dialogue"] = "none answers: help pages by words, and tickets"
    weak = sorted({said for process in health if process for said in process})
    if weak:
        checks["understanding"] = " ".join(weak)
    degraded = [name for name, said in checks.items() if said != "ok"]
    ready = checks["database"] == "ok" and any(alive)
    status = "ready" if not degraded else "degraded" if ready else "not ready"
    return JSONResponse({"status": status, "checks": checks, "degraded": degraded},
                        200 if ready else 503)


@router.get("/metrics", response_model=None)
async def metrics(parts: ServicesDep) -> Response:
    """Prometheus text."""
    def count(connection: Connection) -> tuple[dict[str, int], dict[str, int]]:
        """Tickets by status, outbox rows by state."""
        rows = connection.execute(
            sa.select(tickets.c.status, sa.func.count()).group_by(tickets.c.status)
        ).all()
        return {row[0]: row[1] for row in rows}, outbox.counts(connection)

    by_status, waiting = await parts.database.run_read(count)
    for status in STATUSES:
        TICKETS.labels(status).set(by_status.get(status, 0))
    for state, number in waiting.items():
        OUTBOX.labels(state).set(number)
    return Response(counters(), media_type=CONTENT_TYPE_LATEST)
