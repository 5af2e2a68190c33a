"""Counters and gauges that ``/metrics`` shows. Registered once a process."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry()
TURNS = Counter("relais_turns", "Turns answered, by who answered.", ["source"], registry=REGISTRY)
TURN_SECONDS = Histogram(
    "relais_turn_seconds", "Seconds from taking a message up to its committed reply.",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 3, 5, 10), registry=REGISTRY,
)
FALLBACKS = Counter("relais_fallbacks", "Turns the web process answered by itself.", registry=REGISTRY)
MESSAGES = Counter("relais_messages", "Customer messages stored.", registry=REGISTRY)
REQUESTS = Counter("relais_requests", "HTTP requests, by status class.", ["status"], registry=REGISTRY)
STREAMS = Gauge("relais_streams", "Open event streams.", registry=REGISTRY)
TICKETS = Gauge("relais_tickets", "Tickets, by status.", ["status"], registry=REGISTRY)
OUTBOX = Gauge("relais_outbox", "Outbox rows, waiting and dead.", ["state"], registry=REGISTRY)
