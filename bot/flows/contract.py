"""The verified customer's contract in a flow: one slot, filled once, refreshed when the contract changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from bot.flows.identity import access
from bot.flows.types import Heard, Scene, Step
from bot.settings import get_settings


def today(scene: Scene) -> date:
    """The customer's date at this turn."""
    return scene.at.astimezone(ZoneInfo(get_settings().timezone)).date()


def contract_step(flow_id: str, needed: Callable[[Scene], bool] = lambda scene: True) -> Step:
    """Step ``<flow_id>_contract``: asks nothing, fills its slot from the back office once verified."""
    slot = f"{flow_id}_contract"

    def fetch(scene: Scene) -> Mapping[str, Any]:
        contract = scene.backoffice.get_contract(access(scene))
        meter = contract.meter
        return {slot: {
            "number": contract.number, "address": contract.address, "town": contract.town, "postcode": contract.postcode,
            "energy": contract.energy, "power_kva": contract.power_kva, "offer": contract.offer_name,
            "linky": meter.linky, "registers": list(meter.registers), "payment": contract.payment,
            "debit_day": contract.debit_day, "iban_masked": contract.iban_masked,
            "since": contract.since.isoformat(), "status": contract.status, "email": contract.email_masked,
            "ends_on": contract.ends_on.isoformat() if contract.ends_on else None,
        }}

    def hear(heard: Heard, scene: Scene, asked: bool) -> None:
        return None

    return Step(slot=slot, parse=hear, enter=fetch, needed=needed, depends=("contract_number",))
