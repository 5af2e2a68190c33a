"""Routing rules: what they decide, and that those which cannot work are refused in words."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.errors import BadInput
from bot.settings import LOCALES
from bot.tickets.rules import DEFAULT, FACTS, PHYSICAL, TRUST, TRUST_AND_SAFETY, Facts, decide
from bot.tickets.rules_check import check, gap, loop, notes, unreachable

RULES = DEFAULT["rules"]
LAST = {"id": "rest", "when": {}, "then": {"queue": "fr"}}


def rule(name, then, **when):
    return {"id": name, "when": when, "then": then}


def where(**facts):
    way = decide(RULES, Facts(**facts).values())
    return way.queue, way.priority


def test_shipped_rules_danger_first_then_language_then_theme():
    assert where(theme="facture") == ("facture", "normal")
    assert where(language="nl", theme="facture") == ("nl", "normal")
    assert where(language="pl", theme="facture") == ("en", "normal")
    assert where(theme="facture", mood="angry") == ("facture", "high")
    assert where(theme="contrat", person_only=True) == ("contrat", "high")
    assert where() == ("fr", "normal")


@pytest.mark.parametrize("danger", [*PHYSICAL, *TRUST, "never heard of"])
@pytest.mark.parametrize("language", ["fr", "de", "pl"])
def test_danger_has_its_own_lane_in_any_language(danger, language):
    queue, priority = where(danger=danger, language=language, theme="facture")
    assert priority == "urgent"
    assert queue == (TRUST_AND_SAFETY if danger in TRUST else "urgent")


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.builds(
    Facts, language=st.sampled_from([*LOCALES, "pl", "zh", ""]), theme=st.none() | st.text(min_size=1, max_size=8),
    danger=st.none() | st.text(max_size=6), mood=st.text(max_size=6), spoken=st.booleans(),
    person_only=st.booleans(), channel=st.sampled_from(FACTS["channel"])))
def test_shipped_rules_catch_everything(facts):
    assert decide(RULES, facts.values()).queue


def test_shipped_rules_pass_their_own_check():
    assert check(DEFAULT)["rules"] == check({**DEFAULT, "rules": RULES})["rules"]
    assert notes(DEFAULT) == []


def test_a_gap_is_named_by_the_message_that_falls_through():
    assert gap([rule("nl", {"queue": "nl"}, language=["nl"])]) == "language en"
    assert gap([rule("high", {"priority": "high"})]) == "any message"
    with pytest.raises(BadInput, match=r"No rule gives a queue to this: danger none.*last rule without conditions"):
        check({"rules": [rule("danger", {"queue": "urgent"}, danger=["any"])]})
    covered = [rule("speak", {"queue": "{language}"}, spoken=["yes"]), rule("mute", {"queue": "en"}, spoken=["no"])]
    assert gap(covered) is None


def test_a_gap_hidden_between_overlapping_rules_is_found():
    rules = [rule("a", {"queue": "a"}, theme=["facture"]), rule("b", {"queue": "b"}, language=["fr"]),
             rule("c", {"queue": "c"}, theme=["contrat"], language=["en", "nl", "es", "de", "it", "other"])]
    hole = gap(rules)
    assert hole is not None
    assert "language fr" not in hole
    assert "theme facture" not in hole
    assert gap([*rules, LAST]) is None


def test_rules_never_reached_are_named():
    rules = [rule("all-french", {"queue": "fr"}, language=["fr"]), rule("bills", {"queue": "facture"}, language=["fr"], theme=["facture"]), LAST]
    assert unreachable(rules) == ["bills"]
    assert notes({**DEFAULT, "rules": rules}) == ["Rule 'bills' is never reached: the rules before it catch everything it asks for."]
    assert unreachable([LAST, rule("after", {"priority": "high"})]) == ["after"]


def test_circles_of_queues_are_named_in_full():
    queues = {a: {"overflow": {"after_minutes": 5, "to": b}} for a, b in (("a", "b"), ("b", "c"), ("c", "a"))}
    assert loop(queues) == ["a", "b", "c", "a"]
    with pytest.raises(BadInput, match="a → b → c → a"):
        check({"rules": [LAST], "queues": queues})
    assert loop({"a": {"overflow": {"after_minutes": 5, "to": "b"}}}) is None
    with pytest.raises(BadInput, match="a → a"):
        check({"rules": [LAST], "queues": {"a": {"overflow": {"after_minutes": 5, "to": "a"}}}})


def test_a_queue_named_by_a_subject_that_may_be_missing_is_refused():
    last = rule("by-theme", {"queue": "{theme}"})
    with pytest.raises(BadInput, match="'by-theme' would send what has no subject to a queue called 'none'"):
        check({"rules": [last]})
    with pytest.raises(BadInput, match="no subject"):
        check({"rules": [rule("some", {"queue": "fr-{theme}"}, theme=["none", "facture"]), LAST]})
    assert check({"rules": [rule("themed", {"queue": "{theme}"}, theme=["any"]), LAST]})
    assert check({"rules": [rule("no-theme", {"queue": "fr"}, theme=["none"]), last]}), "caught before it comes to it"


def test_an_overflow_to_a_queue_nothing_else_names_is_noted():
    value = check({**DEFAULT, "queues": {"urgent": {"overflow": {"after_minutes": 5, "to": "fz"}},
                                         "nl": {"overflow": {"after_minutes": 5, "to": "fr"}},
                                         "de": {"overflow": {"after_minutes": 5, "to": "contrat"}}}})
    assert notes(value, {"contrat"}) == [
        "Queue 'urgent' overflows to 'fz', which no rule, subject or skill names: check its spelling."]


@pytest.mark.parametrize(("value", "words"), [
    ({"rules": [LAST], "queues": {"fr": {"overflow": "en"}}}, "overflow is a table"),
    ({}, "1 to 100 rules"), ({"rules": [3]}, "Rule 1 is not"),
    ({"rules": [rule("x", {}), LAST]}, "does nothing"),
    ({"rules": [LAST, LAST]}, "Two rules are called 'rest'"),
    ({"rules": [rule("x", {"queue": "a"}, weather=["sun"]), LAST]}, "no condition 'weather'"),
    ({"rules": [rule("x", {"queue": "a"}, language=["xx"]), LAST]}, "language cannot be 'xx'"),
    ({"rules": [rule("x", {"queue": "a"}, language="fr"), LAST]}, "list of values"),
    ({"rules": [rule("x", {"queue": "{{name}}"}), LAST]}, "no name for a queue"),
    ({"rules": [rule("x", {"queue": "a b"}), LAST]}, "no name for a queue"),
    ({"rules": [rule("x", {"priority": "top"}), LAST]}, "priority must be"),
    ({"rules": [LAST], "assignment": "dice"}, "assignment must be"),
    ({"rules": [LAST], "queues": {"a": {"overflow": {"after_minutes": 0, "to": "b"}}}}, "whole number of minutes"),
    ({"rules": [LAST], "queues": {"a": {"overflow": {"after_minutes": 9}}}}, "which queue"),
    ({"rules": [LAST], "fallback": {"queue": "a b"}}, "which queue"),
    ({"rules": [LAST], "fallback": {"queue": "en", "text": {"français": "x"}}}, "by language code"),
])
def test_rules_that_cannot_work_are_refused_in_words(value, words):
    with pytest.raises(BadInput, match=words):
        check(value)
