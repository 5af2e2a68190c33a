"""Each conversation has exactly one outcome class, from its events alone."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.analytics.outcomes import DEFINITIONS, WITH_PERSON, Outcome, classify
from bot.conversations.model import Event


def event(kind: str, author: str, **payload) -> Event:
    return Event("c", 1, "2026-11-26T10:00:00.000Z", kind, author, payload)


def bot(reply: str, *effects: dict, **more) -> Event:
    return event("message", "bot", reply=reply, meta={"effects": list(effects)}, **more)


ASK = event("message", "customer", text="?")
GREETING = bot("smalltalk")
YES, NO = event("survey", "customer", helped=True), event("survey", "customer", helped=False)
NEW = event("ticket", "system", status="new", priority="normal")
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
