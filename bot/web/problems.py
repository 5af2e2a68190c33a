"""Errors as ``application/problem+json`` (RFC 9457): the one place that maps codes to statuses.

``detail`` is a sentence for a person. Where a customer may see it, it is in the best language of
``Accept-Language`` among our six; where none is asked for, English. A browser that opens a page gets a page instead.
"""

from __future__ import annotations

from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from bot import errors
from bot.conversations.wording import say, table
from bot.settings import LOCALES
from bot.web.error_pages import error_page
from bot.web.staff_texts import refusals

_log = structlog.get_logger(__name__)
MEDIA_TYPE = "application/problem+json"
_STATUS: tuple[tuple[type[errors.RelaisError], int], ...] = (   # most special first
    (errors.TooLarge, 413), (errors.BadInput, 400), (errors.Forbidden, 403),
    (errors.NotAllowed, 401), (errors.NotFound, 404), (errors.Conflict, 409),
    (errors.TooManyRequests, 429), (errors.Unavailable, 503),
)
_TITLES = {
    400: "Bad request", 401: "Sign in first", 403: "Not allowed", 404: "Not found",
    405: "Method not allowed", 409: "Conflict", 413: "Too large", 415: "Unsupported media type",
    422: "Not understood", 429: "Too many requests", 500: "Something broke", 503: "Unavailable",
}
#: General sentences, in ``data/wording/service.yml``.
_SENTENCES = frozenset({404, 405, 422, 500, 503})


def language_of(request: Request, default: str = "en") -> str:
    """The best of our locales in ``Accept-Language``."""
    wanted: list[tuple[float, str]] = []
    for part in request.headers.get("accept-language", "")[:200].split(","):
        name, _, rest = part.strip().partition(";")
        try:
            quality = float(rest.strip().removeprefix("q=")) if rest else 1.0
        except ValueError:
            quality = 0.0
        code = name.split("-")[0].lower()
        if code in LOCALES and quality > 0:
            wanted.append((-quality, code))
    return min(wanted, key=lambda item: item[0])[1] if wanted else default


def problem(
    status: int, detail: str, *, code: str = "", headers: dict[str, str] | None = None, **more: Any
) -> JSONResponse:
    """A problem document."""
    code = code or _TITLES.get(status, "error").lower().replace(" ", "-")
    body = {"type": f"urn:relais:problem:{code}", "title": _TITLES.get(status, "Error"),
            "status": status, "detail": detail, "code": code, **more}
    return JSONResponse(body, status, headers=headers, media_type=MEDIA_TYPE)


def status_of(error: errors.RelaisError) -> int:
    """The HTTP status of a domain error."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def explain(error: errors.RelaisError, language: str) -> str:
    """The error's sentence in a language, where the wording has it: a customer's in six, staff's in French."""
    key = str(error.context.get("key") or error.code)
    values = {name: value for name, value in error.context.items() if name != "key"}
    if key in table():
        return say(key, language, **values)
    staff = refusals().get(key, {}).get(language)
    return staff.format(**values) if staff else error.detail


def _reason(item: dict[str, Any], language: str) -> str:
    """Why a field cannot be used, by pydantic's kind of fault; its own English where we have no words for it."""
    ours = refusals().get(str(item.get("type")), {}).get(language)
    return ours.format(**item.get("ctx", {})) if ours else str(item["msg"])


def sentence(status: int, language: str) -> str:
    """A general sentence for a status."""
    return say(f"status_{status if status in _SENTENCES else 500}", language)


def install(app: FastAPI) -> None:
    """Make every error of ``app`` a problem document; what nobody expected is :func:`unexpected`'s."""

    @app.exception_handler(errors.RelaisError)
    async def _domain(request: Request, error: errors.RelaisError) -> Response:
        status = status_of(error)
        if status in (404, 503) and (shown := error_page(request, status)):
            return shown
        headers: dict[str, str] = {}
        if isinstance(error, errors.TooManyRequests):
            headers["Retry-After"] = str(max(1, round(error.retry_after)))
        if status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        return problem(status, explain(error, language_of(request)), code=error.code, headers=headers)

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> Response:
        language = language_of(request)
        if any(item.get("type") in ("value_error.jsondecode", "json_invalid") for item in error.errors()):
            return problem(400, say("status_bad_json", language), code="bad-json")
        fields = [{"field": ".".join(str(part) for part in item["loc"] if part != "body")[:100] or "body",
                   "reason": _reason(item, language)[:200]} for item in error.errors()[:10]]
        words = "; ".join(f"{item['field']}: {item['reason']}" for item in fields)
        return problem(422, f"{sentence(422, language)} ({words}).", code="invalid", errors=fields)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        language = language_of(request)
        if error.status_code == 404 and (shown := error_page(request, 404)):
            return shown
        known = error.status_code in (404, 405)
        detail = sentence(error.status_code, language) if known else str(error.detail)
        return problem(error.status_code, detail, headers=dict(error.headers or {}))

    @app.exception_handler(OperationalError)
    @app.exception_handler(InterfaceError)      # a connection that a restart of the server cut
    @app.exception_handler(PoolTimeout)
    async def _database(request: Request, error: SQLAlchemyError) -> Response:
        _log.error("database does not answer", error=str(getattr(error, "orig", error))[:300])
        return error_page(request, 503) or problem(
            503, sentence(503, language_of(request)), code="busy", headers={"Retry-After": "2"})


def unexpected(request: Request, error: Exception) -> Response:
    """What a person reads where no handler knew the error; the error itself goes to the log."""
    _log.error("unexpected error", path=request.url.path, error=repr(error)[:500])
    return error_page(request, 500) or problem(500, sentence(500, language_of(request)), code="internal")
