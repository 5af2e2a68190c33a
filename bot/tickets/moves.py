"""Moves of a ticket beside its main road: level, priority, tags, assignment, release."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.conversations.model import Draft
from bot.conversations.wording import say
from bot.errors import BadInput, not_one_of
from bot.staff import accounts
from bot.staff.accounts import Member
from bot.storage.clock import utcnow
from bot.storage.schema import staff, tickets
from bot.tickets import notices, store
from bot.tickets.service import Done, both, can_answer, must_hold, set_mode, tell
from bot.tickets.states import IN_LINE, LEVELS, LIVE, PRIORITIES, level_above

_TAG = re.compile(r"[^\W_][\w .:-]{0,38}")
MOST_TAGS = 20


def escalate(
    connection: Connection, reference: str, who: Member, *, level: str | None = None,
    reason: str = "", queue: str | None = None,
) -> Done:
    """Pass to a higher level (the next one by default), with everything that was done so far.

    The agent lets go of it; it waits in ``queue``, or in the queue it is in. Raises BadInput for an
    unknown level, Conflict at the top or where someone else has it.
    """
    ticket, conversation = both(connection, reference)
    must_hold(ticket, who)
    target = level or level_above(ticket["level"])
    if target not in LEVELS:
        raise not_one_of("level", LEVELS)
    if LEVELS.index(target) <= LEVELS.index(ticket["level"]):
        raise BadInput(f"The ticket already is at level {ticket['level']}.", key="level_same", level=ticket["level"])
    detail = {"from": ticket["level"], "to": target, "reason": reason[:500],
              "assignee": ticket["assignee"]}
    ticket = store.act(connection, ticket, "escalate", who.username, detail, level=target,
                       assignee=None, queue=(queue or ticket["queue"])[:60])
    set_mode(connection, ticket, "waiting")
    return ticket, tell(connection, conversation, ticket, [Draft("handover", "system", {
        "text": say("agent_transferred", conversation.language), "reference": reference})])


def prioritise(connection: Connection, reference: str, who: Member, priority: str) -> Done:
    """Set the priority (``urgent``, ``high``, ``normal``). Raises BadInput."""
    if priority not in PRIORITIES:
        raise not_one_of("priority", PRIORITIES)
    ticket = store.get(connection, reference, lock=True)
    before = PRIORITIES[ticket["priority"]]
    if before == priority:
        return ticket, []
    return store.act(connection, ticket, "prioritise", who.username,
                     {"from": before, "to": priority},
                     priority=PRIORITIES.index(priority)), []


def tag(
    connection: Connection, reference: str, who: Member, *, add: Sequence[str] = (),
    remove: Sequence[str] = (),
) -> Done:
    """Add and remove tags (short words, folded to lower case). Raises BadInput."""
    ticket = store.get(connection, reference, lock=True)
    gone = {_folded(name) for name in remove}
    kept = [name for name in ticket["tags"] if name not in gone]
    tags = list(dict.fromkeys([*kept, *(_valid(name) for name in add)]))
    if len(tags) > MOST_TAGS:
        raise BadInput(f"A ticket has at most {MOST_TAGS} tags.", key="tags_many", most=MOST_TAGS)
    if tags == ticket["tags"]:
        return ticket, []
    return store.act(connection, ticket, "tag", who.username,
                     {"to": ", ".join(tags), "tags": tags,
                      "removed": [name for name in ticket["tags"] if name not in tags]}, tags=tags), []


def assign(connection: Connection, reference: str, username: str, *, author: str) -> Done:
    """Give a ticket nobody has to someone, who is told, and greets the customer by taking it.

    What the system gives out (``author``) is left alone where someone took or settled it meanwhile.
    Raises BadInput for someone who cannot have tickets.
    """
    can_answer(connection, username)
    ticket, conversation = both(connection, reference)
    gone = ticket["assignee"] is not None or ticket["status"] not in IN_LINE
    if ticket["assignee"] == username or (author == "system" and gone):
        return ticket, []
    ticket = store.act(connection, ticket, "assign", author, {"assignee": username},
                       assignee=username)
    if username != author:
        by = "Relais" if author == "system" else author
        notices.tell(connection, [username], "assigned", reference, {"by": by}, utcnow())
    return ticket, tell(connection, conversation, ticket, [], "system")


def deactivate(connection: Connection, username: str, *, author: str) -> list[Done]:
    """Shut an account and put its tickets back in their queues. Raises NotFound."""
    accounts.set_active(connection, username, False)
    return release_all(connection, username, author=author)


def remove_account(connection: Connection, username: str, *, author: str) -> list[Done]:
    """Delete an account; its tickets go back to their queues. Raises NotFound."""
    done = deactivate(connection, username, author=author)
    accounts.remove(connection, username)
    return done


def release_all(connection: Connection, username: str, *, author: str) -> list[Done]:
    """Put every live ticket of someone back in its queue; the customers are told."""
    rows = connection.execute(sa.select(tickets.c.reference).where(
        tickets.c.assignee == username, tickets.c.status.in_(sorted(LIVE)))).scalars().all()
    return [_release(connection, reference, author) for reference in rows]


def orphans() -> sa.sql.Select:
    """References of live tickets whose agent's account is shut or gone."""
    able = sa.select(staff.c.username).where(
        staff.c.active.is_(True), staff.c.role.in_(("agent", "lead", "admin")))
    return sa.select(tickets.c.reference).where(
        tickets.c.assignee.is_not(None), tickets.c.assignee.not_in(able),
        tickets.c.status.in_(sorted(LIVE)))


def release_orphans(connection: Connection, limit: int = 100) -> list[Done]:
    """:func:`release_all` for accounts that are shut or gone, however that came about."""
    rows = connection.execute(orphans().limit(limit)).scalars().all()
    return [_release(connection, reference, "system") for reference in rows]


def _release(connection: Connection, reference: str, author: str) -> Done:
    ticket, conversation = both(connection, reference)
    detail: dict[str, Any] = {"assignee": ticket["assignee"], "queue": ticket["queue"]}
    ticket = store.release(connection, ticket, author)
    notices.tell(connection, notices.concerned(connection, ticket), "released", reference, detail, utcnow())
    set_mode(connection, ticket, "waiting")
    return ticket, tell(connection, conversation, ticket, [Draft("handover", "system", {
        "text": say("agent_transferred", conversation.language), "reference": reference})], "system")


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()


def _valid(name: str) -> str:
    folded = _folded(name)
    if not _TAG.fullmatch(folded):
        raise BadInput("A tag has 1 to 39 letters, digits, spaces and . : - and starts with a letter or digit.", key="tag_form")
    return folded
