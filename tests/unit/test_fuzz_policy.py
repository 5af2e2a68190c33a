"""Fuzzed chats over the reply policy, a few hundred of the hundred thousand; and that a broken promise is seen."""

from __future__ import annotations

import pytest

from benchmarks.fuzz_policy.__main__ import main, simulated, stored
from benchmarks.fuzz_policy.promises import Broken, Watch
from benchmarks.fuzz_policy.stored import Storage
from bot.assistant.policy import Decision
from bot.assistant.protocol import Choice, Reply


def test_promises_hold_in_any_chat() -> None:
    assert sum(simulated(5, number) for number in range(300)) > 300


def test_promises_hold_through_the_database() -> None:
    storage = Storage.open()
    assert sum(stored(storage, 5, number) for number in range(40)) > 40


def test_the_same_number_is_the_same_chat() -> None:
    told: list[list[str]] = [[], []]
    for lines in told:
        simulated(8, 21, lines.append)
    assert told[0] == told[1] != []


def reply(kind: str) -> Reply:
    return Reply(text="…", reply=kind)  # type: ignore[arg-type]


def test_a_watch_sees_what_breaks_a_promise() -> None:
    watch = Watch()
    watch.turn([reply("nonanswer")])
    with pytest.raises(Broken, match="two non-answers"):
        watch.turn([reply("nonanswer")])
    watch = Watch()
    shown = [Choice(id=name, label=name) for name in ("article:a1", "article:a2", "human")]
    for _ in range(2):          # an offer, and once "which one?"
        watch.turn([Reply(text="…", reply="options", choices=shown)])
    with pytest.raises(Broken, match="two non-answers"):
        watch.turn([Reply(text="…", reply="options", choices=shown)])
    watch = Watch()
    watch.turn([reply("handover")])
    with pytest.raises(Broken, match="after the hand-over"):
        watch.turn([reply("answer")])
    with pytest.raises(Broken, match="said nothing"):
        Watch().turn([])


def test_a_policy_without_a_way_out_is_caught_and_the_command_to_see_it_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("bot.assistant.respond.decide", lambda u, m, t: Decision("unknown", "unknown.qualify", reason="x"))
    assert main(["--chats", "3", "--seed", "4", "--stored-every", "100"]) == 1
    out = capsys.readouterr().out
    assert "python -m benchmarks.fuzz_policy --only 0 --seed 4" in out
    assert "3 broken" in out
