"""The reply policy: what to do with a message, decided in one place and by pure functions.

Promises, each a property test:

* never two non-answers in a row: after one, the next thing not understood goes to a person;
* never an article the customer refused;
* a person whenever one is asked for, and at once for what is urgent;
* smalltalk is read in context: "non" after an offer means the offer was wrong.

Nothing here words or sends anything: see ``replies.py`` for the sentences.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.assistant.memory import Memory
from bot.assistant.tongue import KEY, NOTE
from bot.faq.aspects import asked_for
from bot.understanding.thresholds import LIKELY, SURE_ALONE, Thresholds, wants_flow
from bot.understanding.types import REFUSALS, ArticleCandidate, Understanding

Kind = Literal["answer", "options", "qualify", "handover", "smalltalk", "start_flow", "unknown", "offer_human"]

ANGER = frozenset({"frustration", "insult"})
#: Flows that are asked about before they are wanted: what it costs, how long it takes.
PRICED = frozenset({"choose_power", "move_home", "cancel_contract", "payment_details", "meter_reading"})
DETAIL = "answer.detail"     # a side of the article just shown is asked for


@dataclass(frozen=True)
class Decision:
    """What to do. ``key`` names the wording; ``reason`` is for the packet and the logs."""

    kind: Kind
    key: str = ""
    articles: tuple[ArticleCandidate, ...] = ()
    flow: str | None = None
    reason: str = ""
    urgent: bool = False


def decide(u: Understanding, m: Memory, t: Thresholds) -> Decision:
    """Decide on a message written in words, outside a flow."""
    if u.intent == "urgent":
        return Decision("handover", "urgent", reason="urgent", urgent=True)
    if u.intent == "human":
        return Decision("handover", reason="asked")
    if m.pending == "human" and u.intent in ("affirm", "acknowledge"):
        return Decision("handover", reason="accepted")
    if m.pending and m.pending.startswith("flow:"):
        if u.intent in ("affirm", "acknowledge"):
            return Decision("start_flow", flow=m.pending.removeprefix("flow:"))
        if u.intent == "deny":      # no to the flow, not to the answer above it
            return Decision("smalltalk", "smalltalk.deny")
    if NOTE in u.notes:      # an article or a flow in our language would help nobody who does not write it
        if m.pending == "human" or m.unknown >= 2:
            return Decision("handover", reason=NOTE)
        return Decision("offer_human", KEY, reason=NOTE)
    upset = u.intent in ANGER or (u.mood == "angry" and u.intent in ("out_of_scope", *REFUSALS))
    if upset and m.anger >= 1 and not _sure(u, m, t):
        return Decision("handover", "handover.angry", reason="anger")
    if m.pending == "human" and u.intent == "deny":      # no to the person, who stays one button away
        return Decision("smalltalk", "smalltalk.deny")
    if u.intent in REFUSALS and m.last in ("answer", "options", "qualify", "nonanswer"):
        return _refused(u, m, t)
    if u.intent == "affirm" and m.pending == "helped":
        return Decision("smalltalk", "smalltalk.helped")
    if u.intent in ("affirm", "acknowledge") and m.last in ("options", "qualify") and m.offered:
        if m.which:
            return Decision("offer_human", "handover.offer", reason="which one, twice")
        return Decision("smalltalk", "smalltalk.which_one")
    if u.intent.startswith("flow_") and not u.negated:
        return _flow(u, m, t)
    if u.intent in ("faq", "out_of_scope") or u.negated:
        return _question(u, m, t)
    if u.intent in ("cancel", "go_back", "start_over", "repeat"):
        return Decision("smalltalk", f"smalltalk.{u.intent}")
    return Decision("smalltalk", f"smalltalk.{u.intent}")


def left(u: Understanding, m: Memory) -> tuple[ArticleCandidate, ...]:
    """Candidates the customer has not refused, best first."""
    return tuple(a for a in u.articles if a.id not in m.refused)


def _sure(u: Understanding, m: Memory, t: Thresholds) -> bool:
    articles = left(u, m)
    return bool(articles) and articles[0].probability >= t.sure_in(u.language)


def _flow(u: Understanding, m: Memory, t: Thresholds) -> Decision:
    """Do it where the wish is plain; where an article is as likely, show it with the flow beside it."""
    flow = u.intent.removeprefix("flow_")
    articles = left(u, m)
    best = articles[0].probability if articles else 0.0
    if wants_flow(u) and not (best >= LIKELY and flow in PRICED and asked_for(u.text, u.language) in ("price", "time")):
        return Decision("start_flow", flow=flow)
    if best >= t.sure_in(u.language):
        # An article that surely answers leaves little room for a wish that was only half heard.
        return Decision("answer", articles=articles[:1], flow=flow if u.confidence >= SURE_ALONE else None)
    return Decision("options", articles=articles[:2], flow=flow) if articles else Decision("start_flow", flow=flow)


def _question(u: Understanding, m: Memory, t: Thresholds) -> Decision:
    articles = left(u, m)
    best = articles[0].probability if articles else 0.0
    foreign = u.intent == "out_of_scope" and best < LIKELY
    again = bool(articles) and articles[0].id == m.article and m.last in ("answer", "flow")
    if again and "context" in u.notes:      # more is asked of what was just read: that needs no dial
        beside = tuple(a for a in articles[1:3] if a.probability >= t.maybe)
        if best >= LIKELY and asked_for(u.text, u.language):
            return Decision("answer", DETAIL, articles=articles[:1] + beside)
        if beside and m.last == "answer":
            return Decision("options", articles=beside)
    if not foreign and best >= t.sure_in(u.language):
        if again and m.last == "answer" and m.pending == "helped":
            return Decision("offer_human", "handover.offer_again", articles=articles[1:3], reason="asked the same again")
        return Decision("answer", articles=articles[:1])
    likely = tuple(a for a in articles if a.probability >= t.maybe)[:3]
    if not foreign and likely:
        if m.last == "options" and set(m.offered) >= {f"article:{a.id}" for a in likely}:
            if best >= LIKELY:      # said again in other words: it was the first of them
                return Decision("answer", articles=articles[:1])
            return Decision("offer_human", "handover.offer", reason="the same titles again")
        if len(likely) == 1 and len(articles) > 1:
            likely = articles[:2]
        return Decision("options", articles=likely, flow=u.flow[0] if u.flow and u.flow[1] >= t.maybe else None)
    return _unknown(u, m)


def _unknown(u: Understanding, m: Memory) -> Decision:
    """Nothing good enough: one question that narrows by theme, then a person."""
    if m.last == "nonanswer" or m.unknown >= 2:
        return Decision("handover", reason="not understood twice")
    if m.qualified or m.unknown == 1 or m.which:
        return Decision("offer_human", "handover.offer", reason="not understood")
    key = "unknown.out_of_scope" if u.intent == "out_of_scope" else "unknown.qualify"
    return Decision("unknown", key, reason=u.intent)


def _refused(u: Understanding, m: Memory, t: Thresholds) -> Decision:
    """The last thing we showed was wrong: something else, then a person; never the same again."""
    articles = tuple(a for a in left(u, m) if a.id != m.article and f"article:{a.id}" not in m.offered)
    best = articles[0].probability if articles else 0.0
    if best >= t.sure_in(u.language):
        return Decision("answer", articles=articles[:1])
    if u.intent in ANGER and (m.unknown or m.anger):
        return Decision("handover", "handover.angry", reason="anger")
    if m.last == "nonanswer" or m.unknown >= 2:
        return Decision("handover", reason="nothing fitted")
    if m.last == "qualify" or m.unknown == 1:
        return Decision("offer_human", f"refused.{u.intent}", articles=articles[:2] if best >= t.maybe else (),
                        reason="nothing fitted")
    likely = tuple(a for a in articles if a.probability >= t.maybe)[:2]
    if likely:
        return Decision("options", f"refused.{u.intent}", articles=likely)
    if m.qualified:      # the themes are on the screen already
        return Decision("offer_human", f"refused.{u.intent}", reason="nothing fitted")
    return Decision("qualify", f"refused.{u.intent}", reason=u.intent)
