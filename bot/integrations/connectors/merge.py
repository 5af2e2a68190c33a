"""Whose value counts where a field may have changed on both sides. Pure."""

from __future__ import annotations

from typing import Literal

_RANK = {"new": 0, "open": 1, "pending": 2, "on_hold": 2, "solved": 3, "closed": 4}
Choice = Literal["ours", "theirs", "same"]


def decide(
    name: str, *, base: tuple[str | None, str | None], ours: str, theirs: str, ours_at: str,
    theirs_at: str,
) -> Choice:
    """Which side's value the other takes over.

    ``base`` is what each side had when they last agreed (ours, theirs): the two may differ, where one
    has no word for the other's; None where that is not known yet. One that alone changed wins. Where both
    did, the later change wins. A status goes back only from solved to a live one, which is a reopening. A
    ticket of ours that is closed for good takes nothing over, and theirs, opened again since both were
    solved, stays open: whoever opened it works on it there.
    """
    if ours == theirs or (name == "status" and ours in ("solved", "closed") and theirs in ("solved", "closed")):
        return "same"
    if name == "status" and ours == "closed" and base[0] in ("solved", "closed"):
        return "same"
    ours_changed = base[0] is not None and ours != base[0]
    theirs_changed = base[1] is not None and theirs != base[1]
    choice: Choice
    if ours_changed and theirs_changed:
        choice = "theirs" if theirs_at > ours_at else "ours"
    elif theirs_changed:
        choice = "theirs"
    else:
        choice = "ours" if ours_changed else "same"
    if name == "status" and choice == "theirs":
        if ours == "closed":
            return "ours"        # merged into another: what is left here goes on there
        backwards = _RANK[theirs] < _RANK[ours]
        if backwards and ours != "solved":
            return "ours" if ours_changed else "same"
    return choice
