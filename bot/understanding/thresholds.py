"""From probabilities to what is sure enough to say: thresholds, derived from held-out decisions.

Sure → the answer; between → two or three titles to choose from; below → a non-answer, which the reply
policy turns into one qualifying question or a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.faq.calibration import CONFIDENCE, NEVER, threshold_for
from bot.understanding.types import Understanding

#: The answer threshold where labelled data prove nothing: only what is nearly certain is said.
CAUTIOUS = 0.85
#: From here a wish to do something is plain, whatever article fits too.
SURE_OF_FLOW = 0.9
#: The same where the best article is about what the flow does: the subject is beyond doubt.
SURE_WITH_ARTICLE = 0.8
#: The same where no article is likely: below, the flow is one of the things offered.
SURE_ALONE = 0.7
#: From here a title is worth offering.
MAYBE = 0.18
#: From here an article is more likely than not, and outweighs "out of scope".
LIKELY = 0.5
#: From here an article fits well enough to outweigh even a plain wish that it is not about.
FITS = 0.6
#: Decisions in a language from which it gets a threshold of its own.
LANGUAGE_FROM = 400
#: Confidence of the bound where a language has questions that were kept out of learning. Where phrasings alone
#: stand in for what customers ask, the bound is stricter (:data:`bot.faq.calibration.CONFIDENCE`).
ASKED_CONFIDENCE = 0.95


@dataclass(frozen=True)
class Thresholds:
    """``sure``: least probability of the best article to answer with it, and ``by_language`` where a
    language has its own; ``maybe``: least probability of a title worth offering."""

    sure: float = 0.62
    maybe: float = MAYBE
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


def shares(languages: Sequence[str], asked: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Weights of decisions: where a language has questions kept out of learning, all its other lines together
    weigh as much as these (or less, if they are fewer)."""
    codes = np.array(languages)
    weights = np.ones(len(codes))
    for code in set(codes[asked]):
        others = (codes == code) & ~asked
        weights[others] = min(1.0, float((asked & (codes == code)).sum()) / max(1, int(others.sum())))
    return weights


@dataclass(frozen=True)
class Evidence:
    """Held-out decisions that thresholds are derived from, again whenever the lead turns the dial."""

    probabilities: npt.NDArray[np.float64]
    right: npt.NDArray[np.bool_]
    languages: Sequence[str]
    asked: npt.NDArray[np.bool_]      # decisions on questions kept out of learning

    @staticmethod
    def none() -> Evidence:
        """Nothing was decided that could prove anything."""
        nothing = np.zeros(0, bool)
        return Evidence(np.zeros(0), nothing, [], nothing)

    def thresholds(self, max_wrong: float) -> Thresholds:
        """Thresholds that keep the share of wrong answers among answers at ``max_wrong``."""
        weights = shares(self.languages, self.asked)
        whole = threshold_for(self.probabilities, self.right, max_wrong, weights=weights)
        by_language: dict[str, float] = {}
        codes = np.array(self.languages)
        for code in sorted(set(self.languages)):
            mine = codes == code
            if mine.sum() >= LANGUAGE_FROM:
                confidence = ASKED_CONFIDENCE if self.asked[mine].any() else CONFIDENCE
                own = threshold_for(self.probabilities[mine], self.right[mine], max_wrong, confidence, weights=weights[mine])
                if own.guaranteed:
                    by_language[code] = round(own.value, 4)
        sure = round(whole.value, 4) if whole.guaranteed else max(CAUTIOUS, 1 - max_wrong)
        sure = min(sure, NEVER)
        return Thresholds(sure=sure, maybe=round(min(MAYBE, sure * 0.5), 4), by_language=by_language, max_wrong=max_wrong,
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
        return best is None or u.confidence >= SURE_ALONE
    if best.flow == u.intent.removeprefix("flow_"):
        return u.confidence >= SURE_WITH_ARTICLE
    return u.confidence >= SURE_OF_FLOW and best.probability < FITS
