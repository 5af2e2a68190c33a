"""Who a note calls: ``@ana`` by user name, anywhere but inside a word or an e-mail address. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

_MENTION = re.compile(r"(?<![\w@.])@([A-Za-z0-9][A-Za-z0-9._-]{1,39})")


def mentioned(text: str, known: Iterable[str]) -> list[str]:
    """User names called in ``text`` that exist, each once, in order; a full stop after one is no part of it."""
    names = set(known)
    found: list[str] = []
    for word in _MENTION.findall(text):
        name = word.lower()
        while name and name not in names and name[-1] in "._-":
            name = name[:-1]
        if name in names and name not in found:
            found.append(name)
    return found
