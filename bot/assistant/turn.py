"""``turn(state, message) → (state', replies, effects)``: the function a dialogue process is."""

from __future__ import annotations

import time
from typing import Any

from bot.assistant.context import TurnContext, set_turn
from bot.assistant.engine import Engine, entity_dicts, rasa_intent
from bot.assistant.protocol import ArticleRef, Reply, TurnRequest, TurnResponse
from bot.assistant.rasa_agent import RasaAgent
from bot.errors import DialogueUnavailable


async def take_turn(engine: Engine, rasa: RasaAgent, request: TurnRequest) -> TurnResponse:
    """One turn. Deterministic in the request; raises DialogueUnavailable where Rasa said nothing.

    An empty reply from Rasa is a failure (an action raised, no rule matched), never "nothing to say".
    """
    started = time.perf_counter()
    state = request.state or {}
    turn = engine.context(request, dict(state.get("slots") or {}), state.get("loop"))
    set_turn(turn)
    try:
        sender = f"{request.conversation_id}:{request.turn_id}"
        after, uttered = await rasa.turn(sender, turn.heard.text or request.choice or "", _parse_data(turn), state)
    finally:
        set_turn(None)
    replies = [Reply(**event.metadata["relais"]) for event in uttered if "relais" in (event.metadata or {})]
    if not replies:
        raise DialogueUnavailable("The dialogue engine gave no reply.")
    understanding = turn.understanding
    articles = [
        ArticleRef(id=a.id, title=a.title, locale=a.locale, probability=round(min(1.0, max(0.0, a.probability)), 4))
        for a in understanding.articles[:5]
    ]
    loop = after.get("loop")
    return TurnResponse(
        state=after, replies=replies, effects=turn.effects, language=turn.memory.language, intent=understanding.intent,
        confidence=understanding.confidence, articles=articles, theme=turn.memory.theme,
        flow=str(loop).removesuffix("_form") if loop else None, millis=round((time.perf_counter() - started) * 1000, 2),
    )


def _parse_data(turn: TurnContext) -> dict[str, Any]:
    understanding = turn.understanding
    intent = {"name": rasa_intent(turn), "confidence": understanding.confidence}
    return {
        "text": turn.heard.text, "intent": intent, "intent_ranking": [intent],
        "entities": entity_dicts(understanding.entities),
    }
