"""Sending mail: to a folder by default, over SMTP where a server is set.

A :class:`Mail` with a ``key`` is the same mail when it is sent again: the spool keeps one file, and
over SMTP it carries the same ``Message-ID``. Addresses and subjects are checked here, so no text
from a customer can add a header.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import smtplib
import ssl
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import format_datetime, parseaddr, parsedate_to_datetime
from pathlib import Path
from typing import Any, Protocol

from bot.errors import BadInput, NotFound, Unavailable
from bot.failpoints import hit
from bot.settings import Settings

_ADDRESS = re.compile(r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z0-9-]{2,63}$")
_LONGEST_LINE = 990      # bytes
_POLICY = re.compile(rb"\b5\.7\.\d")      # what a server may not do (RFC 3463): no word on the address


class AddressRefused(BadInput):
    """Mail to this address can never arrive."""


@dataclass(frozen=True)
class Mail:
    """One message to one person."""

    to: str
    subject: str
    text: str
    key: str = ""                        # the same key is the same mail
    language: str = "fr"
    reply_to: str | None = None
    personal: bool = False               # a person wrote it: machines may answer (RFC 3834)
    message_id: str = ""                 # without brackets; else made from the key
    earlier: Sequence[str] = ()          # Message-IDs of the thread, oldest first
    headers: Mapping[str, str] = field(default_factory=dict)   # only names starting with X-

    def in_thread(self, message_id: str, earlier: Sequence[str], reply_to: str | None) -> Mail:
        """The same mail as the newest of a thread."""
        return replace(self, message_id=message_id, earlier=tuple(earlier), reply_to=reply_to)


@dataclass(frozen=True)
class SpooledMail:
    """A mail in the spool, as the demo page shows it."""

    id: str
    to: str
    subject: str
    text: str
    at: datetime
    language: str


class Mailer(Protocol):
    """Sends mails.

    ``Unavailable`` where that fails for now, ``BadInput`` where it never can work, ``AddressRefused``
    where that is for the address.
    """

    def send(self, mail: Mail) -> str:
        """Send; returns the message id."""
        ...


def message_from(mail: Mail, sender: str) -> EmailMessage:
    """The message on the wire. ``BadInput`` for an address or header that is not one."""
    if not _ADDRESS.match(mail.to):
        raise AddressRefused("This e-mail address is not valid.", key="mail_address")
    name, address = parseaddr(sender)
    message = EmailMessage(policy=policy.SMTP.clone(max_line_length=998))
    try:
        message["From"] = Address(display_name=name, addr_spec=address)
        message["To"] = Address(addr_spec=mail.to)
        message["Subject"] = " ".join(mail.subject.split())
        if mail.reply_to:
            message["Reply-To"] = Address(addr_spec=mail.reply_to)
        message["Date"] = format_datetime(datetime.now(timezone.utc))
        own_id = mail.message_id or f"{_stem(mail)}@{address.rpartition('@')[2] or 'localhost'}"
        message["Message-ID"] = f"<{own_id}>"
        if mail.earlier:
            message["In-Reply-To"] = f"<{mail.earlier[-1]}>"
            message["References"] = " ".join(f"<{item}>" for item in mail.earlier)
        message["Content-Language"] = mail.language
        if not mail.personal:
            message["Auto-Submitted"] = "auto-generated"
        for header, value in mail.headers.items():
            if not header.startswith("X-"):
                raise BadInput(f"Mail header not allowed: {header}")
            message[header] = value
    except (ValueError, IndexError) as error:       # email's own errors on bad headers
        raise BadInput("This mail cannot be addressed.") from error
    _put(message, mail.text)
    return message


def _put(message: EmailMessage, text: str) -> None:
    """The text as it is; encoded where a paragraph is longer than servers take a line (RFC 5321, 4.5.3.1.6)."""
    if all(len(line) <= _LONGEST_LINE for line in text.encode("utf-8", "surrogateescape").splitlines()):
        message.set_content(text, charset="utf-8", cte="8bit")
        return
    headers, message.policy = message.policy, policy.SMTP.clone(max_line_length=76)      # RFC 2045, 6.7
    message.set_content(text, charset="utf-8", cte="quoted-printable")
    message.policy = headers


def sender_domain(sender: str) -> str:
    """The domain of ``Name <address>``; empty where there is none."""
    return parseaddr(sender)[1].rpartition("@")[2].lower()


def _stem(mail: Mail) -> str:
    seed = mail.key.encode() if mail.key else os.urandom(16)
    return hashlib.sha256(seed).hexdigest()[:32]


class SpoolMailer:
    """Writes each mail as an ``.eml`` file; a reader never sees half a file."""

    def __init__(self, folder: Path, sender: str = "Solenne Énergie <bonjour@solenne-energie.example>",
                 keep: int = 2000) -> None:
        self.folder = folder
        self._sender = sender
        self._keep = keep

    def send(self, mail: Mail) -> str:
        """Write the mail, or leave the one with the same key as it is."""
        message = message_from(mail, self._sender)
        stem = _stem(mail)
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            target = self.folder / f"{stem}.eml"
            if not target.exists():
                handle, temporary = tempfile.mkstemp(dir=self.folder, prefix=".", suffix=".tmp")
                try:
                    with os.fdopen(handle, "wb") as file:
                        file.write(bytes(message))
                        file.flush()
                        os.fsync(file.fileno())
                    hit("mail.written")
                    os.replace(temporary, target)
                except BaseException:
                    Path(temporary).unlink(missing_ok=True)
                    raise
                self._trim()
        except OSError as error:
            raise Unavailable("The mail could not be written.") from error
        return str(message["Message-ID"])

    def _trim(self) -> None:
        files = list(self.folder.glob("*.eml"))
        if len(files) > self._keep:
            files.sort(key=lambda path: path.stat().st_mtime)
            for path in files[: len(files) - self._keep]:
                path.unlink(missing_ok=True)

    def list(self, limit: int = 100) -> tuple[SpooledMail, ...]:
        """The newest mails first."""
        if not self.folder.is_dir():
            return ()
        dated = sorted(((p.stat().st_mtime_ns, p) for p in self.folder.glob("*.eml")), reverse=True)
        return tuple(_read(path) for _, path in dated[:limit])

    def get(self, mail_id: str) -> SpooledMail:
        """One mail. ``NotFound`` for an id that is not one of the spool's."""
        path = self.folder / f"{mail_id}.eml"
        if not re.fullmatch(r"[0-9a-f]{32}", mail_id) or not path.is_file():
            raise NotFound("There is no such mail.", key="mail_gone")
        return _read(path)


