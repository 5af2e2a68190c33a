"""The systems of the settings, and what the worker does for them beside deliveries."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from pydantic import SecretStr

from bot.errors import ConfigurationError, Unavailable
from bot.integrations.connectors import links
from bot.integrations.connectors.jira import Jira
from bot.integrations.connectors.mapping import read
from bot.integrations.connectors.port import TicketSystem
from bot.integrations.connectors.zammad import Zammad
from bot.integrations.connectors.zendesk import Zendesk
from bot.settings import Settings
from bot.storage.clock import later, now_iso, parse, utcnow
from bot.storage.database import Database

NAMES = ("zammad", "zendesk", "jira")
_log = structlog.get_logger(__name__)


def configured(settings: Settings) -> list[str]:
    """Names of the systems that have an address."""
    return [name for name in NAMES if getattr(settings, f"{name}_url")]


def systems(settings: Settings) -> dict[str, TicketSystem]:
    """The systems by name. Raises ConfigurationError for a missing token or a bad mapping."""
    path = settings.connectors_file
    found: dict[str, TicketSystem] = {}
    for name in configured(settings):
        mapping = read(path, name)
        token = _secret(getattr(settings, f"{name}_token"))
        if not token:
            raise ConfigurationError(f"RELAIS_{name.upper()}_TOKEN is missing.")
        if name == "zammad":
            found[name] = Zammad(settings.zammad_url, token, mapping)
        elif name == "zendesk":
            found[name] = Zendesk(settings.zendesk_url, settings.zendesk_user, token, mapping)
        else:
            found[name] = Jira(settings.jira_url, settings.jira_user, token, mapping)
    return found


def webhook_secret(settings: Settings, name: str) -> str:
    """The secret of a system's webhooks; empty where there is none."""
    return _secret(getattr(settings, f"{name}_webhook_secret"))


def register(settings: Settings, database: Database) -> None:
    """From now on changes are queued for the configured systems, and no others."""
    with database.write() as connection:
        links.register(connection, configured(settings))


def chores(settings: Settings, database: Database) -> list[tuple[str, float, Callable[[], object]]]:
    """A look at each system for changes its webhooks did not bring."""
    found = systems(settings)

    def look(system: TicketSystem) -> Callable[[], object]:
        return lambda: poll(database, system)

    return [(f"look at {name}", settings.connector_seconds, look(system)) for name, system in found.items()]


def poll(database: Database, system: TicketSystem) -> int:
    """Queue a pass for linked tickets that changed there; how many."""
    with database.read() as connection:
        state = links.state(connection, system.name)
    until = state.get("paused_until")
    if until and parse(until) > utcnow():
        return 0
    try:
        ids, cursor = system.changed(state.get("cursor"))
    except Unavailable as error:
        wait = error.context.get("retry_after")
        if isinstance(wait, (int, float)):
            with database.write() as connection:
                links.set_state(connection, system.name, paused_until=later(float(wait)))
        _log.warning("a system does not answer", connector=system.name, why=error.detail)
        return 0
    count = 0
    with database.write() as connection:
        for external_id in ids:
            reference = links.reference_of(connection, system.name, external_id)
            link = links.find(connection, system.name, reference) if reference else None
            if link is not None and reference is not None:
                count += links.ask(connection, system.name, reference, link["conversation_id"],
                                   f"look:{external_id}:{now_iso()}")
        links.set_state(connection, system.name, cursor=cursor, polled_at=now_iso())
    return count


def _secret(value: SecretStr | None) -> str:
    return value.get_secret_value() if value else ""
