"""Rasa actions of the flow "which power does my meter need"."""

from __future__ import annotations

from actions.base import SubmitFlow, ValidateFlow
from bot.flows.choose_power import FLOW


class ValidateChoosePower(ValidateFlow):
    """``validate_choose_power_form``: one turn inside the form."""

    flow = FLOW


class SubmitChoosePower(SubmitFlow):
    """``action_choose_power``: the advice or the change, or why there is none."""

    flow = FLOW
