"""The place in the queue follows while a customer waits, and is no event of the conversation."""

from __future__ import annotations

import json
import time

import pytest

from bot.web.routes import events
from tests.web_support import Customer, Web


def waiting(web: Web) -> tuple[Customer, str]:
    customer = web.customer()
    customer.say("bonjour")
    made = web.http.post(f"{customer.url}/handover", json={"channel": "chat"}, headers=customer.headers)
    return customer, made.json()["ticket"]


def places(web: Web, customer: Customer, until: int, seconds: float = 15) -> list[int]:
    """Places told on a stream, up to the one waited for."""
    seen: list[int] = []
    end = time.monotonic() + seconds
    with web.http.stream("GET", f"{customer.url}/events", headers=customer.headers | {"Accept": "text/event-stream"}) as stream:
        for line in stream.iter_lines():
            if line.startswith("data: ") and (event := json.loads(line[6:]))["kind"] == "queue":
                assert "seq" not in event
                seen.append(event["position"])
                if event["position"] == until:
                    break
                if until < event["position"] and len(seen) == 1:
                    agent = web.staff("agent")
                    first = agent.get("/tickets").json()["tickets"]
                    ahead = next(t["reference"] for t in reversed(first) if t["status"] == "new" and t["reference"] != event["reference"])
                    agent.post(f"/tickets/{ahead}/take").raise_for_status()
            assert time.monotonic() < end, seen
    return seen


def test_the_place_is_told_on_connecting_and_when_somebody_ahead_is_served(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "HEARTBEAT_SECONDS", 0.3)
    waiting(web)
    second, _ = waiting(web)
    assert places(web, second, 1) == [2, 1]
    stored = web.http.get(f"{second.url}/events", headers=second.headers).json()["events"]
    assert "queue" not in {event["kind"] for event in stored}


def test_whoever_talks_with_the_assistant_or_a_person_is_told_no_place(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "HEARTBEAT_SECONDS", 0.2)
    customer = web.customer()
    customer.say("bonjour")
    beats = 0
    with web.http.stream("GET", f"{customer.url}/events", headers=customer.headers | {"Accept": "text/event-stream"}) as stream:
        for line in stream.iter_lines():
            assert '"queue"' not in line
            beats += line.startswith(":")
            if beats == 4:
                break
