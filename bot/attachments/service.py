"""Files that customers and agents put into a conversation: checked, kept, then told as a message."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.engine import Connection

from bot.attachments import store
from bot.attachments.errors import FilesFull, FileTooLarge, NobodyToRead
from bot.attachments.files import Files, hash_of
from bot.attachments.kinds import kind_of, safe_name
from bot.attachments.scan import Scanner, scanner
from bot.attachments.store import Attachment
from bot.conversations import intake
from bot.conversations import store as conversations
from bot.conversations.model import Draft, Event
from bot.settings import Settings
from bot.storage.database import Database
from bot.tickets import store as tickets
from bot.tickets.states import LIVE


@dataclass(frozen=True)
class Checked:
    """A file that may be kept: its type found, its content on disk under ``sha256``."""

    name: str
    kind: str
    content: bytes
    sha256: str


@dataclass(frozen=True)
class Received:
    """A customer's file as stored: its message's number, the files of it, new events to publish."""

    seq: int
    attachments: list[dict[str, Any]]
    events: list[Event] = field(default_factory=list)


class Attachments:
    """The files of an instance and the rules for new ones."""

    def __init__(
        self, database: Database, files: Files, scan: Scanner, *, max_bytes: int, max_files: int
    ) -> None:
        self._database, self.files, self.scan = database, files, scan
        self.max_bytes, self.max_files = max_bytes, max_files

    def check(self, content: bytes, name: str) -> Checked:
        """Look into a file and put it on disk. Blocks on the scanner: call it in a thread.

        What no attachment names within the hour goes again, also after a crash.
        Raises the errors of :mod:`bot.attachments.errors`.
        """
        if len(content) > self.max_bytes:
            raise FileTooLarge(self.max_bytes)
        kind = kind_of(content, name)
        self.scan.check(content)
        sha256 = hash_of(content)
        self._database.submit(lambda connection: store.expect(connection, sha256)).result()
        self.files.put(content)
        return Checked(safe_name(name, kind), kind, content, sha256)

    def receive(
        self, connection: Connection, conversation_id: str, token: str, *, client_message_id: str,
        checked: Checked, text: str,
    ) -> Received:
        """A customer's file as a message of theirs, once for each ``client_message_id``.

        Raises UnknownConversation, NobodyToRead, FilesFull.
        """
        conversation = conversations.open_with(connection, conversation_id, token, lock=True)
        already = sent_before(connection, conversation_id, client_message_id)
        if already is not None:
            return already
        must_be_open(connection, conversation_id)
        self.must_have_room(connection, conversation_id, "customer")
        row = self.add(connection, checked, conversation_id=conversation_id, author="customer",
                        seq=conversation.seq + 1)
        mode, more = intake.receive(connection, conversation, text)
        message = Draft("message", "customer", {"text": text, "attachments": [store.public(row)]},
                        client_message_id)
        _, made = conversations.append_to(
            connection, conversation, [message, *more], mode=mode, closed_at=None)
        return Received(made[0].seq, [store.public(row)], made)

    def upload(
        self, connection: Connection, reference: str, username: str, checked: Checked
    ) -> Attachment:
        """An agent's file, kept until their next reply takes it along. Raises FilesFull."""
        ticket = tickets.get(connection, reference)
        self.must_have_room(connection, ticket["conversation_id"], "agent")
        return self.add(connection, checked, conversation_id=ticket["conversation_id"],
                         author="agent", uploader=username)

    def must_have_room(self, connection: Connection, conversation_id: str, author: str) -> None:
        """Raises FilesFull where this side has put in as many files as a conversation holds."""
        if store.count(connection, conversation_id, author) >= self.max_files:
            raise FilesFull()

    def add(self, connection: Connection, checked: Checked, **values: Any) -> Attachment:
        """Store a checked file as a row of its conversation."""
        row = store.add(connection, name=checked.name, kind=checked.kind, size=len(checked.content),
                        sha256=checked.sha256, **values)
        # The same content may have been purged since it was checked; no purge runs beside this write.
        self.files.put(checked.content)
        return row


def sent_before(
    connection: Connection, conversation_id: str, client_message_id: str
) -> Received | None:
    """What this client's message already brought, if it was stored before."""
    seq = conversations.find_client_message(connection, conversation_id, client_message_id)
    if seq is None:
        return None
    event = conversations.events_after(connection, conversation_id, seq - 1, 1)[0]
    return Received(seq, list(event.payload.get("attachments") or ()))


def must_be_open(connection: Connection, conversation_id: str) -> None:
    """Raises NobodyToRead where no person has, or waits for, this conversation."""
    ticket = tickets.of_conversation(connection, conversation_id)
    if ticket is None or ticket["status"] not in LIVE:
        raise NobodyToRead()


def build(settings: Settings, database: Database) -> Attachments:
    """The attachments of an instance. Raises ConfigurationError for a scanner nobody knows."""
    return Attachments(
        database, Files(settings.home_path / "attachments"), scanner(settings.virus_scanner),
        max_bytes=settings.attachment_max_bytes, max_files=settings.attachments_per_conversation,
    )
