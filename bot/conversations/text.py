"""Text from outside, made safe to store and show without changing what was said.

Kept: letters of every script, emoji with their joiners, line breaks, tabs. Removed: control
characters, lone surrogates, and the bidirectional controls that can make text read in another order
than it was written (Unicode TR 36).
"""

from __future__ import annotations

import re
import unicodedata

_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_REMOVED = re.compile(
    f"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufff9-\ufffb{_BIDI}\U000e0000-\U000e0fff]"
)
_INVISIBLE = re.compile("[\\s\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200d\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\uffa0]+")


def clean(text: str) -> str:
    """``text`` without dangerous characters, line breaks unified, NFC, ends trimmed."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    return unicodedata.normalize("NFC", _REMOVED.sub("", text)).strip()


def is_blank(text: str) -> bool:
    """Whether nothing visible is left."""
    return not _INVISIBLE.sub("", text)


def one_line(text: str, limit: int = 200) -> str:
    """``text`` on one line of at most ``limit`` characters, cut at a word where possible."""
    flat = " ".join(clean(text).split())
    if len(flat) <= limit:
        return flat
    cut = flat[: limit - 1]
    return (cut.rsplit(" ", 1)[0] if " " in cut[limit // 2:] else cut).rstrip() + "…"
