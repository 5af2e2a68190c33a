"""Which of our values is which of theirs: ``data/connectors.yml``, checked when it is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from bot.errors import ConfigurationError
from bot.tickets.states import PRIORITIES, STATUSES

_LONGEST = 255


@dataclass(frozen=True)
class SystemMapping:
    """One system's part of the file."""

    status: Mapping[str, str] = field(default_factory=dict)       # ours → theirs
    priority: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)       # their field → our dotted name
    options: Mapping[str, Any] = field(default_factory=dict)

    def ours(self, kind: str, theirs: str | None) -> str | None:
        """Our first status or priority that is theirs; None for one the file does not name."""
        table = self.status if kind == "status" else self.priority
        return next((mine for mine, value in table.items() if value == theirs), None)

    def theirs(self, kind: str, ours: str) -> str | None:
        """Their word for a status or priority of ours; None for one the file does not name."""
        return (self.status if kind == "status" else self.priority).get(ours)

    def custom(self, values: Mapping[str, object]) -> dict[str, str]:
        """Their custom fields with our values; what we do not have is left out."""
        found = {name: _look_up(values, path) for name, path in self.fields.items()}
        return {name: value for name, value in found.items() if value}


def read(path: Path, system: str) -> SystemMapping:
    """One system's mapping. Raises ConfigurationError with what is wrong in the file."""
    try:
        loaded = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (OSError, yaml.YAMLError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}") from error
    part = loaded.get(system) if isinstance(loaded, dict) else None
    if not isinstance(part, dict):
        raise ConfigurationError(f"{path} has no part '{system}'.")
    part = dict(part)
    tables = {name: _texts(path, f"{system}.{name}", part.pop(name, {}) or {})
              for name in ("status", "priority", "fields")}
    for name, known in (("status", STATUSES), ("priority", PRIORITIES)):
        unknown = set(tables[name]) - set(known)
        if unknown:
            raise ConfigurationError(f"{path}: {system}.{name} names {', '.join(sorted(unknown))}; "
                                     f"known are {', '.join(known)}.")
    odd = [name for name in tables["fields"] if system == "zendesk" and not (name.isascii() and name.isdecimal())]
    if odd:
        raise ConfigurationError(f"{path}: zendesk.fields names {', '.join(odd)}; Zendesk's fields are named by their number.")
    return SystemMapping(tables["status"], tables["priority"], tables["fields"], part)


def _texts(path: Path, where: str, table: object) -> dict[str, str]:
    if not isinstance(table, dict):
        raise ConfigurationError(f"{path}: {where} must be a table.")
    return {str(key): str(value) for key, value in table.items()}


def _look_up(values: Mapping[str, object], path: str) -> str:
    found: object = values
    for part in path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return str(found)[:_LONGEST] if isinstance(found, (str, int, float)) and found != "" else ""
