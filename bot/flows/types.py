"""The parts a flow is made of: steps that hear values, and what came of a turn.

A flow is a list of steps. A step names the slot it fills, how to ask, and how to hear a value in what
the customer wrote. Every step listens to every message, so several answers in one message are all
taken and a value given earlier can be corrected; only the step being asked hears bare answers
("4", "oui", "le 10").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from bot.assistant.protocol import Choice, Input, Reply
from bot.backoffice.port import Backoffice
from bot.understanding.types import Entity, Understanding

Slots = Mapping[str, Any]


@dataclass(frozen=True)
class Heard:
    """What the customer sent this turn: their words, understood, or a button."""

    understanding: Understanding
    choice: str | None = None           # id of the button pressed
    at: datetime = field(default_factory=datetime.now)   # time zone aware, the turn's clock

    @property
    def text(self) -> str:
        return self.understanding.text

    def entities(self, name: str) -> list[Entity]:
        """Entities of one name, in the order written."""
        return [entity for entity in self.understanding.entities if entity.name == name]

    def first(self, name: str) -> Any | None:
        """Normalised value of the first valid entity of that name."""
        return next((entity.value for entity in self.entities(name) if entity.valid), None)


@dataclass(frozen=True)
class Scene:
    """Where a flow stands: its slots, the language, the supplier's system, the turn."""

    slots: Slots
    language: str
    backoffice: Backoffice
    conversation_id: str
    turn_id: str
    at: datetime
    say: Callable[..., str]             # say(key, **values) in the customer's language


@dataclass(frozen=True)
class Problem:
    """Something was heard that cannot be taken as it is; ``key`` is the wording that says why."""

    key: str
    values: Mapping[str, object] = field(default_factory=dict)
    slots: Mapping[str, Any] = field(default_factory=dict)   # slots to set along (a code to send again)
    asks: bool = False                  # its sentence puts the question again by itself


#: A value heard, a problem with it, or None: nothing for this step in the message.
Parsed = Any


@dataclass(frozen=True)
class Step:
    """One thing to find out.

    ``parse(heard, scene, asked)`` returns a value, a Problem or None. ``asked`` is true when this is
    the question just put. ``choices`` yields ``(value, label)`` pairs; their ids are
    ``slot:<slot>:<value>``; a ready ``Choice`` among them stands as it is ("human"). ``needed`` may
    depend on slots already filled. ``enter`` runs before the question is put, may call the back office
    and returns slots to set (never an effect on an account). ``check`` runs once after a value was
    heard, with every value of the message set; it may call the back office, and returns slots to set
    along (its own among them) or a Problem, which drops the value.
    """

    slot: str
    parse: Callable[[Heard, Scene, bool], Parsed]
    ask: str | Callable[[Scene], str] | None = None     # wording key; default "<flow>.<slot>.ask"
    choices: Callable[[Scene], Sequence[tuple[str, str] | Choice]] | None = None
    needed: Callable[[Scene], bool] = lambda scene: True
    values: Callable[[Scene], Mapping[str, object]] | None = None   # placeholders of the question
    enter: Callable[[Scene], Mapping[str, Any]] | None = None
    check: Callable[[Scene], Mapping[str, Any] | Problem] | None = None
    input: Input | None = None
    correctable: bool = True            # a later message may overwrite it without being asked
    secret: bool = False                # never repeated in summaries, packets or logs
    depends: Sequence[str] = ()         # slots whose change makes this one's value stale
    listen: bool = False                # heard whenever it is said, never asked
    alone: bool = False                 # a yes or no: does not count beside another value ("non, 4 pièces")


FlowEnd = Literal["done", "cancelled", "handover", "failed"]


@dataclass(frozen=True)
class Finish:
    """How a flow ended: what to say, and what the rest of the system should know."""

    end: FlowEnd
    replies: Sequence[Reply]
    reference: str | None = None        # of the effect, where there was one
    note: str = ""                      # for the agent's packet
    urgent: bool = False                # someone may be in danger: the ticket goes to the top


@dataclass(frozen=True)
class Flow:
    """A flow: id, steps, and what happens when every needed step is filled.

    ``finish(scene)`` runs the effect (idempotent: keys come from ``scene.slots["flow_key"]``) and
    returns what to say. ``shortcut(heard, scene)`` may end the flow at any turn (gas smell).
    """

    id: str
    steps: Sequence[Step]
    finish: Callable[[Scene], Finish]
    shortcut: Callable[[Heard, Scene], Finish | None] | None = None
    account: bool = False               # steps need a verified customer

    @property
    def form(self) -> str:
        return f"{self.id}_form"

    @property
    def slots(self) -> list[str]:
        return [step.slot for step in self.steps]


@dataclass
class Advance:
    """What one turn in a flow did: slots to set, what to say, what to ask next."""

    slots: dict[str, Any] = field(default_factory=dict)
    replies: list[Reply] = field(default_factory=list)
    requested: str | None = None        # next question; None: the flow is over
    end: FlowEnd | None = None
    reference: str | None = None
    note: str = ""
    interrupted: bool = False           # the message was something else: the policy should answer it first
    failures: int = 0                   # questions in a row that got no usable answer
    urgent: bool = False                # of an end that hands over


def choice_id(slot: str, value: str) -> str:
    """Id of the button that fills a slot."""
    return f"slot:{slot}:{value}"


def choice(slot: str, value: str, label: str) -> Choice:
    """The button that fills a slot."""
    return Choice(id=choice_id(slot, value), label=label)
