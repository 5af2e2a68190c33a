"""Rasa actions of the flow "choose the power of a meter"."""

from __future__ import annotations

from actions.base import SubmitFlow, ValidateFlow
from bot.flows.choose_power import FLOW


class ValidateChoosePower(ValidateFlow):
    """``validate_choose_power_form``: one turn inside the form."""

    flow = FLOW


class SubmitChoosePower(SubmitFlow):
    """``action_choose_power``: the change of power, or the advice alone."""

    flow = FLOW
