"""Whatever is sent: a clear problem document or a sensible reply, order kept, nothing lost."""

from __future__ import annotations

import json
import socket
import uuid
from pathlib import Path

import httpx
import pytest
from web_support import Dialogue, Web, running


def is_problem(got: httpx.Response, *statuses: int) -> dict:
    """A problem document a person can read, with one of the statuses."""
    assert got.status_code in statuses, (got.status_code, got.text[:300])
    assert got.headers["content-type"] == "application/problem+json"
    body = got.json()
    assert {"type", "title", "status", "detail", "code"} <= body.keys()
    assert body["status"] == got.status_code
    assert len(body["detail"]) > 15
    assert "Traceback" not in got.text
    assert "bot." not in body["detail"]
    return body


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "\u200b\u200d", "\x00\x01", "\u202e", None])
def test_an_empty_message_is_refused_clearly(web: Web, text):
    customer = web.customer()
    body = is_problem(customer.post(text), 400, 422)
    assert body["code"] == "empty-message"
    assert len(customer.events()) == 1


def test_16_kilobytes_are_refused_with_the_limit(web: Web):
    customer = web.customer()
    got = web.http.post(f"{customer.url}/messages", headers=customer.headers | {"Accept-Language": "fr"},
                        json={"client_message_id": "a", "text": "mot " * 4096})
    body = is_problem(got, 413)
    assert "4000 caractères" in body["detail"]
    assert customer.say("mot " * 999)["author"] == "bot"


def test_a_megabyte_is_refused_by_length_and_while_streaming(web: Web):
    customer = web.customer()
    big = json.dumps({"client_message_id": "a", "text": "x" * 1_000_000}).encode()
    is_problem(web.http.post(f"{customer.url}/messages", content=big, headers=customer.headers), 413)

    def chunks():
        for start in range(0, len(big), 10_000):
            yield big[start:start + 10_000]

    is_problem(web.http.post(f"{customer.url}/messages", content=chunks(), headers=customer.headers), 413)
    assert len(customer.events()) == 1


@pytest.mark.parametrize(("sent", "kept"), [
    ("\u202eelpmis\u202c", "elpmis"),
    ("bon\x00jour\x07", "bonjour"),
    ("\u2067abc\u2069 def", "abc def"),
    ("ligne\u2028deux", "ligne\ndeux"),
    ("😀👍🏽", "😀👍🏽"),
    ("<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>"),
    ('/intent{"slot":"x"}', '/intent{"slot":"x"}'),
    ("'; DROP TABLE events; --", "'; DROP TABLE events; --"),
    ("{{7*7}} ${x} %s %n", "{{7*7}} ${x} %s %n"),
    ("\\u0000 \\ud800", "\\u0000 \\ud800"),
])
def test_odd_text_is_kept_as_text(web: Web, dialogue: Dialogue, sent, kept):
    customer = web.customer()
    assert customer.say(sent)["author"] == "bot"
    assert customer.events()[1]["text"] == kept
    assert dialogue.seen[-1]["text"] == kept


def test_a_lone_surrogate_is_dropped(web: Web):
    customer = web.customer()
    raw = b'{"client_message_id": "s\\ud800", "text": "avant\\ud800apr\\u00e8s"}'
    got = web.http.post(f"{customer.url}/messages", content=raw,
                        headers=customer.headers | {"Content-Type": "application/json"})
    assert got.status_code == 202
    assert customer.events()[1]["text"] == "avantaprès"


@pytest.mark.parametrize("raw", [
    b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"text": "x"}', b'{"client_message_id": "", "text": "x"}',
    b'{"client_message_id": 7, "text": "x"}', b'{"client_message_id": "a", "text": {"a": 1}}',
    b'{"client_message_id": "a", "choice": ["x"]}', b"[" * 30_000,
    b'{"client_message_id": "' + b"a" * 500 + b'", "text": "x"}',
])
def test_a_body_of_another_form_is_explained(web: Web, raw):
    customer = web.customer()
    got = web.http.post(f"{customer.url}/messages", content=raw,
                        headers=customer.headers | {"Content-Type": "application/json"})
    is_problem(got, 400, 422)
    assert len(customer.events()) == 1


def test_a_body_that_is_not_json_is_explained(web: Web):
    customer = web.customer()
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        got = web.http.post(f"{customer.url}/messages", content=b"text=bonjour",
                            headers=customer.headers | {"Content-Type": kind})
        is_problem(got, 400, 415, 422)


