"""Jira Cloud as its public REST reference describes it (developer.atlassian.com), in memory."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from bot.storage.clock import later
from tests.standins.faults import Clock, Faults


class JiraStandIn:
    """``issues`` with their comments."""

    path_of_new = "POST /rest/api/2/issue"

    def __init__(self, user: str = "bot@example.org", token: str = "jira-token", secret: str = "jira-secret") -> None:
        self.user, self.token, self.secret = user, token, secret
        self.issues: dict[str, dict[str, Any]] = {}
        self.known = {"project", "issuetype", "summary", "description", "labels", "priority"}    # and custom fields
        self.app, self.clock = FastAPI(), Clock()
        self.faults = Faults(self.app)
        for method, path, call in (
            ("POST", "/2/issue", self._create), ("GET", "/2/issue/{id}", self._get),
            ("GET", "/3/search/jql", self._search), ("GET", "/2/search", self._search_of_old), ("GET", "/2/issue/{id}/comment", self._list),
            ("POST", "/2/issue/{id}/comment", self._add), ("PUT", "/2/issue/{id}", self._edit),
            ("DELETE", "/2/issue/{id}/comment/{number}", self._remove),
        ):
            self.app.add_api_route(f"/rest/api{path}", call, methods=[method])

    # -- what tests do and look at
    @property
    def first(self) -> dict[str, Any]:
        """The first issue."""
        return next(iter(self.issues.values()))

    def texts(self) -> list[str]:
        """Bodies of the first issue's comments."""
        return [comment["body"] for comment in self.first["comments"]]

    def write(self, text: str) -> None:
        """A developer comments."""
        self._comment(self.first, text, "Dev")

    def set(self, state: str) -> None:
        """A developer moves the issue."""
        self.first["fields"] |= {"status": {"name": state}, "updated": self._now()}

    def webhook(self) -> tuple[bytes, dict[str, str]]:
        """An admin webhook with a secret: body and headers."""
        body = json.dumps({"webhookEvent": "jira:issue_updated", "issue": {"id": self.first["id"], "key": self.first["key"]}}).encode()
        return body, {"X-Hub-Signature": "sha256=" + hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest(),
                      "X-Atlassian-Webhook-Identifier": "w-1"}

    # -- the API
    def _now(self) -> str:
        return self.clock.now().replace("Z", "+0000")      # as Jira writes it

    def _refused(self, request: Request) -> Response | None:
        wanted = base64.b64encode(f"{self.user}:{self.token}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {wanted}":
            return JSONResponse({"errorMessages": ["Client must be authenticated"]}, 401)
        return None

    async def _create(self, request: Request) -> Any:
        fields = (await request.json())["fields"]
        if refused := self._refused(request):
            return refused
        if refused := self._unknown(fields):
            return refused
        if not (fields.get("summary") and fields["project"].get("key") and fields["issuetype"].get("name")) or (
                len(fields["summary"]) > 255 or "\n" in fields["summary"]):
            return JSONResponse({"errors": {"summary": "invalid"}}, 400)
        number = str(10_000 + len(self.issues))
        self.issues[number] = {"id": number, "key": f"{fields['project']['key']}-{len(self.issues) + 1}", "comments": [],
                               "fields": fields | {"status": {"name": "To Do"}, "updated": self._now()}}
        return JSONResponse({name: self.issues[number][name] for name in ("id", "key")}, 201)

    def _found(self, id: str) -> dict[str, Any] | None:
        return self.issues.get(id) or next((i for i in self.issues.values() if i["key"] == id), None)

    async def _get(self, request: Request, id: str) -> Any:
        issue = self._found(id)
        if issue is None:
            return JSONResponse({"errorMessages": ["Issue does not exist"]}, 404)
        return self._refused(request) or {name: issue[name] for name in ("id", "key", "fields")}

    async def _search(self, request: Request, jql: str, maxResults: int = 50, nextPageToken: str = "0") -> Any:
        rows, size, start = self._matching(jql), min(maxResults, 100), int(nextPageToken)
        last = start + size >= len(rows)
        return self._refused(request) or {
            "issues": rows[start: start + size], "isLast": last, **({} if last else {"nextPageToken": str(start + size)})}

    async def _search_of_old(self, request: Request, jql: str, maxResults: int = 50, startAt: int = 0) -> Any:
        rows = self._matching(jql)
        return self._refused(request) or {
            "issues": rows[startAt: startAt + min(maxResults, 100)], "startAt": startAt, "total": len(rows)}

    def _matching(self, jql: str) -> list[dict[str, Any]]:
        """``labels = "x"``, perhaps with ``AND updated >= -5m``."""
        found = re.fullmatch(r'labels = "([^"]+)"(?: AND updated >= -(\d+)m)?', jql)
        assert found, jql
        since = later(-60.0 * int(found[2])) if found[2] else ""
        return [{name: issue[name] for name in ("id", "key")} for issue in self.issues.values()
                if found[1] in issue["fields"]["labels"] and issue["fields"]["updated"].replace("+0000", "Z") >= since]

    def _unknown(self, fields: dict[str, Any]) -> Response | None:
        unknown = set(fields) - self.known
        return JSONResponse({"errors": {name: f"Field '{name}' cannot be set." for name in unknown}}, 400) if unknown else None

    async def _list(self, request: Request, id: str, startAt: int = 0, maxResults: int = 50) -> Any:
        comments = (self._found(id) or {"comments": []})["comments"]
        return self._refused(request) or {"comments": comments[startAt: startAt + maxResults], "total": len(comments)}

    async def _add(self, request: Request, id: str) -> Any:
        issue = self._found(id)
        return self._refused(request) or JSONResponse(
            self._comment(issue or {}, (await request.json())["body"], "Relais"), 201)

    async def _edit(self, request: Request, id: str) -> Any:
        issue = self._found(id)
        if issue is None:
            return JSONResponse({"errorMessages": ["Issue does not exist"]}, 404)
        if refused := self._refused(request):
            return refused
        fields = (await request.json())["fields"]
        if refused := self._unknown(fields):
            return refused
        issue["fields"] |= fields | {"updated": self._now()}
        return Response(status_code=204)

    async def _remove(self, request: Request, id: str, number: str) -> Any:
        issue = self._found(id)
        if issue is None or all(c["id"] != number for c in issue["comments"]):
            return JSONResponse({"errorMessages": ["Can not find a comment for the id"]}, 404)
        if refused := self._refused(request):
            return refused
        issue["comments"] = [c for c in issue["comments"] if c["id"] != number]
        return Response(status_code=204)

    def _comment(self, issue: dict[str, Any], text: str, author: str) -> dict[str, Any]:
        made = {"id": f"{issue['id']}{len(issue['comments'])}", "body": text, "author": {"displayName": author},
                "created": self._now()}
        issue["comments"].append(made)
        issue["fields"]["updated"] = made["created"]
        return made
