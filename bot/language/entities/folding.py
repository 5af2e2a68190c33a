"""Text as it is matched, with the way back: every folded character knows where it came from."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from bot.language.entities.numbers import number_words

_SPECIAL = {
    "œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "ł": "l", "đ": "d", "’": "'", "‘": "'", "`": "'", "´": "'", "ʼ": "'",
    "–": "-", "—": "-", "−": "-", "‑": "-", "‐": "-", "\u00ad": "", "²": "2", "³": "3", "€": "€", "“": '"', "”": '"',
    "½": ".5",
}


@dataclass(frozen=True)
class Folded:
    """Lower case, no accents, numbers as digits. ``starts``/``ends`` are offsets into the original."""

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Offsets in the original of a non-empty range here."""
        return self.starts[start], self.ends[end - 1]


@lru_cache(maxsize=4096)
def _fold_character(character: str) -> str:
    if character in _SPECIAL:
        return _SPECIAL[character]
    category = unicodedata.category(character)
    if character.isspace() or category in ("Cc", "Zs", "Zl", "Zp"):
        return " "
    if category in ("Mn", "Cf", "Cs", "Me"):
        return ""
    plain = unicodedata.normalize("NFKD", character.casefold())
    plain = "".join(c for c in plain if not unicodedata.combining(c)).casefold()
    if plain != character:          # "Æ" becomes "æ", which becomes "ae"
        plain = "".join(map(_fold_character, plain))
    return plain if plain.strip() == plain else ""


def fold(text: str) -> str:
    """The folded form alone, numbers in words left as they are. Idempotent."""
    return "".join(map(_fold_character, text))


def folded(text: str, language: str) -> Folded:
    """Fold a text and write its number words as digits."""
    characters: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for place, character in enumerate(text):
        for part in _fold_character(character):
            characters.append(part)
            starts.append(place)
            ends.append(place + 1)
    plain = "".join(characters)
    pattern, values = number_words(language)
    if not pattern.search(plain):
        return Folded(plain, tuple(starts), tuple(ends))
    pieces: list[str] = []
    new_starts: list[int] = []
    new_ends: list[int] = []
    last = 0
    for match in pattern.finditer(plain):
        value = values.get(re.sub(r"[\s-]+", " ", match.group()))
        if value is None:
            continue
        digits = str(value)
        pieces += [plain[last:match.start()], digits]
        new_starts += starts[last:match.start()] + [starts[match.start()]] * len(digits)
        new_ends += ends[last:match.start()] + [ends[match.end() - 1]] * len(digits)
        last = match.end()
    pieces.append(plain[last:])
    return Folded("".join(pieces), tuple(new_starts + starts[last:]), tuple(new_ends + ends[last:]))
