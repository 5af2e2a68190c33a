"""Messages made of signs only: marks, emoji, faces. No model is needed for "??" or "🙁"."""

from __future__ import annotations

import re

from bot.understanding.types import Mood

_FACE = re.compile(r"[:;=8xX]-?['’]?[()DPpOo/\\|\[\]<>3*]|<3|\^\^|-_-|:'\(|[oO]_[oO]|xD|XD")
_LAUGH = frozenset("😂🤣😆😹😄")
_ANGRY = frozenset("😠😡🤬👎🖕💢😤")
_SAD = frozenset("🙁☹😞😢😭😔😕😟😣😩😫💔😒🙄")
_THANKS = frozenset("🙏💐")
_YES = frozenset("👍👌✅☑✔")


def of_signs(text: str) -> tuple[str, Mood] | None:
    """Intent and mood of a message without a letter or a digit, else None."""
    bare = _FACE.sub("", text)
    if any(c.isalnum() for c in bare):
        return None
    signs = [c for c in text if not c.isspace() and c not in "\ufe0f\u200d"]
    if not signs:
        return ("confused", "neutral")
    found = set(signs)
    if found & _LAUGH:
        return ("laugh", "neutral")
    if found & _THANKS:
        return ("thanks", "thankful")
    if found & _YES:
        return ("affirm", "neutral")
    if "👎" in found:
        return ("deny", "angry")
    if any(ord(c) > 0x2190 and c not in "…«»“”" for c in signs) or _FACE.search(text):
        return ("emoji", "angry" if found & _ANGRY else "ironic" if found & _SAD and len(found) > 3 else "neutral")
    if "?" in found:
        return ("confused", "neutral")
    if "!" in found:
        return ("disbelief", "neutral")
    return ("wait", "neutral") if found <= set(".…") else ("confused", "neutral")
