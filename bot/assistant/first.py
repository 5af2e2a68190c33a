"""A text decided on as a first message, as JSON: what `relais ask` prints.

The same reading, the same second thoughts about its tone and the same policy as a customer's turn,
with an empty memory; self-harm, threats and fraud by the same rules.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.assistant.memory import Memory
from bot.assistant.policy import Kind, decide
from bot.assistant.tone import second_thoughts
from bot.handover.safety import detect, voice
from bot.understanding.model import Model

#: What a customer gets for each kind of decision, in the words of the chat API.
REPLY: dict[Kind, str] = {
    "answer": "answer", "options": "options", "start_flow": "flow", "handover": "handover", "smalltalk": "smalltalk",
    "qualify": "nonanswer", "unknown": "nonanswer", "offer_human": "nonanswer",
}


def first_message(model: Model, text: str, locale: str | None = None) -> dict[str, Any]:
    """The decision on one text, in the form of the command line's contract."""
    found = second_thoughts(model.understand(text, locale_hint=locale))
    if detect(text):      # decided in the web process, before the dialogue is asked
        found = replace(found, intent="urgent", confidence=1.0, language=voice(text, found.language))
    decision = decide(found, Memory(), model.thresholds)
    return {
        "text": text, "language": found.language, "reply": REPLY[decision.kind],
        "intent": {"name": found.intent, "confidence": found.confidence},
        "articles": [{"id": a.id, "locale": a.locale, "probability": a.probability} for a in found.articles],
        "parts": [{"text": part.text, "intent": part.intent, "article": part.articles[0].id if part.articles else None} for part in found.parts],
    }
