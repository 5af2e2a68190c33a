"""Each conversation has exactly one outcome class, from its events alone."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.analytics.daily import Tally
from bot.analytics.metrics import _figures as figures_of
from bot.analytics.metrics import period
from bot.analytics.outcomes import DEFINITIONS, WITH_PERSON, Outcome, classify
from bot.conversations.model import Event


def event(kind: str, author: str, **payload) -> Event:
    return Event("c", 1, "2026-11-26T10:00:00.000Z", kind, author, payload)


def bot(reply: str, *effects: dict, **more) -> Event:
    return event("message", "bot", reply=reply, meta={"effects": list(effects)}, **more)


SPAN = period("2026-11-01", "2026-11-26", timezone.utc, datetime(2026, 11, 26, tzinfo=timezone.utc))
ASK = event("message", "customer", text="?")
GREETING = bot("smalltalk")
YES, NO = event("survey", "customer", helped=True), event("survey", "customer", helped=False)
NEW = event("ticket", "system", status="new", priority="normal")


def noted(priority: str, danger: str | None) -> Event:
    return event("ticket", "system", status="new", priority=priority, meta={"danger": danger})


DONE = {"kind": "flow", "payload": {"event": "done", "reference": "R-1"}}

CASES = [
    ([], Outcome.no_need),
    ([GREETING], Outcome.no_need),
    ([GREETING, ASK, bot("smalltalk")], Outcome.no_need),
    ([GREETING, ASK, bot("nonanswer")], Outcome.abandoned),
    ([GREETING, ASK, bot("options")], Outcome.abandoned),
    ([GREETING, ASK, bot("flow")], Outcome.abandoned),
    ([GREETING, ASK, bot("answer")], Outcome.answered_unconfirmed),
    ([ASK, bot("answer"), YES], Outcome.confirmed_resolved),
    ([ASK, bot("answer"), NO], Outcome.refused_answer_left),
    ([ASK, bot("answer"), NO, ASK, bot("answer")], Outcome.answered_unconfirmed),
    ([ASK, bot("answer"), NO, ASK, bot("answer"), YES], Outcome.confirmed_resolved),
    ([ASK, bot("answer"), YES, NO], Outcome.refused_answer_left),
    ([ASK, bot("answer"), event("survey", "customer", csat=5)], Outcome.confirmed_resolved),
    ([ASK, bot("answer"), event("survey", "customer", csat=3)], Outcome.answered_unconfirmed),
    ([ASK, bot("flow", DONE)], Outcome.flow_completed),
    ([ASK, bot("flow", {"kind": "flow", "payload": {"event": "done", "reference": None}})], Outcome.abandoned),
    ([ASK, bot("flow", {"kind": "flow", "payload": {"event": "cancelled"}})], Outcome.abandoned),
    ([ASK, bot("answer"), bot("smalltalk", {"kind": "flow", "payload": {"helped": True}})], Outcome.confirmed_resolved),
    ([ASK, bot("answer"), bot("options", {"kind": "refused", "payload": {}})], Outcome.refused_answer_left),
    ([ASK, bot("answer"), YES, NEW], Outcome.handed_over),
    ([NEW, event("ticket", "agent", status="solved")], Outcome.handed_over_solved),
    ([NEW, event("ticket", "agent", status="solved"), event("ticket", "system", status="open")], Outcome.handed_over),
    ([event("ticket", "system", status="new", priority="urgent"), event("ticket", "agent", status="solved")], Outcome.urgent),
    ([noted("urgent", "gas"), event("ticket", "agent", status="solved")], Outcome.urgent),
    ([noted("normal", "fraud"), noted("normal", None)], Outcome.urgent),      # a rule of the leads' may lower it
    ([noted("urgent", None)], Outcome.handed_over),      # a rule of theirs, or an agent, made it urgent
]


@pytest.mark.parametrize(("events", "expected"), CASES)
def test_class_of(events, expected):
    assert classify(events) is expected


pieces = st.one_of(
    st.builds(bot, st.sampled_from(["answer", "options", "flow", "handover", "smalltalk", "nonanswer"]),
              st.sampled_from([DONE, {"kind": "refused", "payload": {}}, {"kind": "answered"}, {}])),
    st.sampled_from([ASK, YES, NO, event("survey", "customer", csat=1), event("survey", "system", ask="csat"),
                     event("closed", "system", reason="idle")]),
)


@settings(max_examples=150)
@given(st.lists(pieces, max_size=20), st.booleans())
def test_one_class_the_same_every_time_and_with_a_person_only_by_a_ticket(events, ticket):
    if ticket:
        events = [*events[:3], NEW, *events[3:]]
    outcome = classify(events)
    assert classify(list(events)) is outcome
    assert (outcome in WITH_PERSON) == ticket


@given(st.lists(pieces, max_size=15))
def test_a_yes_at_the_end_confirms_whatever_came_before(events):
    assert classify([*events, YES]) is Outcome.confirmed_resolved


def test_every_class_has_its_definition_in_words():
    assert set(DEFINITIONS) == set(Outcome)
    assert all({"fr", "en"} <= words.keys() for words in DEFINITIONS.values())


@pytest.mark.parametrize(("waits", "median", "four_of_five"), [
    ([], None, None), ([10], 10, 10), ([10, 20], 15, 20), ([10, 20, 30, 40, 50], 30, 40),
    ([10, 20, 30, 40, 50, 60], 35, 50), (list(range(10, 110, 10)), 55, 80),
])
def test_first_responses_half_and_four_of_five(waits, median, four_of_five):
    made = figures_of(Tally(responses=[1000 * wait for wait in reversed(waits)]), SPAN, "en", {})
    found = {line["name"]: line["value"] for line in made if line["name"].startswith("first_response")}
    assert found == {"first_response_seconds": median, "first_response_p80_seconds": four_of_five}
