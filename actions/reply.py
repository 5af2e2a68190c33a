"""The reply outside a flow: the policy decides, the words are rendered, the memory is kept."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.base import utter
from bot.assistant.choices import pressed
from bot.assistant.local import turn_for
from bot.assistant.policy import ANGER, decide
from bot.assistant.replies import remember, render


class ActionReply(Action):
    """Answers, offers, asks or hands over: whatever ``bot.assistant.policy`` decides."""

    def name(self) -> str:
        return "action_reply"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        turn = turn_for(tracker)
        choice = turn.heard.choice
        if choice is not None and choice != "human":
            replies = pressed(choice, turn, turn.articles())
        else:
            decision = decide(turn.understanding, turn.memory, turn.thresholds)
            if decision.kind == "start_flow":
                return [SlotSet("memory", turn.memory.dump()), FollowupAction(f"{decision.flow}_form")]
            replies = render(decision, turn)
            for part in turn.understanding.parts[1:2]:
                second = decide(part, turn.memory, turn.thresholds)
                if decision.kind == "answer" and second.kind == "answer" and second.articles[0].id != decision.articles[0].id:
                    more = render(second, turn)
                    more[0].text = f"{turn.say('answer.also')}\n\n{more[0].text}"
                    replies[-1].feedback = False
                    replies += more
        if turn.understanding.intent in ANGER or turn.understanding.mood == "angry":
            turn.memory.anger += 1
        utter(dispatcher, replies)
        remember(replies, turn)
        return [SlotSet("memory", turn.memory.dump())]
