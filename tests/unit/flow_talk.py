"""Drives a flow as the Rasa adapter does, one customer message at a time, without Rasa."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

from bot.assistant.protocol import Reply
from bot.backoffice.port import Backoffice
from bot.flows.engine import advance
from bot.flows.types import Advance, Finish, Flow, Heard, Scene
from bot.language.entities import extract
from bot.language.wording import get_wording
from bot.understanding.types import Entity, Understanding

AT = datetime(2026, 11, 26, 18, 0, tzinfo=timezone.utc)


class Talk:
    """A conversation inside one flow. ``say`` and ``press`` return the bot's words of that turn."""

    def __init__(self, flow: Flow, backoffice: Backoffice, *, language: str = "fr", at: datetime = AT,
                 slots: dict[str, Any] | None = None) -> None:
        self.flow, self.backoffice, self.language, self.at = flow, backoffice, language, at
        self.slots: dict[str, Any] = {"flow_key": "conv:t0", "flow_trail": [], "flow_failures": 0, **(slots or {})}
        self.turn = 0
        self.replies: list[Reply] = []
        self.advance: Advance | None = None
        self.finish: Finish | None = None

    def say(self, text: str, *, intent: str = "out_of_scope", confidence: float = 0.9,
            entities: Sequence[Entity] | None = None) -> str:
        """One message in words."""
        found = tuple(entities) if entities is not None else self._entities(text)
        return self._turn(Heard(Understanding(text=text, language=self.language, language_confidence=1.0,
                                              intent=intent, confidence=confidence, entities=found), at=self.at))

    def press(self, value: str) -> str:
        """Press an offered button, named by its id or by the value at its end."""
        offered = [c.id for reply in self.replies for c in reply.choices]
        chosen = next((i for i in offered if i == value or i == f"slot:{self.asked}:{value}"), None)
        assert chosen, f"{value} was not offered: {offered}"
        label = next(c.label for reply in self.replies for c in reply.choices if c.id == chosen)
        return self._turn(Heard(Understanding(text=label, language=self.language, language_confidence=1.0,
                                              intent="choice", confidence=1.0), choice=chosen, at=self.at))

    def again(self) -> str:
        """Run the effect of the finished flow once more, as a repeated turn does."""
        assert self.flow
        return "\n".join(reply.text for reply in self.flow.finish(self.scene()).replies)

    @property
    def asked(self) -> str | None:
        """The slot of the question now pending."""
        return self.slots.get("requested_slot")

    @property
    def end(self) -> str | None:
        """How the flow ended, if it did."""
        if self.finish:
            return self.finish.end
        return self.advance.end if self.advance else None

    def scene(self) -> Scene:
        """The scene of this turn."""
        wording, seed, language = get_wording(), f"t{self.turn}", self.language
        return Scene(slots=dict(self.slots), language=language, backoffice=self.backoffice, conversation_id="conv",
                     turn_id=seed, at=self.at, say=lambda key, **values: wording.say(key, language, seed=seed, **values))

    def _entities(self, text: str) -> tuple[Entity, ...]:
        return extract(text, self.language, today=self.at.date())

    def _turn(self, heard: Heard) -> str:
        self.turn += 1
        self.advance = advance(self.flow, heard, self.scene())
        self.slots.update(self.advance.slots)
        self.slots["requested_slot"] = self.advance.requested
        self.replies = list(self.advance.replies)
        if self.advance.end == "done":
            self.finish = self.flow.finish(self.scene())
            self.replies += self.finish.replies
        return "\n".join(reply.text for reply in self.replies)
