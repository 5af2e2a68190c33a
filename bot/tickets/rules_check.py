"""Whether routing rules can work: form, a message no rule catches, rules never reached, queues in a circle.

The facts are few and finite, so gaps and dead rules are found by trying every combination of the values
the rules tell apart, not by guessing.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from bot.errors import BadInput, not_one_of
from bot.settings import LOCALES
from bot.tickets.rules import ANY, FACTS, NONE, OTHER, decide
from bot.tickets.states import LEVELS, PRIORITIES

_NAME = re.compile(r"[\w-]{1,60}")
_TEMPLATE = re.compile(r"(?:[\w-]|\{theme\}|\{language\}){1,60}")
_MOST_RULES, _MOST_CASES = 100, 60_000
ASSIGNMENT = ("off", "suggest", "auto")


def check(value: Mapping[str, Any]) -> dict[str, Any]:
    """The rules as they are kept. Raises BadInput with the rule and what is wrong with it."""
    rows = value.get("rules")
    if not isinstance(rows, list) or not 1 <= len(rows) <= _MOST_RULES:
        raise BadInput(f"rules is a list of 1 to {_MOST_RULES} rules.", key="rules_form", most=_MOST_RULES)
    rules = [_rule(number, row) for number, row in enumerate(rows, 1)]
    names = [rule["id"] for rule in rules]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise BadInput(f"Two rules are called '{twice}': give each a name of its own.", key="rules_twice", name=twice)
    queues = _queues(value.get("queues") or {})
    circle = loop(queues)
    if circle:
        raise BadInput(f"Tickets would go round in a circle: {' → '.join(circle)}. Let one of these queues keep them.", key="rules_circle", circle=" → ".join(circle))
    bare = themeless(rules)
    if bare:
        raise BadInput(f"Rule '{bare}' would send what has no subject to a queue called '{NONE}': let it ask for a subject ({ANY}), or name a queue.", key="rules_themeless", rule=bare, none=NONE, any=ANY)
    hole = gap(rules)
    if hole:
        raise BadInput(f"No rule gives a queue to this: {hole}. Add a last rule without conditions.", key="rules_hole", hole=hole)
    assignment = value.get("assignment", "suggest")
    if assignment not in ASSIGNMENT:
        raise not_one_of("assignment", ASSIGNMENT)
    return {"rules": rules, "fallback": _fallback(value.get("fallback") or {}), "queues": queues,
            "assignment": assignment}


def notes(value: Mapping[str, Any], known: Collection[str] = ()) -> list[str]:
    """What is not wrong but of no use, or looks like a slip: rules that no message can reach, an overflow
    to a queue that nothing else names. ``known`` are names of queues known from elsewhere."""
    idle = [f"Rule '{name}' is never reached: the rules before it catch everything it asks for."
            for name in unreachable(value["rules"])]
    return idle + [
        f"Queue '{name}' overflows to '{given['overflow']['to']}', which no rule, subject or skill names: check its spelling."
        for name, given in value["queues"].items() if given["overflow"]["to"] not in _named(value) | set(known)]


def _named(value: Mapping[str, Any]) -> set[str]:
    """Queues that rules, the fallback and overflow rules of their own name."""
    names = {str(rule["then"].get("queue") or "") for rule in value["rules"]}
    filled = {name.replace("{language}", code) for name in names for code in LOCALES}
    return filled | {value["fallback"]["queue"], *value["queues"]}


def gap(rules: Sequence[Mapping[str, Any]]) -> str | None:
    """The first message no rule gives a queue, in words; None where all are caught."""
    for values in _cases(rules):
        if decide(rules, values).queue is None:
            named = {fact for rule in rules for fact in rule["when"]}
            return ", ".join(f"{fact} {values[fact]}" for fact in FACTS if fact in named) or "any message"
    return None


def themeless(rules: Sequence[Mapping[str, Any]]) -> str | None:
    """The first rule that names a queue by a subject which a message that comes to it need not have."""
    for rule in rules:
        if "{theme}" not in (rule["then"].get("queue") or ""):
            continue
        asked = rule["when"].get("theme")
        if asked is None or NONE in asked:
            for values in _cases(rules):
                if values["theme"] == NONE and decide(rules, values).rule == rule["id"]:
                    return str(rule["id"])
    return None


def unreachable(rules: Sequence[Mapping[str, Any]]) -> list[str]:
    """Names of rules that apply to no message at all."""
    left = [rule["id"] for rule in rules]
    for values in _cases(rules):
        used = decide(rules, values).used
        left = [name for name in left if name not in used]
        if not left:
            break
    return left


def loop(queues: Mapping[str, Mapping[str, Any]]) -> list[str] | None:
    """Queues that overflow into each other in a circle, first and last the same; None where none do."""
    to = {name: given["overflow"]["to"] for name, given in queues.items() if given.get("overflow")}
    for start in to:
        path = [start]
        while path[-1] in to:
            following = to[path[-1]]
            if following in path:
                return [*path[path.index(following):], following]
            path.append(following)
    return None


def _cases(rules: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, str]]:
    """Every combination of the values the rules tell apart, and one they do not."""
    choices: dict[str, list[str]] = {}
    for fact, known in FACTS.items():
        named = {v for rule in rules for v in rule["when"].get(fact, ())} - {ANY}
        if not any(fact in rule["when"] for rule in rules):
            choices[fact] = [known[0] if known else NONE]
            continue
        rest = [value for value in known if value not in named][:2] if known else [NONE, "\u2026"]
        if fact == "danger" and NONE not in named:
            rest = [NONE, *[value for value in rest if value != NONE][:1]]
        choices[fact] = sorted(dict.fromkeys([*named, *rest]))
    total = 1
    for values in choices.values():
        total *= len(values)
    if total > _MOST_CASES:
        raise BadInput("These rules tell too many cases apart to be checked: use fewer different values.", key="rules_cases")
    for combination in itertools.product(*choices.values()):
        yield dict(zip(choices, combination, strict=True))


def _rule(number: int, row: object) -> dict[str, Any]:
    if not isinstance(row, Mapping):
        raise BadInput(f"Rule {number} is not a rule.", key="rule_form", row=number)
    name = str(row.get("id") or f"rule-{number}")[:60]
    when, then = row.get("when") or {}, row.get("then") or {}
    if not isinstance(when, Mapping) or not isinstance(then, Mapping):
        raise BadInput(f"Rule '{name}': when and then are tables.", key="rule_tables", rule=name)
    kept: dict[str, list[str]] = {}
    for fact, values in when.items():
        if fact not in FACTS:
            raise BadInput(f"Rule '{name}': there is no condition '{str(fact)[:40]}'; there are {', '.join(FACTS)}.", key="rule_fact", rule=name, fact=str(fact)[:40], known=", ".join(FACTS))
        if not isinstance(values, list) or not 1 <= len(values) <= 40 or not all(isinstance(v, str) for v in values):
            raise BadInput(f"Rule '{name}': {fact} is a list of values.", key="rule_values", rule=name, fact=fact)
        unknown = [v for v in values if FACTS[fact] and v not in FACTS[fact] and v != ANY]
        if unknown:
            raise BadInput(f"Rule '{name}': {fact} cannot be '{unknown[0][:40]}'; it is one of {', '.join(FACTS[fact])}, {ANY}.", key="rule_value", rule=name, fact=fact, value=unknown[0][:40], known=", ".join(FACTS[fact]), any=ANY)
        kept[fact] = [value[:60] for value in values]
    return {"id": name, "when": kept, "then": _then(name, then)}


def _then(name: str, then: Mapping[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    if queue := str(then.get("queue") or "").strip():
        if not _TEMPLATE.fullmatch(queue):
            raise BadInput(f"Rule '{name}': '{queue[:60]}' is no name for a queue; {{theme}} and {{language}} may stand in it.", key="rule_queue", rule=name, queue=queue[:60])
        kept["queue"] = queue
    for key, known in (("priority", PRIORITIES), ("level", LEVELS)):
        if then.get(key):
            if then[key] not in known:
                raise BadInput(f"Rule '{name}': {key} must be one of {', '.join(known)}.", key="rule_one_of", rule=name, field=key, values=", ".join(known))
            kept[key] = then[key]
    tags = then.get("tags") or []
    if not isinstance(tags, list) or len(tags) > 10 or not all(isinstance(t, str) and 0 < len(t) < 40 for t in tags):
        raise BadInput(f"Rule '{name}': tags is a list of at most 10 short words.", key="rule_tags", rule=name)
    if tags:
        kept["tags"] = [" ".join(tag.split()).casefold() for tag in tags]
    if not kept:
        raise BadInput(f"Rule '{name}' does nothing: give a queue, a priority, a level or tags.", key="rule_idle", rule=name)
    return kept


def _queues(given: object) -> dict[str, dict[str, Any]]:
    if not isinstance(given, Mapping) or len(given) > 100:
        raise BadInput("queues is a table of at most 100 names.", key="queues_form")
    kept: dict[str, dict[str, Any]] = {}
    for name, row in given.items():
        overflow = row.get("overflow") if isinstance(row, Mapping) else None
        if not overflow:
            continue
        if not isinstance(overflow, Mapping):
            raise BadInput(f"Queue '{str(name)[:60]}': overflow is a table with after_minutes and to.", key="queue_form", queue=str(name)[:60])
        minutes, to = overflow.get("after_minutes"), str(overflow.get("to") or "").strip()
        if isinstance(minutes, bool) or not isinstance(minutes, int) or not 1 <= minutes <= 10_080:
            raise BadInput(f"Queue '{str(name)[:60]}': overflow after a whole number of minutes, up to a week.", key="queue_minutes", queue=str(name)[:60])
        if not _NAME.fullmatch(to):
            raise BadInput(f"Queue '{str(name)[:60]}': say which queue it overflows to.", key="queue_overflow", queue=str(name)[:60])
        kept[str(name)[:60]] = {"overflow": {"after_minutes": minutes, "to": to}}
    return kept


def _fallback(given: object) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        raise BadInput("fallback is a table: queue, tell, text.", key="fallback_form")
    queue = str(given.get("queue") or "en").strip()
    if not _NAME.fullmatch(queue):
        raise BadInput("Say which queue languages go to that nobody speaks.", key="fallback_queue")
    texts = given.get("text") or {}
    if not isinstance(texts, Mapping) or any(
            code not in (*LOCALES, OTHER) and not re.fullmatch(r"[a-z]{2,3}", str(code)) for code in texts):
        raise BadInput("The text for languages nobody speaks is a table by language code.", key="fallback_text")
    return {"queue": queue, "tell": bool(given.get("tell", True)),
            "text": {str(code): str(words).strip()[:1000] for code, words in texts.items() if str(words).strip()}}
