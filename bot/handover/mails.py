"""Mails about a ticket, queued in the same transaction as their cause."""

from __future__ import annotations

from sqlalchemy.engine import Connection

from bot.conversations.model import Conversation
from bot.conversations.wording import say
from bot.storage import outbox
from bot.tickets.store import Ticket


def queue_opened_mail(
    connection: Connection, ticket: Ticket, conversation: Conversation, to: str
) -> None:
    """Confirm a ticket to whoever asked for an answer by e-mail."""
    language = conversation.language
    outbox.put(
        connection, key=f"opened:{ticket['reference']}:{ticket['version']}", topic="mail",
        conversation_id=conversation.id,
        payload={
            "to": to, "language": language,
            "subject": say("mail_subject", language, reference=ticket["reference"]),
            "text": say("mail_opened", language, reference=ticket["reference"],
                        request=ticket["packet"].get("request") or "—"),
        },
    )


def queue_reply_mail(
    connection: Connection, ticket: Ticket, conversation: Conversation, *, name: str, text: str,
    seq: int,
) -> None:
    """Send an agent's answer to a customer who waits by e-mail."""
    language = conversation.language
    to = ticket["packet"].get("contact")
    if ticket["channel"] != "email" or not to:
        return
    outbox.put(
        connection, key=f"reply:{ticket['reference']}:{seq}", topic="mail",
        conversation_id=conversation.id,
        payload={
            "to": to, "language": language,
            "subject": say("mail_subject", language, reference=ticket["reference"]),
            "text": say("mail_reply", language, name=name, text=text,
                        reference=ticket["reference"]),
        },
    )
