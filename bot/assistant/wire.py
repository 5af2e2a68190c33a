"""POST over kept-alive HTTP/1.1 connections: the few lines of HTTP that a turn needs.

A general client costs several times more processor time a call than everything else the web process
does for a turn. A connection the peer closed while it was idle is replaced once; that is safe here
because a turn asked twice gives the same result.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from urllib.parse import urlsplit

_MOST_HEAD, _MOST_BODY, _KEPT = 64 * 1024, 16 * 1024 * 1024, 32


class WireError(Exception):
    """No answer, or one that is not HTTP. ``status`` is the peer's, where it answered with an error."""

    def __init__(self, detail: str, status: int | None = None) -> None:
        super().__init__(detail)
        self.status = status


class _Stale(WireError):
    """The peer had closed a kept connection before it saw the request."""


class Wire:
    """Connections to one address (``http://host:port``)."""

    def __init__(self, url: str, headers: dict[str, str]) -> None:
        parts = urlsplit(url)
        self._host, self._tls = parts.hostname or "127.0.0.1", parts.scheme == "https"
        self._port = parts.port or (443 if self._tls else 80)
        self._prefix = parts.path.rstrip("/")
        lines = {"Host": parts.netloc, "Content-Type": "application/json", **headers}
        self._head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def post(self, path: str, body: bytes) -> bytes:
        """The body of a 200 answer. Raises WireError for everything else."""
        if self._idle:
            with contextlib.suppress(_Stale):
                return await self._once(path, body, *self._idle.pop(), kept=True)
        try:
            reader, writer = await asyncio.open_connection(
                self._host, self._port, limit=_MOST_HEAD,
                ssl=ssl.create_default_context() if self._tls else None)
        except OSError as error:
            raise WireError(f"cannot connect: {error}") from error
        return await self._once(path, body, reader, writer, kept=False)

    def close(self) -> None:
        """Close idle connections."""
        for _, writer in self._idle:
            writer.close()
        self._idle.clear()

    async def _once(
        self, path: str, body: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *,
        kept: bool,
    ) -> bytes:
        heard = reusable = False
        try:
            writer.write(
                f"POST {self._prefix}{path} HTTP/1.1\r\n{self._head}"
                f"Content-Length: {len(body)}\r\n\r\n".encode("latin-1") + body)
            await writer.drain()
            head = await reader.readuntil(b"\r\n\r\n")
            heard = True
            status, headers = _parse(head)
            content = await _content(reader, headers)
            reusable = headers.get("connection", "").lower() != "close" and (
                "content-length" in headers or "transfer-encoding" in headers)
        except (OSError, EOFError, ValueError, RuntimeError, asyncio.LimitOverrunError) as error:
            # RuntimeError: what uvloop raises for a transport that is closed already
            kind = _Stale if kept and not heard else WireError
            raise kind(f"{type(error).__name__}: {error}") from error
        finally:
            if reusable and len(self._idle) < _KEPT:
                self._idle.append((reader, writer))
            else:
                with contextlib.suppress(RuntimeError):
                    writer.close()
        if status != 200:
            raise WireError(f"status {status}", status)
        return content


def _parse(head: bytes) -> tuple[int, dict[str, str]]:
    first, *lines = head.decode("latin-1").split("\r\n")
    version, _, rest = first.partition(" ")
    if not version.startswith("HTTP/1."):
        raise ValueError("not an HTTP answer")
    pairs = (line.partition(":") for line in lines if line)
    return int(rest[:3]), {name.strip().lower(): value.strip() for name, _, value in pairs}


async def _content(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if "chunked" in headers.get("transfer-encoding", "").lower():
        chunks: list[bytes] = []
        total = 0
        while True:
            size = int((await reader.readuntil(b"\r\n")).split(b";")[0], 16)
            total += size
            if total > _MOST_BODY:
                raise ValueError("the answer is too long")
            chunk = await reader.readexactly(size + 2)
            if size == 0:
                return b"".join(chunks)
            chunks.append(chunk[:-2])
    length = headers.get("content-length")
    if length is None:
        return await reader.read(_MOST_BODY)
    if not 0 <= int(length) <= _MOST_BODY:
        raise ValueError("the answer is too long")
    return await reader.readexactly(int(length))
