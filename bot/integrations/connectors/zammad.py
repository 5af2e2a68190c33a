"""Zammad by its REST API (https://docs.zammad.org/en/latest/api/intro.html)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from bot.channels.html_text import words_of
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
from bot.storage.clock import iso, later, parse, utcnow

_PAGE = 100
_PENDING_DAYS = 7        # a pending state of Zammad's needs the time at which it wakes up


class Zammad:
    """A Zammad with a token of an agent's."""

    name, mirror = "zammad", True
    pace: tuple[int, float] | None = None

    def __init__(self, url: str, token: str, mapping: SystemMapping) -> None:
        self._url, self._mapping = url.rstrip("/"), mapping
        self._client = JsonClient("Zammad", url, {"Authorization": f"Token token={token}"})

    def word(self, name: str, ours: str) -> str | None:
        """By the mapping."""
        return self._mapping.theirs(name, ours)

    def custom(self, values: Mapping[str, object]) -> dict[str, str]:
        """By the mapping: object attributes of Zammad's."""
        return self._mapping.custom(values)

    def create(self, new: NewTicket) -> Made:
        """``POST /api/v1/tickets`` with the first article."""
        options = self._mapping.options
        by_contact = options.get("requester") and new.contact and "@" in new.contact
        customer = new.contact if by_contact else options.get("customer", "relais@example.org")
        made = self._client.call("POST", "/api/v1/tickets", body={
            **self.custom(new.values),
            "title": _title(new.reference, new.subject), "group": options.get("group", "Users"),
            "customer_id": f"guess:{customer}", **self._state(new.status),
            "priority": self._mapping.priority.get(new.priority, "2 normal"),
            "article": {"subject": new.subject, "body": new.body, "type": "note", "internal": False,
                        "content_type": "text/plain"}})
        return self._made(made)

    def find(self, reference: str) -> Made | None:
        """By the reference in the title."""
        found = self._client.call("GET", "/api/v1/tickets/search", params={
            "query": f'title:"{reference}"', "limit": "10", "expand": "true"})
        return next((self._made(row) for row in found if f"[{reference}]" in row.get("title", "")), None)

    def get(self, external_id: str) -> RemoteTicket:
        """``GET /api/v1/tickets/{id}?expand=true`` gives names instead of ids."""
        row = self._client.call("GET", f"/api/v1/tickets/{external_id}", params={"expand": "true"})
        return RemoteTicket(
            external_id, self._mapping.ours("status", row["state"]),
            self._mapping.ours("priority", row["priority"]), iso(parse(row["updated_at"])),
            row["state"], self._made(row).url)

    def update(self, external_id: str, changes: Mapping[str, str], custom: Mapping[str, str]) -> None:
        """``PUT /api/v1/tickets/{id}``."""
        body: dict[str, Any] = dict(custom)
        if "status" in changes:
            body |= self._state(changes["status"])
        if "priority" in changes:
            body["priority"] = self._mapping.priority.get(changes["priority"], "2 normal")
        self._client.call("PUT", f"/api/v1/tickets/{external_id}", body=body)

    def comment(self, external_id: str, comment: Comment) -> str:
        """``POST /api/v1/ticket_articles``."""
        made = self._client.call("POST", "/api/v1/ticket_articles", body={
            "ticket_id": int(external_id), "body": comment.text, "content_type": "text/plain",
            "type": "note", "internal": comment.internal,
            "sender": "Customer" if comment.by == "customer" else "Agent"})
        return str(made["id"])

    def comments(self, external_id: str) -> Sequence[RemoteComment]:
        """``GET /api/v1/ticket_articles/by_ticket/{id}``; Zammad's own lines are left out."""
        rows = self._client.call("GET", f"/api/v1/ticket_articles/by_ticket/{external_id}")
        return [RemoteComment(
            str(row["id"]), words_of(row["body"]) if "html" in row.get("content_type", "") else row["body"],
            bool(row.get("internal")), "customer" if row.get("sender") == "Customer" else "agent",
            str(row.get("from") or row.get("created_by") or "").split("<")[0].strip(),
            [str(file.get("filename")) for file in row.get("attachments") or () if file.get("filename")])
            for row in rows if row.get("sender") != "System"]

    def erase(self, gone: Gone) -> str | None:
        """``DELETE /api/v1/tickets/{id}``, which needs the permission ``admin``.

        Without it title and custom fields are emptied and the ticket is marked; Zammad lets no agent
        change or remove the articles.
        """
        path = f"/api/v1/tickets/{gone.external_id}"
        try:
            self._client.call("DELETE", path)
            return None
        except NotPermitted:
            self._client.call("PUT", path, body={
                **dict.fromkeys(self._mapping.fields, ""), "title": _title(gone.reference, ERASED)})
            self.comment(gone.external_id, Comment(ERASED, True, "agent", ""))
            return f"Zammad does not let our account delete ticket {gone.external_id} ({gone.reference}): delete it there."

    def changed(self, cursor: str | None) -> tuple[Sequence[str], str]:
        """By the search index, which lags a little: each look goes back over the last minute."""
        start = cursor or later(-60)
        rows = self._client.call("GET", "/api/v1/tickets/search", params={
            "query": f"updated_at:[{start} TO *]", "sort_by": "updated_at", "order_by": "asc",
            "limit": str(_PAGE), "expand": "true"})
        newest = max((iso(parse(row["updated_at"])) for row in rows), default="")
        end = newest if len(rows) == _PAGE and newest > start else iso(utcnow() - timedelta(seconds=60))
        return [str(row["id"]) for row in rows], max(end, start)

    def _state(self, status: str) -> dict[str, str]:
        state = self._mapping.status.get(status, "open")
        wakes = {"pending_time": later(_PENDING_DAYS * 86400.0)} if state.startswith("pending") else {}
        return {"state": state, **wakes}

    def _made(self, row: Mapping[str, Any]) -> Made:
        return Made(str(row["id"]), f"{self._url}/#ticket/zoom/{row['id']}")


def _title(reference: str, subject: str) -> str:
    return f"[{reference}] {subject}"[:250]
