"""Rasa actions of the flow "no power, no gas"."""

from __future__ import annotations

from actions.base import SubmitFlow, ValidateFlow
from bot.flows.outage import FLOW


class ValidateOutage(ValidateFlow):
    """``validate_outage_form``: one turn inside the form."""

    flow = FLOW


class SubmitOutage(SubmitFlow):
    """``action_outage``: the report, the advice, or why there is none."""

    flow = FLOW
