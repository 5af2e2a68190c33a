"""Rasa actions of the flow "more time to pay"."""

from __future__ import annotations

from actions.base import SubmitFlow, ValidateFlow
from bot.flows.payment_plan import FLOW


class ValidatePaymentPlan(ValidateFlow):
    """``validate_payment_plan_form``: one turn inside the form."""

    flow = FLOW


class SubmitPaymentPlan(SubmitFlow):
    """``action_payment_plan``: the delay or the plan, or why there is none."""

    flow = FLOW
