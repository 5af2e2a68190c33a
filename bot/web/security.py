"""Middleware that every request passes: size of the body, headers that limit what a page may do.

Plain ASGI, so that streams stay streams.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request

from bot.analytics.counters import REQUESTS
from bot.attachments.errors import FileTooLarge
from bot.conversations.wording import say
from bot.errors import TooLarge
from bot.settings import Settings
from bot.web.problems import unexpected

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

_MAIL = "/api/v1/inbound/mail"
_FOREIGN = 2_000_000       # bytes of another system's webhook, which may hold a whole ticket
_STAFF_FACTOR = 8          # articles are longer than messages
_DRAINED = 8_000_000       # bytes read and dropped so that the client gets to read our answer
_FORM = 20_000             # bytes of a form around its file
_FILES = re.compile(r"/api/v1/(?:(?:conversations|staff/tickets)/[^/]+/attachments|staff/me/photo)")


class BodyLimit:
    """Refuses bodies over the limit with 413, by length where stated, else while they stream in."""

    def __init__(self, app: App, settings: Settings) -> None:
        self.app, self.limit = app, settings.max_body_bytes
        self.file_limit = settings.attachment_max_bytes
        self.mail_limit = settings.mail_max_bytes

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self.app(scope, receive, send)
            return
        limit, drained = self.limit, _DRAINED
        if scope["path"].startswith("/api/v1/staff/articles"):
            limit *= _STAFF_FACTOR
        if scope["path"].startswith("/api/v1/connectors/"):
            limit = max(limit, _FOREIGN)
        problem = TooLarge(f"The body is over {limit} bytes.", key="problem_body_too_large", limit=limit)
        if scope["path"] == _MAIL and Headers(scope=scope).get("webhook-signature"):
            limit = self.mail_limit
            problem = TooLarge(f"This mail is over {limit} bytes.", key="problem_body_too_large", limit=limit)
        if _FILES.fullmatch(scope["path"]):
            limit, drained = self.file_limit + _FORM, max(_DRAINED, 4 * self.file_limit)
            problem = FileTooLarge(self.file_limit)
        stated = Headers(scope=scope).get("content-length", "0")
        if not stated.isdigit() or int(stated) > limit:
            await _drain(receive, drained)
            await _too_large(scope, send, problem)
            return
        chunks: list[bytes] = []
        size, more = 0, True
        while more:             # bodies are small: whole before the app sees any of it
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            more = message.get("more_body", False)
            if size > limit:
                if more:
                    await _drain(receive, drained)
                await _too_large(scope, send, problem)
                return
        given = False

        async def replay() -> Message:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": b"".join(chunks), "more_body": False}

        await self.app(scope, replay, send)


class NoZeroBytes:
    """Puts U+FFFD in place of zero bytes in addresses: nothing is named by one, and PostgreSQL refuses to be asked."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["path"] = scope["path"].replace("\0", "\ufffd")
            scope["query_string"] = scope["query_string"].replace(b"%00", b"%EF%BF%BD").replace(b"\0", b"%EF%BF%BD")
        await self.app(scope, receive, send)


class SecurityHeaders:
    """Adds the headers browsers enforce, and counts answers.

    An error that nothing inside caught is answered here and not by the framework, whose answer is made
    outside of every middleware and so would carry none of these headers.
    """

    def __init__(self, app: App, settings: Settings) -> None:
        self.app = app
        origins = [o.strip() for o in settings.allowed_origins.split(",") if o.strip()]
        self._framers = "*" if "*" in origins else " ".join(["'self'", *origins])

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path, begun = scope["path"], False

        async def guarded(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                REQUESTS.labels(f"{message['status'] // 100}xx").inc()
                headers = MutableHeaders(scope=message)
                headers.setdefault("X-Content-Type-Options", "nosniff")
                headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
                headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
                headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
                headers.setdefault("Content-Security-Policy", self._policy(path))
                if not _embeddable(path):
                    headers.setdefault("X-Frame-Options", "DENY")
                if path.startswith(("/api/", "/login", "/inbox", "/console", "/dashboard")):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        try:
            await self.app(scope, receive, guarded)
        except Exception as error:
            if not begun:
                await unexpected(Request(scope), error)(scope, receive, guarded)
            raise       # so that the server logs where it came from

    def _policy(self, path: str) -> str:
        framers = self._framers if _embeddable(path) else "'none'"
        return ("default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
                "connect-src 'self'; font-src 'self'; object-src 'none'; base-uri 'none'; "
                f"form-action 'self'; frame-src 'self'; frame-ancestors {framers}")


def _embeddable(path: str) -> bool:
    """The widget's own frame is the only thing other sites may show."""
    return path.startswith(("/static/widget", "/widget"))


async def _drain(receive: Receive, most: int) -> None:
    dropped = 0
    while dropped < most:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        dropped += len(message.get("body", b""))
        if not message.get("more_body", False):
            return


async def _too_large(scope: MutableMapping[str, Any], send: Send, error: TooLarge) -> None:
    wanted = Headers(scope=scope).get("accept-language", "")[:2].lower() or "en"
    values = {name: value for name, value in error.context.items() if name != "key"}
    detail = say(str(error.context["key"]), wanted, **values)
    body = json.dumps({"type": f"urn:relais:problem:{error.code}", "title": "Too large", "status": 413,
                       "detail": detail, "code": error.code}, ensure_ascii=False).encode()
    await send({"type": "http.response.start", "status": 413, "headers": [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()), (b"connection", b"close")]})
    await send({"type": "http.response.body", "body": body})
