"""A message that holds two requests: neither is lost, whichever is done first."""

from __future__ import annotations

from bot.assistant.context import TurnContext
from bot.assistant.policy import Decision, decide
from bot.assistant.protocol import Reply
from bot.assistant.replies import button, flow_button, render
from bot.language.wording import fingerprint

_SURE = ("answer", "start_flow")


def surest(whole: Decision, turn: TurnContext) -> Decision:
    """What to do first: where the whole was too mixed to be sure of, what is sure of one of its requests."""
    if whole.kind not in ("options", "unknown"):
        return whole
    sure = _decided(turn)
    return next((d for d in sure if d.kind == "answer"), sure[0]) if len(sure) > 1 else whole


def other_request(first: Decision, turn: TurnContext) -> Decision | None:
    """The request beside the one that is done first: an answer before a flow, and nothing that is the same thing."""
    if first.kind not in _SURE:
        return None
    others = [d for d in _decided(turn) if _subject(d) != _subject(first) and not _same_thing(first, d, turn)]
    return next((d for d in others if d.kind == "answer"), others[0] if others else None)


def after_answer(first: Decision, turn: TurnContext, replies: list[Reply]) -> list[Reply]:
    """The second answer, or the flow that does the other thing; nothing once a person has the chat."""
    other = other_request(first, turn)
    if other is None or any(reply.reply == "handover" for reply in replies):
        return []
    if other.kind == "answer":
        more = render(other, turn)
        more[0].text = f"{turn.say('answer.also')}\n\n{more[0].text}"
        replies[-1].feedback = False
        return more
    if any(choice.id == f"flow:{other.flow}" for choice in replies[-1].choices):
        return []
    turn.memory.pending = f"flow:{other.flow}"
    replies[-1].feedback = False
    return [Reply(text=turn.say("answer.also_flow"), reply="options", choices=[flow_button(turn, str(other.flow)), button(turn, "human")])]


def before_flow(first: Decision, turn: TurnContext) -> list[Reply]:
    """What is said before a flow asks its first question: the answer to the other request, or its turn to come."""
    other = other_request(first, turn)
    if other is None:
        return []
    if other.kind == "start_flow":
        names = {"first": turn.say(f"choice.flow_{first.flow}"), "second": turn.say(f"choice.flow_{other.flow}")}
        replies = [Reply(text=turn.say("flow.one_first", **names), reply="flow")]
    else:
        replies = render(other, turn)
        for reply in replies:
            reply.feedback, reply.choices = False, []      # the flow's question comes next, and a press answers that
    return [] if fingerprint(replies[0].text) in turn.memory.said[-1:] else replies


def _decided(turn: TurnContext) -> list[Decision]:
    found = [decide(part, turn.memory, turn.thresholds) for part in turn.understanding.parts]
    return [d for d in found if d.kind in _SURE and not (d.kind == "answer" and _for_people(d, turn))]


def _subject(decision: Decision) -> str | None:
    return decision.flow if decision.kind == "start_flow" else decision.articles[0].id if decision.articles else None


def _same_thing(one: Decision, other: Decision, turn: TurnContext) -> bool:
    """A flow and the article about what the flow does are one request."""
    flow, answer = (one, other) if one.kind == "start_flow" else (other, one)
    if flow.kind == answer.kind or not answer.articles:
        return False
    article = turn.article(answer.articles[0].id, turn.language)
    return article is not None and article.flow == flow.flow


def _for_people(decision: Decision, turn: TurnContext) -> bool:
    """An article that hands over ends what the bot says: it is no second answer."""
    article = turn.article(decision.articles[0].id, turn.language)
    return article is None or article.person_only
