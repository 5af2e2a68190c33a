"""What understanding a message yields: one decision over flows, articles, small talk, a person, nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Mood = Literal["neutral", "angry", "ironic", "thankful", "urgent"]

#: Intents that are neither an article (``faq``) nor a flow (``flow_<id>``).
SMALLTALK: tuple[str, ...] = (
    "greet", "goodbye", "thanks", "affirm", "deny", "confused", "disbelief", "sarcasm", "insult",
    "frustration", "laugh", "emoji", "how_are_you", "bot_challenge", "compliment", "joke", "ability",
    "acknowledge", "wait",
)
#: Small talk that says "that was not it".
REFUSALS: tuple[str, ...] = ("deny", "disbelief", "sarcasm", "frustration", "insult", "confused")
#: ``go_back`` and ``start_over``, since Rasa keeps the names ``back`` and ``restart`` for itself.
CONTROL: tuple[str, ...] = ("human", "urgent", "cancel", "go_back", "start_over", "repeat")


@dataclass(frozen=True)
class Entity:
    """A normalised value found in a text. ``start``/``end`` are character offsets, end exclusive."""

    name: str            # power_kva, amount_eur, date, index_kwh, pdl, pce, contract, postcode, town, phone, email, iban, person, count, ...
    value: object        # normalised: int kVA, float euros, ISO date string, E.164 phone, compact IBAN...
    start: int
    end: int
    text: str
    valid: bool = True   # checksum or range check passed
    role: str | None = None


@dataclass(frozen=True)
class ArticleCandidate:
    """An article that may answer, with the calibrated probability that it does."""

    id: str              # slug
    locale: str          # locale of the text that would be shown
    title: str
    probability: float
    flow: str | None = None   # the flow that does what the article is about


@dataclass(frozen=True)
class Understanding:
    """One message, understood. Pure data: the dialogue policy decides what to do with it."""

    text: str
    language: str                    # ISO 639-1 of the message, after priors
    language_confidence: float
    intent: str                      # "faq", "flow_<id>", one of SMALLTALK or CONTROL, "out_of_scope"
    confidence: float                # calibrated probability of `intent`
    articles: tuple[ArticleCandidate, ...] = ()   # best first, at most ten, also when intent is not "faq"
    flow: tuple[str, float] | None = None         # best flow id and its probability, also when intent is "faq"
    ranking: tuple[tuple[str, float], ...] = ()   # intents with probabilities, best first
    entities: tuple[Entity, ...] = ()
    mood: Mood = "neutral"
    parts: tuple[Understanding, ...] = ()         # the questions, where a message holds two
    negated: bool = False                         # "je ne veux PAS résilier"
    notes: tuple[str, ...] = field(default_factory=tuple)
