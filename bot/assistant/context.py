"""What an action may use during a turn, whoever runs it: the dialogue process or `rasa shell`.

Inside a dialogue process every turn sets a :class:`TurnContext`. Under `rasa shell` or `rasa run
actions` there is none, and one is made from the tracker: the same understanding, the same back office.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.assistant.memory import Memory
from bot.assistant.protocol import Effect
from bot.backoffice.port import Backoffice
from bot.faq.articles import Article
from bot.flows.types import Heard, Scene
from bot.language.wording import Wording
from bot.understanding.thresholds import Thresholds
from bot.understanding.types import Entity, Understanding


@dataclass
class TurnContext:
    """One turn: what was heard, what may be used, and the effects that come of it."""

    heard: Heard
    memory: Memory
    wording: Wording
    backoffice: Backoffice
    thresholds: Thresholds
    article: Callable[[str, str], Article | None]      # (id, locale) -> best text there is
    articles: Callable[[], Sequence[Article]]          # all, one text each, in the customer's language
    extract: Callable[[str], tuple[Entity, ...]]       # entities of an earlier message
    conversation_id: str
    turn_id: str
    people_available: bool = True
    next_opening: str | None = None
    wait_seconds: int | None = None
    effects: list[Effect] = field(default_factory=list)

    @property
    def understanding(self) -> Understanding:
        return self.heard.understanding

    @property
    def language(self) -> str:
        return self.memory.language

    @property
    def at(self) -> datetime:
        return self.heard.at

    def say(self, key: str, **values: object) -> str:
        """A sentence in the customer's language, not one said a moment ago."""
        return self.wording.say(key, self.language, seed=self.turn_id, avoid=self.memory.said, **values)

    def effect(self, kind: str, /, **payload: Any) -> None:
        """Ask the web process for something, under a key that repeats with the turn."""
        key = f"{self.turn_id}:{kind}:{len(self.effects)}"
        self.effects.append(Effect(kind=kind, key=key, payload=payload))  # type: ignore[arg-type]

    def scene(self, slots: dict[str, Any]) -> Scene:
        """The same turn as a flow sees it."""
        return Scene(slots=slots, language=self.language, backoffice=self.backoffice,
                     conversation_id=self.conversation_id, turn_id=self.turn_id, at=self.at, say=self.say)


_current: ContextVar[TurnContext | None] = ContextVar("turn_context", default=None)


def set_turn(context: TurnContext | None) -> None:
    """Set the context of the running turn (this task only)."""
    _current.set(context)


def get_turn() -> TurnContext | None:
    """The context of the running turn, if a dialogue process set one."""
    return _current.get()