@pytest.mark.parametrize(("opening", "status"), [
    ({"locale": 5}, 422), ({"locale": "x" * 100}, 422), ({"page_url": ["a"]}, 422), ([1], 422), ("fr", 422),
    ({"locale": "../../etc"}, 201), ({"page_url": "javascript:alert(1)"}, 201), ({"autre": 1}, 201),
])
def test_openings_of_another_form(web: Web, opening, status):
    got = web.http.post(f"{web.url}/api/v1/conversations", json=opening)
    if status == 201:
        assert got.status_code == 201
    else:
        is_problem(got, status)


def test_a_foreign_token_and_an_unknown_conversation_are_told_alike(web: Web):
    one, other = web.customer(), web.customer()
    unknown = f"{one.base}/{uuid.uuid4()}"
    calls = [("GET", "/events", None), ("POST", "/messages", {"client_message_id": "a", "text": "x"}),
             ("POST", "/handover", {"channel": "chat"}), ("POST", "/feedback", {"helped": True}),
             ("GET", "/transcript", None), ("POST", "/typing", None), ("DELETE", "", None)]
    for method, path, body in calls:
        foreign = web.http.request(method, one.url + path, json=body, headers=other.headers)
        nowhere = web.http.request(method, unknown + path, json=body, headers=other.headers)
        garbled = web.http.request(method, f"{one.base}/..%2f..%2fetc{path}", json=body, headers=other.headers)
        bodies = [is_problem(got, 404) for got in (foreign, nowhere)]
        assert bodies[0] == bodies[1]
        is_problem(garbled, 404)
        bare = web.http.request(method, one.url + path, json=body)
        assert is_problem(bare, 401)["detail"]
        assert bare.headers["www-authenticate"] == "Bearer"
        for bad in ("Bearer", "Basic abc", "Bearer " + "x" * 5000, "Bearer é"):
            got = web.http.request(method, one.url + path, json=body, headers={"Authorization": bad.encode()})
            is_problem(got, 401, 404)
    assert len(one.events()) == 1


def test_tokens_are_long_and_only_their_hash_is_stored(web: Web):
    customer = web.customer()
    assert len(customer.token) >= 43
    with web.services.database.read() as connection:
        dump = str(connection.exec_driver_sql("SELECT * FROM conversations").fetchall())
    assert customer.id in dump
    assert customer.token not in dump


@pytest.mark.parametrize("query", ["after=-1", "after=x", "after=99999999999999999999", "wait=-1", "wait=nan", "wait=x", "wait=inf"])
def test_odd_query_values(web: Web, query):
    customer = web.customer()
    is_problem(web.http.get(f"{customer.url}/events?{query}", headers=customer.headers), 422)


@pytest.mark.parametrize("last", ["-1", "abc", "9" * 40, "1; DROP", "", b"\xb2"])
def test_an_odd_last_event_id_starts_from_the_beginning(web: Web, last):
    customer = web.customer()
    with web.http.stream("GET", f"{customer.url}/events", headers=customer.headers | {
            "Accept": "text/event-stream", "Last-Event-ID": last}) as stream:
        for line in stream.iter_lines():
            if line.startswith("id:"):
                assert line == "id: 1"
                break


def test_a_zero_byte_names_nothing_on_either_engine(tmp_path: Path, dialogue: Dialogue, database_url: str):
    with running(tmp_path / "home", dialogue, database_url=database_url) as web:
        customer = web.customer()
        is_problem(web.http.get(f"{customer.url}/attachments/%00", headers=customer.headers), 404)
        with web.staff("lead") as lead:
            for path in ("/tickets/%00", "/articles/%00", "/articles/a%00b/versions", "/attachments/%00", "/conversations/%00"):
                is_problem(lead.get(path), 404)
            for path in ("/articles?q=%00", "/tickets?q=a%00", "/tickets?queue=%00", "/tickets?status=%00", "/conversations?q=%00", "/gaps?locale=%00"):
                assert lead.get(path).status_code in (200, 400, 422), path
        for path in ("/aide/%00", "/aide?q=%00", "/contact?lang=%00"):
            assert web.http.get(f"{web.url}{path}").status_code in (200, 404), path
        for form in ({"username": "\0", "password": "x"}, {"username": "lead\0", "password": "\0"}):
            assert web.http.post(f"{web.url}/login", data=form).status_code == 401
        got = web.http.post(f"{web.url}/contact", data={"message": "bonjour\0", "email": "a\0b@exemple.fr"})
        assert got.status_code in (200, 400)


