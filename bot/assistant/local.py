"""A turn's context made from a Rasa tracker, where no dialogue process set one (`rasa shell`, tests)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.assistant.context import TurnContext, get_turn

if TYPE_CHECKING:
    from rasa_sdk import Tracker


def turn_for(tracker: Tracker) -> TurnContext:
    """The running turn, or one built for this tracker by the process-wide assistant."""
    turn = get_turn()
    if turn is not None:
        return turn
    from bot.assistant.engine import shared_engine

    return shared_engine().context_for_tracker(tracker)
