"""Rasa's agent inside our process: no server, no database, no lock, no text that is a command.

The tracker of a turn is made from the state that came with the request (slots and the active form;
a few events whatever the length of the conversation) and read back afterwards. ``parse_data`` goes in
already understood, so the parser never sees the text.

Extension points: ``TrackerStore``, ``EndpointConfig`` and ``rasa_sdk.executor.ActionExecutor``, as
documented for Rasa Open Source 3.6.
"""

from __future__ import annotations

import os
from contextlib import nullcontext
from contextvars import ContextVar
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("SQLALCHEMY_SILENCE_UBER_WARNING", "1")
os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")

from bot.assistant.rasa_imports import light_imports, rules_only
from bot.settings import ROOT

with light_imports() if rules_only(ROOT / "config.yml") else nullcontext():
    from rasa.core.channels.channel import CollectingOutputChannel, UserMessage
    from rasa.core.lock_store import InMemoryLockStore
    from rasa.core.tracker_store import TrackerStore
    from rasa.shared.core.domain import Domain
    from rasa.shared.core.events import (
        ActionExecuted,
        ActiveLoop,
        BotUttered,
        Event,
        SessionStarted,
        SlotSet,
    )
    from rasa.shared.core.trackers import DialogueStateTracker
    from rasa.utils.endpoints import ClientResponseError, EndpointConfig
    from rasa_sdk.executor import ActionExecutor
    from rasa_sdk.interfaces import ActionExecutionRejection

    from bot.assistant.rasa_processor import LeanAgent

State = dict[str, Any]
_trackers: ContextVar[dict[str, DialogueStateTracker] | None] = ContextVar("trackers", default=None)


class PerTurnTrackerStore(TrackerStore):  # type: ignore[misc]   # Rasa is untyped
    """Keeps a tracker for the length of one turn, in the task that runs it."""

    async def save(self, tracker: DialogueStateTracker) -> None:
        held = _trackers.get()
        if held is not None:
            held[tracker.sender_id] = tracker

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        held = _trackers.get()
        return held.get(sender_id) if held is not None else None

    async def keys(self) -> list[str]:
        return []


class InProcessActions(EndpointConfig):  # type: ignore[misc]   # Rasa is untyped
    """Runs rasa-sdk actions here instead of posting to an action server."""

    def __init__(self, package: str = "actions") -> None:
        super().__init__(url="in-process")
        self.executor = ActionExecutor()
        self.executor.register_package(package)

    async def request(self, *_: Any, json: dict[str, Any] | None = None, **__: Any) -> Any:
        try:
            return await self.executor.run(json or {})
        except ActionExecutionRejection as rejection:
            raise ClientResponseError(400, str(rejection), _rejection(rejection)) from rejection


def _rejection(rejection: ActionExecutionRejection) -> bytes:
    import json

    return json.dumps({"error": str(rejection), "action_name": rejection.action_name}).encode()


class RasaAgent:
    """One turn through Rasa's policies and our actions."""

    def __init__(self, model_path: Path) -> None:
        self._store = PerTurnTrackerStore(Domain.empty())
        self.agent = LeanAgent(
            tracker_store=self._store, lock_store=InMemoryLockStore(), action_endpoint=InProcessActions(),
        )
        self.agent.load_model(str(model_path))
        if self.agent.domain is None:
            raise ValueError(f"{model_path} is not a trained assistant.")
        self.domain = self.agent.domain

    async def turn(self, sender: str, text: str, parse_data: dict[str, Any], state: State) -> tuple[State, list[BotUttered]]:
        """Run one message. ``sender`` is unique to the turn. Returns the state after it and what was uttered."""
        tracker = self._tracker(sender, state)
        before = len(tracker.events)
        _trackers.set({sender: tracker})
        message = UserMessage(text, output_channel=CollectingOutputChannel(), sender_id=sender, parse_data=parse_data)
        await self.agent.handle_message(message)
        held = _trackers.get() or {}
        after = held[sender]
        _trackers.set(None)
        events = list(after.events)[before:]
        return self._state(after), [event for event in events if isinstance(event, BotUttered)]

    def _tracker(self, sender: str, state: State) -> DialogueStateTracker:
        slots = {name: value for name, value in (state.get("slots") or {}).items() if self._known(name)}
        events: list[Event] = [ActionExecuted("action_session_start"), SessionStarted()]
        loop = state.get("loop")
        requested = slots.pop("requested_slot", None)
        events += [SlotSet(name, value) for name, value in slots.items()]
        if loop and loop in self.domain.form_names:
            events += [ActionExecuted(loop), ActiveLoop(loop), SlotSet("requested_slot", requested)]
        events.append(ActionExecuted("action_listen"))
        tracker = DialogueStateTracker(sender, self.domain.slots)
        for event in events:
            tracker.update(event, self.domain)
        return tracker

    def _known(self, slot: str) -> bool:
        return slot == "requested_slot" or any(known.name == slot for known in self.domain.slots)

    @staticmethod
    def _state(tracker: DialogueStateTracker) -> State:
        slots = {name: slot.value for name, slot in tracker.slots.items() if slot.value is not None}
        return {"v": 1, "slots": slots, "loop": tracker.active_loop_name}
