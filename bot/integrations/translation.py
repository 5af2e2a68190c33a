"""Translating messages in a language nobody speaks: a port, and an HTTP implementation of it.

The HTTP one speaks LibreTranslate's API (``POST /translate`` with ``q``, ``source``, ``target``,
``format``, ``api_key``), which several servers offer. Without an address there is none.
"""

from __future__ import annotations

import re
from typing import Protocol

import httpx

from bot.errors import BadInput, Unavailable
from bot.settings import Settings

_TIMEOUT = 6.0
LONGEST = 8000
#: What a server refuses for good. It says 400 of a missing API key too, which somebody will put right.
_ABOUT_THE_TEXT = re.compile(r"(?i)not (?:supported|available)|unsupported|language|\b(?:source|target)\b|exceed|text limit")


class Translator(Protocol):
    """Translates texts. ``Unavailable`` where that fails for now, ``BadInput`` where it never can work."""

    def translate(self, text: str, source: str, target: str) -> str:
        """The text in ``target``; ``source`` and ``target`` are two-letter codes, ``auto`` a source too."""
        ...


class HttpTranslator:
    """A LibreTranslate-like server."""

    def __init__(self, url: str, key: str = "", client: httpx.Client | None = None) -> None:
        self._url = url.rstrip("/")
        self._key = key
        self._client = client or httpx.Client(timeout=_TIMEOUT, follow_redirects=False)

    def translate(self, text: str, source: str, target: str) -> str:
        """Ask the server; texts over 8000 characters are refused here."""
        if len(text) > LONGEST:
            raise BadInput(f"A text to translate has at most {LONGEST} characters.", key="translation_long", most=LONGEST)
        if source == target or not text.strip():
            return text
        body = {"q": text, "source": source, "target": target, "format": "text"}
        if self._key:
            body["api_key"] = self._key
        try:
            got = self._client.post(f"{self._url}/translate", json=body)
        except httpx.HTTPError as error:
            raise Unavailable("The translation service does not answer.") from error
        if got.status_code in (400, 422) and _ABOUT_THE_TEXT.search(got.text[:2000]):
            raise BadInput(f"The translation service does not translate {source} to {target}.", key="translation_pair", source=source, target=target)
        if got.status_code == 413:
            raise BadInput("This text is too long for the translation service.", key="translation_too_long")
        if got.status_code != 200:
            raise Unavailable("The translation service does not answer as it should.")
        try:
            translated = got.json()["translatedText"]
        except (ValueError, KeyError, TypeError) as error:
            raise Unavailable("The translation service does not answer as it should.") from error
        if not isinstance(translated, str):
            raise Unavailable("The translation service does not answer as it should.")
        if not translated.strip():
            raise BadInput("The translation service finds no words for this text.", key="translation_none")
        return translated[: 4 * LONGEST]


def make_translator(settings: Settings) -> Translator | None:
    """The translator of these settings; None where no address is set."""
    if not settings.translator_url:
        return None
    key = settings.translator_key
    return HttpTranslator(settings.translator_url, key.get_secret_value() if key else "")
