"""Who may do what. Every staff call names one right; this table answers."""

from __future__ import annotations

ROLES = ("agent", "lead", "analyst", "admin")

RIGHTS: dict[str, frozenset[str]] = {
    "tickets": frozenset({"agent", "lead", "admin"}),
    "articles.read": frozenset({"agent", "lead", "analyst", "admin"}),
    "articles.write": frozenset({"lead", "admin"}),
    "gaps.read": frozenset({"lead", "analyst", "admin"}),
    "gaps.decide": frozenset({"lead", "admin"}),
    "metrics": frozenset({"lead", "analyst", "admin"}),
    "conversations": frozenset({"lead", "analyst", "admin"}),
    "settings.read": frozenset({"lead", "analyst", "admin"}),
    "settings.write": frozenset({"lead", "admin"}),
    "operations": frozenset({"lead", "admin"}),
    "integrations": frozenset({"lead", "admin"}),
    "staff": frozenset({"admin"}),
    "erase": frozenset({"admin", "lead"}),
}


def may(role: str, right: str) -> bool:
    """Whether ``role`` has ``right``; an unknown right is a mistake in the code and raises KeyError."""
    return role in RIGHTS[right]
