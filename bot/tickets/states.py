"""The life of a ticket: states, actions, and who may do what. The only place that knows.

new ──take, assign──▶ open ──reply──▶ pending ──customer writes──▶ open
any live ──hold──▶ on_hold            any live ──transfer, escalate──▶ open
any live ──resolve / hand_back──▶ solved
solved ──customer writes (7 days), reopen──▶ open    solved ──close──▶ closed (for good)
any but closed ──merge──▶ closed, with a pointer to the ticket that goes on
Everything else (note, tag, link, …) leaves the state as it is and is a line of history all the same.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.errors import Conflict

STATUSES = ("new", "open", "pending", "on_hold", "solved", "closed")
LIVE = frozenset({"new", "open", "pending", "on_hold"})
IN_LINE = ("new", "open")      # those that wait for us; the rest wait for the customer, or for something else
PRIORITIES = ("urgent", "high", "normal")
LEVELS = ("L1", "L2", "expert")
REOPEN_DAYS = 7      # a solved ticket opens again by a message of its customer for so long


@dataclass(frozen=True)
class Action:
    """Former states it is allowed in, and the state it leads to (None: stays)."""

    allowed: frozenset[str]
    to: str | None


_NOT_CLOSED = LIVE | {"solved"}

ACTIONS: dict[str, Action] = {
    "take": Action(LIVE, "open"),
    "assign": Action(LIVE, "open"),                    # by the system, or by a lead
    "reply": Action(LIVE, "pending"),
    "hold": Action(LIVE, "on_hold"),
    "note": Action(_NOT_CLOSED, None),
    "transfer": Action(LIVE, "open"),
    "escalate": Action(LIVE, "open"),
    "release": Action(LIVE, None),                     # its agent is gone: back to the queue
    "overflow": Action(LIVE, None),                    # waited too long: to the next queue
    "prioritise": Action(LIVE, None),
    "tag": Action(_NOT_CLOSED, None),
    "link": Action(_NOT_CLOSED, None),
    "absorb": Action(_NOT_CLOSED, None),               # a duplicate was merged into it
    "merge": Action(_NOT_CLOSED, "closed"),
    "follow_up": Action(LIVE, None),                   # planned
    "follow_up_sent": Action(LIVE, None),
    "follow_up_stop": Action(_NOT_CLOSED, None),
    "rate": Action(_NOT_CLOSED, None),
    "sla_warning": Action(_NOT_CLOSED, None),
    "sla_breach": Action(_NOT_CLOSED, None),
    "resolve": Action(LIVE, "solved"),
    "hand_back": Action(LIVE, "solved"),
    "customer": Action(_NOT_CLOSED - {"new"}, "open"),
    "reopen": Action(frozenset({"solved"}), "open"),
    "close": Action(frozenset({"solved"}), "closed"),
}


def next_status(action: str, status: str) -> str:
    """The state ``action`` leads to from ``status``; raises Conflict where it is not allowed."""
    rule = ACTIONS[action]
    if status not in rule.allowed:
        raise Conflict(
            f"A ticket that is {status.replace('_', ' ')} does not allow '{action.replace('_', ' ')}'.",
            key=f"not_when_{status}",
        )
    return rule.to or status


def priority_number(name: str | None) -> int:
    """0 urgent, 1 high, 2 normal; anything unknown is normal."""
    return PRIORITIES.index(name) if name in PRIORITIES else 2


def level_above(level: str) -> str:
    """The next level; raises Conflict at the top."""
    place = LEVELS.index(level) + 1
    if place >= len(LEVELS):
        raise Conflict("This ticket already is with the experts.", key="level_top")
    return LEVELS[place]
