"""A real system that misbehaves: every fault is BackofficeDown, every refusal the domain's own error."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from bot.backoffice.http import HttpBackoffice
from bot.backoffice.records import Access
from bot.errors import BackofficeDown, BadInput, Conflict, NotAllowed, RelaisError, TooManyRequests
from bot.storage.clock import utcnow
from tests.standins.dripping import dripping

ACCESS = Access("t", "c")


def _client(handler: object) -> HttpBackoffice:
    return HttpBackoffice("http://supplier.example", "s", 0.5, httpx.MockTransport(handler))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(500), BackofficeDown), (httpx.Response(503, text="<html>"), BackofficeDown),
        (httpx.Response(401), BackofficeDown), (httpx.Response(302, headers={"Location": "http://x.example"}), BackofficeDown),
        (httpx.Response(200, text=""), BackofficeDown), (httpx.Response(200, json={"number": 3}), BackofficeDown),
        (httpx.Response(200, json=[]), BackofficeDown), (httpx.Response(204), BackofficeDown),
        (httpx.Response(200, content=b"1" * 3_000_000), BackofficeDown),
        (httpx.Response(400, json={"detail": "no"}), BadInput), (httpx.Response(422, json=["odd"]), BadInput),
        (httpx.Response(403, json={"detail": "x", "context": {"reason": "expired"}}), NotAllowed),
        (httpx.Response(409, json={"detail": "x", "context": {"detail": "twice", "reason": "r"}}), Conflict),
        (httpx.Response(429, headers={"Retry-After": "soon"}), TooManyRequests),
        (httpx.Response(500, content=b"[" * 100_000), BackofficeDown), (httpx.Response(200, content=b"[" * 100_000), BackofficeDown),
    ],
)
def test_answers(answer: httpx.Response, error: type[RelaisError]) -> None:
    with pytest.raises(error):
        _client(lambda request: answer).get_contract(ACCESS)


def test_reason_and_wait_come_through() -> None:
    refusal = httpx.Response(403, json={"detail": "Trop tard.", "context": {"reason": "too_many_tries"}})
    with pytest.raises(NotAllowed) as caught:
        _client(lambda request: refusal).check_code("x/../y", "123456", "c")
    assert (caught.value.detail, caught.value.context["reason"]) == ("Trop tard.", "too_many_tries")
    slow = httpx.Response(429, headers={"Retry-After": "90"})
    with pytest.raises(TooManyRequests) as limited:
        _client(lambda request: slow).request_code("C-10420032", "56000", "c", "k")
    assert limited.value.retry_after == 90


@pytest.mark.parametrize(("said", "seconds"), [
    ("nan", 60), ("inf", 60), ("-1", 60), ("²", 60), ("1e9", 60), ("999999999", 86_400),
    ("a date", 600),
])
def test_a_wait_is_always_a_number_of_seconds(said: str, seconds: float) -> None:
    said = format_datetime(utcnow() + timedelta(minutes=10), usegmt=True) if said == "a date" else said
    slow = httpx.Response(429, headers=[(b"Retry-After", said.encode("latin-1"))])
    with pytest.raises(TooManyRequests) as limited:
        _client(lambda request: slow).request_code("C-10420032", "56000", "c", "k")
    assert limited.value.retry_after == pytest.approx(seconds, abs=30)


@pytest.mark.parametrize(("start", "drop"), [
    (b"HTTP/1.1 200 OK\r\n", b"X-More: 1\r\n"),
    (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n", b"[[[["),
])
def test_an_answer_that_comes_drop_by_drop_ends_in_time(start: bytes, drop: bytes) -> None:
    with dripping(start, drop) as url:
        supplier = HttpBackoffice(url, "s", 0.5)
        begun = time.monotonic()
        with pytest.raises(BackofficeDown):
            supplier.get_contract(ACCESS)
        assert time.monotonic() - begun < 15      # by itself it would go on for ever


def test_no_more_is_read_than_is_taken() -> None:
    read = 0

    def endless() -> Iterator[bytes]:
        nonlocal read
        while True:
            read += 100_000
            yield b"1" * 100_000

    with pytest.raises(BackofficeDown):
        _client(lambda request: httpx.Response(200, content=endless())).get_contract(ACCESS)
    assert read < 3_000_000


def test_timeout_is_not_repeated_a_broken_connection_is_once() -> None:
    calls: list[str] = []

    def slow(request: httpx.Request) -> httpx.Response:
        calls.append("slow")
        raise httpx.ReadTimeout("slow", request=request)

    def broken(request: httpx.Request) -> httpx.Response:
        calls.append(request.headers.get("Idempotency-Key", "-"))
        raise httpx.ConnectError("no", request=request)

    with pytest.raises(BackofficeDown):
        _client(slow).get_contract(ACCESS)
    assert calls == ["slow"]
    with pytest.raises(BackofficeDown):
        _client(broken).change_power(ACCESS, 6, "clé:1")
    assert calls[1:] == ["cl%C3%A9:1", "cl%C3%A9:1"]


@pytest.mark.parametrize(("fault", "untouched"), [
    ([httpx.ConnectError], True), ([httpx.ConnectTimeout], True), ([httpx.ReadTimeout], False),
    ([httpx.ReadError, httpx.ConnectError], False), ([httpx.ConnectError, httpx.ReadError], False), ([500], False), ([503], False), ([401], True),
])
def test_a_fault_says_whether_an_effect_may_have_happened(fault: list[Any], untouched: bool) -> None:
    left = list(fault)

    def answer(request: httpx.Request) -> httpx.Response:
        now = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(now, int):
            return httpx.Response(now)
        raise now("fault", request=request)

    with pytest.raises(BackofficeDown) as down:
        _client(answer).change_power(ACCESS, 6, "k")
    assert down.value.untouched is untouched
    left[:] = fault
    with pytest.raises(BackofficeDown) as read:
        _client(answer).get_contract(ACCESS)
    assert read.value.untouched      # a read does nothing


def test_secrets_travel_in_headers_only() -> None:
    seen: list[httpx.Request] = []

    def keep(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(500)

    with pytest.raises(BackofficeDown):
        _client(keep).readings(Access("secret-token", "conversation-9"))
    (request,) = seen
    assert "secret" not in str(request.url)
    assert request.headers["X-Customer-Token"] == "secret-token"
    assert request.headers["Authorization"] == "Bearer s"
