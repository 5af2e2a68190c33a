"""The filters of the queue: one value type for requests, saved views and the query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from bot.errors import BadInput, not_one_of

SLA = ("", "due", "late")
SNOOZED = ("", "no", "only")


@dataclass(frozen=True)
class Filters:
    """Empty means any. ``status`` may be ``live`` or several joined by commas; ``assignee`` may be
    ``me`` or ``none``; ``sla`` is ``due`` (within the hour, or late) or ``late``; ``snoozed`` is ``no``
    or ``only``."""

    status: str = ""
    queue: str = ""
    priority: str = ""
    level: str = ""
    locale: str = ""
    tag: str = ""
    channel: str = ""
    assignee: str = ""
    sla: str = ""
    snoozed: str = ""
    q: str = ""

    def __post_init__(self) -> None:
        if self.sla not in SLA:
            raise not_one_of("sla", ("due", "late"))
        if self.snoozed not in SNOOZED:
            raise not_one_of("snoozed", ("no", "only"))

    def kept(self) -> dict[str, str]:
        """What is set, as plain data."""
        return {name: value for name, value in asdict(self).items() if value}


def from_data(data: Mapping[str, Any]) -> Filters:
    """Filters from a saved view or a request body. Raises BadInput for a name or value nobody knows."""
    known = {field.name for field in fields(Filters)}
    unknown = sorted(set(data) - known)
    if unknown:
        raise BadInput(f"There is no filter {unknown[0][:40]}.", key="filter_unknown", name=unknown[0][:40])
    if any(not isinstance(value, str) or len(value) > 200 for value in data.values()):
        raise BadInput("A filter is a text of at most 200 characters.", key="filter_long")
    return Filters(**data)
