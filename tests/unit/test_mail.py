"""Mail: the spool is atomic and idempotent, no text can add a header, SMTP faults are told apart."""

from __future__ import annotations

import socket
import threading
import time
from email import policy
from email.parser import BytesParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import BadInput, NotFound, Unavailable
from bot.integrations.mail import (
    AddressRefused,
    Mail,
    SmtpMailer,
    SpoolMailer,
    make_mailer,
    message_from,
)
from bot.settings import Settings

SENDER = "Solenne Énergie <bonjour@solenne-energie.example>"


def test_same_key_is_one_mail_and_newest_comes_first(tmp_path: Path) -> None:
    spool = SpoolMailer(tmp_path / "mail")
    first = spool.send(Mail("a@example.org", "Votre code : été", "Voilà\n", key="k"))
    assert spool.send(Mail("a@example.org", "autre", "autre", key="k")) == first
    spool.send(Mail("b@example.org", "Deux", "x"))
    newest, oldest = spool.list()
    assert (newest.to, oldest.subject, oldest.text.strip()) == ("b@example.org", "Votre code : été", "Voilà")
    assert spool.get(oldest.id) == oldest
    assert not list((tmp_path / "mail").glob(".*"))
    with pytest.raises(NotFound):
        spool.get("../../etc/passwd")


def test_spool_keeps_a_bounded_number(tmp_path: Path) -> None:
    spool = SpoolMailer(tmp_path, keep=5)
    for n in range(9):
        spool.send(Mail("a@example.org", str(n), "x"))
    assert len(spool.list()) == 5


@pytest.mark.parametrize("address", ["", "a", "a@b", "a@example.org\nBcc: x@example.org", "a b@example.org",
                                     "a@example.org, b@example.org", "<a@example.org>"])
def test_odd_addresses_are_refused(address: str) -> None:
    with pytest.raises(BadInput):
        message_from(Mail(address, "s", "t"), SENDER)


@settings(deadline=None)
@given(st.text(max_size=200), st.text(max_size=400))
def test_no_text_adds_a_header(subject: str, text: str) -> None:
    mail = Mail("a@example.org", subject, text.encode("utf-8", "ignore").decode())
    try:
        message = message_from(mail, SENDER)
    except BadInput:
        return
    names = {"From", "To", "Subject", "Date", "Message-ID", "Content-Language", "Auto-Submitted", "Content-Type",
             "Content-Transfer-Encoding", "MIME-Version"}
    assert set(message.keys()) <= names


@pytest.mark.parametrize("text", ["é" * 2000, "court\n\n" + "un long paragraphe, " * 80 + "\nfin.", "=" * 1500],
                         ids=["letters", "words", "signs"])
def test_a_long_paragraph_becomes_lines_that_servers_take(text: str) -> None:
    raw = bytes(message_from(Mail("a@example.org", "x" * 60, text, earlier=("m@example.org",) * 12), SENDER))
    head, _, body = raw.partition(b"\r\n\r\n")
    assert max(map(len, body.splitlines())) <= 76
    assert len(next(line for line in head.splitlines() if line.startswith(b"References: "))) > 78      # headers as ever
    assert BytesParser(policy=policy.default).parsebytes(raw).get_content().split() == text.split()


def test_a_text_of_short_lines_travels_as_it_is() -> None:
    assert "Été à 12 €\r\n".encode() in bytes(message_from(Mail("a@example.org", "s", "Été à 12 €"), SENDER))


def test_no_server_is_unavailable_not_a_traceback(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = Settings(home=tmp_path, smtp_host="127.0.0.1", smtp_port=port)
    with pytest.raises(Unavailable):
        make_mailer(settings).send(Mail("a@example.org", "s", "t"))


class SmtpServer:
    """A server of a few lines on a real socket."""

    def __init__(self, rcpt: int | str = 250, goodbye: str = "221 bye", thinks: float = 0.0) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.received: list[str] = []
        self._rcpt, self._goodbye, self._thinks = rcpt, goodbye, thinks
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        with connection, connection.makefile("rwb") as stream:
            def say(text: str) -> None:
                stream.write(text.encode() + b"\r\n")
                stream.flush()

            say("220 test")
            while line := stream.readline().decode("utf-8", "replace"):
                verb = line.split()[0].upper() if line.split() else ""
                if verb == "DATA":
                    say("354 go")
                    while (body := stream.readline().decode("utf-8", "replace")) != ".\r\n":
                        self.received.append(body)
                    time.sleep(self._thinks)
                    say("250 ok")
                elif verb == "QUIT":
                    say(self._goodbye)
                    return
                else:
                    say(f"{self._rcpt if verb == 'RCPT' else 250} x")

    def mailer(self, home: Path, **seconds: float) -> SmtpMailer:
        """A mailer that sends to it."""
        return SmtpMailer(Settings(home=home, smtp_host="127.0.0.1", smtp_port=self.port, smtp_starttls=False), **seconds)

    def close(self) -> None:
        """Wait for the end of the conversation."""
        self._thread.join(5)
        self._listener.close()


@pytest.mark.parametrize(("code", "error"), [
    (550, AddressRefused), ("550 5.1.1", AddressRefused), ("550 5.7.1", BadInput), (451, Unavailable), (250, None)])
def test_smtp_refusals(tmp_path: Path, code: int | str, error: type[Exception] | None) -> None:
    server = SmtpServer(rcpt=code)
    mailer = server.mailer(tmp_path, timeout=5)
    if error:
        with pytest.raises(error) as refused:
            mailer.send(Mail("a@example.org", "s", "t"))
        assert refused.type is error      # what a server may not do says nothing of the address
    else:
        mailer.send(Mail("a@example.org", "Votre code", "123456"))
        assert any("123456" in line for line in server.received)
    server.close()


@pytest.mark.parametrize("server", [{"goodbye": "421 too busy to part"}, {"thinks": 0.8}], ids=["odd good-bye", "slow scanner"])
def test_a_mail_that_was_taken_is_sent(tmp_path: Path, server: dict[str, Any]) -> None:
    """Else it would be sent again, and the customer would have it twice."""
    other_side = SmtpServer(**server)
    other_side.mailer(tmp_path, timeout=0.4, taking=10).send(Mail("a@example.org", "Votre code", "123456"))
    assert any("123456" in line for line in other_side.received)
    other_side.close()


def test_a_mail_that_nobody_takes_waits(tmp_path: Path) -> None:
    server = SmtpServer(thinks=1.5)
    with pytest.raises(Unavailable):
        server.mailer(tmp_path, timeout=5, taking=0.3).send(Mail("a@example.org", "s", "t"))
    server.close()
