"""A webhook receiver that checks signatures as Standard Webhooks says, and answers as it is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request, Response
from standardwebhooks import Webhook, WebhookVerificationError


class Receiver:
    """``seen`` holds what came with a good signature; ``answer`` decides the response."""

    def __init__(self) -> None:
        self.secret = ""
        self.seen: list[tuple[str, dict[str, Any]]] = []
        self.refused = 0
        self.answer: Callable[[], Response] = lambda: Response(status_code=204)
        self.app = FastAPI()
        self.app.post("/hook")(self._hook)

    async def _hook(self, request: Request) -> Response:
        body = await request.body()
        try:
            payload = Webhook(self.secret).verify(body, dict(request.headers))
        except WebhookVerificationError:
            self.refused += 1
            return Response(status_code=401)
        self.seen.append((request.headers["webhook-id"], payload))
        return self.answer()

    @property
    def types(self) -> list[str]:
        """Names of the events seen, in order."""
        return [payload["type"] for _, payload in self.seen]
