"""Send a meter reading, and say what it does to the next bill.

A figure that looks odd (lower than the last one, far from what is usual) is read back with the reason
and asked about once more; it is never refused.

Slots, all ``meter_reading_*``: ``base``, ``peak``, ``off_peak`` (kWh), ``gas`` (m³), ``on`` (ISO date),
``meter`` (worked out from the contract), ``energy``, ``anyway``, ``preview`` (worked out), ``confirm``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from bot.assistant.protocol import Choice, Input, Reply
from bot.backoffice.records import Register
from bot.errors import BadInput
from bot.flows.confirm import confirm_step, refused
from bot.flows.format import day, listed, money, number
from bot.flows.hearing import picked, soft, yes_no
from bot.flows.identity import access, identity_steps, named_contracts
from bot.flows.meter_hearing import REGISTERS, reading_date, readings
from bot.flows.types import Finish, Flow, Heard, Parsed, Problem, Scene, Step
from bot.settings import get_settings

ID = "meter_reading"
_VALUES = tuple(f"{ID}_{register}" for register in REGISTERS)


def _today(scene: Scene) -> date:
    return scene.at.astimezone(ZoneInfo(get_settings().timezone)).date()


def _meter(scene: Scene) -> Mapping[str, Any]:
    return scene.slots.get(f"{ID}_meter") or {}


def _wanted(scene: Scene) -> list[Register]:
    """Counters to read: all of the meter, or those of the energy chosen."""
    registers: list[Register] = list(_meter(scene).get("registers", ()))
    energy = scene.slots.get(f"{ID}_energy")
    if energy in ("electricity", "gas") and _both(scene):
        return [r for r in registers if (r == "gas") == (energy == "gas")]
    return registers


def _missing(scene: Scene) -> list[Register]:
    return [r for r in _wanted(scene) if scene.slots.get(f"{ID}_{r}") is None]


def _index(register: Register) -> Step:
    slot = f"{ID}_{register}"

    def parse(heard: Heard, scene: Scene, asked: bool) -> Parsed:
        if heard.choice is not None:
            return None
        requested = scene.slots.get("requested_slot")
        again = requested == f"{ID}_confirm"          # a figure typed at the recap corrects it
        wanted = _wanted(scene) if again else _missing(scene)
        if asked and register not in wanted:
            wanted = [register, *wanted]
        bare = requested in _VALUES or (again and len(wanted) == 1) or (not _meter(scene) and requested not in _ASKED_FIRST)
        bare = bare and not named_contracts(heard)    # a figure beside a contract number is its postcode
        first = wanted or ["base"]
        return readings(heard, first, bare).get(register)

    def check(scene: Scene) -> Mapping[str, Any] | Problem:
        digits = _meter(scene).get("digits", {}).get(register)
        value = scene.slots[slot]
        if digits and value >= 10 ** digits:
            return Problem(f"{ID}.too_long", {"value": number(value, scene.language), "digits": digits}, asks=True)
        return {}

    return Step(slot=slot, parse=parse, check=check, needed=lambda scene: register in _wanted(scene) and not _skip(scene),
                values=lambda scene: {"last": _last(scene, register)}, input=Input(kind="number"))


#: While these are asked, a bare figure is their answer and not a reading.
_ASKED_FIRST = ("contract_number", "contract_postcode", "identity_code")


def _last(scene: Scene, register: Register) -> str:
    last = _meter(scene).get("last", {}).get(register)
    return scene.say(f"{ID}.last", value=number(last[0], scene.language), on=day(last[1], scene.language)) if last else ""


def _look(scene: Scene) -> Mapping[str, Any]:
    """What the contract's meters are and when they were last read."""
    key = access(scene)
    contract = scene.backoffice.get_contract(key)
    guesses = scene.backoffice.estimate_index(key, _today(scene))
    too_long = {f"{ID}_{g.register}": None for g in guesses
                if (scene.slots.get(f"{ID}_{g.register}") or 0) >= 10 ** g.digits}    # said before we knew the meter
    return {**too_long, f"{ID}_meter": {
        "registers": list(contract.meter.registers), "linky": contract.meter.linky, "contract": contract.number,
        "digits": {g.register: g.digits for g in guesses},
        "last": {g.register: [g.last.value, g.last.on.isoformat()] for g in guesses},
    }}


