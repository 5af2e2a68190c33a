"""What fuzzed customers do: any message, any button that was offered, the way out, in any order."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from bot.assistant.tongue import NOTE
from bot.flows.registry import FLOWS
from bot.understanding.types import CONTROL, SMALLTALK, ArticleCandidate, Understanding

SLUGS = tuple(f"a{n}" for n in range(10))
_INTENTS = ("faq",) * 8 + ("out_of_scope",) * 3 + SMALLTALK + CONTROL + tuple(f"flow_{flow}" for flow in FLOWS)
_MOODS = ("neutral",) * 6 + ("angry", "ironic", "thankful")


@dataclass(frozen=True)
class Move:
    """A message as the model would read it, or a button, or the widget's way out."""

    understanding: Understanding
    choice: str | None = None
    way_out: bool = False

    def shown(self) -> str:
        """In a line, for a failing chat."""
        if self.way_out:
            return "[asks for a person through the widget]"
        if self.choice:
            return f"[{self.choice}]"
        articles = " ".join(f"{a.id}:{a.probability:.2f}" for a in self.understanding.articles)
        return f"{self.understanding.intent} {self.understanding.mood} {articles}".strip()


def read(intent: str, articles: Sequence[tuple[str, float]] = (), **fields: object) -> Understanding:
    """A message of this intent."""
    found = tuple(ArticleCandidate(slug, "fr", f"Article {slug}", p) for slug, p in articles)
    return Understanding(text=str(fields.pop("text", intent)), language="fr", language_confidence=1.0,
                         intent=intent, confidence=0.9, articles=found, **fields)  # type: ignore[arg-type]


def draw(rng: random.Random, offered: Sequence[str]) -> Move:
    """Any move."""
    kind = rng.random()
    if kind < 0.03:
        return Move(read("human"), way_out=True)
    if kind < 0.25 and offered:
        choice = rng.choice(offered)
        intent = "human" if choice == "human" else f"flow_{choice[5:]}" if choice.startswith("flow:") else "choice"
        return Move(read(intent), choice)
    return Move(_message(rng, deep=True))


def _message(rng: random.Random, *, deep: bool) -> Understanding:
    slugs = rng.sample(SLUGS, rng.choice((0, 0, 1, 2, 4)))
    # Probabilities near the thresholds as often as far from them.
    likely = sorted((rng.choice((rng.random(), 0.2, 0.7, 0.699, 0.95)) for _ in slugs), reverse=True)
    intent = rng.choice(_INTENTS)
    flow = (rng.choice(sorted(FLOWS)), rng.random()) if rng.random() < 0.3 else None
    parts = tuple(_message(rng, deep=False) for _ in range(2)) if deep and rng.random() < 0.05 else ()
    if rng.random() < 0.04:
        return read("out_of_scope", list(zip(slugs, likely, strict=False)), text=f"dzień dobry {rng.randrange(50)}", notes=(NOTE,))
    return read(intent, list(zip(slugs, likely, strict=False)), text=f"{intent} {rng.randrange(50)}", mood=rng.choice(_MOODS),
                flow=flow, negated=rng.random() < 0.05, parts=parts)
