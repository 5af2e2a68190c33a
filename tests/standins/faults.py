"""Faults for stand-ins: what the next requests meet, and how many came."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timezone

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse


class Faults:
    """``next`` holds faults for coming requests, in order: a status, ``lost`` or ``hang``.

    ``lost``: the request is done, but its answer never arrives. A status of 429 asks for 30 seconds.
    """

    def __init__(self, app: FastAPI) -> None:
        self.next: list[int | str | None] = []
        self.requests: list[str] = []
        app.middleware("http")(self._meet)

    async def _meet(self, request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
        self.requests.append(f"{request.method} {request.url.path}")
        fault = self.next.pop(0) if self.next else None
        if fault == "hang":
            await asyncio.sleep(2)
        if fault == "lost":
            await go_on(request)
            return JSONResponse({"error": "bad gateway"}, 502)
        if isinstance(fault, int):
            headers = {"Retry-After": "30"} if fault == 429 else {}
            return JSONResponse({"error": "fault"}, fault, headers=headers)
        return await go_on(request)


class Clock:
    """Times of a stand-in: each later than the one before."""

    def __init__(self) -> None:
        self._last = 0.0

    def now(self) -> str:
        """Now, in milliseconds, never the same twice."""
        at = max(datetime.now(timezone.utc).timestamp(), self._last + 0.001)
        self._last = at
        return datetime.fromtimestamp(at, timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
