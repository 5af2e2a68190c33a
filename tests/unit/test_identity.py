"""Identity tokens: only what the host's server signed counts, and only for as long as it said."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BadInput
from bot.visitors.identity import LONGEST_SECONDS, sign, verify

KEY = b"a secret of thirty-two characters"
NOW = datetime(2026, 11, 26, 12, tzinfo=timezone.utc)


def claims(**more: Any) -> dict[str, Any]:
    return {"sub": "u-42", "exp": (NOW + timedelta(hours=1)).timestamp(), **more}


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def test_a_signed_token_names_its_user() -> None:
    known = verify(sign(KEY, claims(name="Ana", email="ana@example.org")), KEY, NOW)
    assert (known.user_id, known.name, known.email) == ("u-42", "Ana", "ana@example.org")
    assert known.until == NOW + timedelta(hours=1)


def test_a_token_of_any_jwt_library_is_understood() -> None:
    head = f"{part({'typ': 'JWT', 'alg': 'HS256'})}.{part(claims())}"
    mac = base64.urlsafe_b64encode(hmac.new(KEY, head.encode(), hashlib.sha256).digest()).rstrip(b"=").decode()
    assert verify(f"{head}.{mac}", KEY, NOW).user_id == "u-42"


@pytest.mark.parametrize("token", ["", ".", "..", "a.b.c", "é.é.é", "x" * 3000, f"{part({'alg': 'none'})}.{part(claims())}."])
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(BadInput):
        verify(token, KEY, NOW)


def test_another_key_or_an_unsigned_header_is_refused() -> None:
    with pytest.raises(BadInput):
        verify(sign(b"another key", claims()), KEY, NOW)
    head = f"{part({'alg': 'none'})}.{part(claims())}"
    mac = base64.urlsafe_b64encode(hmac.new(KEY, head.encode(), hashlib.sha256).digest()).rstrip(b"=").decode()
    with pytest.raises(BadInput):      # even where the signature is right, the algorithm must be ours
        verify(f"{head}.{mac}", KEY, NOW)


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_no_changed_bit_survives(position: int, change: int) -> None:
    token = sign(KEY, claims())
    head, _, mac = token.rpartition(".")
    raw = bytearray(base64.urlsafe_b64decode(mac + "="))
    raw[position % len(raw)] ^= change
    with pytest.raises(BadInput):
        verify(f"{head}.{base64.urlsafe_b64encode(bytes(raw)).rstrip(b'=').decode()}", KEY, NOW)
    at = position % len(head)
    changed = head[:at] + ("A" if head[at] != "A" else "B") + head[at + 1:]
    with pytest.raises(BadInput):
        verify(f"{changed}.{mac}", KEY, NOW)


@pytest.mark.parametrize("more", [
    {"exp": (NOW - timedelta(minutes=2)).timestamp()}, {"exp": NOW.timestamp() + LONGEST_SECONDS + 3600},
    {"exp": None}, {"exp": True}, {"exp": "soon"}, {"exp": float("inf")}, {"exp": float("nan")},
    {"sub": ""}, {"sub": 7}, {"sub": "x" * 201}, {"sub": "\u202e"},
])
def test_claims_must_name_someone_and_end(more: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        verify(sign(KEY, claims(**more)), KEY, NOW)


def test_without_a_secret_nobody_is_identified() -> None:
    for key in (None, b""):
        with pytest.raises(BadInput, match="RELAIS_IDENTITY_SECRET"):
            verify(sign(b"", claims()), key, NOW)
