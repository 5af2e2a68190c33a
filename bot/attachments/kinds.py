"""What a file is, judged by its content; the sender's word for it (name, Content-Type) decides nothing.

Taken: photos, PDF, plain text, and the two common kinds of text document without macros. Programs,
scripts and anything a browser would run are refused as such, so that the sender learns why.
"""

from __future__ import annotations

import io
import lzma
import re
import unicodedata
import zipfile
import zlib

import puremagic

from bot.attachments.errors import EmptyFile, ExecutableFile, FileTypeRefused
from bot.conversations.text import clean

#: Types taken, and the extension a file of that type is stored and served under.
EXTENSIONS: dict[str, str] = {
    "image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp", "image/gif": ".gif",
    "image/heif": ".heic", "application/pdf": ".pdf", "text/plain": ".txt",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.oasis.opendocument.text": ".odt",
}
_SAME = {"image/jpg": "image/jpeg", "image/heic": "image/heif", "image/x-png": "image/png"}
_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_ODT = "application/vnd.oasis.opendocument.text"
_PROGRAM_STARTS = (
    b"MZ", b"\x7fELF", b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"#!", b"L\x00\x00\x00\x01\x14\x02\x00", b"dex\n", b"\x00asm",
)
_PROGRAM_NAMES = re.compile(
    r"\.(?:exe|com|scr|pif|bat|cmd|ps1|psm1|vbs?|vbe|jse?|mjs|wsf|wsh|hta|msi|msp|dll|cpl|lnk|reg|jar|apk|ipa|app|"
    r"dmg|deb|rpm|sh|bash|py|pl|rb|php|html?|xhtml|svgz?|docm|dotm|xlsm|xlam|pptm|iso|img)\s*$", re.I)
_MARKUP = re.compile(rb"^\s*(?:<\?xml[^>]*>\s*)?(?:<!--(?:[^-]|-(?!->))*-->\s*)*<(?:!doctype\s+html|html|svg|script|body|iframe)\b", re.I | re.S)
_LONGEST_NAME = 100
_LONGEST_MIMETYPE = 200          # bytes unpacked of the part that names a document's type
_UNPACKED_MOST = 200_000_000      # bytes a document may unpack to: more is a bomb


def kind_of(content: bytes, name: str) -> str:
    """The type of a file that may be kept.

    Raises EmptyFile, ExecutableFile, FileTypeRefused.
    """
    if not content:
        raise EmptyFile()
    if content.startswith(_PROGRAM_STARTS) or _PROGRAM_NAMES.search(name) or _MARKUP.match(content[:4096]):
        raise ExecutableFile()
    if content.startswith(b"PK\x03\x04"):
        return _document(content)
    found = _by_magic(content)
    if found is None and _is_text(content):
        return "text/plain"
    if found is None:
        raise FileTypeRefused()
    return found


def safe_name(name: str, kind: str) -> str:
    """A name without path, control or direction characters, with the extension its type has."""
    flat = clean(unicodedata.normalize("NFC", name)).replace("\\", "/").split("/")[-1]
    flat = re.sub(r'[\x00-\x1f"<>|:*?;]+', "_", flat).strip(" .")
    stem, dot, extension = flat.rpartition(".")
    if not dot or len(extension) > 5:
        stem = flat
    return (stem.strip(" .")[:_LONGEST_NAME] or "document") + EXTENSIONS[kind]


def _by_magic(content: bytes) -> str | None:
    try:
        matches = puremagic.magic_string(content)
    except (puremagic.PureError, ValueError):
        return None
    for match in matches:
        kind: str = _SAME.get(match.mime_type, match.mime_type)
        if kind in EXTENSIONS and kind not in (_DOCX, _ODT, "text/plain"):
            return kind
    return None


def _is_text(content: bytes) -> bool:
    if b"\x00" in content:
        return False
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return not any(ord(char) < 32 and char not in "\t\n\r\f" for char in text)


def _document(content: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            names = {entry.filename for entry in entries}
            unpacked = sum(entry.file_size for entry in entries)
            mimetype = _start(archive, "mimetype") if "mimetype" in names else b""
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, ValueError,
            RuntimeError, OSError, NotImplementedError) as error:
        raise FileTypeRefused() from error
    if any(name.lower().endswith(("vbaproject.bin", ".class", ".exe", ".dll", ".dex")) or
           name.startswith("Basic/") for name in names):
        raise ExecutableFile()
    if unpacked > _UNPACKED_MOST:
        raise FileTypeRefused()
    if "[Content_Types].xml" in names and "word/document.xml" in names:
        return _DOCX
    if mimetype.strip() == _ODT.encode():
        return _ODT
    raise FileTypeRefused()


def _start(archive: zipfile.ZipFile, name: str) -> bytes:
    """The first bytes of an entry: whatever it says of its size, no more is unpacked."""
    with archive.open(name) as entry:
        return entry.read(_LONGEST_MIMETYPE)
