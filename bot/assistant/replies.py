"""From a decision to what the customer reads: sentences, buttons, cards. No decisions are made here."""

from __future__ import annotations

from datetime import datetime

from bot.assistant.context import TurnContext
from bot.assistant.policy import DETAIL, Decision
from bot.assistant.protocol import ArticleRef, Choice, Reply, ReplyKind
from bot.assistant.tongue import NOTE, in_reach
from bot.faq.aspects import STEPS, asked_for, excerpt
from bot.flows.danger import Danger, danger_of
from bot.flows.outage import danger_words
from bot.language.wording import fingerprint
from bot.settings import get_settings
from bot.tickets.hours import desk
from bot.understanding.types import ArticleCandidate

#: Themes of the FAQ, in the order a customer is asked about them.
THEMES = ("facture", "paiement", "contrat", "demenagement", "compteur", "urgence", "espace-client", "services")


def render(decision: Decision, turn: TurnContext) -> list[Reply]:
    """What to say for a decision; records in the turn's memory what was shown, offered and said."""
    replies = {
        "answer": _answer, "options": _options, "qualify": _qualify, "unknown": _unknown,
        "offer_human": _offer_human, "handover": hand_over, "smalltalk": _smalltalk,
    }[decision.kind](decision, turn)
    return replies


def remember(replies: list[Reply], turn: TurnContext) -> None:
    """Keep what a later turn must know of these replies."""
    memory = turn.memory
    for reply in replies:
        parts = reply.text.split("\n\n")
        memory.said += [fingerprint(part) for part in parts if len(parts) > 1] + [fingerprint(reply.text)]
        if reply.choices:
            memory.offered = [c.id for c in reply.choices]
    if replies:
        memory.last = replies[-1].reply


def button(turn: TurnContext, choice: str, **values: object) -> Choice:
    """One of the bot's own buttons: ``human``, ``else``, ``helped:yes``…"""
    return Choice(id=choice, label=turn.say(f"choice.{choice.replace(':', '_')}", **values))


def flow_button(turn: TurnContext, flow: str) -> Choice:
    """The button that starts a flow."""
    return Choice(id=f"flow:{flow}", label=turn.say(f"choice.flow_{flow}"))


def show_article(turn: TurnContext, slug: str, probability: float, *, lead: str = "", flow: str | None = None,
                 part: str = "") -> list[Reply]:
    """The short answer of an article, or the lines of a part of it, with its card, its flow and "did this help?"."""
    article = turn.article(slug, turn.language)
    if article is None:
        return []
    memory = turn.memory
    memory.article, memory.theme, memory.pending = slug, article.theme, "helped"
    memory.unknown = 0
    memory.qualified = False
    if slug not in memory.shown:
        memory.shown.append(slug)
    parts = [lead] if lead else []
    if article.locale != turn.language:
        parts.append(turn.say("answer.other_language", language=turn.say(f"language.{article.locale}")))
    parts.append(part or article.answer.strip())
    choices: list[Choice] = []
    offered = article.flow or flow
    if offered:
        choices.append(flow_button(turn, offered))
    turn.effect("answered", article=slug, locale=article.locale, probability=probability, theme=article.theme)
    reply = Reply(
        text="\n\n".join(parts), reply="answer", choices=choices, feedback=True,
        articles=[ArticleRef(id=slug, title=article.title, locale=article.locale, probability=probability, body=article.body)],
    )
    return [reply]


def read_more(turn: TurnContext) -> list[ArticleRef]:
    """The article behind a request that starts a flow, where there surely is one."""
    best = turn.understanding.articles[0] if turn.understanding.articles else None
    article = turn.article(best.id, turn.language) if best and best.probability >= turn.thresholds.sure_in(turn.language) else None
    if best is None or article is None:
        return []
    turn.memory.article, turn.memory.theme = article.id, article.theme
    return [ArticleRef(id=article.id, title=article.title, locale=article.locale, probability=best.probability, body=article.body)]


def _refs(turn: TurnContext, candidates: tuple[ArticleCandidate, ...]) -> list[ArticleRef]:
    refs = []
    for candidate in candidates:
        article = turn.article(candidate.id, turn.language)
        if article is not None:
            refs.append(ArticleRef(id=article.id, title=article.title, locale=article.locale, probability=candidate.probability))
    return refs


def _detail(decision: Decision, turn: TurnContext) -> list[Reply]:
    """What the article just shown says of the side asked for; where it says nothing (new) of it, what lies next to it, or a person."""
    best = decision.articles[0]
    article = turn.article(best.id, turn.language)
    side = asked_for(turn.understanding.text, turn.language)
    lines = excerpt(article, side) if article is not None and side is not None else []
    part = "\n".join(f"{number}. {line}" if side == STEPS else f"• {line}" for number, line in enumerate(lines, 1))
    if part and fingerprint(part) not in turn.memory.said[-2:]:
        return show_article(turn, best.id, best.probability, lead=turn.say(DETAIL), part=part)
    near = [slug for slug in article.related if slug not in turn.memory.refused][:2] if article is not None else []
    related = [turn.article(slug, turn.language) for slug in near]
    beside = decision.articles[1:] or tuple(ArticleCandidate(a.id, a.locale, a.title, 0.0) for a in related if a is not None)
    return _offer_human(Decision("offer_human", "handover.offer_again", articles=beside, reason="the article does not say"), turn)


