"""The life of a ticket: states, actions, and who may do what. The only place that knows.

new ──take──▶ open ──reply──▶ pending ──customer writes──▶ open
any live ──hold──▶ on_hold    any live ──resolve / hand_back──▶ solved
solved ──customer writes, reopen──▶ open    solved ──close──▶ closed (for good)
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.errors import Conflict

STATUSES = ("new", "open", "pending", "on_hold", "solved", "closed")
LIVE = frozenset({"new", "open", "pending", "on_hold"})
PRIORITIES = ("urgent", "high", "normal")


@dataclass(frozen=True)
class Action:
    """Former states it is allowed in, and the state it leads to (None: stays)."""

    allowed: frozenset[str]
    to: str | None


ACTIONS: dict[str, Action] = {
    "take": Action(LIVE, "open"),
    "reply": Action(LIVE, "pending"),
    "hold": Action(LIVE, "on_hold"),
    "note": Action(LIVE | {"solved"}, None),
    "transfer": Action(LIVE, "open"),
    "resolve": Action(LIVE, "solved"),
    "hand_back": Action(LIVE, "solved"),
    "customer": Action(frozenset({"open", "pending", "on_hold", "solved"}), "open"),
    "reopen": Action(frozenset({"solved"}), "open"),
    "close": Action(frozenset({"solved"}), "closed"),
}


def next_status(action: str, status: str) -> str:
    """The state ``action`` leads to from ``status``; raises Conflict where it is not allowed."""
    rule = ACTIONS[action]
    if status not in rule.allowed:
        raise Conflict(
            f"A ticket that is {status.replace('_', ' ')} does not allow '{action.replace('_', ' ')}'."
        )
    return rule.to or status


def priority_number(name: str | None) -> int:
    """0 urgent, 1 high, 2 normal; anything unknown is normal."""
    return PRIORITIES.index(name) if name in PRIORITIES else 2
