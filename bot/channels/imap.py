"""Fetches mails from an IMAP folder, at most fifty a look; what is stored is marked as read.

A mail is marked only after it is stored. Where that fails it stays unread and comes again; taking it
twice changes nothing. One that cannot be read, is too large or is beyond the hourly limits is marked and
starred, so that a person finds it in the mailbox.
"""

from __future__ import annotations

import contextlib
import imaplib
import re
import ssl
from collections.abc import Callable, Iterator

import structlog

from bot.channels.mail_in import Taken
from bot.errors import BadInput, Unavailable
from bot.settings import Settings

MOST = 50
_TIMEOUT = 20.0
_log = structlog.get_logger(__name__)


class ImapFetcher:
    """Looks into the folder of the settings. ``take`` stores one raw mail."""

    def __init__(self, settings: Settings, take: Callable[[bytes], Taken]) -> None:
        self._settings, self._take = settings, take

    def fetch(self) -> int:
        """Take in unread mails; how many. Raises Unavailable where the server does not answer."""
        try:
            with self._opened() as server:
                return sum(self._one(server, uid) for uid in self._unread(server))
        except (OSError, imaplib.IMAP4.error) as error:
            raise Unavailable(f"The IMAP server does not answer ({type(error).__name__}).") from error

    @contextlib.contextmanager
    def _opened(self) -> Iterator[imaplib.IMAP4]:
        settings = self._settings
        server: imaplib.IMAP4
        if settings.imap_tls:
            server = imaplib.IMAP4_SSL(settings.imap_host, settings.imap_port, timeout=_TIMEOUT,
                                       ssl_context=ssl.create_default_context())
        else:
            server = imaplib.IMAP4(settings.imap_host, settings.imap_port, timeout=_TIMEOUT)
        try:
            password = settings.imap_password
            server.login(settings.imap_user, password.get_secret_value() if password else "")
            folder = settings.imap_folder.replace("\\", "\\\\").replace('"', '\\"')
            status, _ = server.select(f'"{folder}"')
            if status != "OK":
                raise imaplib.IMAP4.error(f"no folder {settings.imap_folder}")
            yield server
        finally:
            with contextlib.suppress(OSError, imaplib.IMAP4.error):
                server.logout()

    def _unread(self, server: imaplib.IMAP4) -> list[str]:
        _, found = server.uid("SEARCH", "UNSEEN")
        return [uid.decode() for uid in (found[0] or b"").split()][:MOST]

    def _one(self, server: imaplib.IMAP4, uid: str) -> int:
        _, answer = server.uid("FETCH", uid, "(RFC822.SIZE)")
        size = re.search(rb"RFC822\.SIZE (\d+)", b" ".join(p for p in answer if isinstance(p, bytes)))
        if size and int(size.group(1)) > self._settings.mail_max_bytes:
            _log.warning("a mail over the size limit was left in the mailbox", bytes=int(size.group(1)))
            self._mark(server, uid, r"(\Seen \Flagged)")
            return 0
        _, answer = server.uid("FETCH", uid, "(BODY.PEEK[])")
        raw = next((part[1] for part in answer if isinstance(part, tuple)), None)
        if raw is None:
            return 0          # someone moved it away meanwhile
        try:
            taken = self._take(raw)
        except BadInput as error:
            _log.warning("a mail that cannot be read was left in the mailbox", why=error.detail)
            self._mark(server, uid, r"(\Seen \Flagged)")
            return 0
        if taken.outcome == "limited":
            self._mark(server, uid, r"(\Seen \Flagged)")
            return 0
        self._mark(server, uid, r"(\Seen)")
        return 1

    @staticmethod
    def _mark(server: imaplib.IMAP4, uid: str, flags: str) -> None:
        server.uid("STORE", uid, "+FLAGS.SILENT", flags)
