"""Buttons pressed outside a flow: an article, a theme, "something else", "did this help?"."""

from __future__ import annotations

from collections.abc import Sequence

from bot.assistant.context import TurnContext
from bot.assistant.policy import Decision
from bot.assistant.protocol import Choice, Reply
from bot.assistant.replies import button, hand_over, render, show_article, theme_choices
from bot.faq.articles import Article


def pressed(choice: str, turn: TurnContext, articles: Sequence[Article]) -> list[Reply]:
    """What a button outside a flow leads to. ``articles`` are all there are in the customer's language."""
    kind, _, name = choice.partition(":")
    memory = turn.memory
    if kind == "article":
        return show_article(turn, name, 1.0) or [_gone(turn)]
    if kind == "theme":
        return [_theme(name, turn, articles)]
    if kind == "helped":
        return _helped(name == "yes", turn)
    if kind == "else":
        memory.refused += [c.removeprefix("article:") for c in memory.offered if c.startswith("article:")]
        if memory.qualified:
            memory.pending = "human"
            return [Reply(text=turn.say("choice_else.again"), reply="options", choices=[button(turn, "human")])]
        memory.qualified = True
        memory.pending = None
        return [Reply(text=turn.say("choice_else.text"), reply="options", choices=theme_choices(turn))]
    return [_gone(turn)]


def _gone(turn: TurnContext) -> Reply:
    return Reply(text=turn.say("choice_gone.text"), reply="options", choices=theme_choices(turn))


def _theme(theme: str, turn: TurnContext, articles: Sequence[Article]) -> Reply:
    memory = turn.memory
    memory.theme = theme
    memory.pending = None
    inside = [a for a in articles if a.theme == theme and a.id not in memory.refused]
    last = turn.memory.asks[-1] if turn.memory.asks else ""
    ranked = {a.id: a.probability for a in turn.understanding.articles}
    inside.sort(key=lambda a: -ranked.get(a.id, 0.0))
    choices = [Choice(id=f"article:{a.id}", label=a.title) for a in inside[:5]]
    key = "qualify.within_asked" if last else "qualify.within"
    return Reply(text=turn.say(key, theme=turn.say(f"theme.{theme}")), reply="options",
                 choices=[*choices, button(turn, "else"), button(turn, "human")])


def _helped(yes: bool, turn: TurnContext) -> list[Reply]:
    memory = turn.memory
    memory.pending = None
    if yes:
        turn.effect("flow", event="helped", article=memory.article, helped=True)
        return [Reply(text=turn.say("smalltalk.helped"), reply="smalltalk")]
    turn.effect("refused", article=memory.article)
    if memory.article and memory.article not in memory.refused:
        memory.refused.append(memory.article)
    left = [a for a in turn.understanding.articles if a.id not in memory.refused and a.probability >= turn.thresholds.maybe][:2]
    if left:
        return render(Decision("options", "refused.deny", articles=tuple(left)), turn)
    if memory.unknown or len(memory.refused) > 1:
        return hand_over(Decision("handover", reason="answers did not help"), turn)
    return render(Decision("qualify", "refused.deny"), turn)
