"""Rasa actions of the flow "change bank account or debit day"."""

from __future__ import annotations

from actions.base import SubmitFlow, ValidateFlow
from bot.flows.payment_details import FLOW


class ValidatePaymentDetails(ValidateFlow):
    """``validate_payment_details_form``: one turn inside the form."""

    flow = FLOW


class SubmitPaymentDetails(SubmitFlow):
    """``action_payment_details``: the changes, or why there are none."""

    flow = FLOW
