"""Zendesk as its public API reference describes it (developer.zendesk.com), in memory."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from bot.storage.clock import iso, later
from tests.standins.faults import Clock, Faults

STATUSES = {"new", "open", "pending", "hold", "solved", "closed"}
USERS = [{"id": 1, "name": "Relais", "role": "agent"}, {"id": 2, "name": "Kim Agent", "role": "agent"},
         {"id": 3, "name": "Camille", "role": "end-user"}]


class ZendeskStandIn:
    """``tickets`` and ``comments`` as Zendesk would hold them."""

    path_of_new = "POST /api/v2/tickets.json"

    def __init__(self, user: str = "bot@example.org", token: str = "zendesk-token", secret: str = "zendesk-secret"):
        self.user, self.token, self.secret = user, token, secret
        self.tickets: dict[int, dict[str, Any]] = {}
        self.comments: list[dict[str, Any]] = []
        self.made: dict[str, tuple[str, int]] = {}
        self.deleted: dict[int, dict[str, Any]] = {}      # kept by Zendesk for 30 days
        self.may_delete = True
        self.admin = True                       # whether the user may read the incremental export
        self.refuses: set[str] = set()          # statuses that lack a required field
        self.updates: dict[int, list[float]] = {}         # when we updated a ticket
        self.settling, self.page = 0.0, 1000    # the export leaves out so many last seconds; its page
        self.app, self.clock = FastAPI(), Clock()
        self.faults = Faults(self.app)
        for method, path, call in (
            ("POST", "/tickets.json", self._create), ("GET", "/tickets.json", self._by_external_id),
            ("GET", "/incremental/tickets/cursor.json", self._changed),
            ("GET", "/tickets/{id}.json", self._get), ("PUT", "/tickets/{id}.json", self._update),
            ("DELETE", "/tickets/{id}.json", self._delete), ("DELETE", "/deleted_tickets/{id}.json", self._purge),
            ("GET", "/tickets/{id}/comments.json", self._list),
        ):
            self.app.add_api_route(f"/api/v2{path}", call, methods=[method])

    # -- what tests do and look at
    def texts(self, internal: bool | None = None) -> list[str]:
        """Bodies of all comments."""
        return [c["body"] for c in self.comments if internal is None or c["public"] is not internal]

    def write(self, text: str, *, internal: bool = False, customer: bool = False, files: Sequence[str] = ()) -> str:
        """Someone there comments on the first ticket; its customer's comment opens a solved one again."""
        made = self._comment(min(self.tickets), text, not internal, 3 if customer else 2)
        made["attachments"] = [{"id": 1, "file_name": name, "size": 12} for name in files]
        if customer and self.status() == "solved":
            self.set(state="open")
        return str(made["id"])

    def set(self, **changes: str) -> None:
        """Someone there changes the first ticket (``state`` is its status)."""
        changes = {{"state": "status"}.get(name, name): value for name, value in changes.items()}
        self.tickets[min(self.tickets)] |= changes | {"updated_at": self.clock.now()}

    def status(self) -> str:
        """The first ticket's status."""
        return str(self.tickets[min(self.tickets)]["status"])

    def webhook(self) -> tuple[bytes, dict[str, str]]:
        """An event subscription's webhook about the first ticket: body and headers."""
        body = json.dumps({"type": "zen:event-type:ticket.comment_added", "detail": {"id": str(min(self.tickets))}}).encode()
        at = "2026-03-01T10:00:00Z"
        mark = base64.b64encode(hmac.new(self.secret.encode(), at.encode() + body, hashlib.sha256).digest()).decode()
        return body, {"X-Zendesk-Webhook-Signature": mark, "X-Zendesk-Webhook-Signature-Timestamp": at}

    # -- the API
    def _refused(self, request: Request) -> Response | None:
        wanted = base64.b64encode(f"{self.user}/token:{self.token}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {wanted}":
            return JSONResponse({"error": "Couldn't authenticate you"}, 401)
        return None

    async def _create(self, request: Request) -> Any:
        raw = (await request.body()).decode()
        body, key = json.loads(raw)["ticket"], request.headers.get("idempotency-key", "")
        if refused := self._refused(request):
            return refused
        if key in self.made:
            said, number = self.made[key]
            if said != raw:
                return JSONResponse({"error": "IdempotencyKeyConflict"}, 400)
            return JSONResponse({"ticket": self.tickets[number]}, 201, headers={"x-idempotency-lookup": "hit"})
        if not body.get("comment", {}).get("body") or body.get("status", "new") not in STATUSES:
            return JSONResponse({"error": "RecordInvalid"}, 422)
        number = 5000 + len(self.tickets)
        self.tickets[number] = {k: v for k, v in body.items() if k != "comment"} | {
            "id": number, "status": body.get("status", "new"), "priority": body.get("priority"),
            "updated_at": self.clock.now()}
        if key:
            self.made[key] = (raw, number)
        self._comment(number, body["comment"]["body"], bool(body["comment"].get("public", True)), 1)
        return JSONResponse({"ticket": self.tickets[number], "audit": {}}, 201, headers={"x-idempotency-lookup": "miss"})

    async def _by_external_id(self, request: Request, external_id: str) -> Any:
        found = [row for row in self.tickets.values() if row.get("external_id") == external_id]
        return self._refused(request) or {"tickets": found, "count": len(found)}

    async def _get(self, request: Request, id: int) -> Any:
        if id not in self.tickets:
            return JSONResponse({"error": "RecordNotFound"}, 404)
        return self._refused(request) or {"ticket": self.tickets[id]}

    async def _update(self, request: Request, id: int) -> Any:
        body = (await request.json())["ticket"]
        if refused := self._refused(request) or self._too_often(id):
            return refused
        if body.get("status") in self.refuses:
            return JSONResponse({"error": "RecordInvalid", "description": "Cause: is required when solving a ticket"}, 422)
        if self.tickets[id]["status"] == "closed" or body.get("status", "open") not in STATUSES:
            return JSONResponse({"error": "RecordInvalid", "description": "closed prevents ticket update"}, 422)
        events = []
        if comment := body.pop("comment", None):
            made = self._comment(id, comment["body"], bool(comment.get("public", True)), 1)
            events.append({"id": made["id"], "type": "Comment", "body": made["body"]})
        self.tickets[id] |= body | {"updated_at": self.clock.now()}
        return {"ticket": self.tickets[id], "audit": {"id": 1, "events": events}}

    def _too_often(self, id: int) -> Response | None:
        """30 updates of a ticket in ten minutes by one user."""
        now = time.time()
        recent = [at for at in self.updates.get(id, ()) if at > now - 600]
        if len(recent) >= 30:
            wait = str(int(recent[0] + 600 - now) + 1)
            return JSONResponse({"error": "TooManyUpdates"}, 429, headers={"Retry-After": wait})
        self.updates[id] = [*recent, now]
        return None

    async def _delete(self, request: Request, id: int) -> Any:
        if refused := self._refused(request) or self._gone(id, self.tickets):
            return refused
        self.deleted[id] = self.tickets.pop(id)
        return Response(status_code=204)

    async def _purge(self, request: Request, id: int) -> Any:
        if refused := self._refused(request) or self._gone(id, self.deleted):
            return refused
        del self.deleted[id]
        self.comments = [c for c in self.comments if c["ticket"] != id]
        return {"job_status": {"id": "1", "status": "queued"}}

    def _gone(self, id: int, among: dict[int, dict[str, Any]]) -> Response | None:
        if id not in among:
            return JSONResponse({"error": "RecordNotFound"}, 404)
        return None if self.may_delete else JSONResponse({"error": "Forbidden"}, 403)

    async def _list(self, request: Request, id: int) -> Any:
        size, after = int(request.query_params.get("page[size]", 100)), request.query_params.get("page[after]")
        rows = [c for c in self.comments if c["ticket"] == id]
        start = int(after or 0)
        more = len(rows) > start + size
        return self._refused(request) or {
            "comments": rows[start: start + size], "users": USERS,
            "meta": {"has_more": more, "after_cursor": str(start + size)}}

    async def _changed(self, request: Request, cursor: str = "", start_time: int = 0) -> Any:
        if refused := self._refused(request):
            return refused
        if not self.admin:
            return JSONResponse({"error": {"title": "Forbidden"}}, 403)
        newest = later(-self.settling)
        if not cursor and not 0 < start_time < time.time() - 60:
            return JSONResponse({"error": "StartTimeTooRecent"}, 422)
        begin = cursor or iso(datetime.fromtimestamp(start_time, timezone.utc))
        rows = sorted((row for row in self.tickets.values() if begin < row["updated_at"]
                       and (not self.settling or row["updated_at"] <= newest)), key=lambda row: row["updated_at"])
        return {"tickets": rows[: self.page], "end_of_stream": len(rows) <= self.page,
                "after_cursor": rows[: self.page][-1]["updated_at"] if rows else begin}

    def _comment(self, ticket: int, body: str, public: bool, author: int) -> dict[str, Any]:
        made = {"id": 9000 + len(self.comments), "ticket": ticket, "body": body, "plain_body": body,
                "public": public, "author_id": author, "created_at": self.clock.now()}
        self.comments.append(made)
        self.tickets[ticket]["updated_at"] = made["created_at"]
        return made
