"""Service-level clocks of a ticket, derived from its history. Pure: the same history gives the same clocks.

How they run is what help desks do (Zendesk's and Zammad's terms):

* first response: from opening to the first answer; never paused.
* next response: from the customer's oldest unanswered message, after a first answer, to the next one;
  never paused; a cycle of its own each time.
* resolution: while the ticket is new or open; paused while it is pending (the customer's turn) or on
  hold. A reopened ticket goes on with the same clock: to the customer it was never solved.
* news: from a promise ("next news by Thursday") to its day, around the clock; met by any answer.

A clock is missed when its business time ran out before it ended. Solving ends all; a merge or a
hand-back to the bot drops those that still run in time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.errors import BadInput
from bot.storage.clock import parse
from bot.tickets.business_time import add, between
from bot.tickets.hours import Desk
from bot.tickets.policies import Policies
from bot.tickets.store import Ticket

_ANSWERS = ("reply", "resolve")
_DROPS = ("merge", "hand_back", "close")
_RUNNING = ("new", "open")
KINDS = ("share", "day_before", "breach")
History = Sequence[Mapping[str, Any]]
Span = tuple[datetime, "datetime | None"]     # None: still running


@dataclass(frozen=True)
class Clock:
    """One target of one ticket. Seconds are business seconds; times are aware, None where unknown."""

    target: str
    cycle: int
    state: str                    # running, paused, met, missed, dropped
    started_at: datetime
    goal: int
    used: int
    due_at: datetime | None
    warn_at: datetime | None
    day_before_at: datetime | None
    ended_at: datetime | None

    def moments(self) -> dict[str, datetime]:
        """When each kind of notice falls due. One that would come after the end never does."""
        named = {"share": self.warn_at, "day_before": self.day_before_at, "breach": self.due_at}
        end = self.ended_at
        return {kind: at for kind, at in named.items() if at is not None and (end is None or at < end)}


def clocks(ticket: Ticket, history: History, policies: Policies, now: datetime) -> list[Clock]:
    """All clocks of a ticket, oldest first. ``history`` is its lines, oldest first."""
    made: list[Clock] = []
    policy = policies.of(ticket["queue"], ticket["priority"])
    if policy is not None:
        def clock(target: str, cycle: int, spans: list[Span], end: tuple[datetime, str] | None) -> None:
            if goal := policy.goals.get(target):
                made.append(_clock(target, cycle, spans, end, goal, policy.desk, policies, now))

        start = parse(ticket["opened_at"])
        first_end = _first(history, start)
        clock("first_response", 1, [(start, first_end[0] if first_end else None)], first_end)
        for cycle, (asked, end) in enumerate(_asks(history), 1):
            clock("next_response", cycle, [(asked, end[0] if end else None)], end)
        spans, end = _open_spans(history, start)
        clock("resolution", 1, spans, end)
    for cycle, (at, promised, end) in enumerate(_promises(history), 1):
        goal = max(1, round((promised - at).total_seconds()))
        made.append(_clock("news", cycle, [(at, end[0] if end else None)], end, goal, None, policies, now))
    return made


def _clock(
    target: str, cycle: int, spans: list[Span], end: tuple[datetime, str] | None, goal: int,
    desk: Desk | None, policies: Policies, now: datetime,
) -> Clock:
    due = reached(spans, goal, desk)
    used = sum(between(desk, start, stop or max(start, now)) for start, stop in spans)
    long = due is not None and (due - spans[0][0]).total_seconds() > policies.long_seconds
    if end is not None:
        late = due is not None and due < end[0]
        state = "missed" if late else "met" if end[1] in _ANSWERS else "dropped"
    else:
        state = "running" if spans[-1][1] is None else "paused"
    before = due - timedelta(days=1) if due is not None and long else None
    return Clock(
        target, cycle, state, spans[0][0], goal, round(used), due,
        reached(spans, goal * policies.warn_share, desk),
        before if before is not None and before > spans[0][0] else None, end[0] if end else None)


def reached(spans: Sequence[Span], seconds: float, desk: Desk | None) -> datetime | None:
    """When the spans' business time adds up to ``seconds``; None if it does not while paused or ended, or
    where the desk never opens for that long."""
    left = seconds
    for start, stop in spans:
        length = None if stop is None else between(desk, start, stop)
        if length is None or length > left:
            return _added(desk, start, left)
        left -= length
    return None


def _added(desk: Desk | None, start: datetime, seconds: float) -> datetime | None:
    """One row that asks for more than its hours give must not keep every ticket from being shown."""
    try:
        return add(desk, start, seconds)
    except BadInput:
        return None


def _first(history: History, start: datetime) -> tuple[datetime, str] | None:
    for line in history:
        if line["action"] in (*_ANSWERS, *_DROPS):
            return max(start, parse(line["at"])), line["action"]
    return None


def _asks(history: History) -> list[tuple[datetime, tuple[datetime, str] | None]]:
    """The customer's messages after a first answer, each with what ended the wait for a next one."""
    found: list[tuple[datetime, tuple[datetime, str] | None]] = []
    waiting: datetime | None = None
    answered = False
    for line in history:
        at, action = parse(line["at"]), line["action"]
        if action in (*_ANSWERS, *_DROPS):
            if waiting is not None:
                found.append((waiting, (max(at, waiting), action)))
            waiting, answered = None, True
        elif answered and waiting is None and (
            action == "customer" or (action == "reopen" and line["author"] in ("customer", "bot"))
        ):
            waiting = at
    return [*found, (waiting, None)] if waiting is not None else found


def _open_spans(history: History, start: datetime) -> tuple[list[Span], tuple[datetime, str] | None]:
    """When the ticket was ours to work on, and how it ended, if it is solved now."""
    spans: list[Span] = [(start, None)]
    end: tuple[datetime, str] | None = None
    for line in history:
        at, to = max(parse(line["at"]), spans[-1][0]), line["to_status"]
        runs = spans[-1][1] is None
        if to in _RUNNING:
            end = None
            if not runs:
                spans.append((max(at, spans[-1][1] or at), None))
        else:
            if runs:
                spans[-1] = (spans[-1][0], at)
            end = end or (at, line["action"]) if to in ("solved", "closed") else None
    return spans, end


def _promises(
    history: History,
) -> list[tuple[datetime, datetime, tuple[datetime, str] | None]]:
    found: list[tuple[datetime, datetime, tuple[datetime, str] | None]] = []
    standing: tuple[datetime, datetime] | None = None
    for line in history:
        at, action = parse(line["at"]), line["action"]
        promise = (line["detail"] or {}).get("promised_at") if action in ("follow_up", "follow_up_sent") else None
        if standing is not None and (promise or action in (*_ANSWERS, *_DROPS)):
            how = "reply" if promise else action
            found.append((*standing, (max(at, standing[0]), how)))
            standing = None
        if promise:
            standing = (at, parse(promise))
    return [*found, (*standing, None)] if standing is not None else found