def _both(scene: Scene) -> bool:
    registers = _meter(scene).get("registers", ())
    return "gas" in registers and len(registers) > 1


def _energy(heard: Heard, scene: Scene, asked: bool) -> Parsed:
    button = picked(heard, f"{ID}_energy")
    if button is not None:
        return button
    if heard.choice is not None:
        return None
    said = heard.first("energy")
    if said in ("electricity", "gas", "both"):
        return said
    text = soft(heard.text)
    gas = any(word in text for word in ("gaz", "gas", "m3", "m³"))
    electricity = any(word in text for word in ("elec", "elek", "elet", "strom", "linky", "courant", "kwh"))
    if (gas and electricity) or (asked and any(word in text for word in ("deux", "both", "beide", "ambos", "entramb"))):
        return "both"
    return "gas" if gas else "electricity" if electricity else None


def _linky_only(scene: Scene) -> bool:
    """A meter that reports by itself, and nothing else to read."""
    return bool(_meter(scene).get("linky")) and "gas" not in _wanted(scene) and bool(_wanted(scene))


def _anyway(heard: Heard, scene: Scene, asked: bool) -> Parsed:
    button = picked(heard, f"{ID}_anyway")
    said = yes_no(heard, firm=False) if asked and button is None else None
    return button if said is None else "yes" if said else "no"


def _skip(scene: Scene) -> bool:
    """A meter that reports by itself and a customer who is content with that."""
    return _linky_only(scene) and scene.slots.get(f"{ID}_anyway") == "no"


def _on(scene: Scene) -> date:
    said = scene.slots.get(f"{ID}_on")
    return date.fromisoformat(said) if said else _today(scene)


def _indexes(scene: Scene) -> dict[Register, int]:
    return {r: scene.slots[f"{ID}_{r}"] for r in _wanted(scene) if scene.slots.get(f"{ID}_{r}") is not None}


def _preview(scene: Scene) -> Mapping[str, Any]:
    """What the reading would do; a day that was billed already becomes today."""
    key, on = access(scene), _on(scene)
    moved: dict[str, Any] = {}
    try:
        found = scene.backoffice.preview_reading(key, _indexes(scene), on)
    except BadInput:
        if on == _today(scene):
            raise
        on, moved = _today(scene), {f"{ID}_on": None}
        found = scene.backoffice.preview_reading(key, _indexes(scene), on)
    odd = [*found.lower_than_last, *found.far_from_estimate]
    usual = {g.register: [g.low, g.high] for g in scene.backoffice.estimate_index(key, on)} if odd else {}
    return {**moved, f"{ID}_preview": {
        "lower": list(found.lower_than_last), "far": list(found.far_from_estimate), "usual": usual,
        "consumed": dict(found.consumed), "estimated": str(found.estimated_eur), "actual": str(found.actual_eur),
        "difference": str(found.difference_eur), "next": found.next_bill_on.isoformat(), "on": on.isoformat(),
    }}


def _confirm_ask(scene: Scene) -> str:
    preview = scene.slots.get(f"{ID}_preview") or {}
    return f"{ID}.confirm_odd.ask" if preview.get("lower") or preview.get("far") else f"{ID}.confirm.ask"


def _recap(scene: Scene) -> Mapping[str, object]:
    preview, language = scene.slots[f"{ID}_preview"], scene.language
    return {
        "what": _what(scene), "on": day(preview["on"], language), "contract": _meter(scene)["contract"],
        "effect": _effect(scene, preview), "doubt": " ".join(_doubts(scene, preview)),
    }


def _what(scene: Scene) -> str:
    return listed([scene.say(f"{ID}.value.{r}", value=number(v, scene.language)) for r, v in _indexes(scene).items()],
                  scene.language)


