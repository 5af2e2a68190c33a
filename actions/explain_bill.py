"""Rasa actions of the flow "explain my bill"."""

from __future__ import annotations

from actions.base import SubmitFlow, ValidateFlow
from bot.flows.explain_bill import FLOW


class ValidateExplainBill(ValidateFlow):
    """``validate_explain_bill_form``: one turn inside the form."""

    flow = FLOW


class SubmitExplainBill(SubmitFlow):
    """``action_explain_bill``: the last bill against the one before."""

    flow = FLOW
