"""From probabilities to what the assistant does with a first message: thresholds and one pure function.

Sure → the answer; between → two or three titles to choose from; below → a non-answer, which the reply
policy turns into one qualifying question or a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from bot.faq.calibration import NEVER, threshold_for
from bot.understanding.types import Understanding

ReplyKind = Literal["answer", "options", "flow", "handover", "smalltalk", "nonanswer"]

#: The answer threshold where labelled data prove nothing: only what is nearly certain is said.
CAUTIOUS = 0.85
#: From here a wish to do something is plain, whatever article fits too.
SURE_OF_FLOW = 0.9
#: From here an article is more likely than not, and outweighs "out of scope".
LIKELY = 0.5
#: From here an article fits well enough to outweigh even a plain wish that it is not about.
FITS = 0.6
#: Phrasings in a language from which it gets a threshold of its own.
LANGUAGE_FROM = 400


@dataclass(frozen=True)
class Thresholds:
    """``sure``: least probability of the best article to answer with it, and ``by_language`` where a
    language has its own; ``maybe``: least probability of a title worth offering."""

    sure: float = 0.62
    maybe: float = 0.18
    by_language: Mapping[str, float] = field(default_factory=dict)
    max_wrong: float = 0.05
    guaranteed: bool = False      # whether `sure` carries the finite-sample guarantee

    def sure_in(self, language: str) -> float:
        """The answer threshold for a language."""
        return self.by_language.get(language, self.sure)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {**self.__dict__, "by_language": dict(self.by_language)}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Thresholds:
        """The inverse of :meth:`to_json`."""
        return Thresholds(**data)


@dataclass(frozen=True)
class Evidence:
    """Held-out decisions that thresholds are derived from, again whenever the lead turns the dial."""

    probabilities: npt.NDArray[np.float64]
    right: npt.NDArray[np.bool_]
    languages: Sequence[str]

    def thresholds(self, max_wrong: float) -> Thresholds:
        """Thresholds that keep the share of wrong answers among answers at ``max_wrong``."""
        whole = threshold_for(self.probabilities, self.right, max_wrong)
        by_language: dict[str, float] = {}
        codes = np.array(self.languages)
        for code in sorted(set(self.languages)):
            mine = codes == code
            if mine.sum() >= LANGUAGE_FROM:
                own = threshold_for(self.probabilities[mine], self.right[mine], max_wrong)
                if own.guaranteed:
                    by_language[code] = round(own.value, 4)
        sure = round(whole.value, 4) if whole.guaranteed else max(CAUTIOUS, 1 - max_wrong)
        sure = min(sure, NEVER)
        return Thresholds(sure=sure, maybe=round(min(0.18, sure * 0.5), 4), by_language=by_language, max_wrong=max_wrong,
                          guaranteed=whole.guaranteed)


def wants_flow(u: Understanding) -> bool:
    """Whether a message with a flow's intent asks for the flow rather than for an article.

    Plainly so where no article is likely, or the likely one is about what the flow does; an article that
    is about something else ("une copie de ma facture") outweighs the intent.
    """
    if not u.intent.startswith("flow_") or u.negated:
        return False
    best = u.articles[0] if u.articles else None
    if best is None or best.probability < LIKELY:
        return True
    same = best.flow == u.intent.removeprefix("flow_")
    return u.confidence >= SURE_OF_FLOW and (same or best.probability < FITS)


def decide(understanding: Understanding, thresholds: Thresholds) -> ReplyKind:
    """What to do with a first message: a danger or a person first, then a flow where the customer asks to
    do something, then small talk, then the article, titles to choose from, or a non-answer."""
    u, t = understanding, thresholds
    best = u.articles[0].probability if u.articles else 0.0
    if u.intent in ("urgent", "human"):
        return "handover"
    if wants_flow(u):
        return "flow"
    if u.intent not in ("faq", "out_of_scope") and not u.intent.startswith("flow_"):
        return "smalltalk"
    if u.intent == "out_of_scope" and best < LIKELY:
        return "nonanswer"
    if best >= t.sure_in(u.language):
        return "answer"
    return "options" if best >= t.maybe else "nonanswer"
