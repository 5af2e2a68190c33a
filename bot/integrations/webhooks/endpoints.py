"""Where webhooks go: endpoints with their subscriptions and secrets.

A secret is shown when it is made and stored sealed, because signing needs it in the clear. A new
secret lets the former one sign too for a day, so that a receiver changes over without a gap.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.errors import BadInput, Conflict, NotFound
from bot.integrations.webhooks import catalogue
from bot.privacy.keys import Vault
from bot.storage.clock import later, now_iso
from bot.storage.schema import webhook_endpoints

MOST = 20            # endpoints an instance holds
_OVERLAP = 24 * 3600.0
_C = webhook_endpoints.c


def create(
    connection: Connection, vault: Vault, *, url: str, events: Iterable[str], author: str,
    description: str = "", private: bool = False,
) -> tuple[dict[str, Any], str]:
    """A new endpoint and its secret, which is never shown again. Raises BadInput, Conflict."""
    if connection.execute(sa.select(sa.func.count()).select_from(webhook_endpoints)).scalar_one() >= MOST:
        raise Conflict(f"There are {MOST} endpoints already: remove one first.", key="hook_many", most=MOST)
    secret = new_secret()
    row: dict[str, Any] = {"id": "ep_" + secrets.token_hex(8), "url": check_url(url, private), "secret": vault.seal(secret),
           "description": description[:200], "events": catalogue.check(events), "active": True,
           "created_by": author, "created_at": now_iso()}
    connection.execute(sa.insert(webhook_endpoints).values(**row))
    return get(connection, row["id"]), secret


def change(
    connection: Connection, endpoint_id: str, *, private: bool, url: str | None = None,
    events: Iterable[str] | None = None, description: str | None = None, active: bool | None = None,
) -> dict[str, Any]:
    """Change what is given; switching on again forgets former failures. Raises NotFound, BadInput."""
    get(connection, endpoint_id)
    values: dict[str, Any] = {}
    if url is not None:
        values["url"] = check_url(url, private)
    if events is not None:
        values["events"] = catalogue.check(events)
    if description is not None:
        values["description"] = description[:200]
    if active is not None:
        values |= {"active": active, "failing_since": None, "disabled_reason": None}
    if values:
        connection.execute(sa.update(webhook_endpoints).where(_C.id == endpoint_id).values(**values))
    return get(connection, endpoint_id)


def rotate(connection: Connection, vault: Vault, endpoint_id: str) -> str:
    """A new secret; the former one signs beside it for a day. Raises NotFound."""
    row, secret = get(connection, endpoint_id), new_secret()
    connection.execute(sa.update(webhook_endpoints).where(_C.id == endpoint_id).values(
        secret=vault.seal(secret), former_secret=row["secret"], former_until=later(_OVERLAP)))
    return secret


def remove(connection: Connection, endpoint_id: str) -> None:
    """Remove an endpoint with its log. Raises NotFound."""
    get(connection, endpoint_id)
    connection.execute(sa.delete(webhook_endpoints).where(_C.id == endpoint_id))


def get(connection: Connection, endpoint_id: str) -> dict[str, Any]:
    """The row as stored. Raises NotFound."""
    row = connection.execute(
        sa.select(webhook_endpoints).where(_C.id == endpoint_id)).mappings().first()
    if row is None:
        raise NotFound("There is no such endpoint.", key="hook_gone")
    return dict(row)


def all_of(connection: Connection) -> list[dict[str, Any]]:
    """Every endpoint, oldest first."""
    rows = connection.execute(sa.select(webhook_endpoints).order_by(_C.created_at)).mappings()
    return [dict(row) for row in rows]


def public(row: dict[str, Any]) -> dict[str, Any]:
    """An endpoint as staff see it: no secret."""
    hidden = ("secret", "former_secret", "former_until")
    return {key: value for key, value in row.items() if key not in hidden}


def signing_secrets(row: dict[str, Any], vault: Vault) -> list[str]:
    """The secrets that sign now: the present one first."""
    found = [vault.open(row["secret"])]
    if row["former_secret"] and (row["former_until"] or "") > now_iso():
        found.append(vault.open(row["former_secret"]))
    return found


def failed(connection: Connection, endpoint_id: str, *, days: float, gone: bool = False) -> str | None:
    """Note a failure; switches the endpoint off after ``days`` of nothing else. The reason if it did."""
    row = get(connection, endpoint_id)
    since = row["failing_since"] or now_iso()
    values: dict[str, Any] = {"failing_since": since}
    reason = None
    if gone:
        reason = "The receiver answered 410 Gone."
    elif since <= later(-days * 86400):
        reason = f"No message was accepted since {since[:10]}."
    if reason and row["active"]:
        values |= {"active": False, "disabled_reason": reason}
    connection.execute(sa.update(webhook_endpoints).where(_C.id == endpoint_id).values(**values))
    return reason


def worked(connection: Connection, endpoint_id: str) -> None:
    """Note a success."""
    connection.execute(
        sa.update(webhook_endpoints)
        .where(_C.id == endpoint_id, _C.failing_since.is_not(None)).values(failing_since=None))


def new_secret() -> str:
    """``whsec_`` and 32 random bytes, as Standard Webhooks writes them."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def check_url(url: str, private: bool) -> str:
    """An address a webhook may go to. Raises BadInput."""
    try:
        parts = urlsplit(url.strip())
        usable = bool(parts.hostname) and (parts.port is None or 0 < parts.port < 65536)
    except ValueError:
        usable = False
    if not usable or len(url) > 1000 or parts.username or parts.password or parts.fragment:
        raise BadInput("Give the full address, e.g. https://example.org/hooks/relais.", key="hook_url")
    if parts.scheme != "https" and not (private and parts.scheme == "http"):
        raise BadInput("Webhooks go to https addresses only.", key="hook_https")
    return url.strip()
