"""What each step of a flow costs its customers: how many messages until it is answered, and how flows end."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.analytics.metrics import Period
from bot.storage.schema import conversations, facts

_C, _F = conversations.c, facts.c
ENDS = ("done", "handover", "failed", "cancelled")


def by_flow(connection: Connection, span: Period) -> list[dict[str, Any]]:
    """Flows of conversations begun in the period, the most used first.

    Each has its ends by kind and its steps, the costliest first: ``messages`` written to it, ``answered``
    among them, and ``each``, the messages an answer took (1.0: everybody was understood at once).
    """
    event, flow = _F.payload["event"].as_string(), _F.payload["flow"].as_string()
    step, moved = _F.payload["step"].as_string(), _F.payload["moved"].as_boolean()
    rows = connection.execute(
        sa.select(flow, event, step, moved, sa.func.count())
        .join(conversations, _C.id == _F.conversation_id)
        .where(_C.created_at >= span.start, _C.created_at < span.end, _F.kind == "flow")
        .group_by(flow, event, step, moved)).all()
    found: dict[str, dict[str, Any]] = {}
    for name, what, place, went_on, count in rows:
        if not name:
            continue
        one = found.setdefault(name, {"flow": name, "ends": dict.fromkeys(ENDS, 0), "steps": {}})
        if what == "step" and place:
            cost = one["steps"].setdefault(place, {"step": place, "messages": 0, "answered": 0})
            cost["messages"] += count
            cost["answered"] += count if went_on else 0
        elif what in ENDS:
            one["ends"][what] += count
    for one in found.values():
        steps = [{**cost, "each": round(cost["messages"] / cost["answered"], 2) if cost["answered"] else None} for cost in one["steps"].values()]
        one["steps"] = sorted(steps, key=lambda cost: (-(cost["each"] or float("inf")), -cost["messages"]))
    return sorted(found.values(), key=lambda one: -sum(one["ends"].values()))
