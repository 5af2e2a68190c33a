"""A mail becomes a customer's message: in the ticket it belongs to, or in a new one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy.engine import Connection

from bot.attachments import store as attachment_store
from bot.attachments.service import Attachments, Checked
from bot.channels.addresses import reference_in
from bot.channels.mail_parse import Incoming
from bot.conversations import intake
from bot.conversations import store as conversations
from bot.conversations.courtesy import is_courtesy
from bot.conversations.model import Conversation, Draft, Event
from bot.conversations.wording import say, speak
from bot.flows.danger import detect_danger
from bot.handover import safety
from bot.handover.mails import queue_alarm_mail
from bot.handover.service import HandedOver, hand_over
from bot.language.detect import detect
from bot.storage.clock import utcnow
from bot.tickets import store as tickets
from bot.tickets.hours import Desk
from bot.tickets.store import Ticket
from bot.understanding.urgent import urgent

#: What mail programs put before the subject of an answer or of a mail passed on.
_ANSWER = re.compile(r"(?i)(?:(?:re|aw|sv|antw|rif|réf|rép|tr|fwd?|wg|rv|i|r)\s*(?:\[\d+\])?\s*:\s*)+")


def add_message(
    connection: Connection, ticket: Ticket, mail: Incoming, files: Sequence[Checked],
    left: Sequence[str], keep: Attachments, *, desk: Desk, key: str,
) -> list[Event]:
    """Put a mail into its ticket's conversation; a settled ticket opens again, unless it says thanks."""
    conversation = conversations.get(connection, ticket["conversation_id"], lock=True)
    if conversations.find_client_message(connection, conversation.id, key) is not None:
        return []
    _works_again(connection, ticket, mail)
    said = _said(connection, conversation, mail)
    danger, words = _danger(said, conversation.language)
    courtesy = danger is None and is_courtesy(mail.text)
    mode, more = intake.receive(connection, conversation, mail.text if courtesy else said)
    alarmed = any(draft.payload.get("priority") == "urgent" for draft in more)
    thanks = conversation.mode == "closed" and courtesy
    if mode == "bot":
        mode = conversation.mode if thanks else "waiting"
    message = _message(connection, conversation, mail, said, files, left, keep, key)
    _, made = conversations.append_to(connection, conversation, [message, *more], mode=mode,
                                      **({} if thanks else {"closed_at": None}))
    live = tickets.of_conversation(connection, conversation.id)
    written_to = ""
    if not thanks and (live is None or live["status"] == "solved" or conversation.mode == "bot"):
        # The tag lets a mail in, whoever sent it; it does not move where answers go.
        kept = str(ticket["packet"].get("contact") or "")
        contact = kept if "@" in kept else mail.sender
        done = _hand_over(connection, conversation.id, contact, desk, {}, danger, words, quiet=alarmed)
        written_to = contact if done.events else ""
        alarmed, made = alarmed or bool(done.events), made + done.events
    if danger and alarmed and written_to.lower() != mail.sender.lower():
        queue_alarm_mail(connection, tickets.get(connection, ticket["reference"]), conversation, mail.sender,
                         words=words, seq=made[0].seq)
    return made


def open_ticket(
    connection: Connection, mail: Incoming, files: Sequence[Checked], left: Sequence[str],
    keep: Attachments, *, desk: Desk, key: str, follows: str | None, unverified: bool,
) -> tuple[str, list[Event]]:
    """A conversation and ticket of its own for a mail; its reference."""
    language = detect(f"{mail.subject} {mail.text}").language
    conversation, _ = conversations.create(connection, language=language, locale=None, page_url=None)
    said = _said(connection, conversation, mail)
    message = _message(connection, conversation, mail, said, files, left, keep, key)
    _, made = conversations.append_to(connection, conversation, [message])
    done = _hand_over(connection, conversation.id, mail.sender, desk, {"reason": "email"}, *_danger(said, language))
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
    connection: Connection, conversation_id: str, contact: str, desk: Desk, given: dict[str, Any],
    danger: str | None, words: str, *, quiet: bool = False,
) -> HandedOver:
    if danger:
        given = given | {"danger": danger, "instructed": danger, "priority": "urgent"}
    conversation = conversations.get(connection, conversation_id, lock=True)
    # One known already is not given once more: mails that came back from it stay a reason not to write there.
    known = conversation.contact_channel == "email" and conversation.contact == contact
    return hand_over(
        connection, conversation, desk=desk, now=utcnow(), channel="email", contact=None if known else contact,
        given=given, lead_in=words, quiet=quiet)


def _danger(said: str, language: str) -> tuple[str | None, str]:
    """What danger a mail speaks of, and what is said at once: as in the chat, with whom to call."""
    if trust := safety.detect(said):
        return trust, safety.words(trust, safety.voice(said, language))
    said = said[:4000]
    physical = detect_danger(said, language) or ("other" if urgent(said) else None)
    return physical, say("fallback_urgent", language) if physical else ""


def _said(connection: Connection, conversation: Conversation, mail: Incoming) -> str:
    """The customer's words: the text, under the subject where that says something of its own.

    The subject of an answer is the thread's, and one that was read before need not be read again.
    """
    plain = _bare(mail.subject)
    answers = reference_in(plain) is not None or (bool(mail.references) and plain != mail.subject)
    known = any(event.payload.get("via") == "email" and _bare(str(event.payload.get("subject") or "")) == plain
                for event in conversations.all_events(connection, conversation.id))
    if answers or known or plain.casefold() in mail.text.casefold():
        return mail.text
    return f"{plain}\n\n{mail.text}".strip()


def _bare(subject: str) -> str:
    """A subject without "Re:" and the like before it."""
    found = _ANSWER.match(subject)
    return subject[found.end():] if found else subject


def _message(
    connection: Connection, conversation: Conversation, mail: Incoming, said: str, files: Sequence[Checked],
    left: Sequence[str], keep: Attachments, key: str,
) -> Draft:
    language = speak(conversation.language)
    kept = files[: max(0, keep.max_files - attachment_store.count(connection, conversation.id, "customer"))]
    lines = [*left, *(f"{file.name}: {say('mail_file_limit', language)}" for file in files[len(kept):])]
    rows = [keep.add(connection, file, conversation_id=conversation.id, author="customer",
                     seq=conversation.seq + 1) for file in kept]
    text = said or (mail.subject if not rows else "")
    if lines:
        text = f"{text}\n\n{say('mail_files_left', language)}\n" + "\n".join(f"- {line}" for line in lines)
    payload: dict[str, Any] = {"text": text.strip(), "via": "email", "subject": mail.subject,
                               "meta": {"from": mail.sender}}
    if rows:
        payload["attachments"] = [attachment_store.public(row) for row in rows]
    return Draft("message", "customer", payload, key)
