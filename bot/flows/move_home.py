"""Moving home: close here, open there, or leave for good, in one request and one message.

Dates, address and energy of the new home are asked only where a contract opens there; the last index
only on the last day and only of counters nobody can read from afar.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from bot.assistant.protocol import Choice, Input, Reply
from bot.backoffice.records import MoveDetails
from bot.flows import move_hearing as hear
from bot.flows.confirm import confirm_step, refused
from bot.flows.contract import contract_step, today
from bot.flows.facts import fact
from bot.flows.format import day as day_text
from bot.flows.format import money
from bot.flows.identity import access, identity_steps
from bot.flows.leaving import (
    already_ending,
    bullets,
    closing_index,
    contract,
    cost_lines,
    day_choices,
    forward,
    forward_step,
    index_steps,
    meter_line,
    running,
    slot,
)
from bot.flows.types import Finish, Flow, Scene, Step

ID = hear.ID


def _get(scene: Scene, name: str) -> Any:
    return slot(scene, ID, name)


def _running(scene: Scene) -> bool:
    return running(scene, ID)


def _opens(scene: Scene) -> bool:
    return _running(scene) and bool(_get(scene, "stay") == "yes")


def _leaves(scene: Scene) -> bool:
    return _running(scene) and bool(_get(scene, "stay") == "no")


def _with_power(scene: Scene) -> bool:
    return _opens(scene) and _get(scene, "new_energy") in ("electricity", "both")


def _kva(scene: Scene) -> int | None:
    """Power to order: ``None`` leaves the meter there as it is set."""
    value = _get(scene, "new_power")
    if value == "same":
        kva = contract(scene, ID).get("power_kva")
        return int(kva) if kva else None
    return value if isinstance(value, int) else None


def _leave_choices(scene: Scene) -> list[tuple[str, str]]:
    return day_choices(scene)


def _stay_choices(scene: Scene) -> list[tuple[str, str]]:
    return [(value, scene.say(f"{ID}.stay_{value}")) for value in ("yes", "no")]


def _enter_choices(scene: Scene) -> list[tuple[str, str]]:
    leave = date.fromisoformat(str(_get(scene, "leave_on")))
    calm = today(scene) + timedelta(days=3)          # from then on the network charges its normal fee
    days = [leave] if leave >= calm else [leave, calm]
    return [(on.isoformat(), scene.say("leaving.choice_on", on=day_text(on, scene.language, year=False))) for on in days]


def _energy_choices(scene: Scene) -> list[tuple[str, str]]:
    return [(value, scene.say(f"{ID}.energy_{value}")) for value in ("electricity", "both", "gas")]


def _power_ask(scene: Scene) -> str:
    return f"{ID}.new_power.ask" if contract(scene, ID).get("power_kva") else f"{ID}.new_power_first.ask"


def _power_choices(scene: Scene) -> list[tuple[str, str]]:
    kva = contract(scene, ID).get("power_kva")
    same = [("same", scene.say(f"{ID}.power_same", kva=kva))] if kva else []
    return [*same, ("as_is", scene.say(f"{ID}.power_as_is"))]


def _skip(scene: Scene) -> list[tuple[str, str]]:
    return [("skip", scene.say("leaving.choice_later"))]


def opening_fee(scene: Scene) -> Decimal:
    """What the network operators charge for switching on at the new home, by energy and notice, in euros."""
    speed = hear.fee_speed(scene)
    suffix = "" if speed == "normal" else f"_{speed}"
    energy, total = _get(scene, "new_energy"), Decimal(0)
    if energy != "gas":
        total += Decimal(str(fact(f"network_fees_eur.commissioning_electricity{suffix}")))
    if energy != "electricity":
        total += Decimal(str(fact("network_fees_eur.commissioning_gas")))
    return total


def _place(scene: Scene) -> str:
    parts = (_get(scene, "new_address"), " ".join(filter(None, (_get(scene, "new_postcode"), _get(scene, "new_town")))))
    return ", ".join(part for part in parts if part)


def _recap(scene: Scene) -> Mapping[str, object]:
    language, leave = scene.language, str(_get(scene, "leave_on"))
    preview = scene.backoffice.cancellation_preview(access(scene), date.fromisoformat(leave))
    here = contract(scene, ID)
    lines = [scene.say(f"{ID}.recap.close", address=f"{here.get('address')}, {here.get('town')}", on=day_text(leave, language))]
    if _opens(scene):
        lines += _opening_lines(scene)
    lines += cost_lines(scene, preview)
    address = forward(scene, ID)
    if address:
        lines.append(scene.say("leaving.bill_to", address=address))
    return {"lines": bullets(lines)}


def _opening_lines(scene: Scene) -> list[str]:
    energy, kva = _get(scene, "new_energy"), _kva(scene)
    lines = [scene.say(f"{ID}.recap.open", address=_place(scene), on=day_text(_get(scene, "enter_on"), scene.language),
                       energy=scene.say(f"{ID}.energy_name.{energy}"))]
    if energy != "gas":
        lines.append(scene.say(f"{ID}.recap.power", kva=kva) if kva else scene.say(f"{ID}.recap.power_as_is"))
    speed = hear.fee_speed(scene)
    soon = today(scene) + timedelta(days=3)
    normal = Decimal(str(fact("network_fees_eur.commissioning_electricity")))
    key = "fee" if speed == "normal" or energy == "gas" else "fee_soon"
    lines.append(scene.say(f"{ID}.recap.{key}", fee=money(opening_fee(scene), scene.language, short=True),
                           normal=money(normal, scene.language, short=True), on=day_text(soon, scene.language, year=False)))
    return lines


def _finish(scene: Scene) -> Finish:
    over = already_ending(scene, ID) or refused(ID, scene)
    if over:
        return over
    leave = date.fromisoformat(str(_get(scene, "leave_on")))
    opens = _opens(scene)
    details = MoveDetails(
        leave_on=leave, closing_index=closing_index(scene, ID), forward_address=forward(scene, ID),
        new_postcode=_get(scene, "new_postcode") if opens else None, new_town=_get(scene, "new_town") if opens else None,
        new_address=_get(scene, "new_address") if opens else None,
        enter_on=date.fromisoformat(str(_get(scene, "enter_on"))) if opens else None,
        new_power_kva=_kva(scene) if _with_power(scene) else None, new_energy=_get(scene, "new_energy") if opens else None,
        new_pdl=_pdl(scene) if opens else None,
    )
    receipt = scene.backoffice.move_home(access(scene), details, f"{scene.slots['flow_key']}:move_home")
    by = day_text(str(receipt.details.get("final_bill_by") or leave), scene.language)
    where = forward(scene, ID) or (_place(scene) if opens else contract(scene, ID).get("email") or "")
    values: dict[str, object] = {
        "reference": receipt.reference, "leave": day_text(leave, scene.language, year=False), "by": by, "where": where,
        "meter": meter_line(scene, ID), "money": _money_after(scene, receipt.details),
        "enter": day_text(details.enter_on, scene.language, year=False) if details.enter_on else "", "place": _place(scene),
    }
    text = scene.say(f"{ID}.done_stay" if opens else f"{ID}.done_leave", **values)
    choices = [Choice(id="flow:meter_reading", label=scene.say("choice.flow_meter_reading"))] if opens else []
    return Finish("done", [Reply(text=text, reply="flow", choices=choices)], reference=receipt.reference,
                  note="moves, stays with us" if opens else "leaves for good")


def _pdl(scene: Scene) -> str | None:
    value = _get(scene, "new_pdl")
    return None if value in (None, "skip") else str(value)


def _money_after(scene: Scene, details: Mapping[str, Any]) -> str:
    """What the final bill will come to, as far as it is known."""
    balance = Decimal(str(details.get("balance_eur") or 0))
    if not balance:
        return ""
    key = "leaving.after_owed" if balance > 0 else "leaving.after_credit"
    return scene.say(key, amount=money(abs(balance), scene.language), days=fact("terms.refund_days"))


FLOW = Flow(
    id=ID,
    account=True,
    finish=_finish,
    steps=[
        *identity_steps(),
        contract_step(ID),
        Step(slot=f"{ID}_leave_on", parse=hear.leave_on, choices=_leave_choices, needed=_running, input=Input(kind="date")),
        Step(slot=f"{ID}_stay", parse=hear.stay, choices=_stay_choices, needed=_running),
        Step(slot=f"{ID}_new_address", parse=hear.address, needed=_opens),
        Step(slot=f"{ID}_new_postcode", parse=hear.postcode, needed=_opens, input=Input(kind="postcode")),
        Step(slot=f"{ID}_new_town", parse=hear.town, listen=True, depends=(f"{ID}_new_postcode",)),
        Step(slot=f"{ID}_enter_on", parse=hear.enter_on, choices=_enter_choices, needed=_opens, input=Input(kind="date")),
        Step(slot=f"{ID}_new_energy", parse=hear.energy, choices=_energy_choices, needed=_opens),
        Step(slot=f"{ID}_new_power", parse=hear.power, ask=_power_ask, choices=_power_choices, needed=_with_power,
             values=lambda scene: {"kva": contract(scene, ID).get("power_kva") or ""}),
        Step(slot=f"{ID}_new_pdl", parse=hear.pdl, choices=_skip, needed=_opens),
        *index_steps(ID, "leave_on", _running),
        forward_step(ID, _leaves),
        confirm_step(ID, values=_recap, needed=_running),
    ],
)
