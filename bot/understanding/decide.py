"""A text read as a first message, as JSON: what `relais ask` prints."""

from __future__ import annotations

from typing import Any

from bot.understanding.model import Model
from bot.understanding.thresholds import decide


def first_message(model: Model, text: str, locale: str | None = None) -> dict[str, Any]:
    """The decision on one text, in the form of the command line's contract."""
    found = model.understand(text, locale_hint=locale)
    return {
        "text": text, "language": found.language, "reply": decide(found, model.thresholds),
        "intent": {"name": found.intent, "confidence": found.confidence},
        "articles": [{"id": a.id, "locale": a.locale, "probability": a.probability} for a in found.articles],
    }
