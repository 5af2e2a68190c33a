"""A dialogue without Rasa and without a model: the reply policy itself over messages read as told."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from benchmarks.fuzz_policy.moves import SLUGS, Move, read
from benchmarks.fuzz_policy.promises import Broken, handed_over
from bot.assistant.context import TurnContext
from bot.assistant.engine import Engine
from bot.assistant.memory import Memory
from bot.assistant.protocol import Choice, Effect, Reply
from bot.assistant.replies import remember
from bot.assistant.respond import respond
from bot.backoffice.port import Backoffice
from bot.faq.articles import Article
from bot.flows.types import Heard
from bot.language.wording import get_wording
from bot.understanding.thresholds import Thresholds

THRESHOLDS = Thresholds(sure=0.7, maybe=0.2)
ARTICLES = [Article(id=slug, locale="fr", title=f"Article {slug}", answer=f"Réponse {slug}.",
                    theme="facture" if n % 2 else "compteur", person_only=n == 9) for n, slug in enumerate(SLUGS)]
_BY_ID = {article.id: article for article in ARTICLES}
_ASKS, _LOST = Move(read("human")), Move(read("faq", text="blorp zgnif"))
_AT = datetime(2026, 9, 1, 10, tzinfo=timezone.utc)


@dataclass
class Turn:
    """What came of a move."""

    state: dict[str, Any]
    replies: list[Reply]
    effects: list[Effect] = field(default_factory=list)


def take_turn(state: dict[str, Any] | None, move: Move, n: int) -> Turn:
    """``turn(state, message) → (state', replies, effects)``, as the dialogue process has it."""
    memory = _memory(state)
    replies, effects = _run(memory, move, n)
    return Turn({"memory": memory.dump()}, replies, effects)


def _memory(state: dict[str, Any] | None) -> Memory:
    """A memory of its own: what a turn does to it does not reach the state it came from."""
    kept = (state or {}).get("memory") or {}
    return Memory.load({name: list(value) if isinstance(value, list) else value for name, value in kept.items()})


def _run(memory: Memory, move: Move, n: int) -> tuple[list[Reply], list[Effect]]:
    turn = TurnContext(
        heard=Heard(move.understanding, move.choice, _AT), memory=memory, wording=get_wording(),
        backoffice=_NONE, thresholds=THRESHOLDS, article=lambda slug, locale: _BY_ID.get(slug),
        articles=lambda: ARTICLES, extract=lambda text: (), conversation_id="c", turn_id=f"t{n}",
    )
    Engine._listen(turn, active=False)
    if move.choice and move.choice.startswith("flow:"):
        replies, flow = [], move.choice.removeprefix("flow:")
    else:
        replies, started = respond(turn)
        flow = started or ""
    if flow:          # a flow asks its first question; its own rules are tested elsewhere
        replies = [Reply(text=f"Question {n} ({flow})", reply="flow", choices=[Choice(id="human", label="Un conseiller")])]
        remember(replies, turn)
    return replies, turn.effects


def check_way_out(state: dict[str, Any] | None, n: int) -> None:
    """From here, a person in one turn by asking, and within two by not being understood. Raises Broken."""
    replies, effects = _run(_memory(state), _ASKS, n)
    if not handed_over(replies):
        raise Broken("asked for a person, and none came")
    if sum(effect.kind == "handover" for effect in effects) != 1:
        raise Broken("asked for a person, and no ticket came of it")
    memory = _memory(state)
    for step in (1, 2):
        replies, _ = _run(memory, _LOST, n + step)
        if handed_over(replies) or any(c.id == "human" for reply in replies for c in reply.choices):
            return
    raise Broken("not understood twice, and no person in sight")


class _Nobody:
    """No back office: nothing here calls one."""


_NONE: Backoffice = _Nobody()  # type: ignore[assignment]
