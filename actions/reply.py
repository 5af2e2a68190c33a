"""The reply outside a flow: whatever ``bot.assistant.policy`` decides, through ``respond``."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.base import utter
from bot.assistant.local import turn_for
from bot.assistant.respond import respond


class ActionReply(Action):  # type: ignore[misc]   # rasa-sdk is untyped
    """Answers, offers, asks or hands over, or leaves the word to a flow's form, perhaps after a second request."""

    def name(self) -> str:
        return "action_reply"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        turn = turn_for(tracker)
        replies, flow = respond(turn)
        utter(dispatcher, replies)
        memory = SlotSet("memory", turn.memory.dump())
        return [memory, FollowupAction(f"{flow}_form")] if flow else [memory]
