"""The virus-scan port. None by default; ``clamd://host:port`` asks a ClamAV daemon.

clamd's INSTREAM command (clamd(8)): ``zINSTREAM\\0``, then chunks each preceded by its length in four
bytes, big-endian, then a length of zero; the answer is ``stream: OK`` or ``stream: NAME FOUND``.
"""

from __future__ import annotations

import socket
import struct
from typing import Protocol
from urllib.parse import urlsplit

import structlog

from bot.attachments.errors import InfectedFile, ScannerDown
from bot.errors import ConfigurationError

_log = structlog.get_logger(__name__)
_CHUNK = 64 * 1024
_LONGEST_ANSWER = 4096


class Scanner(Protocol):
    """Looks into a file before it is kept."""

    def check(self, content: bytes) -> None:
        """Return where nothing was found. Raises InfectedFile, ScannerDown."""


class NoScanner:
    """Checks nothing."""

    def check(self, content: bytes) -> None:
        """Everything passes."""


class Clamd:
    """A ClamAV daemon over TCP."""

    def __init__(self, host: str, port: int = 3310, timeout: float = 15.0) -> None:
        self.host, self.port, self.timeout = host, port, timeout

    def check(self, content: bytes) -> None:
        """Ask clamd; anything but a clear OK keeps the file out."""
        try:
            answer = self._ask(content)
        except OSError as error:
            _log.error("virus scanner does not answer", host=self.host, error=str(error))
            raise ScannerDown() from error
        if answer.endswith("FOUND"):
            _log.warning("virus found", signature=answer.removeprefix("stream: ").removesuffix(" FOUND")[:100])
            raise InfectedFile()
        if answer != "stream: OK":
            _log.error("virus scanner answered strangely", answer=answer[:100])
            raise ScannerDown()

    def _ask(self, content: bytes) -> str:
        with socket.create_connection((self.host, self.port), self.timeout) as link:
            link.settimeout(self.timeout)
            link.sendall(b"zINSTREAM\0")
            for start in range(0, len(content), _CHUNK):
                part = content[start:start + _CHUNK]
                link.sendall(struct.pack("!L", len(part)) + part)
            link.sendall(struct.pack("!L", 0))
            answer = b""
            while b"\0" not in answer and len(answer) < _LONGEST_ANSWER:
                part = link.recv(_LONGEST_ANSWER)
                if not part:
                    break
                answer += part
        return answer.split(b"\0")[0].decode("utf-8", "replace").strip()


def scanner(url: str) -> Scanner:
    """The scanner a setting names. Raises ConfigurationError for what is not ``clamd://host[:port]``."""
    if not url:
        return NoScanner()
    parts = urlsplit(url)
    try:
        port = parts.port or 3310
    except ValueError:
        port = 0
    if parts.scheme != "clamd" or not parts.hostname or not port:
        raise ConfigurationError("RELAIS_VIRUS_SCANNER must look like clamd://host:3310.")
    return Clamd(parts.hostname, port)
