"""Which dialogue process is asked next: the least busy of those that are well.

A process that failed rests, twice as long after each failure; when its rest is over one probe of its
health, not a customer's message, decides whether it is used again. One that does not answer keeps its
unanswered turns and so is the busiest: others are asked first without any clock.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

REST_FIRST, REST_LONGEST = 1.0, 10.0
#: Turns in a row that were too late before a process counts as failed: one may just be slow.
LATE_ALLOWED = 1


@dataclass
class Replica:
    """One dialogue process as this web process knows it."""

    url: str
    busy: int = 0               # turns asked and not answered
    rest: float = 0.0           # seconds of the last rest; 0 for a process that is well
    rests_until: float = 0.0
    late: int = 0
    probing: bool = False

    def began(self) -> None:
        """A turn was sent."""
        self.busy += 1

    def ended(self) -> None:
        """Its answer, failure or end of patience came."""
        self.busy -= 1

    def answered(self) -> None:
        """It is well."""
        self.rest, self.rests_until, self.late, self.probing = 0.0, 0.0, 0, False

    def failed(self, now: float) -> None:
        """It broke off, refused or answered nonsense."""
        self.rest = min(self.rest * 2 or REST_FIRST, REST_LONGEST)
        self.rests_until, self.probing = now + self.rest, False

    def was_late(self, now: float) -> None:
        """A turn ran out of time there."""
        self.late += 1
        if self.late > LATE_ALLOWED:
            self.failed(now)


@dataclass
class Balancer:
    """The order in which to ask."""

    replicas: Sequence[Replica]
    clock: Callable[[], float] = time.monotonic
    _turn: int = field(default=0, init=False)

    def order(self) -> list[Replica]:
        """Those that may be asked now, least busy first; equal ones take turns."""
        if not self.replicas:
            return []
        self._turn = (self._turn + 1) % len(self.replicas)
        turned = [*self.replicas[self._turn:], *self.replicas[: self._turn]]
        return sorted((r for r in turned if not r.rest), key=lambda r: r.busy) or [
            r for r in turned if r.rests_until <= self.clock()]

    def to_probe(self) -> list[Replica]:
        """Those whose rest is over; each is given out once until it answers or fails."""
        now = self.clock()
        due = [r for r in self.replicas if r.rest and r.rests_until <= now and not r.probing]
        for replica in due:
            replica.probing = True
        return due

    def forgive(self) -> None:
        """Forget every failure."""
        for replica in self.replicas:
            replica.answered()
