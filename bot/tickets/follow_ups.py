"""Signs of life on a schedule: "we are still on it, next news by Thursday", until the ticket is solved.

A follow-up is one planned row a ticket. Planning one tells the customer the day and keeps it as
``promised_at``. Where an agent writes before that day, their answer was the news and the schedule moves
on without a word, to a period that is judged on its own; where nobody does, a message goes out two working hours before the promise ends, with
the next day in it. Solving stops it (``store.act``).
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.conversations import store as conversations
from bot.conversations.model import Draft, Event
from bot.conversations.wording import say, speak
from bot.errors import BadInput
from bot.handover.mails import address_of, queue_follow_up_mail
from bot.language.wording import get_wording
from bot.staff.accounts import Member
from bot.storage.clock import iso
from bot.storage.schema import ticket_events, ticket_follow_ups
from bot.tickets import store
from bot.tickets.hours import Desk
from bot.tickets.service import Done, both, must_hold, say_everywhere, tell
from bot.tickets.states import LIVE
from bot.tickets.store import Ticket

_E, _F = ticket_events.c, ticket_follow_ups.c
LONGEST_DAYS = 90
_BEFORE_END = timedelta(hours=2)
_DEFAULT_END = time(18, 0)      # of a day on which the desk is closed


def schedule_follow_up(
    connection: Connection, reference: str, who: Member, *, desk: Desk, now: datetime,
    next_by: date, every_days: int | None = None, text: str | None = None, tell_now: bool = True,
) -> Done:
    """Promise the customer news by the end of ``next_by`` (a day at the desk), and again every
    ``every_days`` days after it (default: as many as there are up to ``next_by``).

    ``text`` replaces the template's first sentence; the day is always added. A plan that stood before
    is replaced. Raises BadInput for a day that is past or over 90 days away.
    """
    today = now.astimezone(desk.zone).date()
    ahead = (next_by - today).days
    if not 0 <= ahead <= LONGEST_DAYS:
        raise BadInput(f"Promise news for a day from today up to {LONGEST_DAYS} days ahead.", key="news_day", days=LONGEST_DAYS)
    every = max(1, ahead) if every_days is None else every_days
    if not 1 <= every <= LONGEST_DAYS:
        raise BadInput(f"Follow-ups repeat every 1 to {LONGEST_DAYS} days.", key="news_every", days=LONGEST_DAYS)
    promised = end_of_day(desk, next_by)
    if promised <= now:
        raise BadInput("Nobody is there any more today: promise news for a later day.", key="news_late")
    ticket, conversation = both(connection, reference)
    must_hold(ticket, who)
    _stop(connection, reference, now)
    _plan(connection, reference, who.username, promised, now, every, text)
    ticket = store.act(connection, ticket, "follow_up", who.username,
                       {"promised_at": iso(promised), "every_days": every},
                       promised_at=iso(promised))
    if not tell_now:
        return ticket, []
    words = _words(conversation.language, reference, text, promised, desk, now)
    made = say_everywhere(connection, ticket, [
        Draft("message", "agent", {"text": words, "name": who.first_name,
                                   "meta": {"by": who.username, "follow_up": True}})])
    _mail(connection, ticket, made, words)
    return ticket, made


def stop_follow_up(connection: Connection, reference: str, who: Member, *, now: datetime) -> Done:
    """Plan no more news; what was promised to the customer stays promised."""
    ticket, _ = both(connection, reference)
    must_hold(ticket, who)
    if not _stop(connection, reference, now):
        return ticket, []
    return store.act(connection, ticket, "follow_up_stop", who.username), []


def carry(connection: Connection, duplicate: Ticket, kept: Ticket, who: Member, *, now: datetime) -> Ticket:
    """Keep on a survivor what a duplicate's customer was promised: its plan where there is none, the
    earlier of both days. The survivor as it is then. Both are live.
    """
    promised = duplicate["promised_at"]
    sooner = promised is not None and (kept["promised_at"] is None or promised < kept["promised_at"])
    theirs = planned(connection, duplicate["reference"])
    if theirs is not None and (sooner or planned(connection, kept["reference"]) is None):
        _stop(connection, kept["reference"], now)
        connection.execute(
            sa.update(ticket_follow_ups)
            .where(_F.reference == duplicate["reference"], _F.status == "planned")
            .values(reference=kept["reference"]))
    if not sooner:
        return kept
    detail = {"promised_at": promised, "from": duplicate["reference"]}
    if theirs is not None:
        detail["every_days"] = theirs["every_days"]
    return store.act(connection, kept, "follow_up", who.username, detail, promised_at=promised)


def planned(connection: Connection, reference: str) -> dict[str, Any] | None:
    """The follow-up that stands: when the customer hears from us, how often, whose words."""
    row = connection.execute(sa.select(
        _F.due_at, _F.every_days, _F.text, _F.author, _F.created_at).where(
        _F.reference == reference, _F.status == "planned")).mappings().first()
    return dict(row) if row else None


def run_due(connection: Connection, desk: Desk, now: datetime, limit: int = 50) -> list[Done]:
    """Send what is due, each once whoever runs this and however late; then plan the next."""
    rows = connection.execute(
        sa.select(ticket_follow_ups).where(_F.status == "planned", _F.due_at <= iso(now))
        .order_by(_F.due_at).limit(limit)).mappings().all()
    return [done for row in rows if (done := _send(connection, dict(row), desk, now)) is not None]


def end_of_day(desk: Desk, day: date) -> datetime:
    """When the desk closes on ``day``; 18:00 its time on a day it does not open."""
    spans = desk.day(day)
    end = spans[-1][1] if spans else _DEFAULT_END
    return datetime.combine(day, end, desk.zone)


def working_day(desk: Desk, day: date) -> date:
    """``day``, or the first one after it on which the desk opens."""
    for offset in range(31):
        if desk.day(day + timedelta(days=offset)):
            return day + timedelta(days=offset)
    return day


def _send(connection: Connection, row: dict[str, Any], desk: Desk, now: datetime) -> Done | None:
    ticket, conversation = both(connection, row["reference"])
    mine = connection.execute(
        sa.update(ticket_follow_ups)
        .where(_F.id == row["id"], _F.status == "planned")
        .values(status="sent" if ticket["status"] in LIVE else "stopped", done_at=iso(now)))
    if mine.rowcount != 1 or ticket["status"] not in LIVE:
        return None      # another worker was first, or it was solved meanwhile
    day = working_day(desk, now.astimezone(desk.zone).date() + timedelta(days=row["every_days"]))
    promised = end_of_day(desk, day)
    _plan(connection, row["reference"], row["author"], promised, now, row["every_days"], row["text"])
    if ticket["promised_at"] is None and _answered(connection, row):     # that was the news
        return ticket, []
    ticket = store.act(connection, ticket, "follow_up_sent", "system",
                       {"promised_at": iso(promised)}, promised_at=iso(promised))
    words = _words(conversation.language, row["reference"], row["text"], promised, desk, now)
    made = tell(connection, conversation, ticket, [
        Draft("handover", "system", {"text": words, "reference": row["reference"],
                                     "promised_at": iso(promised)})], "system")
    _mail(connection, ticket, made, words)
    return ticket, made


def _mail(connection: Connection, ticket: Ticket, said: list[Event], words: str) -> None:
    """Mail the words to the ticket's customer and to those of duplicates merged into it, once to an address.

    Each mail goes in the thread of its own ticket, as answers do (``service.mail_answer``).
    """
    waiting: list[tuple[Ticket, Event]] = []
    for event in said:
        own = event.conversation_id == ticket["conversation_id"]
        found = ticket if own else store.duplicate_of(connection, event.conversation_id)
        if found is not None and event.text == words:
            waiting.append((found, event))
    # A survivor knows its duplicates' addresses too: the thread of whoever asked for e-mail goes first.
    waiting.sort(key=lambda one: one[0]["channel"] != "email")
    reached = {str(ticket["packet"].get("contact_bounced") or "").casefold()}
    for found, event in waiting:
        conversation = conversations.get(connection, event.conversation_id)
        to = address_of(found, conversation)
        if to and to.casefold() not in reached:
            reached.add(to.casefold())
            queue_follow_up_mail(connection, found, conversation, to, text=words, seq=event.seq)


def _answered(connection: Connection, row: dict[str, Any]) -> bool:
    """Whether an agent wrote since this follow-up was planned; what came before was another one's news."""
    return connection.execute(sa.select(_E.id).where(
        _E.reference == row["reference"], _E.action == "reply", _E.at >= row["created_at"]).limit(1)).first() is not None


