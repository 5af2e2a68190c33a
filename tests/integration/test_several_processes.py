"""Two web processes on one database and one Redis: events, limits, sessions, turns; Redis away."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis_support import RedisServer, redis_server  # noqa: F401
from web_support import PASSWORD, Dialogue, Web, answer, running

from bot.conversations.broadcast import INBOX, Broadcaster
from bot.conversations.bus import RedisBus
from bot.storage.redis_link import RedisLink
from bot.web.limits import Limiter, SharedLimiter


@contextlib.contextmanager
def pair(tmp_path: Path, dialogue: Dialogue, url: str, redis_url: str, **more: Any) -> Iterator[tuple[Web, Web]]:
    """Two web processes (in this one, with nothing in common but database, key and Redis)."""
    settings = {"database_url": url, "redis_url": redis_url, **more}
    with running(tmp_path / "home", dialogue, **settings) as one, running(tmp_path / "home", dialogue, **settings) as two:
        yield one, two


def wait_for(condition: Any, seconds: float, what: str) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, what
        time.sleep(0.05)


def move(customer: Any, web: Web) -> None:
    """The customer's next request reaches another process."""
    customer.url = f"{web.url}/api/v1/conversations/{customer.id}"


def test_events_sessions_and_limits_reach_across_processes(
    tmp_path: Path, dialogue: Dialogue, database_url: str, redis_server: RedisServer,  # noqa: F811
) -> None:
    with pair(tmp_path, dialogue, database_url, redis_server.url, messages_per_minute=4) as (one, two):
        wait_for(lambda: one.services.broadcaster._bus.connected and two.services.broadcaster._bus.connected, 20, "not connected")
        # only the bus may bring the news in time
        two.services.broadcaster._interval = 60.0
        customer = one.customer()
        stream_events: list[dict[str, Any]] = []

        def read_stream() -> None:
            with contextlib.suppress(httpx.HTTPError), httpx.stream(
                "GET", f"{two.url}/api/v1/conversations/{customer.id}/events",
                headers={**customer.headers, "Accept": "text/event-stream"}, timeout=20,
            ) as response:
                for line in response.iter_lines():
                    if line.startswith("data:"):
                        stream_events.append(json.loads(line[5:]))
                        if stream_events[-1].get("text") == "Voici la réponse.":
                            return

        reader = threading.Thread(target=read_stream)
        reader.start()
        wait_for(lambda: len(stream_events) == 1, 10, "no greeting")
        assert customer.post("où est ma facture ?").status_code == 202
        reader.join(10)
        assert not reader.is_alive(), "the reply did not arrive on the other process"
        assert "typing" in [event["kind"] for event in stream_events]
        kept = [event["seq"] for event in stream_events if event["kind"] != "typing"]
        assert kept == [1, 2, 3]
        # a session opened on one counts on the other, and so do messages
        token = one.http.post(f"{one.url}/api/v1/staff/login", json={"username": "agent", "password": PASSWORD}).json()["token"]
        assert one.http.get(f"{two.url}/api/v1/staff/me", headers={"Authorization": f"Bearer {token}"}).status_code == 200
        statuses = []
        for n in range(5):
            move(customer, (one, two)[n % 2])
            statuses.append(customer.post(f"encore {n}").status_code)
        assert statuses == [202, 202, 202, 429, 429]


