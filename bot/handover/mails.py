"""Mails about a ticket, queued in the same transaction as their cause."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.engine import Connection

from bot.conversations.model import Conversation
from bot.conversations.wording import say
from bot.storage import outbox
from bot.tickets.store import Ticket

AWAY_SECONDS = 120.0     # a customer who has not looked for so long after an answer has left


def queue_opened_mail(
    connection: Connection, ticket: Ticket, conversation: Conversation, to: str, *, words: str = ""
) -> None:
    """Confirm a ticket to whoever asked for an answer by e-mail; ``words`` are said instead, where given."""
    language = conversation.language
    text = say("mail_alarm", language, reference=ticket["reference"], words=words) if words else say(
        "mail_opened", language, reference=ticket["reference"], request=ticket["packet"].get("request") or "—")
    outbox.put(
        connection, key=f"opened:{ticket['reference']}:{ticket['version']}", topic="mail",
        conversation_id=conversation.id,
        payload={
            "to": to, "language": language, "reference": ticket["reference"],
            "subject": say("mail_subject", language, reference=ticket["reference"]),
            "text": text,
        },
    )


def queue_alarm_mail(
    connection: Connection, ticket: Ticket, conversation: Conversation, to: str, *, words: str, seq: int
) -> None:
    """Send whoever wrote of danger whom to call. Who is not the ticket's contact gets no way into the chat."""
    language, reference = conversation.language, ticket["reference"]
    contact = str(ticket["packet"].get("contact") or "")
    thread = {"reference": reference} if contact.lower() == to.lower() else {}
    outbox.put(
        connection, key=f"alarm:{reference}:{seq}", topic="mail", conversation_id=conversation.id,
        payload={
            "to": to, "language": language, **thread,
            "subject": say("mail_subject", language, reference=reference),
            "text": say("mail_alarm", language, reference=reference, words=words),
        },
    )


def queue_reply_mail(
    connection: Connection, ticket: Ticket, conversation: Conversation, *, name: str, text: str,
    seq: int, files: Sequence[str] = (),
) -> None:
    """Mail an agent's answer: at once to who waits by e-mail, else later, if it was not read in the chat.

    ``files`` are names: the mail's link leads to them.
    """
    language = conversation.language
    if files:
        text = f"{text}\n\n{say('mail_files', language, files=', '.join(files))}".strip()
    to = ticket["packet"].get("contact")
    if not to or "@" not in to:
        return
    by_mail = ticket["channel"] == "email"
    outbox.put(
        connection, key=f"reply:{ticket['reference']}:{seq}", topic="mail",
        conversation_id=conversation.id, delay=0.0 if by_mail else AWAY_SECONDS,
        payload={
            "to": to, "language": language, "reference": ticket["reference"], "personal": True,
            **({} if by_mail else {"unless_read": seq}),
            "subject": say("mail_subject", language, reference=ticket["reference"]),
            "text": say("mail_reply", language, name=name, text=text,
                        reference=ticket["reference"]),
        },
    )


def queue_follow_up_mail(
    connection: Connection, ticket: Ticket, conversation: Conversation, to: str, *, text: str, seq: int
) -> bool:
    """Send a promised sign of life to its customer's e-mail address; whether it was not queued before."""
    language = conversation.language
    return outbox.put(
        connection, key=f"follow-up:{ticket['reference']}:{seq}", topic="mail",
        conversation_id=conversation.id,
        payload={
            "to": to, "language": language, "reference": ticket["reference"],
            "subject": say("mail_subject", language, reference=ticket["reference"]), "text": text,
        },
    )


def address_of(ticket: Ticket, conversation: Conversation) -> str | None:
    """Where a customer gets news by e-mail; None where we have no address of theirs."""
    for channel, contact in ((ticket["channel"], ticket["packet"].get("contact")),
                             (conversation.contact_channel, conversation.contact)):
        if contact and (channel == "email" or (channel == "chat" and "@" in contact)):
            return str(contact)
    return None
