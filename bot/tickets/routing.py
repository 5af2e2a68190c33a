"""Routing in force: the leads' rules from the database, applied to a hand-over; who speaks what; overflow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.conversations.model import Draft
from bot.conversations.wording import speak
from bot.language.wording import get_wording
from bot.storage.clock import iso
from bot.storage.schema import articles, staff, ticket_events, tickets
from bot.tickets import rules_check, store, versioned
from bot.tickets.rules import DANGER_TAGS, DEFAULT, TRUST, Facts, Route, decide
from bot.tickets.service import Done, both, tell
from bot.tickets.states import IN_LINE, LIVE
from bot.tickets.versioned import Version

NAME = "routing"
TRANSLATE = "translate"      # tag of tickets whose language nobody speaks
_T, _E = tickets.c, ticket_events.c
_ENTERS = ("open", "transfer", "overflow", "escalate", "release", "reopen")
_MAY_ENTER = ("prioritise", "note")      # where danger moved it to another lane: their detail names the queue


def current(connection: Connection) -> Version:
    """The rules in force, with their version."""
    return versioned.latest(connection, NAME, DEFAULT)


def save(
    connection: Connection, value: Mapping[str, Any], *, base: int, author: str
) -> tuple[Version, list[str]]:
    """Check and save; gives the version and notes on rules of no use. Raises BadInput, Conflict."""
    checked = rules_check.check(value)
    made = versioned.save(connection, NAME, checked, base=base, author=author)
    return made, rules_check.notes(checked, names(connection))


def names(connection: Connection) -> set[str]:
    """Subjects and skills there are: queues may be called so without a rule that spells them."""
    found = set(connection.execute(sa.select(articles.c.content["theme"].as_string()).distinct()).scalars())
    for skills in connection.execute(sa.select(staff.c.skills).where(staff.c.active.is_(True))).scalars():
        found.update(skills)
    return found


def route(connection: Connection, facts: Facts) -> Route:
    """Queue, priority, level and tags for a hand-over.

    Danger and trust & safety go where the rules say, whatever language; everything else in a language
    nobody speaks goes to the fallback's queue.
    """
    value = current(connection).value
    facts = replace(facts, spoken=is_spoken(connection, facts.language))
    found = decide(value["rules"], facts.values())
    if not facts.spoken:
        aside = facts.danger is None
        found = replace(found, fallback=True, tags=(*found.tags, TRANSLATE),
                        queue=value["fallback"]["queue"] if aside else found.queue)
    if facts.danger in TRUST:
        found = replace(found, tags=(*found.tags, facts.danger.replace("_", "-")))
    return replace(found, queue=found.queue or speak(facts.language),
                   tags=tuple(dict.fromkeys(found.tags)))


def is_spoken(connection: Connection, language: str | None) -> bool:
    """Whether any agent with an open account speaks a language; where there are no agents yet, ours are."""
    code = (language or "fr").replace("_", "-").split("-")[0].lower()
    rows = connection.execute(sa.select(staff.c.languages).where(
        staff.c.active.is_(True), staff.c.role.in_(("agent", "lead", "admin")))).scalars().all()
    if not rows:
        return speak(code) == code
    return any(code in languages for languages in rows)


def nobody_speaks(connection: Connection, language: str) -> str | None:
    """What a customer is told whose language nobody speaks; None where the leads say nothing."""
    fallback = current(connection).value["fallback"]
    if not fallback["tell"]:
        return None
    texts, locale = fallback["text"], speak(language)
    code = language.split("-")[0].lower()
    own = texts.get(code) or texts.get(locale) or texts.get("other")
    return str(own) if own else get_wording().say("tickets.nobody_speaks", locale)


def unspoken(connection: Connection, limit: int = 50) -> list[str]:
    """Live tickets in a language somebody spoke when they came, and nobody does any more."""
    # What somebody took off stays off.
    taken_off = sa.exists().where(_E.reference == _T.reference, _E.action == "tag",
                                  _E.detail["removed"].as_string().like(f'%"{TRANSLATE}"%'))
    mine = (_T.status.in_(sorted(LIVE)), sa.cast(_T.tags, sa.Text).not_like(f'%"{TRANSLATE}"%'), sa.not_(taken_off))
    locales = connection.execute(sa.select(_T.locale).where(*mine).distinct()).scalars().all()
    mute = [locale for locale in locales if not is_spoken(connection, locale)]
    if not mute:
        return []
    return list(connection.execute(sa.select(_T.reference).where(*mine, _T.locale.in_(mute)).limit(limit)).scalars())


def give_up_unspoken(connection: Connection) -> list[Done]:
    """Have those translated, as :func:`route` would now; who waits is told. What is urgent keeps its lane,
    and what someone has their ticket."""
    return [_give_up(connection, reference) for reference in unspoken(connection)]


def _give_up(connection: Connection, reference: str) -> Done:
    ticket, conversation = both(connection, reference)
    tags = [*ticket["tags"], TRANSLATE]
    danger = ticket["packet"].get("instructed") or DANGER_TAGS & set(ticket["tags"])
    if ticket["assignee"] or ticket["priority"] == 0 or danger:
        return store.act(connection, ticket, "tag", "system", {"to": ", ".join(tags), "tags": tags}, tags=tags), []
    to = str(current(connection).value["fallback"]["queue"])
    ticket = store.act(connection, ticket, "overflow", "system",
                       {"from": ticket["queue"], "queue": to, "tags": tags}, queue=to, tags=tags)
    words = nobody_speaks(connection, ticket["locale"])
    return ticket, tell(connection, conversation, ticket, [
        Draft("handover", "system", {"text": words, "reference": reference})] if words else [], "system")


def overflowing(connection: Connection, now: datetime, limit: int = 50) -> list[tuple[str, str]]:
    """Tickets nobody took that waited longer than their queue allows, each with the queue they go to."""
    found: list[tuple[str, str]] = []
    for queue, given in current(connection).value["queues"].items():
        rule = given["overflow"]
        entered = (
            sa.select(sa.func.max(_E.at)).where(_E.reference == _T.reference, sa.or_(
                _E.action.in_(_ENTERS),
                sa.and_(_E.action.in_(_MAY_ENTER), _E.detail["queue"].as_string().is_not(None))))
            .correlate(tickets).scalar_subquery())
        rows = connection.execute(
            sa.select(_T.reference).where(
                _T.queue == queue, _T.assignee.is_(None), _T.status.in_(IN_LINE),
                entered <= iso(now - timedelta(minutes=rule["after_minutes"])))
            .order_by(_T.priority, _T.opened_at).limit(limit)).scalars()
        found += [(reference, rule["to"]) for reference in rows]
    return found[:limit]


def overflow(connection: Connection, now: datetime) -> list[Done]:
    """Move what waited too long to the next queue, where the leads set one."""
    return [_move(connection, reference, to) for reference, to in overflowing(connection, now)]


def _move(connection: Connection, reference: str, to: str) -> Done:
    ticket, conversation = both(connection, reference)
    ticket = store.act(connection, ticket, "overflow", "system",
                       {"from": ticket["queue"], "queue": to}, queue=to)
    return ticket, tell(connection, conversation, ticket, [], "system")
