"""From probabilities to what the assistant does: one pure function and the thresholds it reads.

Sure → the answer; between → two or three titles to choose from; below → a non-answer, which the reply
policy turns into one qualifying question or a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from bot.understanding.types import CONTROL, SMALLTALK, Understanding

ReplyKind = Literal["answer", "options", "flow", "handover", "smalltalk", "nonanswer"]


@dataclass(frozen=True)
class Thresholds:
    """``answer``: least probability of the best article to answer with it (per language where its own is
    known); ``options``: least probability that one of three titles is right; ``flow`` and ``smalltalk``:
    least probability of the intent."""

    answer: float = 0.62
    options: float = 0.30
    flow: float = 0.55
    smalltalk: float = 0.40
    human: float = 0.50
    by_language: Mapping[str, float] = field(default_factory=dict)
    max_wrong: float = 0.05
    guaranteed: bool = False      # whether `answer` carries the finite-sample guarantee

    def answer_in(self, language: str) -> float:
        """The answer threshold for a language."""
        return self.by_language.get(language, self.answer)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {**self.__dict__, "by_language": dict(self.by_language)}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Thresholds:
        """The inverse of :meth:`to_json`."""
        return Thresholds(**data)


def decide(understanding: Understanding, thresholds: Thresholds) -> ReplyKind:
    """What to do with a first message.

    A person or a danger first; then a flow where the customer asks to do something; then the article;
    then small talk; then titles to choose from; else a non-answer.
    """
    u, t = understanding, thresholds
    if u.intent == "urgent" or (u.intent == "human" and u.confidence >= t.human):
        return "handover"
    best = u.articles[0].probability if u.articles else 0.0
    if u.intent.startswith("flow_") and u.confidence >= t.flow and not u.negated:
        return "flow"
    if (u.intent in SMALLTALK or u.intent in CONTROL) and u.confidence >= t.smalltalk:
        return "smalltalk"
    if best >= t.answer_in(u.language):
        return "answer"
    if u.intent == "out_of_scope" and u.confidence >= 0.8:
        return "nonanswer"
    if sum(a.probability for a in u.articles[:3]) >= t.options:
        return "options"
    return "nonanswer"
