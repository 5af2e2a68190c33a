"""A listener is handed what follows on, and told to read where something may be missing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.conversations.broadcast import Listener
from bot.conversations.model import Event


def event(seq: int) -> Event:
    return Event("c", seq, "2026-01-01T00:00:00+00:00", "message", "bot", {"text": str(seq)}, None)


def test_the_first_look_is_at_the_database_and_then_only_for_a_reason() -> None:
    listener = Listener()
    assert listener.must_look()
    assert not listener.must_look()
    listener.wake()
    assert not listener.must_look()
    listener.wake(look=True)
    listener.wake()
    assert listener.must_look()
    listener.doubt()
    assert listener.must_look()


@given(after=st.integers(0, 20), handed=st.lists(st.integers(1, 30), max_size=12))
def test_events_come_in_order_without_a_hole_or_not_at_all(after: int, handed: list[int]) -> None:
    listener = Listener()
    listener.events = [event(seq) for seq in handed]
    taken = listener.take_events(after)
    assert listener.events == []
    fresh = sorted(seq for seq in handed if seq > after)
    if taken is None:
        assert fresh != list(range(after + 1, after + 1 + len(fresh)))
    else:
        assert [e.seq for e in taken] == fresh == list(range(after + 1, after + 1 + len(fresh)))
