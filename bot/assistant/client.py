"""Asks a dialogue process for a turn: round robin over all, the next one where one fails.

A process that did not answer is left alone for a while, so that a dead one costs one customer a
moment and not everyone. Raises DialogueUnavailable when nobody answered in time; never anything else.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence
from typing import Any

import httpx
from pydantic import ValidationError

from bot.assistant.protocol import TurnRequest, TurnResponse
from bot.assistant.wire import Wire, WireError
from bot.errors import DialogueUnavailable

_REST_FIRST, _REST_LONGEST = 1.0, 10.0


class DialogueClient:
    """A client of the dialogue processes at ``urls``; one a web process."""

    def __init__(self, urls: Sequence[str], secret: str, timeout: float) -> None:
        self.urls = tuple(url.rstrip("/") for url in urls)
        self._timeout = timeout
        self._http = httpx.AsyncClient(
            headers={"X-Relais-Secret": secret, "Content-Type": "application/json"},
            timeout=httpx.Timeout(timeout, connect=min(1.0, timeout)),
            limits=httpx.Limits(max_connections=128, max_keepalive_connections=64),
            trust_env=False,
        )
        # Turns go over plain connections (see bot.assistant.wire), the rare calls over httpx.
        self._wires = {url: Wire(url, {"X-Relais-Secret": secret}) for url in self.urls}
        self._next = 0
        self._resting_until: dict[str, float] = {}
        self._rest: dict[str, float] = {}
        self._late: dict[str, int] = {}

    async def turn(self, request: TurnRequest, *, timeout: float | None = None) -> TurnResponse:
        """The turn's result within ``timeout`` seconds, all tries together."""
        limit = min(timeout or self._timeout, self._timeout)
        body = request.json().encode()
        problems: list[str] = []
        try:
            async with _deadline(limit):
                for url in self._order():
                    try:
                        return await self._ask(url, body)
                    except (WireError, ValidationError, ValueError) as error:
                        problems.append(f"{url}: {type(error).__name__}: {error}"[:300])
                        if not _only_this_turn(error):
                            self._failed(url)
        except asyncio.TimeoutError:
            problems.append(f"no answer within {limit:g} s")
        raise DialogueUnavailable(
            "The assistant does not answer right now.", problems="; ".join(problems) or (
                "all failed a moment ago" if self.urls else "no address is set")
        )

    async def understand(self, text: str, locale: str | None = None) -> dict[str, Any]:
        """How a text would be decided as a first message; nothing is kept. Raises DialogueUnavailable."""
        for url in self._order():
            try:
                answer = await self._http.post(f"{url}/understand", json={"text": text, "locale": locale})
                answer.raise_for_status()
                found: dict[str, Any] = answer.json()
                return found
            except (httpx.HTTPError, ValueError):
                self._failed(url)
        raise DialogueUnavailable("The assistant does not answer right now. Try again in a moment.")

    async def health(self, timeout: float = 1.0) -> list[list[str] | None]:
        """For each process what it says is degraded (in words); None where it does not answer."""
        return list(await asyncio.gather(*(self._health(url, timeout) for url in self.urls)))

    async def close(self) -> None:
        """Give the connections back."""
        for wire in self._wires.values():
            wire.close()
        with contextlib.suppress(Exception):
            await self._http.aclose()

    async def _ask(self, url: str, body: bytes) -> TurnResponse:
        try:
            content = await self._wires[url].post("/turn", body)
        except asyncio.CancelledError:
            # The deadline ran out: perhaps one slow turn, so only the second in a row counts.
            self._late[url] = self._late.get(url, 0) + 1
            if self._late[url] > 1:
                self._failed(url)
            raise
        result = TurnResponse.parse_raw(content)
        self._late.pop(url, None)
        self._rest.pop(url, None)
        self._resting_until.pop(url, None)
        return result

    async def _health(self, url: str, timeout: float) -> list[str] | None:
        try:
            answer = await self._http.get(f"{url}/health", timeout=timeout)
            return [str(said) for said in answer.json().get("degraded", [])] if answer.status_code == 200 else None
        except (httpx.HTTPError, ValueError):
            return None

    def _order(self) -> list[str]:
        if not self.urls:
            return []
        self._next = (self._next + 1) % len(self.urls)
        turned = self.urls[self._next:] + self.urls[: self._next]
        now = time.monotonic()
        return [url for url in turned if self._resting_until.get(url, 0.0) <= now]

    def _failed(self, url: str) -> None:
        rest = min(self._rest.get(url, _REST_FIRST / 2) * 2, _REST_LONGEST)
        self._rest[url] = rest
        self._resting_until[url] = time.monotonic() + rest


def _only_this_turn(error: Exception) -> bool:
    """Whether the process is well and only this turn failed (an action raised, say)."""
    return isinstance(error, WireError) and error.status == 500


@contextlib.asynccontextmanager
async def _deadline(seconds: float):  # type: ignore[no-untyped-def]
    """``asyncio.timeout`` of Python 3.11: cancels the block and raises TimeoutError."""
    task = asyncio.current_task()
    assert task is not None
    fired = False

    def fire() -> None:
        nonlocal fired
        fired = True
        task.cancel()

    handle = asyncio.get_running_loop().call_later(seconds, fire)
    try:
        yield
    except asyncio.CancelledError:
        if fired:
            raise asyncio.TimeoutError from None
        raise
    finally:
        handle.cancel()
