"""A raw mail (RFC 5322), made into what we work with. Malformed parts are read as far as they can be."""

from __future__ import annotations

import codecs
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
from bot.channels.html_text import read
from bot.channels.quotes import new_text, passed_on, passes_on
from bot.conversations.text import clean, is_blank, one_line
from bot.errors import BadInput

MOST_FILES = 10
_IDS = re.compile(r"<([^<>\s]{3,250})>")
_RECIPIENTS = ("to", "cc", "delivered-to", "x-original-to", "x-forwarded-to", "envelope-to")
_MOST_REFERENCES = 30
_NAME = re.compile(r'"[^"\\<>]*"|=\?[^?\s"<>]+\?[bq]\?[^?\s"<>]*\?=', re.I)      # quoted, or an encoded word


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
    subject = one_line(headers.get("subject", ""), 200)
    named = _IDS.findall(headers.get("message-id", ""))
    return Incoming(
        message_id=named[0] if named else f"sha256.{hashlib.sha256(raw).hexdigest()}",
        sender=sender, recipients=_recipients(message), subject=subject,
        text=_text(message, subject) if kind == "person" else "",
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
    value = _guessed(value.encode("utf-8", "surrogateescape"))      # raw UTF-8 (RFC 6532), or older
    try:
        return clean(str(make_header(decode_header(value.replace("\r", "").replace("\n", "")))))
    except (LookupError, ValueError, UnicodeError):
        return clean(value)


def _sender(message: EmailMessage) -> str:
    """The only address of the only ``From``; anything else could be two people, so it is none."""
    values = [str(value) for name, value in message.raw_items() if name.lower() == "from"]
    if len(values) != 1:
        return ""
    value = values[0].replace("\r", "").replace("\n", "")
    try:
        parsed: dict[str, Any] = {"defects": []}
        AddressHeader.parse(value, parsed)
        boxes = [box for group in parsed["groups"] for box in group.addresses]
        broken = any(isinstance(defect, InvalidHeaderDefect) for defect in parsed["defects"])
        address = boxes[0].addr_spec if len(boxes) == 1 and not broken else ""
    except Exception:      # the standard library's parser raises all sorts on malformed headers
        address = ""
    plain = re.fullmatch(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z0-9-]{2,63}", address or _named(value))
    return plain.group() if plain else ""


def _named(value: str) -> str:
    """The address of a name in encoded words that are quoted, or glued to it: not as it should be, but plain."""
    name, _, rest = value.strip().rpartition("<")
    alone = rest.endswith(">") and not re.search(r'["\\<>()@,;:]', _NAME.sub("", name))
    return rest[:-1] if alone else ""


def _recipients(message: EmailMessage) -> tuple[str, ...]:
    values = [str(value)[:5000] for name, value in message.raw_items() if name.lower() in _RECIPIENTS]
    return tuple(dict.fromkeys(address for _, address in getaddresses(values)[:50] if "@" in address))


def _references(headers: dict[str, str]) -> tuple[str, ...]:
    """Mails this one answers, the nearest first."""
    found = _IDS.findall(headers.get("in-reply-to", "")[:5000])
    found += reversed(_IDS.findall(headers.get("references", "")[-20_000:]))
    return tuple(dict.fromkeys(found))[:_MOST_REFERENCES]


def _text(message: Any, subject: str) -> str:
    whole = _words(message, quotes=True)
    if is_blank(whole):      # nothing but a mail that is passed on as a file
        attached = (_words(part.get_payload(0), quotes=True) for part in message.walk() if _is_mail(part))
        whole = next((words for words in attached if not is_blank(words)), "")
    text = whole
    if not (passed_on(subject) or passes_on(whole)):
        text = _words(message, quotes=False)
    return "" if is_blank(whole) else clean(new_text(whole if is_blank(text) else text, subject))


def _words(part: Any, *, quotes: bool) -> str:
    """What a part says. A mail that is attached is a file, and no words of this one."""
    if part.get_content_maintype() == "multipart":
        parts = part.get_payload() if part.is_multipart() else []
        said = [(one.get_content_type() == "text/html", _words(one, quotes=quotes)) for one in parts]
        said = [(markup, words) for markup, words in said if not is_blank(words)]
        if part.get_content_type() == "multipart/alternative":
            return min(said, key=lambda one: one[0], default=(False, ""))[1]
        # Some programs send the same words twice here, as text and as HTML.
        plain = "".join("".join(words.split()) for markup, words in said if not markup)
        return "\n\n".join(words for markup, words in said if not (markup and "".join(words.split()) in plain))
    if part.is_multipart() or part.get_content_disposition() == "attachment" or part.get_filename():
        return ""
    kind = part.get_content_type()
    if kind == "text/html":
        return clean(read(_content(part), quotes=quotes))
    return clean(_content(part)) if kind == "text/plain" else ""


def _is_mail(part: Any) -> bool:
    return bool(part.get_content_type() == "message/rfc822" and part.is_multipart())


def _content(part: Any) -> str:
    """A part's text. What it calls ASCII or nothing is guessed; what it calls Latin-1 is Windows' (WHATWG)."""
    raw = part.get_payload(decode=True)
    if not isinstance(raw, bytes):
        return ""
    try:
        charset = codecs.lookup(str(part.get_content_charset() or "ascii")).name
        if charset != "ascii":
            return raw.decode("cp1252" if charset == "iso8859-1" else charset, "replace")
    except (LookupError, ValueError):      # a charset nobody knows, or that makes no text
        pass
    return _guessed(raw)


def _guessed(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def _files(message: EmailMessage) -> tuple[File, ...]:
    """The files of a mail, with those of mails attached to it, and these mails themselves."""
    found: list[File] = []
    for part in message.walk():
        mail = _is_mail(part) and part is not message
        if (part.is_multipart() and not mail) or len(found) >= MOST_FILES:
            continue
        name = part.get_filename()
        shown = part.get_content_type() in ("text/plain", "text/html")
        if not mail and not name and (shown or part.get_content_disposition() != "attachment"):
            continue
        content = _source(part.get_payload(0)) if mail else part.get_payload(decode=True)
        if isinstance(content, bytes) and content:
            called = one_line(_decoded(str(name or (mail and _subject(part)) or "file")), 120) or "file"
            found.append(File(called if not mail or called.lower().endswith(".eml") else f"{called}.eml", content))
    return tuple(found)


def _subject(part: Any) -> str:
    return _headers(part.get_payload(0)).get("subject", "")


def _source(mail: Any) -> bytes:
    try:
        return bytes(mail.as_bytes(policy=policy.default.clone(refold_source="none")))
    except Exception:      # as with parsing: a malformed mail that is attached does not keep this one out
        return b""


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
