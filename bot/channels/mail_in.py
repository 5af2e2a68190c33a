"""A mail comes in: which ticket it belongs to, whether it may, and what it does there.

- A valid tag in the address we gave out decides, whatever ``From`` says.
- Otherwise the sender must be the ticket's contact, and the mail must answer one of ours or name the
  reference. A mail that claims a ticket and is neither goes into a ticket of its own, marked
  unverified: nobody writes into someone else's conversation.
- Bounces, automatic answers and mails beyond the hourly limits are noted and never answered. A mail left
  out for a limit stays where it came from, and is taken in when it comes again later.
- What comes into a live ticket has that ticket's limit only: mails that name a customer in ``From`` must not
  keep the customer's own answers out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.utils import parseaddr

import structlog
from sqlalchemy.engine import Connection

from bot.attachments.service import Attachments, Checked
from bot.channels import threads
from bot.channels.addresses import Addresses, reference_in
from bot.channels.bounces import came_back, find, survivor
from bot.channels.mail_parse import Incoming, parse
from bot.channels.mail_store import add_message, note, open_ticket
from bot.conversations.model import Event
from bot.conversations.wording import say
from bot.errors import RelaisError
from bot.settings import Settings
from bot.storage.database import Database
from bot.tickets import store as tickets
from bot.tickets.hours import Desk
from bot.tickets.store import Ticket

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Taken:
    """What became of a mail.

    ``outcome``: stored, unverified, bounce, auto, limited, duplicate. ``events`` are new ones to publish.
    """

    outcome: str
    reference: str | None = None
    events: list[Event] = field(default_factory=list)


class Mailbox:
    """Takes mails in, however they arrive. Taking the same mail twice changes nothing."""

    def __init__(
        self, settings: Settings, database: Database, addresses: Addresses, desk: Desk,
        files: Attachments,
    ) -> None:
        self._settings, self._database = settings, database
        self._addresses, self._desk, self._files = addresses, desk, files

    def take(self, raw: bytes) -> Taken:
        """Read and store a mail. Raises BadInput for one that cannot be read; nothing is stored then."""
        mail = parse(raw, authserv=self._settings.mail_authserv)
        limit: str | None = None
        if mail.files:      # those of mails that are not taken in are neither looked into nor kept
            with self._database.read() as connection:
                before = threads.known(connection, mail.message_id)
                if before is not None and before["outcome"] != "limited":
                    return Taken("duplicate")
                limit = self._limit(connection, mail, self._ticket(connection, mail)[0])
        files, left = ([], []) if limit or self._ours(mail) else self._check(mail)
        taken: Taken = self._database.submit(
            lambda connection: self._store(connection, mail, files, left, limit)).result()
        _log.info("mail taken in", outcome=taken.outcome, reference=taken.reference)
        return taken

    def _check(self, mail: Incoming) -> tuple[list[Checked], list[str]]:
        """Files that may be kept, and a sentence about each that may not."""
        kept: list[Checked] = []
        left: list[str] = []
        for file in mail.files:
            try:
                kept.append(self._files.check(file.content, file.name))
            except RelaisError as error:
                left.append(f"{file.name}: {error.detail}")
        return kept, left

    def _store(
        self, connection: Connection, mail: Incoming, files: Sequence[Checked], left: Sequence[str],
        limit: str | None,
    ) -> Taken:
        """``limit`` is the one that the mail was over before its files were looked at, if any."""
        peer = self._peer(mail)
        if not threads.record(connection, mail.message_id, direction="in", outcome="stored", peer=peer):
            return Taken("duplicate")
        if mail.kind == "bounce":
            return self._bounced(connection, mail)
        if mail.kind == "auto" or self._ours(mail):
            threads.settle(connection, mail.message_id, "auto")
            return Taken("auto")
        ticket, claimed = self._ticket(connection, mail)
        limit = limit or self._limit(connection, mail, ticket)
        if limit is not None:
            return self._left_out(connection, mail, ticket, limit)
        if ticket is not None and ticket["status"] != "closed":
            made = add_message(connection, ticket, mail, files, left, self._files,
                               desk=self._desk, key=client_key(mail))
            outcome, reference = "stored", ticket["reference"]
        else:
            unverified = ticket is None and claimed is not None
            reference, made = open_ticket(
                connection, mail, files, left, self._files, desk=self._desk, key=client_key(mail),
                follows=claimed, unverified=unverified)
            outcome = "unverified" if unverified else "stored"
        found = tickets.get(connection, reference)
        threads.settle(connection, mail.message_id, outcome, reference, found["conversation_id"])
        return Taken(outcome, reference, made)

    def _ours(self, mail: Incoming) -> bool:
        """Whether it comes from an address of our own."""
        return mail.sender.lower() in {parseaddr(self._settings.mail_from)[1].lower(), self._addresses.inbound.lower()}

    def _ticket(self, connection: Connection, mail: Incoming) -> tuple[Ticket | None, str | None]:
        """The ticket this mail may write to, and the one it names, which may be another."""
        tagged = self._addresses.tagged(mail.recipients)
        if tagged is not None:
            found = find(connection, tagged)
            if found is not None:
                return survivor(connection, found), tagged
        claimed = threads.ticket_of(connection, mail.references) or reference_in(mail.subject)
        found = find(connection, claimed)
        if found is None:
            return None, None
        contact = str(found["packet"].get("contact") or "").strip().lower()
        if contact and contact == mail.sender.lower() and not mail.forged:
            return survivor(connection, found), claimed
        return None, claimed

    def _peer(self, mail: Incoming) -> str:
        """Whose mails it counts with. What our server calls forged does not count as that customer's."""
        return self._addresses.peer(("forged " if mail.forged else "") + (mail.sender or "nobody"))

    def _limit(self, connection: Connection, mail: Incoming, ticket: Ticket | None) -> str | None:
        """The limit of an hour that this mail is over: "ticket", "sender", or None."""
        this = mail.message_id
        if ticket is not None and ticket["status"] != "closed":
            taken = threads.recent(connection, besides=this, reference=ticket["reference"])
            return "ticket" if taken >= self._settings.mail_per_ticket else None
        taken = threads.recent(connection, besides=this, peer=self._peer(mail))
        return "sender" if taken >= self._settings.mail_per_sender else None

    def _left_out(self, connection: Connection, mail: Incoming, ticket: Ticket | None, limit: str) -> Taken:
        """Leave a mail where it is; the ticket is told of the first one within an hour."""
        peer, reference = self._peer(mail), ticket["reference"] if ticket else None
        told = reference or threads.latest_ticket_of(connection, peer)
        if not threads.warned(connection, peer=peer if limit == "sender" else "", reference=told or ""):
            _log.warning("mails beyond the hourly limit are left out", reference=told, by=limit)
            if told:
                note(connection, told, say("mail_limited", "fr"), "mail_limited")
        conversation_id = ticket["conversation_id"] if ticket else None
        threads.settle(connection, mail.message_id, "limited", reference, conversation_id)
        return Taken("limited", reference)

    def _bounced(self, connection: Connection, mail: Incoming) -> Taken:
        """One of ours did not arrive: its ticket learns that, and whether the address is at fault."""
        reference = threads.ticket_of(connection, mail.bounced) or self._addresses.tagged(mail.recipients)
        found = find(connection, reference)
        if found is None:
            threads.settle(connection, mail.message_id, "bounce")
            return Taken("bounce")
        contact = found["packet"].get("contact")
        peers = threads.written_to(connection, mail.bounced)
        if contact and peers and self._addresses.peer(contact) not in peers:      # it was put right since
            threads.settle(connection, mail.message_id, "bounce", found["reference"], found["conversation_id"])
            return Taken("bounce", found["reference"])
        told = came_back(connection, found, contact, permanent=mail.permanent)
        threads.settle(connection, mail.message_id, "bounce", told["reference"], told["conversation_id"])
        return Taken("bounce", told["reference"])


def client_key(mail: Incoming) -> str:
    """The idempotency key of the mail's message."""
    return "mail:" + hashlib.sha256(mail.message_id.encode()).hexdigest()[:40]

