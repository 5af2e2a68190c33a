"""The HTTP translator against a server that behaves, refuses, breaks."""

from __future__ import annotations

import httpx
import pytest

from bot.errors import BadInput, Unavailable
from bot.integrations.translation import HttpTranslator, make_translator
from bot.settings import Settings


def translator(answer, key: str = "") -> HttpTranslator:
    return HttpTranslator("http://t.example/", key, httpx.Client(transport=httpx.MockTransport(answer)))


def test_it_speaks_the_api_of_the_server():
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        import json

        seen.append((str(request.url), json.loads(request.content)))
        return httpx.Response(200, json={"translatedText": "Bonjour"})

    assert translator(answer, "k").translate("Dzień dobry", "pl", "fr") == "Bonjour"
    assert seen == [("http://t.example/translate", {
        "q": "Dzień dobry", "source": "pl", "target": "fr", "format": "text", "api_key": "k"})]


def test_the_same_language_and_nothing_are_not_sent():
    def answer(request: httpx.Request) -> httpx.Response:
        raise AssertionError("sent")

    assert translator(answer).translate("Bonjour", "fr", "fr") == "Bonjour"
    assert translator(answer).translate("  ", "pl", "fr") == "  "
    with pytest.raises(BadInput, match="8000"):
        translator(answer).translate("x" * 8001, "pl", "fr")


@pytest.mark.parametrize(("response", "error"), [
    (httpx.Response(400, json={"error": "xx is not supported"}), BadInput),
    (httpx.Response(400, json={"error": "Polish (pl) is not available as a target language from French (fr)"}), BadInput),
    (httpx.Response(400, json={"error": "Invalid request: request (9000) exceeds text limit (5000)"}), BadInput),
    (httpx.Response(400, json={"error": "Please contact the server operator to get an API key"}), Unavailable),
    (httpx.Response(400, json={"error": "Visit https://portal.example to get an API key"}), Unavailable), (httpx.Response(400), Unavailable),
    (httpx.Response(500), Unavailable), (httpx.Response(429), Unavailable), (httpx.Response(302, headers={"location": "http://x"}), Unavailable),
    (httpx.Response(200, text="<html>"), Unavailable), (httpx.Response(200, json=[]), Unavailable),
    (httpx.Response(200, json={"translatedText": ""}), BadInput), (httpx.Response(413), BadInput), (httpx.Response(200, json={"translatedText": 3}), Unavailable),
])
def test_what_goes_wrong_is_said_plainly(response, error):
    with pytest.raises(error):
        translator(lambda request: response).translate("a", "pl", "fr")


def test_a_server_that_is_away():
    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route")

    with pytest.raises(Unavailable):
        translator(answer).translate("a", "pl", "fr")


def test_without_an_address_there_is_none():
    assert make_translator(Settings(_env_file=None)) is None
    assert make_translator(Settings(_env_file=None, translator_url="http://t.example")) is not None
