"""Issues in Jira, Cloud or Data Center (https://developer.atlassian.com/cloud/jira/platform/rest/)."""

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
from bot.privacy.redaction import redact
from bot.storage.clock import iso, now_iso, parse, utcnow

_MOST_PAGES = 200


class Jira:
    """A Jira project. What goes there is redacted: those who mend things need no customer's data."""

    name, mirror = "jira", False
    pace: tuple[int, float] | None = None

    def __init__(self, url: str, user: str, token: str, mapping: SystemMapping) -> None:
        self._url, self._mapping = url.rstrip("/"), mapping
        auth = (user, token) if user else None
        headers = {} if user else {"Authorization": f"Bearer {token}"}
        self._client = JsonClient("Jira", url, headers, auth=auth)

    def word(self, name: str, ours: str) -> str | None:
        """By the mapping (priorities only: an issue's state is its own)."""
        return self._mapping.theirs(name, ours)

    def custom(self, values: Mapping[str, object]) -> dict[str, str]:
        """By the mapping, redacted."""
        return {name: redact(value) for name, value in self._mapping.custom(values).items()}

    def create(self, new: NewTicket) -> Made:
        """``POST /rest/api/2/issue`` (plain text); a label carries the reference."""
        options = self._mapping.options
        fields: dict[str, Any] = {
            **self.custom(new.values),
            "project": {"key": options.get("project", "SUP")},
            "issuetype": {"name": options.get("issue_type", "Task")},
            "summary": redact(f"[{new.reference}] {new.subject}")[:250].replace("\n", " "),
            "description": redact(new.body)[:30_000], "labels": ["relais", _label(new.reference)]}
        if new.priority in self._mapping.priority:
            fields["priority"] = {"name": self._mapping.priority[new.priority]}
        return self._made(self._client.call("POST", "/rest/api/2/issue", body={"fields": fields}))

    def find(self, reference: str) -> Made | None:
        """By label."""
        issues = self._search(f'labels = "{_label(reference)}"')
        return self._made(issues[0]) if issues else None

    def get(self, external_id: str) -> RemoteTicket:
        """``GET /rest/api/2/issue/{id}``. Its status is told in Jira's words, never made ours."""
        row = self._client.call("GET", f"/rest/api/2/issue/{external_id}",
                                params={"fields": "status,updated"})
        fields = row["fields"]
        return RemoteTicket(external_id, None, None, iso(parse(_colon(fields["updated"]))),
                            fields["status"]["name"], self._made(row).url)

    def update(self, external_id: str, changes: Mapping[str, str], custom: Mapping[str, str]) -> None:
        """Custom fields only: an issue's state belongs to those who work on it."""
        if custom:
            self._client.call("PUT", f"/rest/api/2/issue/{external_id}",
                              body={"fields": {name: value or None for name, value in custom.items()}})

    def comment(self, external_id: str, comment: Comment) -> str:
        """``POST /rest/api/2/issue/{id}/comment``."""
        made = self._client.call("POST", f"/rest/api/2/issue/{external_id}/comment",
                                 body={"body": redact(comment.text)})
        return str(made["id"])

    def comments(self, external_id: str) -> Sequence[RemoteComment]:
        """``GET /rest/api/2/issue/{id}/comment``, page by page."""
        found: list[RemoteComment] = []
        while True:
            page = self._client.call("GET", f"/rest/api/2/issue/{external_id}/comment",
                                     params={"startAt": str(len(found)), "maxResults": "100",
                                             "orderBy": "created"})
            found += [RemoteComment(str(row["id"]), row["body"], True, "agent",
                                    str((row.get("author") or {}).get("displayName") or ""))
                      for row in page["comments"]]
            if not page["comments"] or len(found) >= page.get("total", 0):
                return found

    def erase(self, gone: Gone) -> str | None:
        """Empties summary, description and custom fields and removes our comments.

        The issue stays, with its state and what developers wrote: it is about our product.
        """
        path = f"/rest/api/2/issue/{gone.external_id}"
        self._client.call("PUT", path, body={"fields": {
            **dict.fromkeys(self._mapping.fields),
            "summary": f"[{gone.reference}] {ERASED}"[:250], "description": ERASED}})
        for number in gone.comments:
            try:
                self._client.call("DELETE", f"{path}/comment/{number}")
            except NotFound:
                continue
            except NotPermitted:
                return f"Jira does not let our account delete its comments on issue {gone.external_id} ({gone.reference}): do it there."
        return None

    def changed(self, cursor: str | None) -> tuple[Sequence[str], str]:
        """Our issues updated since the cursor, asked for in minutes: JQL knows no time zone but the user's."""
        started = now_iso()
        minutes = 2 if cursor is None else int((utcnow() - parse(cursor)).total_seconds() // 60) + 2
        issues = self._search(f'labels = "relais" AND updated >= -{min(minutes, 60 * 24 * 30)}m')
        return [str(issue["id"]) for issue in issues], started

    def _search(self, jql: str) -> list[dict[str, Any]]:
        """All that is found, page by page: a release may move hundreds of issues at once."""
        server = self._mapping.options.get("api") == "server"
        path = "/rest/api/2/search" if server else "/rest/api/3/search/jql"
        params = {"jql": jql, "fields": "updated", "maxResults": "100"}
        found: list[dict[str, Any]] = []
        for _ in range(_MOST_PAGES):
            page = self._client.call("GET", path, params=params)
            found += page["issues"]
            if server:
                if not page["issues"] or len(found) >= int(page.get("total", 0)):
                    break
                params["startAt"] = str(len(found))
            else:
                if page.get("isLast", True) or not page.get("nextPageToken"):
                    break
                params["nextPageToken"] = str(page["nextPageToken"])
        return found

    def _made(self, row: Mapping[str, Any]) -> Made:
        return Made(str(row["id"]), f"{self._url}/browse/{row['key']}")


def _label(reference: str) -> str:
    return f"relais-{reference.lower()}"


def _colon(text: str) -> str:
    """Jira writes ``+0000`` where ISO 8601 as we read it has ``+00:00``."""
    return f"{text[:-2]}:{text[-2:]}" if len(text) > 5 and text[-5] in "+-" else text
