"""Rasa actions of the flow "moving home"."""

from __future__ import annotations

from actions.base import SubmitFlow, ValidateFlow
from bot.flows.move_home import FLOW


class ValidateMoveHome(ValidateFlow):
    """``validate_move_home_form``: one turn inside the form."""

    flow = FLOW


class SubmitMoveHome(SubmitFlow):
    """``action_move_home``: the closing and the opening, or why there are none."""

    flow = FLOW
