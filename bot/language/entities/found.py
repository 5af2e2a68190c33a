"""A value found in folded text, before it becomes an ``Entity``; and which of two that overlap stays."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Found:
    """``start``/``end`` are offsets into the folded text. ``strength`` settles overlaps: more wins."""

    name: str
    value: object
    start: int
    end: int
    valid: bool = True
    role: str | None = None
    strength: int = 5


def settle(found: Iterable[Found]) -> list[Found]:
    """Those that stand, in order: stronger first, then valid, then longer, then earlier."""
    kept: list[Found] = []
    for one in sorted(found, key=lambda f: (-f.strength, not f.valid, f.start - f.end, f.start, f.name)):
        if one.end > one.start and all(one.end <= other.start or other.end <= one.start for other in kept):
            kept.append(one)
    return sorted(kept, key=lambda f: f.start)
