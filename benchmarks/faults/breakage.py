"""The faults: each begins, lasts a while and ends; what was broken is whole again afterwards."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.faults.instance import Instance
from bot.failpoints import PLACES

PROCESSES = ("web", "dialogue", "worker")
_STAFF_AND_MAIL = ("staff.", "mail.", "worker.", "handover.")


@dataclass
class Fault:
    """What is done; ``seconds`` later it is undone."""

    name: str
    begin: Callable[[], None]
    end: Callable[[], None] = field(default=lambda: None)
    seconds: float = 0.0

    def run(self, stopping: threading.Event) -> None:
        """Begin, last, end; ends early where ``stopping`` is set."""
        self.begin()
        stopping.wait(self.seconds)
        self.end()


def draw(rng: random.Random, instance: Instance) -> Fault:
    """A fault at random, of those that can be had here."""
    kinds: list[tuple[float, Callable[[random.Random, Instance], Fault]]] = [
        (4, _killed_at_place), (2, _error_at_place), (1.5, _late_at_place), (2, _killed), (1, _stopped),
        (1, _full_by_order), (1, _clock), (0.7, _slow_line), (0.7, _half_open_line), (0.5, _nothing),
    ]
    if instance.small_disk:
        kinds.append((1, _full_disk))
    if instance.postgres:
        kinds += [(1.5, _database_restarted), (0.7, _database_line)]
    if instance.redis:
        kinds.append((1, _redis_gone))
    weights = [weight for weight, _ in kinds]
    return rng.choices([make for _, make in kinds], weights)[0](rng, instance)


def _ordered(instance: Instance, name: str, text: str, seconds: float) -> Fault:
    def begin() -> None:
        instance.orders.write_text(text + "\n", "utf-8")

    def end() -> None:
        instance.orders.unlink(missing_ok=True)
        for done in instance.home.glob("failpoints.*.done"):
            done.unlink(missing_ok=True)

    return Fault(name, begin, end, seconds)


def _place(rng: random.Random) -> str:
    return rng.choice([place for place in PLACES if place != "clock"])


def _nth(rng: random.Random, place: str) -> int:
    return rng.choice((1, 1, 2)) if place.startswith(_STAFF_AND_MAIL) else rng.choice((1, 2, 3, 5))


def _killed_at_place(rng: random.Random, instance: Instance) -> Fault:
    place = _place(rng)
    text = f"{place}=kill@{_nth(rng, place)}"
    return _ordered(instance, f"kill at {place}", text, 6)


def _error_at_place(rng: random.Random, instance: Instance) -> Fault:
    place = _place(rng)
    return _ordered(instance, f"error at {place}", f"{place}=raise@{_nth(rng, place)}", 5)


def _late_at_place(rng: random.Random, instance: Instance) -> Fault:
    place, action = _place(rng), rng.choice(("delay", "hang"))
    return _ordered(instance, f"{action} at {place}", f"{place}={action}:{rng.choice((1, 3, 8))}@{_nth(rng, place)}", 6)


def _full_by_order(rng: random.Random, instance: Instance) -> Fault:
    place = rng.choice(("db.commit", "db.begin", "mail.written", "outbox.put"))
    return _ordered(instance, f"no space at {place}", f"{place}=enospc", rng.choice((1.5, 4)))


def _clock(rng: random.Random, instance: Instance) -> Fault:
    by = rng.choice((-86400, -3600, -90, 90, 3600, 86400))
    return _ordered(instance, f"clock {by:+d} s", f"clock=offset:{by}", 4)


def _signal(instance: Instance, name: str, number: signal.Signals) -> list[int]:
    sent = instance.pids(name)[:1]
    for pid in sent:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
    return sent


def _killed(rng: random.Random, instance: Instance) -> Fault:
    name = rng.choice(PROCESSES)
    return Fault(f"kill {name}", lambda: _signal(instance, name, signal.SIGKILL) and None)


def _stopped(rng: random.Random, instance: Instance) -> Fault:
    name, held = rng.choice(PROCESSES), list[int]()

    def end() -> None:
        for pid in held:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    return Fault(f"stop {name} for a while", lambda: held.extend(_signal(instance, name, signal.SIGSTOP)), end,
                 rng.choice((2.0, 6.0)))


def _full_disk(rng: random.Random, instance: Instance) -> Fault:
    ballast = instance.home / "ballast"

    def begin() -> None:
        with contextlib.suppress(OSError), ballast.open("wb") as file:
            while True:
                file.write(b"\0" * 65536)
                file.flush()

    return Fault("disk full", begin, lambda: ballast.unlink(missing_ok=True), rng.choice((2.0, 5.0)))


def _slow_line(rng: random.Random, instance: Instance) -> Fault:
    return _line(instance.web_proxy, "slow", "slow line to customers", rng.choice((3.0, 6.0)))


def _half_open_line(rng: random.Random, instance: Instance) -> Fault:
    return _line(instance.web_proxy, "half-open", "half-open line to customers", rng.choice((2.0, 5.0)))


def _database_line(rng: random.Random, instance: Instance) -> Fault:
    mode = rng.choice(("slow", "half-open"))
    return _line(instance.database_proxy, mode, f"{mode} line to the database", rng.choice((2.0, 5.0)), delay=0.2)


def _line(proxy: object, mode: str, name: str, seconds: float, delay: float = 1.0) -> Fault:
    def begin() -> None:
        proxy.delay, proxy.mode = delay, mode  # type: ignore[attr-defined]

    def end() -> None:
        proxy.mode = "pass"  # type: ignore[attr-defined]

    return Fault(name, begin, end, seconds)


def _database_restarted(rng: random.Random, instance: Instance) -> Fault:
    assert instance.postgres is not None
    server, how = instance.postgres, rng.choice((signal.SIGINT, signal.SIGQUIT))
    away = rng.choice((0.0, 2.0))

    def begin() -> None:
        server.stop(how)
        time.sleep(away)
        server.start()

    return Fault(f"database restart ({how.name})", begin)


def _redis_gone(rng: random.Random, instance: Instance) -> Fault:
    assert instance.redis is not None
    return Fault("redis gone", instance.redis.kill, lambda: instance.redis.start() and None, 4)  # type: ignore[union-attr]


def _nothing(rng: random.Random, instance: Instance) -> Fault:
    return Fault("none", lambda: None)
