"""A turn outside a flow, without Rasa: decide, render, remember. What ``action_reply`` runs."""

from __future__ import annotations

from bot.assistant.choices import pressed
from bot.assistant.context import TurnContext
from bot.assistant.policy import ANGER, Decision, decide
from bot.assistant.protocol import Reply
from bot.assistant.replies import remember, render
from bot.assistant.several import after_answer, before_flow, surest
from bot.flows.registry import FLOWS, answered_already
from bot.language.wording import fingerprint


def respond(turn: TurnContext) -> tuple[list[Reply], str | None]:
    """Replies to a message or button, and the id of the flow to start after them, if any."""
    choice = turn.heard.choice
    if choice is not None and choice != "human":
        turn.memory.which = 0
        replies = pressed(choice, turn, turn.articles())
    else:
        decision = surest(decide(turn.understanding, turn.memory, turn.thresholds), turn)
        turn.memory.which = turn.memory.which + 1 if decision.key == "smalltalk.which_one" else 0
        if decision.kind == "answer" and (flow := _ready_flow(decision, turn)):
            decision = Decision("start_flow", flow=flow)
        if decision.kind == "start_flow":
            before = before_flow(decision, turn)
            remember(before, turn)
            return before, decision.flow
        replies = render(decision, turn)
        replies += after_answer(decision, turn, replies)
    handed = any(reply.reply == "handover" for reply in replies)
    if replies and not handed and fingerprint(replies[0].text) in turn.memory.said[-1:]:
        replies = render(Decision("offer_human", "handover.offer_again", reason="said just before"), turn)
    if turn.understanding.intent in ANGER or turn.understanding.mood == "angry":
        turn.memory.anger += 1
    remember(replies, turn)
    return replies, None


def _ready_flow(decision: Decision, turn: TurnContext) -> str | None:
    """The flow of the article, where the message already answers two of its questions."""
    article = turn.article(decision.articles[0].id, turn.language)
    flow = FLOWS.get(article.flow or "") if article else None
    if flow is None or turn.understanding.negated:
        return None
    return flow.id if answered_already(flow, turn.heard, turn.scene({})) >= 2 else None
