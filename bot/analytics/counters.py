"""Counters and gauges that ``/metrics`` shows. Registered once a process.

With several web processes (``PROMETHEUS_MULTIPROC_DIR`` is set for them) each writes its own into files
there and :func:`text` adds them up, so that it does not matter which process is asked.
"""

from __future__ import annotations

import os
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

REGISTRY = CollectorRegistry()
TURNS = Counter("relais_turns", "Turns answered, by who answered.", ["source"], registry=REGISTRY)
TURN_SECONDS = Histogram(
    "relais_turn_seconds", "Seconds from taking a message up to its committed reply.",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 3, 5, 10), registry=REGISTRY,
)
FALLBACKS = Counter("relais_fallbacks", "Turns the web process answered by itself.", registry=REGISTRY)
MESSAGES = Counter("relais_messages", "Customer messages stored.", registry=REGISTRY)
REQUESTS = Counter("relais_requests", "HTTP requests, by status class.", ["status"], registry=REGISTRY)
STREAMS = Gauge("relais_streams", "Open event streams.", registry=REGISTRY, multiprocess_mode="livesum")
TICKETS = Gauge("relais_tickets", "Tickets, by status.", ["status"], registry=REGISTRY,
                multiprocess_mode="mostrecent")
OUTBOX = Gauge("relais_outbox", "Outbox rows, waiting and dead.", ["state"], registry=REGISTRY,
               multiprocess_mode="mostrecent")


def forget_dead() -> None:
    """Take the open streams of web processes that are gone out of the sum; what they counted stays in."""
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR", "")
    for file in Path(folder).glob("gauge_live*_*.db") if folder else ():
        pid = file.stem.rpartition("_")[2]
        if pid.isdigit() and not _runs(int(pid)):
            file.unlink(missing_ok=True)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:         # nobody's, or somebody else's by now
        return False
    return True


def text() -> bytes:
    """All figures in Prometheus's text form, of all web processes of this machine."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY)
    every = CollectorRegistry()
    MultiProcessCollector(every)    # type: ignore[no-untyped-call]
    return generate_latest(every)
