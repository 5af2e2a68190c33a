"""Rasa actions of the flow "cancel the contract"."""

from __future__ import annotations

from actions.base import SubmitFlow, ValidateFlow
from bot.flows.cancel_contract import FLOW


class ValidateCancelContract(ValidateFlow):
    """``validate_cancel_contract_form``: one turn inside the form."""

    flow = FLOW


class SubmitCancelContract(SubmitFlow):
    """``action_cancel_contract``: the end of the contract, or why it goes on."""

    flow = FLOW
