"""Whether a webhook came from the system it says, and which of its tickets it is about."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any


def genuine(system: str, secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Check a signature as the vendor documents it (constant time). No secret, no entry."""
    if not secret:
        return False
    key = secret.encode()
    if system == "zendesk":      # base64(HMAC-SHA256(timestamp + body))
        at = headers.get("x-zendesk-webhook-signature-timestamp", "")
        wanted = base64.b64encode(hmac.new(key, at.encode() + body, hashlib.sha256).digest())
        return bool(at) and _same(headers.get("x-zendesk-webhook-signature", ""), wanted.decode())
    given = headers.get("x-hub-signature", "")
    if system == "zammad":       # sha1=hex
        return _same(given, "sha1=" + hmac.new(key, body, hashlib.sha1).hexdigest())
    if system == "jira":         # sha256=hex
        return _same(given, "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest())
    return False


def subject(system: str, body: bytes) -> str | None:
    """The id of the ticket or issue a webhook is about; None where it names none."""
    try:
        payload: Any = json.loads(body)
    except ValueError:
        return None
    if not isinstance(payload, dict):
        return None
    places = {
        "zendesk": (("detail", "id"), ("ticket", "id"), ("ticket_id",), ("id",)),
        "zammad": (("ticket", "id"), ("ticket_id",)),
        "jira": (("issue", "id"),),
    }[system]
    for path in places:
        found: Any = payload
        for part in path:
            found = found.get(part) if isinstance(found, dict) else None
        if isinstance(found, (str, int)) and str(found).isalnum():
            return str(found)[:40]
    return None


def delivery_key(headers: Mapping[str, str], body: bytes) -> str:
    """What repeats when the same webhook is delivered again."""
    named = headers.get("x-zammad-delivery") or headers.get("x-atlassian-webhook-identifier") or ""
    stamp = headers.get("x-zendesk-webhook-signature-timestamp", "")
    return hashlib.sha256(f"{named}|{stamp}|".encode() + body).hexdigest()[:24]


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())
