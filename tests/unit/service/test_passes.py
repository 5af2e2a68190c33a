"""Passes back into a conversation: for this one only, for a month, made here only."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta, timezone

from bot.conversations.passes import DAYS, Proven, issue, link, prove

SECRET = b"geheim" * 6
NOW = datetime(2026, 11, 26, 12, 0, tzinfo=timezone.utc)
ID = str(uuid.UUID(int=1))


def test_a_pass_proves_its_conversation_until_it_expires() -> None:
    token = issue(SECRET, ID, NOW)
    assert prove(SECRET, token, ID, NOW) == Proven(ID)
    assert isinstance(prove(SECRET, token, ID, NOW + timedelta(days=DAYS - 1)), Proven)
    assert not isinstance(prove(SECRET, token, ID, NOW + timedelta(days=DAYS, seconds=1)), Proven)


def test_nothing_else_is_proof() -> None:
    token = issue(SECRET, ID, NOW)
    head, expires, tag = token.split(".")
    forged = (token[:-1] + ("a" if token[-1] != "a" else "b"), f"{head}.{int(expires) + 1}.{tag}", f"{head}.{expires}.",
              ID, "", token + "x", token.upper())
    for text in forged:
        assert not isinstance(prove(SECRET, text, ID, NOW), Proven), text
        assert prove(SECRET, text, ID, NOW) == text
    assert not isinstance(prove(SECRET, token, str(uuid.UUID(int=2)), NOW), Proven)
    assert not isinstance(prove(b"another", token, ID, NOW), Proven)


def test_the_link_keeps_the_pass_out_of_servers_logs() -> None:
    path, _, hidden = link("https://support.example", ID, "nl", issue(SECRET, ID, NOW)).partition("#")
    assert path == "https://support.example/widget/frame?lang=nl"
    assert hidden.startswith(f"return={ID}+r1.")