def test_one_turn_in_flight_whichever_process_takes_the_messages(
    tmp_path: Path, dialogue: Dialogue, database_url: str, redis_server: RedisServer,  # noqa: F811
) -> None:
    flying, most = 0, 0

    async def slow(body: dict[str, Any]) -> dict[str, Any]:
        nonlocal flying, most
        flying += 1
        most = max(most, flying)
        await asyncio.sleep(0.05)
        flying -= 1
        return answer(f"à « {body['text']} »")

    with pair(tmp_path, dialogue, database_url, redis_server.url) as (one, two):
        dialogue.script = slow
        customer = one.customer()
        bodies = [f"message {n}" for n in range(12)]
        clients = [httpx.Client(timeout=20), httpx.Client(timeout=20)]

        def send(which: int) -> None:
            for text in bodies[which::2]:
                clients[which].post(f"{(one, two)[which].url}/api/v1/conversations/{customer.id}/messages",
                                    json={"client_message_id": str(uuid.uuid4()), "text": text}, headers=customer.headers)

        threads = [threading.Thread(target=send, args=(n,)) for n in (0, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        def replies() -> list[str]:
            return [e["text"] for e in customer.events() if e["author"] == "bot"][1:]

        wait_for(lambda: len(replies()) >= 12, 20, "not everything was answered")
        time.sleep(0.3)
        asked = [e["text"] for e in customer.events() if e["author"] == "customer"]
        assert sorted(asked) == sorted(bodies)
        assert replies() == [f"à « {text} »" for text in asked], "each once, in order"
        assert most == 1


def test_redis_away_is_slower_and_loses_nothing_and_comes_back(
    tmp_path: Path, dialogue: Dialogue, database_url: str, redis_server: RedisServer,  # noqa: F811
) -> None:
    with pair(tmp_path, dialogue, database_url, redis_server.url) as (one, two):
        bus = two.services.broadcaster._bus
        customer = one.customer()

        def round_trip(text: str) -> None:
            """Written at one, read at the other by a long poll that is already open."""
            move(customer, one)
            seq = customer.post(text).json()["seq"]
            move(customer, two)
            seen = customer.until(lambda e: e["author"] == "bot" and e["seq"] > seq, after=seq, seconds=10)
            assert [e["seq"] for e in seen] == [seq + 1]

        wait_for(lambda: bus.connected, 20, "not connected")
        round_trip("un")
        redis_server.stop()
        wait_for(lambda: not bus.connected, 15, "nobody noticed")
        round_trip("deux")
        redis_server.start()
        wait_for(lambda: bus.connected, 20, "not connected again")
        round_trip("trois")
        redis_server.freeze()
        try:
            wait_for(lambda: not bus.connected, 20, "a silent connection counts as alive")
            round_trip("quatre")
            assert one.http.get(f"{one.url}/readyz").status_code == 200
        finally:
            redis_server.thaw()
        wait_for(lambda: bus.connected, 20, "not connected after the silence")


def test_a_shared_window_counts_over_processes_and_each_alone_without_redis(redis_server: RedisServer) -> None:  # noqa: F811
    first, second = (SharedLimiter("x", 3, 60.0, RedisLink(redis_server.url)) for _ in range(2))
    assert [first.hit("k"), second.hit("k"), first.hit("k")] == [0.0, 0.0, 0.0]
    assert 0 < second.hit("k") <= 60
    assert second.hit("other") == 0.0
    assert asyncio.run(SharedLimiter("x", 3, 60.0, RedisLink(redis_server.url)).ahit("k")) > 0
    second.forget("k")
    assert first.hit("k") == 0.0
    redis_server.stop()
    assert [first.hit("k") for _ in range(3)] == [0.0, 0.0, 0.0]
    assert first.hit("k") > 0, "still a limit, of this process"
    assert isinstance(second, Limiter)


def test_no_address_in_clear_reaches_redis() -> None:
    key = RedisLink("redis://127.0.0.1:1/0", "relais").key("login", "address:203.0.113.7")
    assert key.startswith("relais:login:")
    assert "203" not in key


def test_a_note_that_is_none_is_skipped(redis_server: RedisServer) -> None:  # noqa: F811
    async def run() -> list[Any]:
        link, seen = RedisLink(redis_server.url), []
        bus, other = RedisBus(link), RedisBus(RedisLink(redis_server.url))
        bus.start(seen.append, lambda: None)
        other.start(lambda note: None, lambda: None)
        for _ in range(200):
            if bus.connected and other.connected:
                break
            await asyncio.sleep(0.05)
        for rubbish in (b"", b"[]", b'{"from": "x"}', b'{"from": "x", "notes": 3}', b"\xff\xfe"):
            await link.awaited.publish(link.channel, rubbish)
        other.send({"channel": INBOX, "transient": {"kind": "tickets"}})
        for _ in range(100):
            if seen:
                break
            await asyncio.sleep(0.05)
        await bus.stop()
        await other.stop()
        return seen

    assert asyncio.run(run()) == [{"channel": INBOX, "transient": {"kind": "tickets"}}]


@pytest.mark.parametrize("note", [{}, {"channel": "c", "seq": "x"}])
def test_a_broken_note_does_not_reach_listeners(note: dict[str, Any]) -> None:
    broadcaster = Broadcaster(None)  # type: ignore[arg-type]
    with broadcaster.listen("c") as listener, contextlib.suppress(KeyError, ValueError):
        broadcaster._receive(note)
    assert listener.take_transient() == []
