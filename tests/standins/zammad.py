"""Zammad as its public API documentation describes it (docs.zammad.org/en/latest/api), in memory."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from bot.storage.clock import later
from tests.standins.faults import Clock, Faults

STATES = {"new", "open", "pending reminder", "pending close", "closed"}
PRIORITIES = {"1 low", "2 normal", "3 high"}
_KNOWN = {"title", "group", "customer_id", "state", "priority", "pending_time", "article"}


class ZammadStandIn:
    """``tickets`` and ``articles`` as Zammad would hold them."""

    path_of_new = "POST /api/v1/tickets"

    def __init__(self, token: str = "zammad-token", secret: str = "zammad-secret") -> None:
        self.token, self.secret = token, secret
        self.tickets: dict[int, dict[str, Any]] = {}
        self.articles: list[dict[str, Any]] = []
        self.may_delete = True      # whether the token has the permission admin
        self.attributes: set[str] = set()       # objects' attributes an admin added
        self.refuses: set[str] = set()          # states that a core workflow does not allow
        self.lag = 0.0              # seconds the search index is behind
        self.app, self.clock = FastAPI(), Clock()
        self.faults = Faults(self.app)
        for method, path, call in (
            ("POST", "/tickets", self._create), ("GET", "/tickets/search", self._search),
            ("GET", "/tickets/{id}", self._get), ("PUT", "/tickets/{id}", self._update),
            ("DELETE", "/tickets/{id}", self._delete),
            ("POST", "/ticket_articles", self._add), ("GET", "/ticket_articles/by_ticket/{id}", self._list),
        ):
            self.app.add_api_route(f"/api/v1{path}", call, methods=[method])

    # -- what tests do and look at
    def texts(self, internal: bool | None = None) -> list[str]:
        """Bodies of all articles."""
        return [a["body"] for a in self.articles if internal is None or a["internal"] is internal]

    def write(self, text: str, *, internal: bool = False, customer: bool = False, files: Sequence[str] = ()) -> str:
        """Someone there adds an article to the first ticket; a customer's mail opens it again."""
        made = self._article(min(self.tickets), f"<p>{text}</p>", internal, "Customer" if customer else "Agent",
                             "Kim Agent", "text/html")
        made["attachments"] = [{"id": 1, "filename": name, "size": "12"} for name in files]
        if customer and self.status() == "closed":
            self.set(state="open")
        return str(made["id"])

    def merge_in(self, text: str) -> None:
        """An agent merges an older ticket into the first one: its article comes first."""
        made = self._article(min(self.tickets), text, True, "Agent", "Kim Agent", "text/plain")
        self.articles.insert(0, self.articles.pop())
        made["id"] = 50

    def set(self, **changes: str) -> None:
        """Someone there changes the first ticket."""
        self.tickets[min(self.tickets)] |= changes | {"updated_at": self.clock.now()}

    def status(self) -> str:
        """The first ticket's state."""
        return str(self.tickets[min(self.tickets)]["state"])

    def webhook(self) -> tuple[bytes, dict[str, str]]:
        """The webhook that Zammad would send about the first ticket: body and headers."""
        body = json.dumps({"ticket": self.tickets[min(self.tickets)], "article": self.articles[-1]}).encode()
        mark = hmac.new(self.secret.encode(), body, hashlib.sha1).hexdigest()
        return body, {"X-Hub-Signature": f"sha1={mark}", "X-Zammad-Delivery": "d-1", "X-Zammad-Trigger": "relais"}

    # -- the API
    def _refused(self, request: Request) -> Response | None:
        if request.headers.get("authorization") != f"Token token={self.token}":
            return JSONResponse({"error": "Invalid token!"}, 401)
        return None

    async def _create(self, request: Request) -> Any:
        body = await request.json()
        refused = self._refused(request) or self._invalid(body)
        if refused:
            return refused
        if not (body.get("title") and body.get("customer_id") and body.get("article", {}).get("body")):
            return JSONResponse({"error": "Missing required value"}, 422)
        number = len(self.tickets) + 1
        self.tickets[number] = {k: v for k, v in body.items() if k != "article"} | {
            "id": number, "number": str(22000 + number), "state": body.get("state", "new"),
            "priority": body.get("priority", "2 normal"), "updated_at": self.clock.now()}
        self._article(number, body["article"]["body"], bool(body["article"].get("internal")), "Agent", "Relais",
                      body["article"].get("content_type", "text/plain"))
        return JSONResponse(self._shown(self.tickets[number], request), 201)

    def _shown(self, row: dict[str, Any], request: Request) -> dict[str, Any]:
        """Names instead of ids only where they are asked for."""
        if request.query_params.get("expand") == "true":
            return row
        ids = {"state_id": sorted(STATES).index(row["state"]), "priority_id": sorted(PRIORITIES).index(row["priority"])}
        return {name: value for name, value in row.items() if name not in ("state", "priority")} | ids

    def _invalid(self, body: dict[str, Any]) -> Response | None:
        unknown = set(body) - _KNOWN - self.attributes
        if unknown:
            return JSONResponse({"error": f"unknown attribute '{min(unknown)}' for Ticket."}, 422)
        state = body.get("state")
        if state in self.refuses:
            return JSONResponse({"error": "Missing required value for field 'root_cause'!"}, 422)
        if state is not None and state not in STATES:
            return JSONResponse({"error": f"No lookup value found for 'state': {state!r}"}, 422)
        if body.get("priority") is not None and body["priority"] not in PRIORITIES:
            return JSONResponse({"error": "No lookup value found for 'priority'"}, 422)
        if state and state.startswith("pending") and not body.get("pending_time"):
            return JSONResponse({"error": "Missing required value for field 'pending_time'!"}, 422)
        return None

    async def _search(self, request: Request) -> Any:
        query = request.query_params["query"]
        rows = list(self.tickets.values())
        if found := re.fullmatch(r'title:"(.+)"', query):
            rows = [row for row in rows if found[1] in row["title"]]
        elif found := re.fullmatch(r"updated_at:\[(\S+) TO \*\]", query):
            indexed = later(-self.lag)
            rows = sorted((r for r in rows if found[1] <= r["updated_at"] and (not self.lag or r["updated_at"] <= indexed)),
                          key=lambda r: r["updated_at"])
        return self._refused(request) or [
            self._shown(row, request) for row in rows[: int(request.query_params.get("limit", 50))]]

    async def _get(self, request: Request, id: int) -> Any:
        if id not in self.tickets:
            return JSONResponse({"error": "Couldn't find Ticket"}, 404)
        return self._refused(request) or self._shown(self.tickets[id], request)

    async def _update(self, request: Request, id: int) -> Any:
        body = await request.json()
        refused = self._refused(request) or self._invalid(body)
        if refused:
            return refused
        self.tickets[id] |= body | {"updated_at": self.clock.now()}
        return self._shown(self.tickets[id], request)

    async def _delete(self, request: Request, id: int) -> Any:
        if id not in self.tickets:
            return JSONResponse({"error": "Couldn't find Ticket"}, 404)
        if not self.may_delete:
            return JSONResponse({"error": "Not authorized"}, 403)
        if refused := self._refused(request):
            return refused
        del self.tickets[id]
        self.articles = [a for a in self.articles if a["ticket_id"] != id]
        return Response(status_code=200)

    async def _add(self, request: Request) -> Any:
        body = await request.json()
        if body.get("ticket_id") not in self.tickets or not body.get("body"):
            return JSONResponse({"error": "Missing required value"}, 422)
        return self._refused(request) or JSONResponse(self._article(
            body["ticket_id"], body["body"], bool(body.get("internal")), body.get("sender", "Agent"), "Relais",
            body.get("content_type", "text/plain")), 201)

    async def _list(self, request: Request, id: int) -> Any:
        return self._refused(request) or [a for a in self.articles if a["ticket_id"] == id]

    def _article(self, ticket: int, body: str, internal: bool, sender: str, by: str, kind: str) -> dict[str, Any]:
        made = {"id": 100 + len(self.articles), "ticket_id": ticket, "body": body, "internal": internal,
                "sender": sender, "from": f"{by} <{by.split()[0].lower()}@example.org>", "type": "note",
                "content_type": kind, "created_at": self.clock.now()}
        self.articles.append(made)
        self.tickets[ticket]["updated_at"] = made["created_at"]
        return made
