"""The REST shape of docs/backoffice.md over any back office: what a supplier would have to offer."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any
from urllib.parse import unquote

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from bot.backoffice import wire
from bot.backoffice.port import Backoffice
from bot.backoffice.records import Access, CancelDetails, MoveDetails, OutageReport
from bot.errors import (
    BackofficeDown,
    BadInput,
    Conflict,
    NotAllowed,
    NotFound,
    RelaisError,
    TooManyRequests,
)

TOKEN = "service-token"
_STATUS = {BadInput: 400, NotAllowed: 403, NotFound: 404, Conflict: 409, TooManyRequests: 429, BackofficeDown: 503}


def make_app(backoffice: Backoffice) -> FastAPI:
    app = FastAPI()

    @app.exception_handler(RelaisError)
    def problem(_: Request, error: RelaisError) -> JSONResponse:
        status = next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 500)
        headers = {"Retry-After": str(error.retry_after)} if isinstance(error, TooManyRequests) else {}
        body = {"title": error.code, "detail": error.detail, "context": json.loads(json.dumps(error.context, default=str))}
        return JSONResponse(body, status, headers, media_type="application/problem+json")

    def route(method: str, path: str, handle: Callable[[Request, Any], Any]) -> None:
        async def endpoint(request: Request) -> JSONResponse:
            if request.headers.get("Authorization") != f"Bearer {TOKEN}":
                return JSONResponse({"detail": "wrong service token"}, 401)
            raw = await request.body()
            return JSONResponse(wire.dump(handle(request, json.loads(raw) if raw else None)))

        app.add_api_route("/v1" + path, endpoint, methods=[method])

    def who(request: Request) -> Access:
        return Access(request.headers.get("X-Customer-Token", ""), request.headers.get("X-Conversation", ""))

    def key(request: Request) -> str:
        return unquote(request.headers.get("Idempotency-Key", ""))

    def on(request: Request) -> date:
        return date.fromisoformat(request.query_params["on"])

    bo = backoffice
    route("POST", "/challenges", lambda r, b: bo.request_code(
        b["contract"], b["postcode"], b["conversation_id"], key(r), b["locale"]))
    route("POST", "/challenges/{id}/check", lambda r, b: {
        "verified": bo.check_code(r.path_params["id"], b["code"], b["conversation_id"], key(r))})
    route("GET", "/contract", lambda r, b: bo.get_contract(who(r)))
    route("GET", "/contract/bills", lambda r, b: bo.last_bills(who(r), int(r.query_params["n"])))
    route("GET", "/contract/readings", lambda r, b: bo.readings(who(r)))
    route("GET", "/contract/annual-use", lambda r, b: bo.annual_use(who(r)))
    route("GET", "/contract/index-estimates", lambda r, b: bo.estimate_index(who(r), on(r)))
    route("POST", "/contract/reading-previews", lambda r, b: bo.preview_reading(
        who(r), b["index"], date.fromisoformat(b["on"])))
    route("POST", "/contract/readings", lambda r, b: bo.submit_reading(
        who(r), b["index"], date.fromisoformat(b["on"]), key(r)))
    route("GET", "/contract/power-preview", lambda r, b: bo.preview_power(who(r), int(r.query_params["kva"])))
    route("PUT", "/contract/power", lambda r, b: bo.change_power(who(r), b["kva"], key(r)))
    route("GET", "/contract/payment-options", lambda r, b: bo.payment_plan_options(who(r)))
    route("POST", "/contract/payment-plans", lambda r, b: bo.agree_plan(who(r), b["plan"], key(r)))
    route("POST", "/contract/delays", lambda r, b: bo.agree_delay(who(r), date.fromisoformat(b["until"]), key(r)))
    route("PUT", "/contract/bank-account", lambda r, b: bo.update_iban(who(r), b["iban"], key(r)))
    route("PUT", "/contract/debit-day", lambda r, b: bo.update_debit_day(who(r), b["day"], key(r)))
    route("POST", "/contract/moves", lambda r, b: bo.move_home(who(r), wire.load(MoveDetails, b), key(r)))
    route("GET", "/contract/cancellation-preview", lambda r, b: bo.cancellation_preview(who(r), on(r)))
    route("POST", "/contract/cancellation", lambda r, b: bo.cancel_contract(who(r), wire.load(CancelDetails, b), key(r)))
    route("GET", "/outages", lambda r, b: bo.outages(r.query_params["postcode"]))
    route("POST", "/outage-reports", lambda r, b: bo.report_outage(wire.load(OutageReport, b), key(r)))
    return app
