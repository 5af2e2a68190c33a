"""Places where a fault can be ordered, for tests with real processes.

``RELAIS_FAILPOINTS`` holds orders ``name=action[:value][@N]``, separated by ``;``:

=================  =============================================================================
``kill``           SIGKILL of this process
``raise``          an unexpected error (:class:`FailPointError`)
``enospc``         what a full disk raises (``OSError`` with ``ENOSPC``)
``hang:SECONDS``   the thread (and, in the web process, its event loop) stands still
``delay:SECONDS``  only the caller waits, where the caller is a coroutine
``offset:SECONDS`` for the place ``clock`` alone: the process's clock is off by so much
=================  =============================================================================

``@N`` means the N-th time the place is reached, and only then. ``RELAIS_FAILPOINTS=file`` reads the
orders from ``failpoints`` in the home folder and again whenever that file changes; an order
there that was carried out once by any process is not repeated by the process started after it,
because its ``@N`` is claimed by creating ``failpoints.N.done`` beside it.

Nothing of this costs anything when it is off (one look at a module variable), and it is refused
unless ``RELAIS_TEST_MODE`` is set.
"""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from bot.errors import BadInput, ConfigurationError
from bot.settings import Settings

#: Every place, in the order in which a message passes it, and what has been done by then.
PLACES: dict[str, str] = {
    "clock": "asking what time it is",
    "web.message.received": "a customer's message has arrived, nothing is stored",
    "web.message.storing": "inside the transaction, before the message is written",
    "web.message.written": "inside the transaction, the message is written, not committed",
    "web.message.stored": "the message is committed, its number not told yet",
    "web.turn.begun": "the turn is claimed, nothing done for it",
    "web.turn.requesting": "before the turn's facts are read",
    "web.turn.asking": "before the dialogue process is called",
    "dialogue.received": "the dialogue process has the turn",
    "dialogue.before_effect": "before a flow's effect in the back office",
    "dialogue.after_effect": "the back office has done it, the dialogue does not say so yet",
    "dialogue.replying": "the dialogue process has its result, not sent",
    "web.turn.answered": "the result has arrived, nothing is stored",
    "web.turn.fallback": "before the web process answers by itself",
    "web.turn.committing": "before the transaction of the turn",
    "web.turn.written": "inside it, replies are written, effects are not",
    "web.turn.effects": "inside it, effects are written, not committed",
    "web.turn.committed": "committed, nobody told",
    "web.turn.published": "listeners are told, the next turn not begun",
    "web.sweep.found": "an abandoned turn is found, not claimed",
    "web.sweep.claimed": "an abandoned turn is claimed, not begun",
    "handover.begun": "a hand-over begins, inside its transaction",
    "handover.ticket": "the ticket is written, the conversation's mode is not",
    "handover.notice": "before the customer's notice is written",
    "handover.mail": "before the confirming mail is queued",
    "web.handover.stored": "the hand-over is committed, its reference not told yet",
    "outbox.put": "before an effect is queued, inside its transaction",
    "db.begin": "before a write transaction begins",
    "db.commit": "before a write transaction is committed",
    "db.committed": "committed, the caller not told",
    "worker.chore": "before a chore of the worker",
    "worker.leased": "a job is leased, nothing sent",
    "worker.sending": "before its handler is called",
    "worker.sent": "it is sent, not settled",
    "worker.settled": "it is settled",
    "mail.written": "a mail's file is written, not in its place",
    "staff.reply.storing": "an agent's answer, before it is committed",
    "staff.reply.stored": "an agent's answer is committed, nobody told",
}
ACTIONS = ("kill", "raise", "enospc", "hang", "delay", "offset")


class FailPointError(RuntimeError):
    """The unexpected error that ``raise`` orders."""


@dataclass(frozen=True)
class Order:
    """What to do at a place; ``nth`` is 0 for every time."""

    action: str
    value: float = 0.0
    nth: int = 0


def parse(text: str) -> dict[str, Order]:
    """Orders by place. Raises BadInput with what is wrong."""
    orders: dict[str, Order] = {}
    for part in filter(None, (piece.strip() for piece in text.replace("\n", ";").split(";"))):
        name, _, what = part.partition("=")
        what, _, count = what.partition("@")
        action, _, value = what.partition(":")
        if name not in PLACES:
            raise BadInput(f"There is no fail point '{name}'.")
        if action not in ACTIONS or (action == "offset") != (name == "clock"):
            raise BadInput(f"'{action}' is no action for the fail point {name}.")
        try:
            orders[name] = Order(action, float(value or 0), int(count or 0))
        except ValueError as error:
            raise BadInput(f"'{part}' has no number where one is needed.") from error
    return orders


class _Active:
    """The orders of this process."""

    def __init__(self, orders: dict[str, Order], file: Path | None = None) -> None:
        self._orders, self._file = orders, file
        self._stamp = 0
        self._seen: Counter[str] = Counter()
        self._lock = threading.Lock()

    def order(self, name: str) -> Order | None:
        """What to do now at this place, if anything."""
        self._reread()
        order = self._orders.get(name)
        if order is None or name == "clock":
            return order
        with self._lock:
            self._seen[name] += 1
            if order.nth and self._seen[name] != order.nth:
                return None
        return order if self._claim(name, order) else None

    def _reread(self) -> None:
        if self._file is None:
            return
        try:
            stamp = self._file.stat().st_mtime_ns
            if stamp == self._stamp:
                return
            orders = parse(self._file.read_text("utf-8"))
        except (OSError, BadInput):
            stamp, orders = 0, {}
        with self._lock:
            if stamp != self._stamp:
                self._stamp, self._orders = stamp, orders
                self._seen.clear()

    def _claim(self, name: str, order: Order) -> bool:
        """An order with a number is carried out once, whatever is restarted meanwhile."""
        if self._file is None or not order.nth:
            return True
        done = self._file.with_name(f"failpoints.{name}.{self._stamp}.done")
        try:
            os.close(os.open(done, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except OSError:
            return False
        return True


_active: _Active | None = None


def activate(settings: Settings) -> None:
    """Take the orders of the settings. Raises ConfigurationError outside test mode, BadInput for a bad order."""
    global _active
    if not settings.failpoints:
        _active = None
        return
    if not settings.test_mode:
        raise ConfigurationError("RELAIS_FAILPOINTS breaks the product on purpose: it needs RELAIS_TEST_MODE=true.")
    if settings.failpoints == "file":
        _active = _Active({}, settings.home_path / "failpoints")
    else:
        _active = _Active(parse(settings.failpoints))


def hit(name: str) -> None:
    """This place is reached."""
    if _active is not None and (order := _active.order(name)) is not None:
        _carry_out(name, order)


async def reached(name: str) -> None:
    """:func:`hit` for coroutines: a delay does not stop the others."""
    if _active is None or (order := _active.order(name)) is None:
        return
    if order.action == "delay":
        await asyncio.sleep(order.value)
    else:
        _carry_out(name, order)


def clock_offset() -> float:
    """Seconds by which this process's clock is wrong."""
    if _active is None:
        return 0.0
    order = _active.order("clock")
    return order.value if order else 0.0


def _carry_out(name: str, order: Order) -> None:
    if order.action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif order.action == "raise":
        raise FailPointError(f"fail point {name}")
    elif order.action == "enospc":
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    elif order.action in ("hang", "delay"):
        time.sleep(order.value)
