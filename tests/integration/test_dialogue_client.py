"""The client of the dialogue processes, and what the runner does when they die."""

from __future__ import annotations

import asyncio
import json
import time

import pytest
from starlette.responses import JSONResponse, StreamingResponse
from web_support import Dialogue, Served, Web, answer, free_port, running

from bot.assistant.client import DialogueClient
from bot.assistant.protocol import TurnRequest
from bot.errors import DialogueUnavailable

REQUEST = TurnRequest(conversation_id="c", turn_id="c:2", text="bonjour", at="2026-11-26T10:00:00.000Z")


@pytest.fixture(scope="module")
def second():
    made = Dialogue()
    made.served.start()
    yield made
    made.served.stop()


def ask(urls: list[str], times: int = 1, timeout: float = 1.0):
    async def run():
        client = DialogueClient(urls, "s", timeout)
        try:
            return [await client.turn(REQUEST) for _ in range(times)]
        finally:
            await client.close()

    return asyncio.run(run())


def test_turns_go_round(dialogue: Dialogue, second: Dialogue):
    second.seen.clear()
    ask([dialogue.served.url, second.served.url], 6)
    assert (len(dialogue.seen), len(second.seen)) == (3, 3)


def test_a_dead_or_failing_process_is_passed_over_and_left_alone(dialogue: Dialogue, second: Dialogue):
    second.seen.clear()
    second.script = lambda body: JSONResponse({}, 503)
    dead = f"http://127.0.0.1:{free_port()}"
    got = ask([dead, second.served.url, dialogue.served.url], 6)
    assert all(r.replies[0].text == "Voici la réponse." for r in got)
    assert len(second.seen) <= 1      # rests after its failure
    second.script = lambda body: answer()


def test_a_question_of_staff_that_fails_does_not_bench_the_process(dialogue: Dialogue):
    async def run():
        client = DialogueClient([dialogue.served.url], "s", 2.0)       # it has no /understand: 404
        try:
            with pytest.raises(DialogueUnavailable):
                await client.understand("linky")
            return await client.turn(REQUEST)
        finally:
            await client.close()

    assert asyncio.run(run()).replies[0].text == "Voici la réponse."


def test_a_hanging_process_costs_half_of_the_time_and_then_nothing(dialogue: Dialogue, second: Dialogue):
    async def run():
        client = DialogueClient([dialogue.served.url, second.served.url], "s", 2.0)
        try:
            slowest = 0.0
            for _ in range(6):
                began = time.monotonic()
                await client.turn(REQUEST)
                slowest = max(slowest, time.monotonic() - began)
            return slowest, {r.url: r.busy for r in client.balancer.replicas}, second.served.url in [
                r.url for r in client.balancer.order()]
        finally:
            await client.close()

    second.script = lambda body: 30.0
    try:
        slowest, busy, asked = asyncio.run(run())
    finally:
        second.script = lambda body: answer()
    assert slowest < 2.0, "the other one answered in time"
    assert set(busy.values()) == {0}
    assert not asked, "it rests after its second late turn"


@pytest.mark.parametrize("raw", [
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: -4\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{}", b"SSH-2.0-x\r\n\r\n",
    b"HTTP/1.1 abc\r\n\r\n", b"x" * 200_000, b""])
def test_an_answer_that_is_not_one_is_one_clear_error(raw):
    async def run():
        async def serve(reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(raw)
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        client = DialogueClient([f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"], "s", 2.0)
        with pytest.raises(DialogueUnavailable):
            await client.turn(REQUEST)
        await client.close()
        server.close()

    asyncio.run(run())


def test_a_connection_closed_while_idle_is_replaced(dialogue: Dialogue):
    async def run():
        client = DialogueClient([dialogue.served.url], "s", 2.0)
        await client.turn(REQUEST)
        for _, writer in client._wires[dialogue.served.url]._idle:
            writer.transport.abort()          # as when the peer's keep-alive runs out
        await asyncio.sleep(0.05)
        answered = await client.turn(REQUEST)
        await client.close()
        return answered

    assert asyncio.run(run()).replies[0].text == "Voici la réponse."


def test_chunked_answers_are_read(dialogue: Dialogue):
    dialogue.script = lambda body: StreamingResponse(iter([json.dumps(answer())[:50], json.dumps(answer())[50:]]))
    assert len(ask([dialogue.served.url], 3)) == 3


def test_nobody_in_time_is_one_clear_error(dialogue: Dialogue):
    dialogue.script = lambda body: 5.0
    began = time.monotonic()
    with pytest.raises(DialogueUnavailable) as caught:
        ask([dialogue.served.url], timeout=0.4)
    assert time.monotonic() - began < 2
    assert "no answer within 0.4 s" in str(caught.value.context["problems"])
    for urls in ([], [f"http://127.0.0.1:{free_port()}"]):
        with pytest.raises(DialogueUnavailable):
            ask(urls)


def test_a_dead_dialogue_is_answered_within_five_seconds_and_used_again_when_back(tmp_path):
    port = free_port()
    dialogue = Dialogue()
    dialogue.served = Served(dialogue.served.server.config.app, port)
    with running(tmp_path, dialogue, turn_timeout=4.0) as web:
        began = time.monotonic()
        reply = web.customer().say("comment relever mon compteur", seconds=5)
        assert time.monotonic() - began < 5
        assert reply["reply"] == "options"
        ready = web.http.get(f"{web.url}/readyz")
        assert ready.status_code == 503
        assert "none answers" in ready.json()["checks"]["dialogue"]
        dialogue.served.start()
        try:
            until = time.monotonic() + 15
            while web.customer().say("et maintenant, mon compteur")["text"] != "Voici la réponse.":
                assert time.monotonic() < until, "the dialogue came back and was not asked"
                time.sleep(0.5)
            assert web.http.get(f"{web.url}/readyz").status_code == 200
        finally:
            dialogue.served.stop()


def test_ten_messages_while_the_dialogue_hangs_are_all_answered_soon(web: Web, dialogue: Dialogue):
    web.services.client.balancer.forgive()
    dialogue.script = lambda body: 30.0
    customer, began = web.customer(), time.monotonic()
    for n in range(10):
        customer.post(f"question {n} sur ma facture")
    events = customer.until(lambda e: e["kind"] == "handover", seconds=12)
    assert time.monotonic() - began < 12
    assert sum(e["kind"] == "ticket" for e in events) == 1
    web.services.client.balancer.forgive()


def test_a_message_stored_before_a_crash_is_answered_after_it(tmp_path, dialogue: Dialogue):
    dialogue.script = lambda body: 30.0
    with running(tmp_path, dialogue, turn_timeout=60.0) as web:
        customer = web.customer()
        customer.post("ne m'oubliez pas")
        time.sleep(0.3)
        for task in list(web.services.runner._tasks):      # as a killed process leaves it
            task.get_loop().call_soon_threadsafe(task.cancel)
        with web.services.database.write() as connection:
            connection.exec_driver_sql("UPDATE conversations SET turn_lease_until = '2020-01-01T00:00:00.000Z'")
    dialogue.script = lambda body: answer("me revoilà")
    with running(tmp_path, dialogue) as web:
        customer.url = f"{web.url}/api/v1/conversations/{customer.id}"
        customer.http = web.http
        seen = customer.until(lambda e: e.get("text") == "me revoilà", after=1)
        assert [e["seq"] for e in seen] == [2, 3]
