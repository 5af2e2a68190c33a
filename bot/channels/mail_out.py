"""Delivers mails about tickets: threaded, with an address to answer to and a way back to the chat, and not
to who has read it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy.engine import Connection

from bot.channels import presence, threads
from bot.channels.addresses import Addresses
from bot.channels.bounces import came_back, find, survivor
from bot.conversations import passes
from bot.conversations import store as conversations
from bot.conversations.errors import UnknownConversation
from bot.conversations.wording import say, speak
from bot.errors import NotFound
from bot.integrations.mail import AddressRefused, Mail, Mailer
from bot.storage.clock import utcnow
from bot.storage.database import Database
from bot.storage.outbox import Job
from bot.tickets import store as tickets


class TicketMails:
    """The delivery of topic ``mail``. A payload with a ``reference`` is part of that ticket's thread.

    ``secret`` is the instance's key; ``base_url`` the address customers reach it at.
    """

    def __init__(
        self, database: Database, mailer: Mailer, addresses: Addresses, *, secret: bytes, base_url: str
    ) -> None:
        self._database, self._mailer, self._addresses = database, mailer, addresses
        self._secret, self._base_url = secret, base_url

    def send(self, job: Job) -> None:
        """Send once; raises what the mailer raises."""
        payload = job.payload
        reference = payload.get("reference")
        mail = Mail(to=payload["to"], subject=payload["subject"], text=payload["text"], key=job.key,
                    language=payload.get("language", "fr"), personal=bool(payload.get("personal")))
        if reference:
            with self._database.read() as connection:
                conversation_id = self._wanted(connection, reference, payload)
                earlier = threads.of_ticket(
                    connection, reference, self._addresses.message_id(job.key)) if conversation_id else []
            if conversation_id is None:
                return
            mail = self._threaded(self._with_way_back(mail, conversation_id), job.key, reference, earlier)
        try:
            self._mailer.send(mail)
        except AddressRefused:
            if reference:
                self._refused(reference, mail.to)
            raise

    def _refused(self, reference: str, to: str) -> None:
        """The ticket learns what a bounce would tell, unless it knows."""
        with self._database.write() as connection:
            ticket = find(connection, reference)
            contact = str(ticket["packet"].get("contact") or "") if ticket else ""
            if ticket is None or (contact and contact.lower() != to.lower()):      # it was put right since
                return
            # Locked, so that of two mails refused at once the second sees what the first one noted.
            going_on = tickets.get(connection, survivor(connection, ticket)["reference"], lock=True)
            if going_on["packet"].get("contact_bounced") != to:
                came_back(connection, ticket, to, permanent=True)

    def _wanted(self, connection: Connection, reference: str, payload: dict[str, Any]) -> str | None:
        """Its conversation, where the ticket still is there, its address works, and nobody has read it in the chat."""
        try:
            ticket = tickets.get(connection, reference)
            conversation = conversations.get(connection, ticket["conversation_id"])
        except (NotFound, UnknownConversation):
            return None
        if ticket["packet"].get("contact_bounced") == payload["to"]:
            return None
        unless_read = payload.get("unless_read")
        if unless_read is None:
            return conversation.id
        newer = conversations.events_after(connection, conversation.id, int(unless_read) - 1)
        at = newer[0].at if newer else conversation.last_at
        answered = any(event.author == "customer" for event in newer)
        read = answered or presence.seen_since(connection, conversation.id, at)
        return None if read else conversation.id

    def _with_way_back(self, mail: Mail, conversation_id: str) -> Mail:
        """The mail with its link to the conversation. Made when it leaves: no queue keeps the pass."""
        url = passes.link(self._base_url, conversation_id, speak(mail.language),
                          passes.issue(self._secret, conversation_id, utcnow()))
        return replace(mail, text=f"{mail.text}\n\n{say('mail_return', mail.language, url=url)}")

    def _threaded(self, mail: Mail, key: str, reference: str, earlier: list[str]) -> Mail:
        message_id = self._addresses.message_id(key)
        with self._database.write() as connection:      # before it leaves: its answer may be quick
            found = tickets.get(connection, reference)
            threads.record(connection, message_id, direction="out", outcome="sent",
                           peer=self._addresses.peer(mail.to), reference=reference,
                           conversation_id=found["conversation_id"])
        return mail.in_thread(message_id, earlier, self._addresses.reply_to(reference))