def _doubts(scene: Scene, preview: Mapping[str, Any]) -> list[str]:
    """What is odd about each figure, then once for each kind of oddity what may explain it."""
    said, kinds = [], []
    for register, value in _indexes(scene).items():
        kind = "lower" if register in preview["lower"] else "far" if register in preview["far"] else ""
        if not kind:
            continue
        last, (low, high) = _meter(scene)["last"][register], preview["usual"][register]
        kind = kind if kind == "lower" else "high" if value > high else "low"
        kinds.append(kind)
        said.append(scene.say(
            f"{ID}.doubt.{kind}", name=scene.say(f"{ID}.name.{register}"), value=number(value, scene.language),
            last=number(last[0], scene.language), last_on=day(last[1], scene.language),
            low=number(low, scene.language), high=number(high, scene.language)))
    return said + [scene.say(f"{ID}.reason.{kind}") for kind in dict.fromkeys(kinds)]


def _effect(scene: Scene, preview: Mapping[str, Any]) -> str:
    if preview["lower"]:
        return ""
    difference = Decimal(preview["difference"])
    key = "same" if not difference else "less" if difference < 0 else "more"
    return scene.say(f"{ID}.effect.{key}", difference=money(abs(difference), scene.language),
                     actual=money(Decimal(preview["actual"]), scene.language), next=day(preview["next"], scene.language),
                     estimated=money(Decimal(preview["estimated"]), scene.language))


def finish(scene: Scene) -> Finish:
    """Send the reading."""
    if _skip(scene):
        text = scene.say(f"{ID}.automatic", last=_last(scene, _wanted(scene)[0]))
        return Finish(end="done", note="meter reports by itself", replies=[Reply(text=text, reply="flow")])
    declined = refused(ID, scene)
    if declined:
        return declined
    preview = scene.slots[f"{ID}_preview"]
    on = date.fromisoformat(preview["on"])
    result = scene.backoffice.submit_reading(access(scene), _indexes(scene), on, f"{scene.slots['flow_key']}:submit_reading")
    odd = preview["lower"] or preview["far"]
    text = scene.say(f"{ID}.done_odd" if odd else f"{ID}.done", what=_what(scene), reference=result.receipt.reference,
                     on=day(on, scene.language), effect=_effect(scene, preview),
                     next=day(result.effect.next_bill_on, scene.language))
    choices = [Choice(id="flow:explain_bill", label=scene.say("choice.flow_explain_bill"))]
    return Finish(end="done", reference=result.receipt.reference, replies=[Reply(text=text, reply="flow", choices=choices)],
                  note="odd reading confirmed by the customer" if odd else "")


FLOW = Flow(
    id=ID,
    account=True,
    steps=[
        Step(slot=f"{ID}_on", parse=lambda heard, scene, asked: reading_date(heard, _today(scene)), listen=True),
        *identity_steps(),
        Step(slot=f"{ID}_meter", parse=lambda heard, scene, asked: None, enter=_look, correctable=False,
             depends=("contract_number",)),
        Step(slot=f"{ID}_energy", parse=_energy, needed=_both, depends=(f"{ID}_meter",), choices=lambda scene: [
            (value, scene.say(f"{ID}.energy.{value}")) for value in ("electricity", "gas", "both")]),
        Step(slot=f"{ID}_anyway", parse=_anyway, alone=True, correctable=False, depends=(f"{ID}_meter",),
             needed=lambda scene: _linky_only(scene) and len(_missing(scene)) == len(_wanted(scene)),
             values=lambda scene: {"last": _last(scene, _wanted(scene)[0])},
             choices=lambda scene: [("no", scene.say(f"{ID}.anyway.no")), ("yes", scene.say(f"{ID}.anyway.yes"))]),
        *(_index(register) for register in REGISTERS),
        Step(slot=f"{ID}_preview", parse=lambda heard, scene, asked: None, enter=_preview, correctable=False,
             needed=lambda scene: not _skip(scene), depends=(*_VALUES, f"{ID}_on", f"{ID}_energy", f"{ID}_meter")),
        confirm_step(ID, values=_recap, ask=_confirm_ask, needed=lambda scene: not _skip(scene)),
    ],
    finish=finish,
)
