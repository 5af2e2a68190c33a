"""A mail becomes a customer's message: in the ticket it belongs to, or in a new one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.engine import Connection

from bot.attachments import store as attachment_store
from bot.attachments.service import Attachments, Checked
from bot.channels.mail_parse import Incoming
from bot.conversations import intake
from bot.conversations import store as conversations
from bot.conversations.courtesy import is_courtesy
from bot.conversations.model import Conversation, Draft, Event
from bot.conversations.wording import say, speak
from bot.handover.service import hand_over
from bot.language.detect import detect
from bot.storage.clock import utcnow
from bot.tickets import store as tickets
from bot.tickets.hours import Desk
from bot.tickets.store import Ticket
from bot.understanding.urgent import urgent


def add_message(
    connection: Connection, ticket: Ticket, mail: Incoming, files: Sequence[Checked],
    left: Sequence[str], keep: Attachments, *, desk: Desk, key: str,
) -> list[Event]:
    """Put a mail into its ticket's conversation; a settled ticket opens again, unless it says thanks."""
    conversation = conversations.get(connection, ticket["conversation_id"], lock=True)
    if conversations.find_client_message(connection, conversation.id, key) is not None:
        return []
    _works_again(connection, ticket, mail)
    mode, more = intake.receive(connection, conversation, mail.text)
    thanks = conversation.mode == "closed" and is_courtesy(mail.text)
    if mode == "bot":
        mode = conversation.mode if thanks else "waiting"
    message = _message(connection, conversation, mail, files, left, keep, key)
    _, made = conversations.append_to(connection, conversation, [message, *more], mode=mode,
                                      **({} if thanks else {"closed_at": None}))
    live = tickets.of_conversation(connection, conversation.id)
    if not thanks and (live is None or live["status"] == "solved" or conversation.mode == "bot"):
        made += _hand_over(connection, conversation.id, mail, desk, {}).events
    return made


def open_ticket(
    connection: Connection, mail: Incoming, files: Sequence[Checked], left: Sequence[str],
    keep: Attachments, *, desk: Desk, key: str, follows: str | None, unverified: bool,
) -> tuple[str, list[Event]]:
    """A conversation and ticket of its own for a mail; its reference."""
    language = detect(f"{mail.subject} {mail.text}").language
    conversation, _ = conversations.create(connection, language=language, locale=None, page_url=None)
    message = _message(connection, conversation, mail, files, left, keep, key)
    _, made = conversations.append_to(connection, conversation, [message])
    done = _hand_over(connection, conversation.id, mail, desk, {"reason": "email"})
    made += done.events
    if unverified:
        found = tickets.get(connection, done.reference)
        note(connection, done.reference, say("mail_unverified", "fr", reference=follows or "?"),
             "mail_unverified", packet=found["packet"] | {"unverified_sender": True, "claims": follows})
    elif follows:
        note(connection, done.reference, say("mail_follows", "fr", reference=follows), "mail_follows")
    return done.reference, made


def note(
    connection: Connection, reference: str, text: str, code: str, **changes: Any
) -> None:
    """A note that agents read; on a closed ticket a line of history only."""
    ticket = tickets.get(connection, reference, lock=True)
    detail = {"text": text, "code": code}
    if ticket["status"] == "closed":
        tickets.record(connection, reference, code, "system", "closed", "closed", detail)
    else:
        tickets.act(connection, ticket, "note", "system", detail, **changes)


def _works_again(connection: Connection, ticket: Ticket, mail: Incoming) -> None:
    """An address that a mail came back from, and that writes to us now, is written to again."""
    packet = tickets.get(connection, ticket["reference"])["packet"]
    bounced = str(packet.get("contact_bounced") or "")
    if bounced and bounced.lower() == mail.sender.lower() and not mail.forged:
        kept = {key: value for key, value in packet.items() if key != "contact_bounced"}
        note(connection, ticket["reference"], say("mail_works_again", "fr", contact=bounced),
             "mail_works_again", packet=kept)


def _hand_over(
    connection: Connection, conversation_id: str, mail: Incoming, desk: Desk, given: dict[str, Any]
) -> Any:
    danger = bool(mail.text and urgent(f"{mail.subject} {mail.text}"[:2000]))
    return hand_over(
        connection, conversations.get(connection, conversation_id, lock=True), desk=desk, now=utcnow(),
        channel="email", contact=mail.sender, given=given | ({"urgent": True} if danger else {}))


def _message(
    connection: Connection, conversation: Conversation, mail: Incoming, files: Sequence[Checked],
    left: Sequence[str], keep: Attachments, key: str,
) -> Draft:
    language = speak(conversation.language)
    kept = files[: max(0, keep.max_files - attachment_store.count(connection, conversation.id, "customer"))]
    lines = [*left, *(f"{file.name}: {say('mail_file_limit', language)}" for file in files[len(kept):])]
    rows = [keep.add(connection, file, conversation_id=conversation.id, author="customer",
                     seq=conversation.seq + 1) for file in kept]
    text = mail.text or (mail.subject if not rows else "")
    if lines:
        text = f"{text}\n\n{say('mail_files_left', language)}\n" + "\n".join(f"- {line}" for line in lines)
    payload: dict[str, Any] = {"text": text.strip(), "via": "email", "subject": mail.subject,
                               "meta": {"from": mail.sender}}
    if rows:
        payload["attachments"] = [attachment_store.public(row) for row in rows]
    return Draft("message", "customer", payload, key)
