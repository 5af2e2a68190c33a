"""What the widget tells about its customer: who the host vouches for, where they are, whom to notify."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, StrictStr
from starlette.responses import Response

from bot.conversations import store
from bot.errors import BadInput
from bot.storage.clock import utcnow
from bot.visitors import identity as identities
from bot.visitors import push
from bot.visitors import store as visitors
from bot.web.deps import ConversationId, Line, Name, ServicesDep, Token

router = APIRouter(prefix="/api/v1", tags=["chat"])


class Visitor(BaseModel):
    """Either or both; an identity is a token signed by the host's own server."""

    identity: Line | None = None
    context: dict[StrictStr, StrictStr] | None = None


class Subscription(BaseModel):
    """A browser's push subscription, its keys as base64url."""

    endpoint: Line
    p256dh: Name
    auth: Name


@router.post("/conversations/{id}/visitor", status_code=204, response_class=Response)
async def tell(id: ConversationId, body: Visitor, parts: ServicesDep, token: Token) -> Response:
    """Note the customer's verified identity and the page's context; 409 where the conversation is someone else's.

    A token that does not hold is refused, once the context is kept: it says nothing of who somebody is.
    """
    known, refused = None, None
    if body.identity:
        key = identities.key(parts.settings, parts.secret)
        try:
            known = identities.verify(body.identity, key, utcnow())
        except BadInput as error:
            refused = error

    def job(connection: Any) -> None:
        """One transaction."""
        store.open_with(connection, id, token, lock=True)
        if known is not None:
            visitors.identify(connection, id, known)
        if body.context is not None:
            visitors.set_context(connection, id, body.context)

    await parts.database.run_write(job)
    if refused is not None:
        raise refused
    return Response(status_code=204)


@router.get("/push-key")
async def push_key(parts: ServicesDep) -> dict[str, str]:
    """The key browsers subscribe with."""
    from bot.integrations.webpush import public_key  # loads cryptography: only where someone asks

    return {"key": public_key(parts.settings)}


@router.post("/conversations/{id}/push", status_code=204, response_class=Response)
async def subscribe(id: ConversationId, body: Subscription, parts: ServicesDep, token: Token) -> Response:
    """Tell this browser of answers in this conversation."""
    def job(connection: Any) -> None:
        """One transaction."""
        store.open_with(connection, id, token, lock=True)
        push.subscribe(connection, id, endpoint=body.endpoint, p256dh=body.p256dh, auth=body.auth,
                       hosts=push.hosts(parts.settings))

    await parts.database.run_write(job)
    return Response(status_code=204)


@router.delete("/conversations/{id}/push", status_code=204, response_class=Response)
async def unsubscribe(id: ConversationId, parts: ServicesDep, token: Token) -> Response:
    """Tell no browser of this conversation any more."""
    def job(connection: Any) -> None:
        """One transaction."""
        store.open_with(connection, id, token, lock=True)
        push.unsubscribe(connection, id)

    await parts.database.run_write(job)
    return Response(status_code=204)
