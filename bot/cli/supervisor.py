"""Starts the processes of an instance, restarts what dies, leaves nothing behind.

Standard library only, so that the supervisor is up at once and stays small. A child that dies is
started again after a pause that doubles up to 30 s; the reason is logged once a death. Children get
SIGTERM, then SIGKILL after ``GRACE`` seconds; on Linux the kernel also ends them if the supervisor
itself is killed.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

GRACE = 8.0
BACKOFF_MAX = 30.0
#: A child that ran this long before dying starts again without a pause.
STEADY = 20.0


def _die_with_parent() -> None:
    """Child side, before exec: own session, and SIGKILL when the supervisor is gone (Linux)."""
    os.setsid()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


@dataclass
class Child:
    """One process of the instance."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    log: Path
    #: File descriptors the child inherits: the web processes' common listening socket.
    pass_fds: tuple[int, ...] = ()
    #: Called with the pid of a process of this child that has ended.
    ended: Callable[[int], None] = lambda pid: None
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    deaths: int = 0
    next_start: float = 0.0

    def start(self) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603
                list(self.command), env=dict(self.env), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=_die_with_parent, pass_fds=self.pass_fds,
            )
        self.started = time.monotonic()

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def signal(self, number: int) -> None:
        """Signal the child's whole session."""
        if self.process is not None and self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)


@dataclass
class Supervisor:
    """Keeps children running until told to stop."""

    children: list[Child] = field(default_factory=list)
    say: Callable[[str], None] = lambda line: print(line, file=sys.stderr, flush=True)
    stopping: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        """Start every child and take over SIGINT and SIGTERM."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self.stopping.set())
        for child in self.children:
            child.start()

    def watch(self, *, until: Callable[[], bool] | None = None, timeout: float | None = None) -> bool:
        """Restart what dies until ``until()`` is true (returns True), a stop, or the time-out (False)."""
        deadline = time.monotonic() + timeout if timeout else None
        while not self.stopping.is_set():
            for child in self.children:
                self._tend(child)
            if until is not None and until():
                return True
            if deadline is not None and time.monotonic() > deadline:
                return False
            self.stopping.wait(0.2)
        return False

    def _tend(self, child: Child) -> None:
        if child.alive:
            return
        now = time.monotonic()
        if child.process is not None:
            code = child.process.returncode
            child.ended(child.process.pid)
            child.process = None
            child.deaths = 1 if now - child.started > STEADY else child.deaths + 1
            pause = min(BACKOFF_MAX, 0.5 * 2 ** (child.deaths - 1))
            child.next_start = now + pause
            self.say(f"{child.name} ended ({_reason(code)}); starting it again in {pause:.1f} s. Log: {child.log}")
        elif now >= child.next_start:
            child.start()

    def stop(self) -> None:
        """End every child: SIGTERM, a grace period, SIGKILL."""
        for child in self.children:
            child.signal(signal.SIGTERM)
        deadline = time.monotonic() + GRACE
        while any(child.alive for child in self.children) and time.monotonic() < deadline:
            time.sleep(0.05)
        for child in self.children:
            child.signal(signal.SIGKILL)
            if child.process is not None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.process.wait(5)


def _reason(code: int) -> str:
    if code < 0:
        return f"signal {signal.Signals(-code).name}"
    return f"exit code {code}"
