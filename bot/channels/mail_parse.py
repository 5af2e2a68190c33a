"""A raw mail (RFC 5322), made into what we work with. Malformed parts are read as far as they can be."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from email import policy
from email.errors import InvalidHeaderDefect
from email.header import decode_header, make_header
from email.headerregistry import AddressHeader
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import getaddresses
from typing import Any

from bot.channels.automatic import Kind, failed_mails, kind_of
from bot.channels.html_text import words_of
from bot.channels.quotes import new_text
from bot.conversations.text import clean, is_blank, one_line
from bot.errors import BadInput

MOST_FILES = 10
_IDS = re.compile(r"<([^<>\s]{3,250})>")
_RECIPIENTS = ("to", "cc", "delivered-to", "x-original-to", "x-forwarded-to", "envelope-to")
_MOST_REFERENCES = 30


@dataclass(frozen=True)
class File:
    """A file that came with a mail."""

    name: str
    content: bytes


@dataclass(frozen=True)
class Incoming:
    """A mail as read. Message-IDs are without brackets; ``sender`` is one plain address."""

    message_id: str
    sender: str
    recipients: tuple[str, ...]
    subject: str
    text: str
    references: tuple[str, ...]
    kind: Kind
    files: tuple[File, ...] = ()
    bounced: tuple[str, ...] = ()
    permanent: bool = False
    forged: bool = False


def parse(raw: bytes, *, authserv: str = "") -> Incoming:
    """Read a mail. Raises BadInput where it has no sender we could answer, or cannot be read at all.

    ``authserv`` is the name our own mail server writes in ``Authentication-Results`` (RFC 8601);
    verdicts of others are ignored, because anyone can write them.
    """
    try:
        return _parse(raw, authserv)
    except BadInput:
        raise
    except Exception as error:      # the standard library's parser raises all sorts on malformed mails
        raise BadInput("This mail cannot be read.") from error


def _parse(raw: bytes, authserv: str) -> Incoming:
    message: Any = BytesParser(policy=policy.default).parsebytes(raw)
    headers = _headers(message)
    sender = _sender(message)
    kind = kind_of(message, headers, sender)
    if not sender and kind != "bounce":
        raise BadInput("This mail has no sender that could be answered.")
    bounced, permanent = failed_mails(message) if kind == "bounce" else ((), False)
    named = _IDS.findall(headers.get("message-id", ""))
    return Incoming(
        message_id=named[0] if named else f"sha256.{hashlib.sha256(raw).hexdigest()}",
        sender=sender, recipients=_recipients(message), subject=one_line(headers.get("subject", ""), 200),
        text=_text(message) if kind == "person" else "",
        references=_references(headers), kind=kind,
        files=_files(message) if kind == "person" else (), bounced=bounced, permanent=permanent,
        forged=_forged(message, authserv),
    )


def _headers(message: EmailMessage) -> dict[str, str]:
    """First value of each header, decoded where it can be."""
    found: dict[str, str] = {}
    for name, value in message.raw_items():
        found.setdefault(name.lower(), _decoded(str(value)))
    return found


def _decoded(value: str) -> str:
    value = value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")   # raw UTF-8 (RFC 6532)
    try:
        return clean(str(make_header(decode_header(value.replace("\r", "").replace("\n", "")))))
    except (LookupError, ValueError, UnicodeError):
        return clean(value)


def _sender(message: EmailMessage) -> str:
    """The only address of the only ``From``; anything else could be two people, so it is none."""
    values = [str(value) for name, value in message.raw_items() if name.lower() == "from"]
    if len(values) != 1:
        return ""
    try:
        parsed: dict[str, Any] = {"defects": []}
        AddressHeader.parse(values[0].replace("\r", "").replace("\n", ""), parsed)
        boxes = [box for group in parsed["groups"] for box in group.addresses]
        broken = any(isinstance(defect, InvalidHeaderDefect) for defect in parsed["defects"])
        address = boxes[0].addr_spec if len(boxes) == 1 and not broken else ""
    except Exception:      # the standard library's parser raises all sorts on malformed headers
        return ""
    plain = re.fullmatch(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z0-9-]{2,63}", address)
    return address if plain else ""


def _recipients(message: EmailMessage) -> tuple[str, ...]:
    values = [str(value)[:5000] for name, value in message.raw_items() if name.lower() in _RECIPIENTS]
    return tuple(dict.fromkeys(address for _, address in getaddresses(values)[:50] if "@" in address))


def _references(headers: dict[str, str]) -> tuple[str, ...]:
    """Mails this one answers, the nearest first."""
    found = _IDS.findall(headers.get("in-reply-to", "")[:5000])
    found += reversed(_IDS.findall(headers.get("references", "")[-20_000:]))
    return tuple(dict.fromkeys(found))[:_MOST_REFERENCES]


def _text(message: EmailMessage) -> str:
    plain, markup = "", ""
    for part in message.walk():
        if part.is_multipart() or part.get_content_disposition() == "attachment" or part.get_filename():
            continue
        if part.get_content_type() == "text/plain" and not plain:
            plain = _content(part)
        elif part.get_content_type() == "text/html" and not markup:
            markup = _content(part)
    text = clean(plain)
    if is_blank(text):
        text = clean(words_of(markup))
    return "" if is_blank(text) else clean(new_text(text))


def _content(part: Any) -> str:
    try:
        return str(part.get_content())
    except (LookupError, ValueError, KeyError, AttributeError):    # an unknown charset or encoding
        return bytes(part.get_payload(decode=True) or b"").decode("utf-8", "replace")


def _files(message: EmailMessage) -> tuple[File, ...]:
    found: list[File] = []
    for part in message.walk():
        if part.is_multipart() or len(found) >= MOST_FILES:
            continue
        name = part.get_filename()
        shown = part.get_content_type() in ("text/plain", "text/html")
        if not name and (shown or part.get_content_disposition() != "attachment"):
            continue
        content = part.get_payload(decode=True)
        if isinstance(content, bytes) and content:
            found.append(File(one_line(_decoded(str(name or "file")), 120) or "file", content))
    return tuple(found)


def _forged(message: EmailMessage, authserv: str) -> bool:
    """Whether our own mail server found that the sender's domain did not send this."""
    if not authserv:
        return False
    for name, value in message.raw_items():
        if name.lower() == "authentication-results":
            server, _, verdicts = " ".join(str(value).split()).partition(";")
            if server.split(" ")[0].lower() == authserv.lower():
                said = verdicts.lower()
                return "dmarc=fail" in said or not any(
                    f"{check}=pass" in said for check in ("dmarc", "dkim", "spf"))
    return True       # our server marks every mail: one without its mark did not pass it
