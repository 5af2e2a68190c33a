"""Routing rules, pure: ordered, each sets what it names, the first that names a queue ends it.

``when`` is a table of facts with the values that fit (all facts must fit; none means always);
``then`` gives ``queue`` (``{theme}`` and ``{language}`` stand for the ticket's), ``priority``,
``level``, ``tags``. A rule without a queue adds what it names and the next ones are read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bot.settings import LOCALES
from bot.tickets.states import PRIORITIES

PHYSICAL = ("gas", "carbon_monoxide", "cable", "fire", "medical", "fragile", "other")
TRUST = ("self_harm", "threat", "fraud")
#: Tags of tickets that keep their lane whatever their priority.
DANGER_TAGS = frozenset({"danger", *(kind.replace("_", "-") for kind in TRUST)})
URGENT, TRUST_AND_SAFETY = "urgent", "trust-safety"
NONE, OTHER, ANY = "none", "other", "any"
#: Facts a rule may ask for, and their values; themes are open, "none" is no theme.
FACTS: dict[str, tuple[str, ...]] = {
    "danger": (NONE, *PHYSICAL, *TRUST),
    "language": (*LOCALES, OTHER),
    "theme": (),
    "mood": ("neutral", "angry", "urgent"),
    "spoken": ("yes", "no"),            # whether any agent speaks the customer's language
    "person_only": ("yes", "no"),       # a subject that only people deal with
    "channel": ("chat", "email", "phone"),
}

DEFAULT: dict[str, Any] = {
    "rules": [
        {"id": "danger", "when": {"danger": list(PHYSICAL)},
         "then": {"queue": URGENT, "priority": "urgent", "tags": ["danger"]}},
        {"id": "trust-and-safety", "when": {"danger": list(TRUST)},
         "then": {"queue": TRUST_AND_SAFETY, "priority": "urgent"}},
        {"id": "angry", "when": {"mood": ["angry"]}, "then": {"priority": "high"}},
        {"id": "person-only", "when": {"person_only": ["yes"]}, "then": {"priority": "high"}},
        {"id": "french-by-theme", "when": {"language": ["fr"], "theme": [ANY]},
         "then": {"queue": "{theme}"}},
        {"id": "by-language", "when": {}, "then": {"queue": "{language}"}},
    ],
    # A language nobody speaks: whom it goes to, whether the customer is told, in whose words.
    "fallback": {"queue": "en", "tell": True, "text": {}},
    "queues": {},                       # name: {"overflow": {"after_minutes": 30, "to": "fr"}}
    "assignment": "suggest",            # off, suggest, auto
}


@dataclass(frozen=True)
class Facts:
    """What is known of a hand-over. ``language`` is as spoken, also where we lack it."""

    language: str = "fr"
    theme: str | None = None
    danger: str | None = None
    mood: str = "neutral"
    spoken: bool = True
    person_only: bool = False
    channel: str = "chat"

    def values(self) -> dict[str, str]:
        """Each fact as rules name it."""
        return {
            "danger": self.danger if self.danger in FACTS["danger"] else OTHER if self.danger else NONE,
            "language": self.language if self.language in LOCALES else OTHER,
            "theme": self.theme or NONE,
            "mood": self.mood if self.mood in FACTS["mood"] else "neutral",
            "spoken": "yes" if self.spoken else "no",
            "person_only": "yes" if self.person_only else "no",
            "channel": self.channel,
        }


@dataclass(frozen=True)
class Route:
    """Where a ticket goes. ``rule`` is the one that named the queue, ``used`` all that applied; ``fallback``
    says that nobody speaks the language."""

    queue: str | None = None
    priority: str = "normal"
    level: str = "L1"
    tags: tuple[str, ...] = ()
    rule: str | None = None
    fallback: bool = False
    used: tuple[str, ...] = field(default=())


def decide(rules: Sequence[Mapping[str, Any]], values: Mapping[str, str]) -> Route:
    """What the rules make of facts as :meth:`Facts.values` gives them."""
    route = Route()
    for rule in rules:
        if not fits(rule["when"], values):
            continue
        then = rule["then"]
        route = replace(route, used=(*route.used, rule["id"]), tags=(*route.tags, *then.get("tags", ())))
        if then.get("priority") and PRIORITIES.index(then["priority"]) < PRIORITIES.index(route.priority):
            route = replace(route, priority=then["priority"])
        if then.get("level") and route.level == "L1":
            route = replace(route, level=then["level"])
        if then.get("queue"):
            return replace(route, queue=_filled(then["queue"], values), rule=rule["id"])
    return route


def fits(when: Mapping[str, Sequence[str]], values: Mapping[str, str]) -> bool:
    """Whether every fact a rule asks for has one of its values."""
    return all(
        values[fact] in wanted or (ANY in wanted and values[fact] != NONE)
        for fact, wanted in when.items())


def _filled(queue: str, values: Mapping[str, str]) -> str:
    language = values["language"] if values["language"] != OTHER else "en"
    return queue.replace("{theme}", values["theme"]).replace("{language}", language)