def test_unknown_addresses_and_methods_are_problems(web: Web):
    is_problem(web.http.get(f"{web.url}/api/v1/nothing"), 404)
    is_problem(web.http.put(f"{web.url}/api/v1/conversations"), 405)
    is_problem(web.http.get(f"{web.url}/static/../../etc/passwd"), 404)
    is_problem(web.http.get(f"{web.url}/%00"), 404)
    french = web.http.get(f"{web.url}/api/v1/nothing", headers={"Accept-Language": "fr-FR,fr;q=0.9"})
    assert is_problem(french, 404)["detail"] == "Il n'y a rien à cette adresse."


@pytest.mark.parametrize("body", [
    {"channel": "pigeon"}, {"channel": "email"}, {"channel": "email", "contact": "x@y.fr\r\nBcc: z@y.fr"},
    {"channel": "phone", "contact": "9" * 300}, {"channel": None},
])
def test_handovers_that_cannot_work(web: Web, body):
    customer = web.customer()
    is_problem(web.http.post(f"{customer.url}/handover", json=body, headers=customer.headers), 400, 422)
    assert [e["kind"] for e in customer.events()] == ["message"]


def test_messages_faster_than_allowed_are_told_when_to_go_on(tmp_path, dialogue: Dialogue):
    with running(tmp_path, dialogue, messages_per_minute=5, conversations_per_minute=3) as web:
        customer = web.customer()
        got = [customer.post(f"message {n}") for n in range(8)]
        assert [g.status_code for g in got] == [202] * 5 + [429] * 3
        assert is_problem(got[-1], 429)["code"] == "too-many-messages"
        assert 1 <= int(got[-1].headers["retry-after"]) <= 60
        seen = customer.until(lambda e: e["seq"] == 11, seconds=10)
        assert [e["text"] for e in seen if e["author"] == "customer"] == [f"message {n}" for n in range(5)]
        web.customer()
        web.customer()
        flood = web.http.post(f"{web.url}/api/v1/conversations", json={})
        assert is_problem(flood, 429)
        assert int(flood.headers["retry-after"]) >= 1


def test_pages_and_answers_carry_the_headers_browsers_enforce(web: Web):
    for path in ("/healthz", "/login", "/docs", "/api/v1/nothing"):
        headers = web.http.get(web.url + path).headers
        assert headers["x-content-type-options"] == "nosniff"
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe-inline" not in policy
        assert headers["x-frame-options"] == "DENY"


def test_an_error_nobody_expected_is_one_sentence_with_the_same_headers(web: Web, monkeypatch: pytest.MonkeyPatch):
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("bot.web.routes.chat.intake.begin", broken)
    got = web.http.post(f"{web.url}/api/v1/conversations", json={}, headers={
        "Accept-Language": "en", "Connection": "close"})      # the server ends a connection on which it failed
    assert is_problem(got, 500)["detail"].startswith("Something broke on our side")
    assert "secret detail" not in got.text
    assert "default-src 'self'" in got.headers["content-security-policy"]
    assert got.headers["x-content-type-options"] == "nosniff"
    assert got.headers["x-frame-options"] == "DENY"


def test_the_api_page_shows_every_call_and_loads_nothing_from_elsewhere(web: Web):
    page = web.http.get(f"{web.url}/docs")
    assert page.status_code == 200
    paths = web.http.get(f"{web.url}/openapi.json").json()["paths"]
    assert all(path in page.text for path in paths)
    assert "<script" not in page.text
    assert "http://" not in page.text
    assert "https://" not in page.text


def test_origins_not_allowed_get_no_cors_and_cannot_frame(tmp_path, dialogue: Dialogue):
    with running(tmp_path, dialogue, allowed_origins="https://solenne.example") as web:
        for origin, allowed in (("https://solenne.example", True), ("https://evil.example", False)):
            got = web.http.options(f"{web.url}/api/v1/conversations", headers={
                "Origin": origin, "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "content-type"})
            assert (got.headers.get("access-control-allow-origin") == origin) == allowed
        policy = web.http.get(f"{web.url}/static/widget/nothing").headers["content-security-policy"]
        assert "frame-ancestors 'self' https://solenne.example" in policy


def test_a_client_that_never_finishes_its_request_does_not_stop_others(web: Web):
    slow = [socket.create_connection(("127.0.0.1", web.served.port)) for _ in range(20)]
    try:
        for connection in slow:
            connection.sendall(b"POST /api/v1/conversations HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n{")
        assert web.customer().say("toujours là ?")["author"] == "bot"
    finally:
        for connection in slow:
            connection.close()
