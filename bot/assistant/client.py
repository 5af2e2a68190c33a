"""Asks a dialogue process for a turn: the least busy one, the next where one fails or hangs.

A turn is a function of its request, so asking two processes is harmless: where the first has not
answered after half of the time and another has less to do, that one is asked as well and the first
answer counts. A process that did not answer is left alone for a while (:mod:`bot.assistant.balance`).
Raises DialogueUnavailable when nobody answered in time; never anything else.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence
from typing import Any

import httpx
import structlog
from pydantic import ValidationError

from bot.assistant.balance import Balancer, Replica
from bot.assistant.protocol import TurnRequest, TurnResponse
from bot.assistant.wire import Wire, WireError
from bot.errors import DialogueUnavailable

_log = structlog.get_logger(__name__)
#: Share of a turn's time after which a second process is asked too, where one has less to do.
_PATIENCE = 0.5


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
        self.balancer = Balancer([Replica(url) for url in self.urls])
        self._probes: set[asyncio.Task[None]] = set()

    async def turn(self, request: TurnRequest, *, timeout: float | None = None) -> TurnResponse:
        """The turn's result within ``timeout`` seconds, all tries together."""
        limit = min(timeout or self._timeout, self._timeout)
        problems: list[str] = []
        try:
            async with _deadline(limit):
                found = await self._first(request.json().encode(), limit * _PATIENCE, problems)
            if found is not None:
                return found
        except asyncio.TimeoutError:
            problems.append(f"no answer within {limit:g} s")
        raise DialogueUnavailable(
            "The assistant does not answer right now.", problems="; ".join(problems) or (
                "all failed a moment ago" if self.urls else "no address is set")
        )

    async def understand(self, text: str, locale: str | None = None) -> dict[str, Any]:
        """How a text would be decided as a first message; nothing is kept. Raises DialogueUnavailable."""
        for replica in self.balancer.order():
            try:
                answer = await self._http.post(
                    f"{replica.url}/understand", json={"text": text, "locale": locale})
                answer.raise_for_status()
                found: dict[str, Any] = answer.json()
                return found
            except httpx.ConnectError:
                replica.failed(time.monotonic())
            except (httpx.HTTPError, ValueError) as error:
                # One question of staff that failed says nothing about customers' turns.
                _log.warning("a text was not understood", url=replica.url, error=repr(error)[:300])
        raise DialogueUnavailable("The assistant does not answer right now. Try again in a moment.")

    async def health(self, timeout: float = 1.0) -> list[list[str] | None]:
        """For each process what it says is degraded (in words); None where it does not answer."""
        return list(await asyncio.gather(*(self._health(url, timeout) for url in self.urls)))

    async def close(self) -> None:
        """Give the connections back."""
        for probe in list(self._probes):
            probe.cancel()
        for wire in self._wires.values():
            wire.close()
        with contextlib.suppress(Exception):
            await self._http.aclose()

    async def _first(
        self, body: bytes, patience: float, problems: list[str]
    ) -> TurnResponse | None:
        """The first answer; None when everybody failed. Leaves no try running behind it."""
        self._probe()
        waiting = self.balancer.order()
        tries: dict[asyncio.Task[TurnResponse], Replica] = {}
        try:
            while waiting or tries:
                if waiting and (not tries or waiting[0].busy < min(r.busy for r in tries.values())):
                    replica = waiting.pop(0)
                    task = asyncio.get_running_loop().create_task(self._ask(replica, body))
                    tries[task] = replica
                done, _ = await asyncio.wait(
                    tries, timeout=patience if waiting else None,
                    return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    replica = tries.pop(task)
                    error = task.exception()
                    if error is None:
                        return task.result()
                    if not isinstance(error, (WireError, ValidationError, ValueError)):
                        raise error
                    problems.append(f"{replica.url}: {type(error).__name__}: {error}"[:300])
        finally:
            for task in tries:
                task.cancel()
            await asyncio.gather(*tries, return_exceptions=True)
        return None

    async def _ask(self, replica: Replica, body: bytes) -> TurnResponse:
        replica.began()
        try:
            content = await self._wires[replica.url].post("/turn", body)
            result = TurnResponse.parse_raw(content)
        except asyncio.CancelledError:
            # Out of time, or overtaken by another process: perhaps one slow turn.
            replica.was_late(time.monotonic())
            raise
        except (WireError, ValidationError, ValueError) as error:
            if not _only_this_turn(error):
                replica.failed(time.monotonic())
            raise
        finally:
            replica.ended()
        replica.answered()
        return result

    def _probe(self) -> None:
        """Ask those that rested enough how they are, beside the customer's turn."""
        for replica in self.balancer.to_probe():
            task = asyncio.get_running_loop().create_task(self._examine(replica))
            self._probes.add(task)
            task.add_done_callback(self._probes.discard)

    async def _examine(self, replica: Replica) -> None:
        if await self._health(replica.url, 1.0) is None:
            replica.failed(time.monotonic())
        else:
            replica.answered()

    async def _health(self, url: str, timeout: float) -> list[str] | None:
        try:
            answer = await self._http.get(f"{url}/health", timeout=timeout)
            return [str(said) for said in answer.json().get("degraded", [])] if answer.status_code == 200 else None
        except (httpx.HTTPError, ValueError):
            return None


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
