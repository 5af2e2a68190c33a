"""Danger in a chat that already is with people: the numbers to call are said at once, the ticket goes first.

The bot is silent by then and an agent may be minutes away, so this does not wait for either. Each kind is
said once a ticket.
"""

from __future__ import annotations

from sqlalchemy.engine import Connection

from bot.conversations.model import Conversation, Draft
from bot.conversations.wording import say
from bot.flows.danger import detect_danger
from bot.handover import packet as packets
from bot.handover import safety
from bot.tickets import store as tickets
from bot.tickets.routing import route
from bot.tickets.rules import Facts
from bot.tickets.states import PRIORITIES
from bot.tickets.store import Ticket


def raise_alarm(
    connection: Connection, conversation: Conversation, ticket: Ticket, text: str
) -> list[Draft]:
    """What the customer is told, and the ticket made urgent; nothing where the message names no danger.

    A ticket nobody has goes to the lane for it; one that an agent has stays with them.
    """
    trust = safety.detect(text)
    physical = None if trust else detect_danger(text, conversation.language)
    if trust is None and physical is None:
        return []
    language = conversation.language
    way = route(connection, Facts(language=language, theme=ticket["theme"], danger=trust or physical))
    fresh = [tag for tag in way.tags if tag not in ticket["tags"]]
    if not fresh and ticket["priority"] == 0:
        return []
    queue = ticket["queue"] if ticket["assignee"] else way.queue or ticket["queue"]
    packet = packets.with_instructions(ticket["packet"], trust or physical)
    ticket = tickets.act(
        connection, ticket, "prioritise", "system",
        {"from": PRIORITIES[ticket["priority"]], "to": "urgent", "danger": trust or physical, "queue": queue},
        priority=0, queue=queue, tags=[*ticket["tags"], *fresh], packet=packet)
    words = safety.words(trust, safety.voice(text, language), ticket["reference"]) if trust else say("fallback_urgent", language)
    return [
        Draft("ticket", "system", {"reference": ticket["reference"], "status": ticket["status"],
                                   "queue": queue, "priority": "urgent"}),
        Draft("handover", "system", {"text": words, "reference": ticket["reference"]}),
    ]