def _answer(decision: Decision, turn: TurnContext) -> list[Reply]:
    if decision.key == DETAIL:
        return _detail(decision, turn)
    best = decision.articles[0]
    lead = ""
    if turn.memory.article == best.id and turn.memory.last == "answer":
        lead = turn.say("answer.again")
    elif turn.understanding.mood == "angry":
        lead = turn.say("answer.sorry")
    article = turn.article(best.id, turn.language)
    if article is not None and article.person_only:
        shown = show_article(turn, best.id, best.probability, lead=lead)
        for reply in shown:
            reply.feedback = False
        return shown + hand_over(Decision("handover", "handover.person_only", reason=f"person only: {best.id}"), turn)
    shown = show_article(turn, best.id, best.probability, lead=lead, flow=decision.flow)
    if shown and turn.understanding.mood == "angry":      # an article alone is a poor reply to anger
        shown[-1].choices.append(button(turn, "human"))
    return shown or _unknown(Decision("unknown", "unknown.qualify"), turn)


def _options(decision: Decision, turn: TurnContext) -> list[Reply]:
    refs = _refs(turn, decision.articles)
    turn.memory.pending = None
    choices = [Choice(id=f"article:{ref.id}", label=ref.title) for ref in refs]
    first = turn.article(refs[0].id, turn.language) if refs else None
    flow = decision.flow or (first.flow if first else None)
    choices += [flow_button(turn, flow)] if flow else []
    choices += [button(turn, "else"), button(turn, "human")]
    key = decision.key or "options.lead"
    return [Reply(text=turn.say(key if turn.wording.has(key, "fr") else "refused.deny"), reply="options", choices=choices, articles=refs)]


def theme_choices(turn: TurnContext) -> list[Choice]:
    """One button a theme, and a person."""
    return [Choice(id=f"theme:{theme}", label=turn.say(f"theme.{theme}")) for theme in THEMES] + [button(turn, "human")]


def _qualify(decision: Decision, turn: TurnContext) -> list[Reply]:
    turn.memory.qualified = True
    turn.memory.unknown += 1
    turn.memory.pending = None
    lead = turn.say(decision.key) if turn.wording.has(decision.key, "fr") else ""
    text = f"{lead} {turn.say('qualify.theme')}".strip()
    return [Reply(text=text, reply="options", choices=theme_choices(turn))]


def _unknown(decision: Decision, turn: TurnContext) -> list[Reply]:
    turn.memory.qualified = True
    turn.memory.unknown += 1
    turn.memory.pending = None
    turn.effect("gap", text=turn.understanding.text, language=turn.language, intent=turn.understanding.intent,
                articles=[[a.id, a.probability] for a in turn.understanding.articles[:3]])
    return [Reply(text=turn.say(decision.key or "unknown.qualify"), reply="nonanswer", choices=theme_choices(turn))]


def _offer_human(decision: Decision, turn: TurnContext) -> list[Reply]:
    turn.memory.unknown += 1
    turn.memory.pending = "human"
    if decision.reason == NOTE:
        return _other_language(decision, turn)
    refs = _refs(turn, decision.articles)
    key = decision.key if turn.wording.has(decision.key, "fr") else "handover.offer"
    text = turn.say(key)
    if key.startswith("refused."):
        text = f"{text} {turn.say('handover.offer')}"
    if decision.reason == "not understood":
        turn.effect("gap", text=turn.understanding.text, language=turn.language, intent=turn.understanding.intent, articles=[])
    choices = [button(turn, "human"), *[Choice(id=f"article:{ref.id}", label=ref.title) for ref in refs], button(turn, "else")]
    return [Reply(text=text, reply="options", choices=choices, articles=refs)]


def _other_language(decision: Decision, turn: TurnContext) -> list[Reply]:
    """A person for the words as they stand, offered in the languages their writer is likeliest to read."""
    heard = turn.understanding
    turn.memory.tongue = heard.language
    turn.effect("gap", text=heard.text, language=heard.language, intent=heard.intent, articles=[])
    labels = dict.fromkeys(turn.wording.say("choice.human", code) for code in ("en", turn.language))
    return [Reply(text=in_reach(turn, lambda one: one.say(decision.key)), reply="options",
                  choices=[Choice(id="human", label=" · ".join(labels)), button(turn, "else")])]


