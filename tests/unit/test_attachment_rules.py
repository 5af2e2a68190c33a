"""What a file is, under which name it is kept, and what a virus scanner's answers mean."""

from __future__ import annotations

import io
import socket
import struct
import threading
import time
import zipfile
from pathlib import Path

import pytest

from bot.attachments.errors import (
    EmptyFile,
    ExecutableFile,
    FileTypeRefused,
    InfectedFile,
    ScannerDown,
)
from bot.attachments.files import Files
from bot.attachments.kinds import EXTENSIONS, kind_of, safe_name
from bot.attachments.scan import Clamd, NoScanner, scanner
from bot.errors import ConfigurationError

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00" + b"\0" * 8
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + b"\0" * 60 + b"\xff\xd9"
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF"


def archive(**entries: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        for name, content in entries.items():
            made.writestr(name.replace("__", "/"), content)
    return packed.getvalue()


def office(**more: str) -> bytes:
    return archive(**{"[Content_Types].xml": "<x/>", "word__document.xml": "<w/>", **more})


@pytest.mark.parametrize(("content", "name", "kind"), [
    (PNG, "compteur.png", "image/png"), (JPEG, "IMG_2041.JPG", "image/jpeg"), (PDF, "bail.pdf", "application/pdf"),
    (b"GIF89a" + b"\0" * 20, "a.gif", "image/gif"), (b"RIFF\x24\0\0\0WEBPVP8 " + b"\0" * 40, "a", "image/webp"),
    (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 40, "IMG.HEIC", "image/heif"),
    ("Relevé : 12 345 kWh\n".encode(), "releve.txt", "text/plain"),
    (office(), "lettre.docx", next(kind for kind, ext in EXTENSIONS.items() if ext == ".docx")),
    (archive(mimetype="application/vnd.oasis.opendocument.text"), "lettre.odt", "application/vnd.oasis.opendocument.text"),
    (PNG, "facture.pdf", "image/png"),      # the content decides, not the name
])
def test_type_is_found_in_the_content(content: bytes, name: str, kind: str) -> None:
    assert kind_of(content, name) == kind


@pytest.mark.parametrize(("content", "name"), [
    (b"MZ\x90\x00" + b"\0" * 100, "facture.pdf"), (b"\x7fELF\x02" + b"\0" * 60, "photo.jpg"), (b"#!/bin/sh\nrm -rf /", "a.txt"),
    (JPEG, "photo.jpg.exe"), (b"plain", "lancer.bat"), (b"<svg xmlns='x'><script/></svg>", "logo.txt"),
    (b"<!DOCTYPE html><script>1</script>", "page"), (b"\xca\xfe\xba\xbe" + b"\0" * 20, "a.class"),
    (office(word__vbaProject__bin="x", **{"word__vbaProject.bin": "x"}), "lettre.docx"), (b"salut", "a.docm"),
])
def test_programs_and_scripts_are_refused_as_such(content: bytes, name: str) -> None:
    with pytest.raises(ExecutableFile):
        kind_of(content, name)


@pytest.mark.parametrize(("content", "name"), [
    (archive(notes="x"), "a.zip"), (b"\x00\x01\x02\x03\x04\x05\x06\x07" * 9, "a.bin"), (b"PK\x03\x04broken", "a.docx"),
    (b"ID3\x03\x00\x00" + b"\0" * 60, "song.mp3"),
])
def test_other_types_are_refused(content: bytes, name: str) -> None:
    with pytest.raises(FileTypeRefused):
        kind_of(content, name)


def test_a_document_that_unpacks_to_too_much_is_refused() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("[Content_Types].xml", "<x/>")
        made.writestr("word/document.xml", b"\0" * 201_000_000)
    with pytest.raises(FileTypeRefused):
        kind_of(packed.getvalue(), "bombe.docx")


def test_a_document_whose_type_unpacks_to_too_much_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("mimetype", b"a" * 201_000_000)
    monkeypatch.setattr(zipfile.ZipFile, "read", None)      # reads an entry whole
    with pytest.raises(FileTypeRefused):
        kind_of(packed.getvalue(), "bombe.odt")


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_a_damaged_document_is_refused(method: int) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as made:
        made.writestr("mimetype", b"application/vnd.oasis.opendocument.text " * 9)
    content = packed.getvalue()
    body = 30 + len("mimetype")
    for at in range(body, body + 20):
        broken = content[:at] + b"\xff\xfe\xff" + content[at + 3:]
        try:
            assert kind_of(broken, "lettre.odt").endswith("text")      # what was hit says nothing of the type
        except FileTypeRefused:
            continue


@pytest.mark.parametrize("start", [b"<!---->" * 500, b"<!-- a - -- b -->\n" * 200, b"<!--" + b"-" * 4000, b"<!--" * 1000])
def test_comments_before_nothing_are_text_and_soon_read(start: bytes) -> None:
    began = time.process_time()
    assert kind_of(start, "a.txt") == "text/plain"
    assert time.process_time() - began < 0.5
    with pytest.raises(ExecutableFile):
        kind_of(b"<!-- a - b -->\n<!---->" * 9 + b"<html>", "a.txt")


def test_an_empty_file_is_told_apart() -> None:
    with pytest.raises(EmptyFile):
        kind_of(b"", "vide.pdf")


@pytest.mark.parametrize(("given", "kept"), [
    ("IMG_2041.JPG", "IMG_2041.jpg"), ("../../etc/passwd", "passwd.jpg"), ("C:\\x\\bail signé.pdf", "bail signé.jpg"),
    ("a\r\nSet-Cookie: x.png", "a_Set-Cookie_ x.jpg"), ("photo\u202egpj.exe", "photogpj.jpg"), ("", "document.jpg"),
    ("..", "document.jpg"), ("sans-extension", "sans-extension.jpg"),
])
def test_names_are_made_safe_and_get_the_extension_of_their_type(given: str, kept: str) -> None:
    name = safe_name(given, "image/jpeg")
    assert not set("\r\n\"/\\\u202e") & set(name)
    assert name == kept


def test_a_long_name_is_cut() -> None:
    assert len(safe_name("x" * 5000 + ".png", "image/png")) == 104


def test_the_same_content_is_kept_once_and_removed(tmp_path: Path) -> None:
    files = Files(tmp_path)
    assert files.put(PNG) == files.put(PNG)
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path.read_bytes() for path in kept] == [PNG]
    assert files.remove(kept[0].name)
    assert not files.remove(kept[0].name)


