"""The hand-over packet keeps what a flow noted when it stopped."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from bot.conversations.model import Conversation, Event
from bot.handover.packet import build

VALUES: dict[str, Any] = {"id": "c", "language": "fr", "state": None, "seq": 1, "asked_seq": 1, "answered_seq": 1, "turn_attempts": 0, "mode": "bot"}
FILLED: dict[str, Any] = {field.name: VALUES.get(field.name) for field in fields(Conversation)}
TALK = Conversation(**FILLED)
SAID = [Event("c", 1, "2026-11-02T10:00:00Z", "message", "customer", {"text": "mon père est mort, il faut arrêter son contrat"})]


def test_the_note_of_a_flow_reaches_the_agent_on_one_line() -> None:
    packet = build(TALK, SAID, {"reason": "flow cancel_contract: death of the contract holder", "note": "death of the contract holder\n· rappeler la fille"})
    assert packet["note"] == "death of the contract holder · rappeler la fille"
    assert packet["request"] == SAID[0].text


def test_no_note_is_none_and_a_long_one_is_cut() -> None:
    assert build(TALK, SAID, {})["note"] is None
    assert len(build(TALK, SAID, {"note": "x" * 5000})["note"]) <= 300
