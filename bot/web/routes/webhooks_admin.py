"""Webhook endpoints: who gets told, with what secret, and how that went."""

from __future__ import annotations

import secrets
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel
from starlette.responses import Response

from bot.integrations.webhooks import catalogue, endpoints, messages
from bot.integrations.webhooks.sender import vault_of
from bot.staff.accounts import Member
from bot.storage.clock import now_iso
from bot.web.deps import CleanStr, Line, ServicesDep, allowed

router = APIRouter(prefix="/api/v1/staff/webhooks", tags=["staff"])
Integrator = Annotated[Member, Depends(allowed("integrations"))]


class EventName(CleanStr):
    """The name of an event."""

    least, most = 1, 60


class NewEndpoint(BaseModel):
    """Where to and what."""

    url: Line
    events: list[EventName]
    description: Line = Line("")


class EndpointChange(BaseModel):
    """What changes; the rest stays."""

    url: Line | None = None
    events: list[EventName] | None = None
    description: Line | None = None
    active: bool | None = None


@router.get("")
def list_endpoints(parts: ServicesDep, who: Integrator) -> dict[str, Any]:
    """All endpoints, without their secrets, and the events there are."""
    with parts.database.read() as connection:
        found = endpoints.all_of(connection)
    return {"endpoints": [endpoints.public(row) for row in found], "events": catalogue.NAMES}


@router.post("", status_code=201)
def create_endpoint(body: NewEndpoint, parts: ServicesDep, who: Integrator) -> dict[str, Any]:
    """Add an endpoint; its secret is in this answer and nowhere else."""
    with parts.database.write() as connection:
        row, secret = endpoints.create(
            connection, vault_of(parts.settings), url=body.url, events=body.events,
            author=who.username, description=body.description,
            private=parts.settings.webhook_private)
    return {**endpoints.public(row), "secret": secret}


@router.get("/deliveries")
def deliveries(
    parts: ServicesDep, who: Integrator, endpoint: str = "",
    state: Literal["", "waiting", "delivered", "failed"] = "",
    before: Annotated[str, Query(max_length=40)] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> dict[str, Any]:
    """The delivery log, newest first: each message with its last five tries."""
    with parts.database.read() as connection:
        return {"deliveries": messages.log(connection, endpoint_id=endpoint, state=state,
                                           limit=limit, before=before)}


@router.post("/deliveries/{message_id}/resend", status_code=202)
def resend(message_id: str, parts: ServicesDep, who: Integrator) -> dict[str, Any]:
    """Send a message again, with the same id."""
    with parts.database.write() as connection:
        return messages.resend(connection, message_id)


@router.put("/{endpoint_id}")
def change_endpoint(
    endpoint_id: str, body: EndpointChange, parts: ServicesDep, who: Integrator
) -> dict[str, Any]:
    """Change an endpoint, or switch it off and on."""
    with parts.database.write() as connection:
        return endpoints.public(endpoints.change(
            connection, endpoint_id, private=parts.settings.webhook_private, url=body.url,
            events=body.events, description=body.description, active=body.active))


@router.post("/{endpoint_id}/rotate")
def rotate(endpoint_id: str, parts: ServicesDep, who: Integrator) -> dict[str, str]:
    """Make a new secret; the former one signs beside it for a day."""
    with parts.database.write() as connection:
        return {"secret": endpoints.rotate(connection, vault_of(parts.settings), endpoint_id)}


@router.post("/{endpoint_id}/test", status_code=202)
def test(endpoint_id: str, parts: ServicesDep, who: Integrator) -> dict[str, Any]:
    """Send an example to an endpoint, whatever it subscribed to."""
    message_id = "msg_" + secrets.token_hex(13)
    payload = {"type": "endpoint.test", "timestamp": now_iso(), "data": {"by": who.username}}
    with parts.database.write() as connection:
        endpoints.get(connection, endpoint_id)
        messages.queue(connection, endpoint_id, message_id, "endpoint.test", payload)
        return messages.get(connection, message_id)


@router.delete("/{endpoint_id}", status_code=204, response_class=Response)
def remove(endpoint_id: str, parts: ServicesDep, who: Integrator) -> Response:
    """Remove an endpoint with its log."""
    with parts.database.write() as connection:
        endpoints.remove(connection, endpoint_id)
    return Response(status_code=204)
