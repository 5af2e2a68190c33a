"""The Rasa side that all flows share: two small actions a flow, the logic being in ``bot.flows``.

``validate_<id>_form`` runs at every turn of the form: it hears values, corrects, goes back, asks.
``action_<id>`` runs once the form is over: it carries out the effect, or says why there is none.
"""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from bot.assistant.choices import pressed
from bot.assistant.context import TurnContext
from bot.assistant.local import turn_for
from bot.assistant.policy import Decision, decide
from bot.assistant.protocol import Choice, Reply
from bot.assistant.replies import (
    button,
    hand_over,
    read_more,
    remember,
    render,
    starting_points,
)
from bot.errors import BackofficeDown, NotAllowed, RelaisError
from bot.failpoints import reached
from bot.flows.cancel_contract import END_IT
from bot.flows.engine import advance, ask_again, resume, verified_anew
from bot.flows.hearing import yes_no
from bot.flows.types import Advance, Finish, Flow, Heard, Scene
from bot.integrations.deadline import within
from bot.settings import get_settings

#: Slots that belong to the running flow and are cleared when it ends.
RUNNING = ("flow_key", "flow_trail", "flow_failures", "flow_status", "flow_next", "flow_note")
#: Slots of a verification that is no longer good.
IDENTITY = ("customer_token", "identity_challenge", "identity_code")
#: Note of a flow that ended since the verification ran out.
_EXPIRED = "verification expired"
#: Share of a turn's time after which an effect is not tried again.
_PATIENCE = 0.75


def utter(dispatcher: CollectingDispatcher, replies: Sequence[Reply]) -> None:
    """Send replies: text and buttons for any Rasa channel, the whole reply for our own."""
    for reply in replies:
        dispatcher.utter_message(
            text=reply.text,
            buttons=[{"title": c.label, "payload": c.label} for c in reply.choices] or None,
            relais=reply.dict(),
        )


class FlowAction(Action, ABC):  # type: ignore[misc]   # rasa-sdk is untyped
    """An action of a flow. Abstract, so that rasa-sdk registers only the flows' own classes."""

    @property
    @abstractmethod
    def flow(self) -> Flow:
        """The flow; subclasses set it as a class attribute."""