def _plan(
    connection: Connection, reference: str, author: str, promised: datetime, now: datetime,
    every: int, text: str | None,
) -> None:
    due = max(now, promised - _BEFORE_END)
    connection.execute(sa.insert(ticket_follow_ups).values(
        reference=reference, due_at=iso(due), every_days=every, text=text, author=author,
        created_at=iso(now), status="planned"))


def _stop(connection: Connection, reference: str, now: datetime) -> bool:
    done = connection.execute(
        sa.update(ticket_follow_ups)
        .where(_F.reference == reference, _F.status == "planned")
        .values(status="stopped", done_at=iso(now)))
    return bool(done.rowcount)


def _words(
    language: str, reference: str, text: str | None, promised: datetime, desk: Desk, now: datetime
) -> str:
    wording, locale = get_wording(), speak(language)
    day = day_words(promised, now, desk, locale)
    if text:
        return wording.say("tickets.follow_up_own", locale, text=text.strip(), day=day)
    return wording.say("tickets.follow_up", locale, seed=f"{reference}:{iso(promised)}",
                       reference=reference, day=day)


def day_words(at: datetime, now: datetime, desk: Desk, locale: str) -> str:
    """"jeudi", "demain", "lundi 14/12": the day of ``at`` at the desk, as one says it."""
    wording = get_wording()
    local, today = at.astimezone(desk.zone).date(), now.astimezone(desk.zone).date()
    ahead = (local - today).days
    if ahead in (0, 1):
        return wording.say("tickets.day.tomorrow" if ahead else "tickets.day.today", locale)
    weekday = say("days", locale).split()[local.weekday()]
    if ahead < 7:
        return wording.say("tickets.day.weekday", locale, weekday=weekday)
    return wording.say("tickets.day.dated", locale, weekday=weekday, date=f"{local:%d/%m}")

