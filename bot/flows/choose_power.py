"""Choose the power of a meter, and change it.

The advice needs no account: a few questions about the home, then a power with its reasons and what it
costs a year next to the one in force. A question is put only if its answer could still change the
result. Only a customer who wants the change is asked who they are.

Slots, all ``choose_power_*``: ``current`` and ``target`` (kVA said by the customer), ``dwelling``,
``size``, ``heating``, ``extras``, ``hot_water``, ``hob``, ``oven``, ``use``, ``offer`` (kVA to change to, or
``stay``), ``quote`` (worked out), ``confirm``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from bot.assistant.protocol import Choice, Reply
from bot.errors import BadInput, Conflict
from bot.flows import home
from bot.flows.confirm import confirm_step, refused
from bot.flows.format import day, money
from bot.flows.hearing import picked, soft, yes_no
from bot.flows.identity import access, identity_steps
from bot.flows.power_advice import advice, matters, prices, recommendation, step_below
from bot.flows.types import Finish, Flow, Heard, Parsed, Problem, Scene, Step

ID = "choose_power"
STAY, CHECK = "stay", "check"
#: Above this a second home probably pays for power it never uses, in kVA.
_LARGE = 6
_CHANGE = re.compile(
    r"\b(?:pass\w*|mont\w*|augment\w*|descend\w*|baiss\w*|diminu\w*|redui\w*|mettre|mets|met(?:tez)?|chang\w*|prendre|voudrais|veux|"
    r"go|switch|move|raise|lower|reduce|increase|change|want|naar|verhog\w*|verlag\w*|wil|wijzig\w*|auf|erhoh\w*|senk\w*|wechsel\w*|andern|will|mochte|"
    r"cambiar|subir|bajar|quiero|passare|aument\w*|abbass\w*|ridurre|vorrei|voglio)\b"
)
_TOWARDS = re.compile(r"\b(?:a|en|pour|to|naar|op|auf|zu|hasta|por)\s*$")
_NOT = re.compile(r"\b(?:pas|not|niet|nicht)\s*$")
_NOW = re.compile(
    r"\b(?:de|du|depuis|from|van|von|desde|da|j ai|actuel\w*|aujourd hui|en ce moment|suis (?:en|a)|abonnement\w*|besoin|i have|currently|need|"
    r"heb|nu|huidig\w*|abonnement|habe|derzeit|aktuell\w*|brauche|tengo|actual\w*|necesito|ho|attual\w*|serve|bisogno)\b"
)


def _powers(heard: Heard, scene: Scene) -> dict[str, int]:
    """kVA named in the message as ``now`` and ``then``: in force, and wished for.

    Where the wish itself was just read back, another power is another wish ("non, plutôt 12 kVA").
    """
    text, values = heard.text, [e for e in heard.entities("power_kva") if e.valid]    # not "c'est quoi, un kVA ?"
    wish = scene.slots.get("requested_slot") in (f"{ID}_direct", f"{ID}_confirm")
    result: dict[str, int] = {}
    for entity in values:
        here = text[entity.start:entity.end] == entity.text
        before = soft(text[max(0, entity.start - 60):entity.start]) if here else ""
        if wish and not _NOW.search(before):
            if not _NOT.search(before):
                result["then"] = int(entity.value)  # type: ignore[call-overload]
            continue
        wanted = bool(_TOWARDS.search(before) and _CHANGE.search(before)) or (
            len(values) == 2 and "now" in result) or bool(
            _CHANGE.search(before) and not _NOW.search(before))
        result.setdefault("then" if wanted else "now", int(entity.value))  # type: ignore[call-overload]
    return result


def _current(heard: Heard, scene: Scene, asked: bool) -> Parsed:
    if scene.slots.get("requested_slot") == f"{ID}_offer" and not _NOW.search(soft(heard.text)):
        return None                      # "plutôt 9 kVA" answers the offer
    return _powers(heard, scene).get("now")


def _target(heard: Heard, scene: Scene, asked: bool) -> Parsed:
    if scene.slots.get("requested_slot") == f"{ID}_offer":
        return None
    wanted = _powers(heard, scene).get("then")
    return wanted if wanted in prices().steps else None


def _home_step(name: str, hear: Any, *, known: bool = True) -> Step:
    """A question about the home; "je ne sais pas" is an answer, the usual case is assumed then."""
    slot = f"{ID}_{name}"

    def parse(heard: Heard, scene: Scene, asked: bool) -> Parsed:
        button = picked(heard, slot)
        if button is not None:
            return _BUTTONS.get((name, button), button)
        value = hear(heard, scene, asked)
        return "unknown" if value is None and asked and home.unknown(heard) else value

    def choices(scene: Scene) -> list[tuple[str, str]]:
        offered = [(value, scene.say(f"{ID}.{name}.option.{value}")) for value in _OPTIONS[name]]
        return [*offered, ("unknown", scene.say("choice.skip"))] if known else offered

    return Step(slot=slot, parse=parse, choices=choices, needed=lambda scene: _sizing(scene) and matters(scene.slots, name),
                ask=_size_ask if name == "size" else None, values=_known_values)


_OPTIONS: Mapping[str, tuple[str, ...]] = {
    "size": ("30", "60", "90", "130"),
    "heating": ("electric", "heat_pump", "gas", "wood", "collective"),
    "extras": ("none", "car", "pool", "air_conditioning"),
    "hot_water": ("electric", "gas", "collective"),
    "hob": ("induction", "vitro", "gas"),
    "use": ("main", "second"),
}
_BUTTONS: Mapping[tuple[str, str], Any] = {
    **{("size", value): {"surface_m2": float(value)} for value in _OPTIONS["size"]},
    ("extras", "none"): {}, ("extras", "car"): {"car_charger_kw": home.USUAL_CHARGER_KW},
    ("extras", "pool"): {"pool": True}, ("extras", "air_conditioning"): {"air_conditioning": True},
}


def _known_values(scene: Scene) -> Mapping[str, object]:
    kva = scene.slots.get(f"{ID}_current")
    month = prices().subscription(kva, "base") if kva in prices().steps else None
    return {"kva": kva or "", "month": "" if month is None else money(month, scene.language)}


def _size_ask(scene: Scene) -> str:
    slots = scene.slots
    if slots.get(f"{ID}_heating") is not None:
        return f"{ID}.size.ask"
    if slots.get(f"{ID}_current") in prices().steps:
        second = slots.get(f"{ID}_use") == "second" and slots[f"{ID}_current"] > _LARGE
        return f"{ID}.start_second.ask" if second else f"{ID}.start_current.ask"
    return f"{ID}.start.ask"


def _listen(name: str, hear: Any) -> Step:
    return Step(slot=f"{ID}_{name}", parse=hear, listen=True)


def _sizing(scene: Scene) -> bool:
    """Whether the home is to be sized: not where the customer knows the power and wants just that."""
    return scene.slots.get(f"{ID}_target") is None or scene.slots.get(f"{ID}_direct") == CHECK


def _direct(heard: Heard, scene: Scene, asked: bool) -> Parsed:
    if asked and picked(heard, f"{ID}_direct") is None:
        said = yes_no(heard, firm=False)
        return None if said is None else "yes" if said else CHECK
    return picked(heard, f"{ID}_direct")


def _offer(heard: Heard, scene: Scene, asked: bool) -> Parsed:
    button = picked(heard, f"{ID}_offer")
    if button is not None:
        return button
    if not asked:
        return None
    named = [int(e.value) for e in heard.entities("power_kva")]  # type: ignore[call-overload]
    bare = re.fullmatch(r"\D{0,15}(\d{1,2})\D{0,5}", heard.text)
    if not named and bare and int(bare.group(1)) in prices().steps:
        named = [int(bare.group(1))]
    if named and not _NOW.search(soft(heard.text)):
        return str(named[-1]) if named[-1] in prices().steps else Problem(
            f"{ID}.not_sold", {"kva": named[-1], "steps": ", ".join(map(str, prices().steps))}, asks=True)
    said = yes_no(heard)
    return None if said is None else str(_offered(scene)[0]) if said else STAY


def _offered(scene: Scene) -> list[int]:
    """Powers worth changing to; none where the one in force is right, or no household power is enough."""
    found, now = recommendation(scene.slots), scene.slots.get(f"{ID}_current")
    if found.note == "business":
        return []
    return [kva for kva in (found.kva, step_below(scene.slots)) if kva is not None and kva != now]


def _show(scene: Scene) -> Mapping[str, Any]:
    """Remember what was recommended, so that a detail that changes nothing is not answered with it all again."""
    shown = list(scene.slots.get(f"{ID}_shown") or [])
    return {f"{ID}_shown": [*shown[-1:], f"{recommendation(scene.slots).kva}:{scene.slots.get(f'{ID}_current')}"]}


def _offer_ask(scene: Scene) -> str:
    shown = scene.slots.get(f"{ID}_shown") or []
    return f"{ID}.offer_same.ask" if len(shown) == 2 and shown[0] == shown[1] else f"{ID}.offer.ask"


def _offer_choices(scene: Scene) -> list[tuple[str, str] | Choice]:
    return [*((str(kva), scene.say(f"{ID}.offer.change", kva=kva)) for kva in _offered(scene)),
            (STAY, scene.say(f"{ID}.offer.stay"))]


def wanted(scene: Scene) -> int | None:
    """The power the customer wants changed to, once they have said so."""
    if scene.slots.get(f"{ID}_direct") == "yes":
        return int(scene.slots[f"{ID}_target"])
    offer = scene.slots.get(f"{ID}_offer")
    return int(offer) if isinstance(offer, str) and offer.isdigit() else None


def _quote(scene: Scene) -> Mapping[str, Any]:
    """What the change costs on the real contract; an obstacle instead where there is one."""
    kva = wanted(scene) or 0
    key = access(scene)
    contract = scene.backoffice.get_contract(key)
    base = {"contract": contract.number, "address": f"{contract.address}, {contract.postcode} {contract.town}", "kva": kva}
    if contract.power_kva is None:
        return {f"{ID}_quote": {**base, "obstacle": "no_electricity"}}
    if contract.power_kva == kva:
        return {f"{ID}_quote": {**base, "obstacle": "same"}}
    try:
        change = scene.backoffice.preview_power(key, kva)
    except (Conflict, BadInput) as error:
        return {f"{ID}_quote": {**base, "obstacle": "other", "detail": error.detail}}
    return {f"{ID}_quote": {
        **base, "old": change.old_kva, "fee": str(change.fee_eur), "old_month": str(change.old_month_eur),
        "new_month": str(change.new_month_eur), "year": str(change.year_difference_eur), "remote": change.remote,
        "on": change.effective_on.isoformat(), "loses_off_peak": change.loses_off_peak, "note": change.note,
    }}


def _recap(scene: Scene) -> Mapping[str, object]:
    quote, language, say = scene.slots[f"{ID}_quote"], scene.language, scene.say
    warnings = [say(f"{ID}.warn.off_peak")] if quote["loses_off_peak"] else []
    if quote["note"]:
        warnings.append(say(f"{ID}.warn.{quote['note']}"))
    how = say(f"{ID}.how.remote" if quote["remote"] else f"{ID}.how.visit", on=day(quote["on"], language))
    return {
        "contract": quote["contract"], "address": quote["address"], "old": quote["old"], "kva": quote["kva"],
        "old_month": money(Decimal(quote["old_month"]), language), "new_month": money(Decimal(quote["new_month"]), language),
        "difference": _difference(scene, Decimal(quote["year"])), "fee": money(Decimal(quote["fee"]), language, short=True),
        "how": " ".join([how, *warnings]),
    }


def _difference(scene: Scene, year: Decimal) -> str:
    key = "same" if not year else "less" if year < 0 else "more"
    return scene.say(f"{ID}.difference.{key}", amount=money(abs(year), scene.language))


def finish(scene: Scene) -> Finish:
    """Change the power, or end with the advice."""
    if wanted(scene) is None:
        said = scene.slots.get(f"{ID}_offer") is not None
        text = scene.say(f"{ID}.kept") if said else scene.say(f"{ID}.keep", **advice(scene))
        business = recommendation(scene.slots).note == "business"
        choices = [Choice(id="human", label=scene.say("choice.human"))] if business else []
        return Finish(end="done", note="advice only", replies=[Reply(text=text, reply="flow", choices=choices)])
    declined = refused(ID, scene)
    if declined:
        return declined
    quote = scene.slots[f"{ID}_quote"]
    if quote.get("obstacle"):
        text = scene.say(f"{ID}.obstacle.{quote['obstacle']}", kva=quote["kva"], contract=quote["contract"])
        choices = [Choice(id="human", label=scene.say("choice.human"))]
        return Finish(end="done", note=str(quote.get("detail", quote["obstacle"])),
                      replies=[Reply(text=text, reply="flow", choices=choices)])
    receipt = scene.backoffice.change_power(access(scene), quote["kva"], f"{scene.slots['flow_key']}:change_power")
    text = scene.say(f"{ID}.done_remote" if quote["remote"] else f"{ID}.done_visit", kva=quote["kva"],
                     reference=receipt.reference, on=day(quote["on"], scene.language),
                     month=money(Decimal(quote["new_month"]), scene.language))
    return Finish(end="done", reference=receipt.reference, replies=[Reply(text=text, reply="flow")],
                  note=f"power {quote['old']} to {quote['kva']} kVA")


def _changing(scene: Scene) -> bool:
    return wanted(scene) is not None


FLOW = Flow(
    id=ID,
    steps=[
        _listen("current", _current),
        _listen("target", _target),
        Step(slot=f"{ID}_direct", parse=_direct, depends=(f"{ID}_target",),
             needed=lambda scene: scene.slots.get(f"{ID}_target") is not None, alone=True,
             choices=lambda scene: [("yes", scene.say(f"{ID}.direct.yes")), (CHECK, scene.say(f"{ID}.direct.check"))],
             values=lambda scene: {"kva": scene.slots[f"{ID}_target"], "month": money(
                 prices().subscription(scene.slots[f"{ID}_target"], "base"), scene.language)}),
        _listen("shown", lambda heard, scene, asked: None),
        _listen("dwelling", lambda heard, scene, asked: home.dwelling(heard)),
        _home_step("size", lambda heard, scene, asked: home.size(heard, asked)),
        _home_step("heating", lambda heard, scene, asked: home.heating(heard, asked or _open_start(scene))),
        _home_step("extras", lambda heard, scene, asked: home.appliances(heard, asked, _dict(scene, "extras")), known=False),
        _home_step("hot_water", lambda heard, scene, asked: home.hot_water(heard, asked)),
        _home_step("hob", lambda heard, scene, asked: home.hob(heard, asked)),
        _listen("oven", lambda heard, scene, asked: home.oven(heard)),
        _home_step("use", lambda heard, scene, asked: home.use(heard), known=False),
        Step(slot=f"{ID}_offer", parse=_offer, ask=_offer_ask, choices=_offer_choices, values=advice, enter=_show, alone=True,
             needed=lambda scene: _sizing(scene) and bool(_offered(scene)), correctable=False,
             depends=tuple(f"{ID}_{name}" for name in (
                 "current", "size", "heating", "extras", "hot_water", "hob", "oven", "use", "dwelling"))),
        *identity_steps(_changing),
        Step(slot=f"{ID}_quote", parse=lambda heard, scene, asked: None, enter=_quote, needed=_changing,
             correctable=False, depends=(f"{ID}_offer", f"{ID}_target", f"{ID}_direct", "contract_number")),
        confirm_step(ID, values=_recap, needed=lambda scene: _changing(scene) and not (
            scene.slots.get(f"{ID}_quote") or {}).get("obstacle")),
    ],
    finish=finish,
)


def _dict(scene: Scene, name: str) -> dict[str, Any] | None:
    value = scene.slots.get(f"{ID}_{name}")
    return value if isinstance(value, dict) else None


def _open_start(scene: Scene) -> bool:
    """The opening question asks for size and heating at once, so "60 m², gaz" answers both."""
    return scene.slots.get("requested_slot") == f"{ID}_size"
