"""What a message means where its words alone say something else: tone, and words of another language."""

from __future__ import annotations

from dataclasses import replace

from bot.assistant.tongue import NOTE, marked
from bot.understanding.context import leans
from bot.understanding.types import Understanding

#: Below this, danger that no rule of ``bot.understanding.urgent`` recognises is read as a question.
SURE_OF_DANGER = 0.9
#: Praise that means its opposite when it is ironic ("trop content, merci beaucoup 🙁").
_PRAISE = ("compliment", "thanks", "laugh", "affirm", "acknowledge")


def second_thoughts(found: Understanding) -> Understanding:
    """Tone over words: ironic praise is sarcasm, an angry face is anger; danger needs more than a hunch.

    A message in a language that is none of ours is only marked as such (:mod:`bot.assistant.tongue`).
    """
    found = marked(found)
    if NOTE in found.notes and found.intent != "urgent":
        return found
    if found.mood == "ironic" and found.intent in _PRAISE:
        return replace(found, intent="sarcasm")
    if found.mood == "angry" and found.intent == "emoji":
        return replace(found, intent="frustration")
    hunch = found.intent == "urgent" and not any(note.startswith("danger") for note in found.notes)
    if hunch and (found.confidence < SURE_OF_DANGER or leans(found.text, found.language)):
        return replace(found, intent="faq")
    return found