def _read(path: Path) -> SpooledMail:
    message = BytesParser(policy=policy.default).parsebytes(path.read_bytes())
    body = message.get_body(("plain",))
    return SpooledMail(
        id=path.stem, to=str(message["To"]), subject=str(message["Subject"]),
        text=body.get_content() if body else "", language=str(message["Content-Language"] or "fr"),
        at=parsedate_to_datetime(str(message["Date"])).astimezone(timezone.utc),
    )


class _Server(smtplib.SMTP):
    """A mail server that is given time to take a mail, and none to say good-bye."""

    taking = 0.0
    _PARTING = 2.0

    def data(self, msg: Any) -> tuple[int, bytes]:
        """The mail itself, and what the server says of it."""
        if self.sock is not None:
            self.sock.settimeout(self.taking)
        return super().data(msg)

    def part(self) -> None:
        """Say that we are done. It has the mail: how it answers changes nothing."""
        with contextlib.suppress(OSError, smtplib.SMTPException):
            if self.sock is not None:
                self.sock.settimeout(self._PARTING)
            self.quit()


class SmtpMailer:
    """Sends over SMTP, with TLS unless the settings say otherwise.

    ``timeout`` is for each answer before the mail itself, ``taking`` for the answer to it: servers look
    into a mail before they take it (RFC 5321, 4.5.3.2.6, asks for ten minutes), and one given up too soon
    is sent twice. It stays below the lease of a job, with time left for the rest.
    """

    def __init__(self, settings: Settings, timeout: float = 10.0, taking: float = 35.0) -> None:
        self._settings = settings
        self._timeout, self._taking = timeout, taking

    def send(self, mail: Mail) -> str:
        """Hand the mail to the server; ``BadInput`` where the server refuses it for good."""
        settings = self._settings
        message = message_from(mail, settings.mail_from)
        try:
            server = _Server(settings.smtp_host, settings.smtp_port, timeout=self._timeout)
            server.taking = self._taking
            try:
                if settings.smtp_starttls:
                    server.starttls(context=ssl.create_default_context())
                if settings.smtp_user:
                    password = settings.smtp_password
                    server.login(settings.smtp_user, password.get_secret_value() if password else "")
                server.send_message(message)
                server.part()
            finally:
                server.close()
        except smtplib.SMTPRecipientsRefused as error:
            answers = list(error.recipients.values())
            if answers and all(500 <= code < 600 for code, _ in answers):
                if any(_POLICY.search(words) for _, words in answers):
                    raise BadInput("The mail server refuses to send to this address.") from error
                raise AddressRefused("The mail server does not know this address.") from error
            raise Unavailable("The mail server does not take this mail for now.") from error
        except (OSError, smtplib.SMTPException) as error:
            raise Unavailable("The mail server does not answer.") from error
        return str(message["Message-ID"])


def make_mailer(settings: Settings) -> Mailer:
    """SMTP where a server is set, else the spool in the home folder."""
    if settings.smtp_host:
        return SmtpMailer(settings)
    return SpoolMailer(settings.spool, settings.mail_from)