class FakeClamd(threading.Thread):
    """Speaks clamd's side of INSTREAM once, as clamd(8) describes it."""

    def __init__(self, answer: bytes) -> None:
        super().__init__(daemon=True)
        self.answer, self.received, self.command = answer, b"", b""
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.start()

    def run(self) -> None:
        link, _ = self.server.accept()
        with link, link.makefile("rb") as stream:
            self.command = stream.read(10)
            while size := struct.unpack("!L", stream.read(4))[0]:
                self.received += stream.read(size)
            link.sendall(self.answer)
        self.server.close()


def test_clamd_gets_the_whole_file_and_its_ok_lets_it_pass() -> None:
    daemon = FakeClamd(b"stream: OK\0")
    content = bytes(range(256)) * 1000
    Clamd("127.0.0.1", daemon.port).check(content)
    daemon.join(5)
    assert daemon.command == b"zINSTREAM\0"
    assert daemon.received == content


@pytest.mark.parametrize(("answer", "error"), [
    (b"stream: Eicar-Signature FOUND\0", InfectedFile), (b"INSTREAM size limit exceeded. ERROR\0", ScannerDown), (b"", ScannerDown),
])
def test_anything_but_ok_keeps_the_file_out(answer: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        Clamd("127.0.0.1", FakeClamd(answer).port).check(b"x")


def test_a_scanner_that_is_away_keeps_the_file_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(ScannerDown):
        Clamd("127.0.0.1", port, timeout=1).check(b"x")


def test_the_setting_names_the_scanner() -> None:
    assert isinstance(scanner(""), NoScanner)
    found = scanner("clamd://av.internal")
    assert isinstance(found, Clamd)
    assert (found.host, found.port) == ("av.internal", 3310)
    for wrong in ("http://x", "clamd://", "clamd://h:99999"):
        with pytest.raises(ConfigurationError, match="RELAIS_VIRUS_SCANNER"):
            scanner(wrong)