class ValidateFlow(FlowAction, ABC):
    """One turn inside a flow's form."""

    def name(self) -> str:
        return f"validate_{self.flow.form}"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        turn = turn_for(tracker)
        slots = dict(tracker.slots)
        started: dict[str, Any] = {}
        if not slots.get("flow_key"):
            started = {"flow_key": f"{turn.conversation_id}:{turn.turn_id}", "flow_trail": [], "flow_failures": 0,
                       "flow_status": None, "requested_slot": None}
            turn.memory.unknown, turn.memory.pending = 0, None
        else:
            _take_offer(turn, self.flow.id)
        scene = turn.scene({**slots, **started})
        heard = _opening(turn) if started else turn.heard
        chosen = heard.choice or ""
        if chosen.startswith("flow:") and chosen.removeprefix("flow:") not in ("back", "cancel", "restart", self.flow.id):
            return self._leave(turn, "switched", {"flow_next": chosen.removeprefix("flow:")})
        try:
            if chosen == f"flow:{self.flow.id}" and scene.slots.get("requested_slot"):      # "carry on here"
                result = await asyncio.to_thread(self._put_again, turn, scene)
                utter(dispatcher, result.replies)
                remember(result.replies, turn)
                return self._events(turn, result.slots, result)
            result = await asyncio.to_thread(self._advance, heard, scene)
            if result.interrupted:
                decision = decide(turn.understanding, turn.memory, turn.thresholds) if turn.heard.choice is None else None
                if decision is not None and decision.kind == "handover" and not decision.urgent:      # danger was heard before
                    return self._leave(turn, "handover", {"flow_note": decision.reason})
                here = replace(scene, slots={**scene.slots, **result.slots})
                between = await asyncio.to_thread(self._in_between, turn, decision, here)
                result.replies, result.requested, result.end = between.replies, between.requested, between.end
                result.slots = {**result.slots, **between.slots}
        except BackofficeDown as error:
            return self._leave(turn, "failed", {"flow_note": error.detail})
        except RelaisError as error:      # the account changed elsewhere, a day went by: nothing to ask any more
            return self._leave(turn, "refused", {"flow_note": error.detail})
        if started and result.replies and turn.heard.choice is None:
            result.replies[0].articles = read_more(turn)
        elif result.replies and result.replies[-1].reply == "options":      # the questions do not fit: a person is offered
            turn.memory.pending = "human"
        if not result.interrupted and (asked := slots.get("requested_slot")) and not started:
            # What each question costs customers: the answers it takes.
            turn.effect("flow", event="step", flow=self.flow.id, step=asked, moved=result.end == "done" or (result.end is None and result.requested != asked))
        utter(dispatcher, result.replies)
        remember(result.replies, turn)
        return self._events(turn, {**started, **result.slots}, result)

    def _events(self, turn: TurnContext, slots: dict[str, Any], result: Advance) -> list[EventType]:
        over = result.end is not None
        if over:
            slots = {**slots, "flow_status": result.end, "flow_note": result.note}
        slots.pop("requested_slot", None)
        events = [SlotSet(name, value) for name, value in slots.items()]
        return [*events, SlotSet("memory", turn.memory.dump()), SlotSet("requested_slot", None if over else result.requested)]

    def _leave(self, turn: TurnContext, status: str, slots: dict[str, Any]) -> list[EventType]:
        values = {**slots, "flow_status": status, "memory": turn.memory.dump(), "requested_slot": None}
        return [SlotSet(name, value) for name, value in values.items()]

    def _advance(self, heard: Heard, scene: Scene) -> Advance:
        try:
            return advance(self.flow, heard, scene)
        except NotAllowed:
            forgotten = dict.fromkeys(IDENTITY)
            result = advance(self.flow, heard, replace(scene, slots={**scene.slots, **forgotten}))
            result.slots = {**forgotten, **result.slots}
            return result

    def _put_again(self, turn: TurnContext, scene: Scene) -> Advance:
        """The pending question once more; where the verification ran out meanwhile, who it is."""
        try:
            again = ask_again(self.flow, scene, prefix=turn.say("flow.resume"), said=turn.memory.said)
        except NotAllowed:
            forgotten = dict.fromkeys(IDENTITY)
            return verified_anew(resume(self.flow, replace(scene, slots={**scene.slots, **forgotten})), forgotten, scene)
        return Advance(requested=scene.slots.get("requested_slot"), replies=[again] if again else [])

    def _in_between(self, turn: TurnContext, decision: Decision | None, scene: Scene) -> Advance:
        """Answer what came in between (a button where nothing was decided), then put the pending question again."""
        if decision is None:
            replies = pressed(str(turn.heard.choice), turn, turn.articles())
        elif decision.kind == "start_flow" and decision.flow != self.flow.id:
            return Advance(requested=scene.slots.get("requested_slot"), replies=[self._offer_switch(turn, str(decision.flow))])
        else:
            replies = [] if decision.kind in ("start_flow", "handover") else render(decision, turn)
        for reply in replies:
            reply.feedback = False
            reply.choices = [c for c in reply.choices if not c.id.startswith("flow:")]
        turn.memory.pending = None      # the flow's own question comes last, and a yes answers that
        result = self._put_again(turn, scene)
        result.replies = [*replies, *result.replies]
        return result

    def _offer_switch(self, turn: TurnContext, other: str) -> Reply:
        turn.memory.pending = f"flow:{other}"
        label = turn.say(f"choice.flow_{other}")
        return Reply(text=turn.say("flow.switch", other=label), reply="flow",
                     choices=[Choice(id=f"flow:{other}", label=label), Choice(id=f"flow:{self.flow.id}", label=turn.say("choice.continue"))])


def _opening(turn: TurnContext) -> Any:
    """A flow started by a button also hears what the customer had written before pressing it."""
    heard = turn.heard
    if heard.choice and heard.choice.startswith("flow:"):
        entities = turn.extract(turn.memory.asks[-1]) if turn.memory.asks else ()
        # The button's label is our own words: no step, and no alarm, may hear it.
        return replace(heard, choice=None, understanding=replace(heard.understanding, text="", entities=entities))
    return heard


def _take_offer(turn: TurnContext, flow: str) -> None:
    """Yes and no answer what was put last: the offer of a person or of another flow, not this flow's question."""
    offer, turn.memory.pending = turn.memory.pending or "", None
    if offer != "human" and not offer.startswith("flow:"):
        return
    said = yes_no(turn.heard, firm=False, wish=END_IT if offer == "flow:cancel_contract" else None)
    if said or (said is None and turn.understanding.intent == "acknowledge"):
        turn.heard = replace(turn.heard, choice=offer)
    elif said is False and turn.understanding.intent != "cancel":
        turn.heard = replace(turn.heard, choice=f"flow:{flow}")


