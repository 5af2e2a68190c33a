"""Danger in a chat that already is with people: the numbers to call are said at once, the ticket goes first.

The bot is silent by then and an agent may be minutes away, so this does not wait for either. Each kind is
said once a ticket, and once more after it was solved.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.engine import Connection

from bot.conversations.model import Conversation, Draft
from bot.conversations.wording import say
from bot.flows.danger import detect_danger
from bot.handover import packet as packets
from bot.handover import safety
from bot.storage.clock import utcnow
from bot.tickets import notices, presence
from bot.tickets import store as tickets
from bot.tickets.routing import route
from bot.tickets.rules import Facts
from bot.tickets.service import set_mode
from bot.tickets.states import PRIORITIES
from bot.tickets.store import Ticket


def raise_alarm(
    connection: Connection, conversation: Conversation, ticket: Ticket, text: str, *, anew: bool = False
) -> list[Draft]:
    """What the customer is told, and the ticket made urgent; nothing where the message names no danger.

    A ticket nobody has goes to the lane for it, and so does that of an agent who is not there; one that an
    agent has who is there stays with them. ``anew``: it was solved a moment ago, so this is another danger.
    """
    trust = safety.detect(text)
    physical = None if trust else detect_danger(text, conversation.language)
    if trust is None and physical is None:
        return []
    language = conversation.language
    way = route(connection, Facts(language=language, theme=ticket["theme"], danger=trust or physical))
    fresh = [tag for tag in way.tags if tag not in ticket["tags"]]
    if not fresh and ticket["priority"] == 0 and not anew:
        return []
    held = ticket["assignee"]
    ticket = call(connection, ticket, trust or physical or "", utcnow())
    if held and not ticket["assignee"]:
        set_mode(connection, ticket, "waiting")
    queue = ticket["queue"] if ticket["assignee"] else way.queue or ticket["queue"]
    moved = {"queue": queue} if queue != ticket["queue"] else {}
    packet = packets.with_instructions(ticket["packet"], trust or physical)
    ticket = tickets.act(
        connection, ticket, "prioritise", "system",
        {"from": PRIORITIES[ticket["priority"]], "to": "urgent", "danger": trust or physical, **moved},
        priority=0, queue=queue, tags=[*ticket["tags"], *fresh], packet=packet)
    words = safety.words(trust, safety.voice(text, language), ticket["reference"]) if trust else say("fallback_urgent", language)
    return [
        Draft("ticket", "system", {"reference": ticket["reference"], "status": ticket["status"],
                                   "queue": queue, "priority": "urgent", "meta": {"danger": trust or physical}}),
        Draft("handover", "system", {"text": words, "reference": ticket["reference"]}),
    ]


def call(connection: Connection, ticket: Ticket, danger: str, now: datetime) -> Ticket:
    """Tell the agent of a ticket and the leads of a danger at once; back in its queue where the agent is not there."""
    name = ticket["assignee"]
    notices.tell(connection, notices.concerned(connection, ticket), "danger", ticket["reference"], {"danger": danger}, now)
    if name is None or presence.is_there(connection, name, now):
        return ticket
    return tickets.release(connection, ticket)