def hand_over(decision: Decision, turn: TurnContext, *, slots: dict[str, object] | None = None, note: str = "",
              flow: str | None = None, instructed: str | None = None) -> list[Reply]:
    """Say that a person takes over, when, and that nothing need be said again; ask for the ticket.

    ``instructed`` is the danger for which a flow has said already what to do.
    """
    memory = turn.memory
    urgent = decision.urgent
    danger = (danger_of(turn.understanding) or "any") if decision.key == "urgent" else None
    turn.effect(
        "handover", reason=decision.reason or "asked", urgent=urgent, theme=memory.theme, language=memory.language,
        asks=list(memory.asks), shown=list(memory.shown), refused=list(memory.refused), mood=turn.understanding.mood,
        anger=memory.anger, slots=slots or {}, note=" · ".join(filter(None, (note, memory.note))), flow=flow, instructed=danger or instructed, priority="urgent" if urgent else "high" if memory.anger > 1 else "normal",
    )
    memory.pending = None
    memory.unknown = 0
    if urgent:      # nobody in danger should be told to stay and write
        return [Reply(text=in_reach(turn, lambda one: _urgent_words(danger, one)), reply="handover")]
    return [Reply(text=in_reach(turn, lambda one: f"{one.say(decision.key or 'handover.lead')}\n\n{when_answered(one)}"), reply="handover")]


def _urgent_words(danger: Danger | None, turn: TurnContext) -> str:
    lead = danger_words(danger, turn.say) if danger else ""
    return f"{lead}\n\n{turn.say('handover.urgent_opened')}".strip()


def when_answered(turn: TurnContext) -> str:
    """An honest word on when a person answers, from the queue or the opening hours."""
    if turn.people_available:
        if turn.wait_seconds is None:
            return turn.say("handover.open")
        minutes = max(1, round(turn.wait_seconds / 60))
        return turn.say("handover.open_wait_one" if minutes == 1 else "handover.open_wait", minutes=minutes)
    if turn.next_opening is None:
        return turn.say("handover.closed_unknown")
    opening = datetime.fromisoformat(turn.next_opening.replace("Z", "+00:00"))
    return turn.say("handover.closed", opening=desk(get_settings()).describe(opening, turn.at, turn.language))


#: Small talk after which the customer is asked what they need, with the usual starting points.
_OPENERS = frozenset({"greet", "ability", "bot_challenge", "how_are_you", "start_over"})
#: Small talk that itself asks for a person's attention.
_UPSET = frozenset({"frustration", "insult", "sarcasm"})


def starting_points(turn: TurnContext) -> list[Choice]:
    """Four things people come for, and a person."""
    return [flow_button(turn, flow) for flow in ("outage", "explain_bill", "meter_reading", "move_home")] + [button(turn, "human")]


def _smalltalk(decision: Decision, turn: TurnContext) -> list[Reply]:
    memory, intent = turn.memory, decision.key.removeprefix("smalltalk.")
    kind: ReplyKind = "smalltalk"
    choices: list[Choice] = []
    if intent in _OPENERS:
        choices = starting_points(turn)
    elif intent in _UPSET or intent in ("confused", "disbelief", "deny"):
        choices = [button(turn, "human"), button(turn, "else")]
        if intent == "deny" and memory.pending != "helped":
            memory.pending = None
    elif intent == "which_one":
        choices = [*_titles(turn), button(turn, "human")]
        kind = "options"
    elif intent == "repeat" and memory.last == "options":
        titles = _titles(turn)
        choices = [*titles, *(button(turn, c) for c in ("human", "else") if c in memory.offered)]
        if titles:
            return [Reply(text=turn.say("smalltalk.which_one"), reply="options", choices=choices)]
        kind = "options" if choices else kind
    elif intent == "helped":
        turn.effect("flow", event="helped", article=memory.article, helped=True)
        memory.pending = None
    elif intent in ("thanks", "goodbye") and memory.pending != "helped":     # a later "ok" is no yes to an offer left behind
        memory.pending = None
    elif intent == "repeat" and memory.article and memory.article not in memory.refused:
        return show_article(turn, memory.article, 1.0, lead=turn.say("answer.again"))
    key = decision.key if turn.wording.has(decision.key, "fr") else "smalltalk.acknowledge"
    return [Reply(text=turn.say(key), reply=kind, choices=choices)]


def _titles(turn: TurnContext) -> list[Choice]:
    """The last list again: its articles, themes and flows, without what was refused since."""
    refused = {f"article:{slug}" for slug in turn.memory.refused}
    named = (c for c in turn.memory.offered if c not in refused and (
        c.startswith(("article:", "theme:")) or (c.startswith("flow:") and turn.wording.has(f"choice.{c.replace(':', '_')}", "fr"))))
    return [Choice(id=c, label=_label(turn, c)) for c in named]


def _label(turn: TurnContext, choice: str) -> str:
    kind, _, name = choice.partition(":")
    if kind == "article":
        article = turn.article(name, turn.language)
        return article.title if article else name
    return turn.say(f"theme.{name}") if kind == "theme" else turn.say(f"choice.flow_{name}")
