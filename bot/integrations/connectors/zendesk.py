"""Zendesk by its Ticketing API (https://developer.zendesk.com/api-reference/ticketing/introduction/)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.errors import NotFound
from bot.integrations.connectors.client import JsonClient, NotPermitted
from bot.integrations.connectors.mapping import SystemMapping
from bot.integrations.connectors.port import (
    ERASED,
    Comment,
    Gone,
    Made,
    NewTicket,
    RemoteComment,
    RemoteTicket,
)
from bot.storage.clock import iso, parse, utcnow

_MOST_PAGES = 50


class Zendesk:
    """A Zendesk with an API token."""

    name, mirror = "zendesk", True
    # 30 updates of a ticket by one user in ten minutes, comments among them; the rest is for its fields.
    pace: tuple[int, float] | None = (24, 600.0)

    def __init__(self, url: str, user: str, token: str, mapping: SystemMapping) -> None:
        self._url, self._mapping = url.rstrip("/"), mapping
        self._client = JsonClient("Zendesk", url, {}, auth=(f"{user}/token", token))

    def word(self, name: str, ours: str) -> str | None:
        """By the mapping."""
        return self._mapping.theirs(name, ours)

    def custom(self, values: Mapping[str, object]) -> dict[str, str]:
        """By the mapping: numbers of custom fields."""
        return self._mapping.custom(values)

    def create(self, new: NewTicket) -> Made:
        """``POST /api/v2/tickets.json``; ``Idempotency-Key`` and ``external_id`` are our reference."""
        options = self._mapping.options
        ticket: dict[str, Any] = {
            "subject": f"[{new.reference}] {new.subject}"[:150], "external_id": new.reference,
            "comment": {"body": new.body, "public": True}, "tags": list(options.get("tags", ["relais"])),
            **self._fields({"status": new.status, "priority": new.priority}),
            "custom_fields": _numbered(self.custom(new.values)),
        }
        if options.get("requester") and new.contact and "@" in new.contact:
            ticket["requester"] = {"email": new.contact, "name": new.contact}
        made = self._client.call("POST", "/api/v2/tickets.json", body={"ticket": ticket},
                                 headers={"Idempotency-Key": f"relais-{new.reference}"})
        return self._made(made["ticket"])

    def find(self, reference: str) -> Made | None:
        """By ``external_id``."""
        found = self._client.call("GET", "/api/v2/tickets.json", params={"external_id": reference})
        return next((self._made(row) for row in found["tickets"]), None)

    def get(self, external_id: str) -> RemoteTicket:
        """``GET /api/v2/tickets/{id}.json``."""
        row = self._client.call("GET", f"/api/v2/tickets/{external_id}.json")["ticket"]
        status = "closed" if row["status"] == "closed" else self._mapping.ours("status", row["status"])
        return RemoteTicket(
            external_id, status, self._mapping.ours("priority", row.get("priority")),
            iso(parse(row["updated_at"])), row["status"], self._made(row).url)

    def update(self, external_id: str, changes: Mapping[str, str], custom: Mapping[str, str]) -> None:
        """``PUT /api/v2/tickets/{id}.json``."""
        ticket: dict[str, Any] = self._fields(changes)
        if custom:
            ticket["custom_fields"] = _numbered(custom)
        self._client.call("PUT", f"/api/v2/tickets/{external_id}.json", body={"ticket": ticket})

    def comment(self, external_id: str, comment: Comment) -> str:
        """A comment is an update of its ticket; its id is that of the audit's ``Comment`` event."""
        done = self._client.call("PUT", f"/api/v2/tickets/{external_id}.json", body={
            "ticket": {"comment": {"body": comment.text, "public": not comment.internal}}})
        return next(str(event["id"]) for event in done["audit"]["events"] if event["type"] == "Comment")

    def comments(self, external_id: str) -> Sequence[RemoteComment]:
        """``GET /api/v2/tickets/{id}/comments.json`` page by page, with the users who wrote them."""
        found: list[RemoteComment] = []
        params = {"include": "users", "page[size]": "100"}
        for _ in range(_MOST_PAGES):
            page = self._client.call("GET", f"/api/v2/tickets/{external_id}/comments.json", params=params)
            users = {user["id"]: user for user in page.get("users", ())}
            for row in page["comments"]:
                author = users.get(row["author_id"], {})
                found.append(RemoteComment(
                    str(row["id"]), row.get("plain_body") or row["body"], not row["public"],
                    "customer" if author.get("role") == "end-user" else "agent",
                    str(author.get("name") or ""),
                    [str(file.get("file_name")) for file in row.get("attachments") or () if file.get("file_name")]))
            meta = page.get("meta") or {}
            if not meta.get("has_more"):
                break
            params = {**params, "page[after]": meta["after_cursor"]}
        return found

    def erase(self, gone: Gone) -> str | None:
        """``DELETE /api/v2/tickets/{id}.json``, then the same under ``deleted_tickets``: gone for good.

        The second needs a right of its own; without it Zendesk empties a deleted ticket after 30 days.
        Without the first, subject and custom fields are emptied and the ticket is marked.
        """
        number, path = gone.external_id, f"/api/v2/tickets/{gone.external_id}.json"
        try:
            self._client.call("DELETE", path)
        except NotFound:
            pass                # deleted before, perhaps by us: still to be removed for good
        except NotPermitted:
            self._client.call("PUT", path, body={"ticket": {
                "subject": f"[{gone.reference}] {ERASED}"[:150],
                "custom_fields": _numbered(dict.fromkeys(self._mapping.fields, ""))}})
            self.comment(number, Comment(ERASED, True, "agent", ""))
            return f"Zendesk does not let our account delete ticket {number} ({gone.reference}): delete it there."
        try:
            self._client.call("DELETE", f"/api/v2/deleted_tickets/{number}.json")
        except NotPermitted:
            return f"Zendesk does not let our account delete ticket {number} ({gone.reference}) for good: do it there."
        return None

    def changed(self, cursor: str | None) -> tuple[Sequence[str], str]:
        """``GET /api/v2/incremental/tickets/cursor.json``, at most ten times a minute."""
        params = {"cursor": cursor} if cursor else {"start_time": str(int(utcnow().timestamp()) - 120)}
        page = self._client.call("GET", "/api/v2/incremental/tickets/cursor.json", params=params)
        return [str(row["id"]) for row in page["tickets"]], str(page.get("after_cursor") or cursor or "")

    def _fields(self, changes: Mapping[str, str]) -> dict[str, Any]:
        found = {name: self.word(name, value) for name, value in changes.items()}
        return {name: value for name, value in found.items() if value}

    def _made(self, row: Mapping[str, Any]) -> Made:
        return Made(str(row["id"]), f"{self._url}/agent/tickets/{row['id']}")


def _numbered(custom: Mapping[str, str]) -> list[dict[str, Any]]:
    """Custom fields as Zendesk takes them; the mapping holds numbers only."""
    return [{"id": int(name), "value": value} for name, value in custom.items()]