class SubmitFlow(FlowAction, ABC):
    """What happens when a flow's form is over, whichever way it ended."""

    def name(self) -> str:
        return f"action_{self.flow.id}"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        turn = turn_for(tracker)
        slots = dict(tracker.slots)
        status = slots.get("flow_status") or "cancelled"
        follow: list[EventType] = []
        forgotten: tuple[str, ...] = ()
        if status == "done":
            finish = await self._finish(turn, slots)
            if finish.note == _EXPIRED:      # said again, it begins with who it is
                forgotten, turn.memory.pending = IDENTITY, f"flow:{self.flow.id}"
        elif status == "switched":
            finish = Finish("cancelled", [])
            follow = [FollowupAction(f"{slots.get('flow_next')}_form")]
        elif status == "failed":
            finish = Finish("failed", [Reply(text=turn.say("flow.down"), reply="flow")], note=str(slots.get("flow_note") or ""))
        elif status == "refused":
            finish = self._refused(turn, str(slots.get("flow_note") or ""))
        elif status == "cancelled":
            finish = Finish("cancelled", [Reply(text=turn.say("flow.cancelled"), reply="flow", choices=starting_points(turn))])
        else:
            finish = Finish("handover", [], note=str(slots.get("flow_note") or ""))
        replies = list(finish.replies)
        if finish.end in ("handover", "failed"):
            reason = "asked" if "asked" in finish.note else f"flow {self.flow.id}: {finish.note or finish.end}"
            urgent = finish.note.startswith("urgent")
            danger = finish.note.removeprefix("urgent: ") if urgent else None
            known = {s.slot: slots[s.slot] for s in self.flow.steps if not s.secret and slots.get(s.slot) is not None}
            decision = Decision("handover", "handover.brief" if replies else "", reason=reason, urgent=urgent)
            replies += hand_over(decision, turn, slots=known, note=finish.note, flow=self.flow.id, instructed=danger)
        turn.effect("flow", event=finish.end, flow=self.flow.id, reference=finish.reference)
        utter(dispatcher, replies)
        remember(replies, turn)
        if status == "done" and finish.end == "done":
            turn.memory.pending = "helped"
        gone = [step.slot for step in self.flow.steps if step.slot not in ("contract_number", "contract_postcode")]
        cleared = [SlotSet(slot, None) for slot in dict.fromkeys((*gone, *RUNNING, *forgotten))]
        return [*cleared, SlotSet("memory", turn.memory.dump()), *follow]

    async def _finish(self, turn: TurnContext, slots: dict[str, Any]) -> Finish:
        began = time.monotonic()
        try:
            await reached("dialogue.before_effect")
            finish = await asyncio.to_thread(self.flow.finish, turn.scene(slots))
            await reached("dialogue.after_effect")
            return finish
        except BackofficeDown as error:
            if error.untouched:
                return Finish("failed", [Reply(text=turn.say("flow.down"), reply="flow")], note=error.detail)
            return await self._once_more(turn, slots, error, _PATIENCE * get_settings().turn_timeout - (time.monotonic() - began))
        except NotAllowed:
            text = turn.say("flow.expired")
            return Finish("cancelled", [Reply(text=text, reply="flow", choices=[button(turn, "human"), Choice(
                id=f"flow:{self.flow.id}", label=turn.say(f"choice.flow_{self.flow.id}"))])], note=_EXPIRED)
        except RelaisError as error:      # offered a moment ago, refused now: a person sorts it out
            return self._refused(turn, error.detail)

    async def _once_more(self, turn: TurnContext, slots: dict[str, Any], error: BackofficeDown, seconds: float) -> Finish:
        """An effect whose answer was lost, under its same key: its receipt, or that nobody can tell yet."""
        try:
            if seconds > 0:
                with within(seconds):
                    return await asyncio.to_thread(self.flow.finish, turn.scene(slots))
        except RelaisError as second:
            error = second if isinstance(second, BackofficeDown) else error
        note = f"outcome unknown, check first: {error.detail}"
        return Finish("failed", [Reply(text=turn.say("flow.unsure"), reply="flow")], note=note)

    def _refused(self, turn: TurnContext, detail: str) -> Finish:
        return Finish("failed", [Reply(text=turn.say("flow.refused"), reply="flow")], note=detail)
