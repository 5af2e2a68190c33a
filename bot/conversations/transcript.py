"""The customer's copy of a conversation, as text or as a page of its own."""

from __future__ import annotations

import html
from collections.abc import Sequence
from datetime import tzinfo

from bot.conversations.model import Conversation, Event
from bot.conversations.wording import say, speak
from bot.storage.clock import parse


def as_text(conversation: Conversation, events: Sequence[Event], zone: tzinfo) -> str:
    """Plain text, one paragraph a message."""
    language = speak(conversation.language)
    lines = [say("transcript_title", language), ""]
    for event in _spoken(events):
        lines.append(f"[{_clock(event, zone)}] {_author(event, language)}")
        lines += [part for part in (event.text, *_files(event)) if part] + [""]
    return "\n".join(lines).rstrip() + "\n"


def as_html(conversation: Conversation, events: Sequence[Event], zone: tzinfo) -> str:
    """A page that needs nothing else: no script, no style from elsewhere, everything escaped."""
    language = speak(conversation.language)
    title = html.escape(say("transcript_title", language))
    rows = "\n".join(
        f"<dt>{html.escape(_author(event, language))} <time datetime=\"{html.escape(event.at)}\">"
        f"{_clock(event, zone)}</time></dt>\n<dd>{_paragraphs(_words(event))}</dd>"
        for event in _spoken(events)
    )
    return (
        f"<!doctype html>\n<html lang=\"{language}\">\n<head><meta charset=\"utf-8\">"
        "<meta name=\"viewport\" content=\"width=device-width\">"
        f"<title>{title}</title></head>\n<body>\n<h1>{title}</h1>\n<dl>\n{rows}\n</dl>\n</body>\n</html>\n"
    )


def _spoken(events: Sequence[Event]) -> list[Event]:
    return [event for event in events if event.text or _files(event)]


def _files(event: Event) -> list[str]:
    """One line a file that came with the message."""
    return [f"[{item['name']}]" for item in event.payload.get("attachments") or ()]


def _words(event: Event) -> str:
    return "\n".join(part for part in (event.text, *_files(event)) if part)


def _author(event: Event, language: str) -> str:
    name = event.payload.get("name")
    return str(name) if name and event.author == "agent" else say(f"author_{event.author}", language)


def _clock(event: Event, zone: tzinfo) -> str:
    return parse(event.at).astimezone(zone).strftime("%Y-%m-%d %H:%M")


def _paragraphs(text: str) -> str:
    return html.escape(text).replace("\n", "<br>")
