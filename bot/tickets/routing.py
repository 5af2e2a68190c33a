"""Which queue and priority a hand-over gets: danger first, then language, then subject."""

from __future__ import annotations

from bot.conversations.wording import speak

URGENT = "urgent"


def route(
    *, language: str | None, theme: str | None, urgent: bool, mood: str | None, person_only: bool
) -> tuple[str, str]:
    """``(queue, priority)``. French is the house language and is split by theme; others go by language."""
    if urgent or mood == "urgent" or theme == "urgence":
        return URGENT, "urgent"
    locale = speak(language)
    queue = theme if locale == "fr" and theme else locale
    return queue, "high" if mood == "angry" or person_only else "normal"
