"""All flows by id."""

from __future__ import annotations

from bot.flows import (
    cancel_contract,
    choose_power,
    explain_bill,
    meter_reading,
    move_home,
    outage,
    payment_details,
    payment_plan,
)
from bot.flows.types import Flow, Heard, Problem, Scene

FLOWS: dict[str, Flow] = {
    flow.id: flow for flow in (
        choose_power.FLOW, meter_reading.FLOW, explain_bill.FLOW, payment_plan.FLOW, move_home.FLOW,
        outage.FLOW, payment_details.FLOW, cancel_contract.FLOW,
    )
}


def answered_already(flow: Flow, heard: Heard, scene: Scene) -> int:
    """How many of a flow's questions a message answers before they are asked.

    A question that brings the answers along ("quelle puissance ? 3 pièces, chauffage électrique") wants
    the thing done, not an article about it.
    """
    values = (step.parse(heard, scene, False) for step in flow.steps if step.slot.startswith(flow.id))
    return sum(value is not None and not isinstance(value, Problem) for value in values)
