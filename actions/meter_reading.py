"""Rasa actions of the flow "send a meter reading"."""

from __future__ import annotations

from actions.base import SubmitFlow, ValidateFlow
from bot.flows.meter_reading import FLOW


class ValidateMeterReading(ValidateFlow):
    """``validate_meter_reading_form``: one turn inside the form."""

    flow = FLOW


class SubmitMeterReading(SubmitFlow):
    """``action_meter_reading``: the reading, and what it does to the next bill."""

    flow = FLOW
