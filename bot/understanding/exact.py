"""Short lines known word for word: "ok", "non", "mdr". Read before any model."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from bot.language.normalise import normalise
from bot.understanding.data import OUT_OF_SCOPE, Phrase

_EDGES = re.compile(r"^[\W_]+|[\W_]+$")
_INNER = re.compile(r"[^\w]+")
MAX_WORDS = 5


def key(text: str, language: str) -> str:
    """What must be equal: words of the normalised text, letters never doubled at a word's end."""
    bare = _INNER.sub(" ", _EDGES.sub("", normalise(text, language)))
    return " ".join(re.sub(r"(\w)\1+$", r"\1", w) for w in bare.split())


class ExactLines:
    """Intents of short training lines, by language; a line of two intents belongs to neither."""

    def __init__(self, phrases: Sequence[Phrase] = (), table: Mapping[str, str] | None = None) -> None:
        self._table = dict(table) if table is not None else _table(phrases)

    def intent(self, text: str, language: str) -> str | None:
        """The intent of a text that is a known line, in its language or any other's."""
        if len(text) > 80:
            return None
        found = key(text, language)
        return (self._table.get(f"{language} {found}") or self._table.get(f"* {found}")) if found else None

    def to_json(self) -> dict[str, Any]:
        """Plain strings."""
        return dict(self._table)

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> ExactLines:
        """The inverse of :meth:`to_json`."""
        return ExactLines(table=data)


def _table(phrases: Sequence[Phrase]) -> dict[str, str]:
    found: dict[str, set[str]] = {}
    for p in phrases:
        if p.intent == OUT_OF_SCOPE:
            continue
        k = key(p.text, p.language)
        if k and len(k.split()) <= MAX_WORDS:
            found.setdefault(f"{p.language} {k}", set()).add(p.intent)
            found.setdefault(f"* {k}", set()).add(p.intent)
    return {k: next(iter(v)) for k, v in found.items() if len(v) == 1}
