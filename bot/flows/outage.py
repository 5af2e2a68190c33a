"""No power, no gas: who is hit, what is known, what to try, and a report.

Danger short-cuts everything, at any turn: what to do now, whom to call, an urgent ticket. Nothing in
that path waits for another system. Otherwise the flow finds out whether the cut is the customer's own
(then the breaker, step by step), the building's or the street's (then what is known at that
postcode, and a report). No account is needed: whoever is in the dark may ask.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from bot.assistant.protocol import Choice, Input, Reply
from bot.backoffice.records import Outage, OutageReport
from bot.flows import outage_hearing as hear
from bot.flows.confirm import confirm_step
from bot.flows.danger import Danger, danger_of
from bot.flows.facts import fact, grid_phone, grid_stem
from bot.flows.format import number
from bot.flows.hearing import picked
from bot.flows.moments import moment
from bot.flows.types import Finish, Flow, Heard, Scene, Step, choice_id

#: Announced works count from this long before they start.
SOON = timedelta(hours=24)
Path = Literal["solved", "power", "circuit", "general", "valve", "grid"]


def _slot(scene: Scene, name: str) -> Any:
    return scene.slots.get(f"outage_{name}")


def _gas(scene: Scene) -> bool:
    return bool(_slot(scene, "energy") == "gas")


def _known(scene: Scene) -> Mapping[str, Any] | None:
    """The outage found at the postcode, if there is one."""
    found = _slot(scene, "found")
    return found if found and found.get("id") else None


def _at_home(scene: Scene) -> bool:
    """Is it the customer's own installation, as far as we know?"""
    if _known(scene):
        return False
    scope = _slot(scene, "scope")
    return scope == "home" or (scope == "unknown" and _slot(scene, "found") is not None)


def _path(scene: Scene) -> Path | None:
    """Where the checks at home lead, or ``None`` while they are not finished."""
    if _slot(scene, "back") == "yes":
        return "solved"
    if not _at_home(scene):
        return "grid" if _slot(scene, "scope") in ("building", "street") or _known(scene) else None
    if _gas(scene):
        tap = _slot(scene, "valve")
        return "valve" if tap == "closed" else "grid" if tap else None
    if _slot(scene, "breaker") == "lowered":
        return _breaker_path(scene)
    if _slot(scene, "breaker") is None or _slot(scene, "linky") is None:
        return None
    if _slot(scene, "linky") in ("on", "cut"):
        return {"back": "solved", "still": "grid", None: None}[_slot(scene, "plus")]
    return "grid"


def _breaker_path(scene: Scene) -> Path | None:
    if _slot(scene, "rearm") == "holds":
        return "power"
    ends: dict[str | None, Path | None] = {"found": "circuit", "general": "general", "fine": "power", None: None}
    return ends[_slot(scene, "circuits")] if _slot(scene, "rearm") else None


def _open(scene: Scene) -> bool:
    return bool(_slot(scene, "back") != "yes")


def _breaker_wanted(scene: Scene) -> bool:
    return _open(scene) and _at_home(scene) and not _gas(scene)


def _postcode_wanted(scene: Scene) -> bool:
    if not _open(scene):
        return False
    return _slot(scene, "scope") in ("building", "street", "unknown") or _path(scene) == "grid"


def _reporting(scene: Scene) -> bool:
    return _path(scene) == "grid" and _slot(scene, "postcode") is not None


def _look_up(scene: Scene) -> Mapping[str, Any]:
    """What is known at the postcode: the current cut of that energy, else works about to start."""
    energy = "gas" if _gas(scene) else "electricity"
    outages = [o for o in scene.backoffice.outages(str(_slot(scene, "postcode"))) if o.energy == energy]
    current = [o for o in outages if o.since <= scene.at and (o.expected_end is None or o.expected_end > scene.at)]
    soon = [o for o in outages if scene.at < o.since <= scene.at + SOON]
    if current:
        return {"outage_found": _as_slot(current[0])}
    # Works that have not begun cannot be why it is dark now; they are worth a word all the same.
    return {"outage_found": {"id": None, "soon": _as_slot(soon[0]) if soon else None}}


def _as_slot(outage: Outage) -> dict[str, Any]:
    return {"id": outage.id, "scope": outage.scope, "town": outage.town, "cause": outage.cause,
            "since": outage.since.isoformat(), "homes": outage.homes,
            "end": outage.expected_end.isoformat() if outage.expected_end else None}


def _scope_ask(scene: Scene) -> str:
    return "outage.scope_gas.ask" if _gas(scene) else "outage.scope.ask"


def _scope_choices(scene: Scene) -> list[tuple[str, str] | Choice]:
    labels = [(value, scene.say(f"outage.choice.{value}")) for value in ("home", "building", "street", "unknown")]
    return [Choice(id=choice_id("outage_scope", "danger"), label=scene.say("outage.choice.danger")), *labels]


def _choices(*values: str) -> Any:
    def offered(scene: Scene) -> list[tuple[str, str]]:
        return [(value, scene.say(f"outage.choice.{value}")) for value in values]
    return offered


def _confirm_ask(scene: Scene) -> str:
    return "outage.confirm_known.ask" if _known(scene) else "outage.confirm.ask"


def _confirm_values(scene: Scene) -> Mapping[str, object]:
    known = _known(scene)
    if known:
        return {"situation": _situation(scene, known)}
    address = _slot(scene, "address")
    what = scene.say(f"outage.what.{'gas' if _gas(scene) else 'electricity'}")
    where = _slot(scene, "postcode") if address in (None, "skip") else f"{address}, {_slot(scene, 'postcode')}"
    soon = (_slot(scene, "found") or {}).get("soon")
    announced = _situation(scene, soon, key="outage.soon") + " " if soon else ""
    return {"what": what, "where": where, "announced": announced,
            "scope": scene.say(f"outage.hit.{_slot(scene, 'scope') or 'unknown'}")}


def _situation(scene: Scene, known: Mapping[str, Any], key: str = "outage.known") -> str:
    def when(iso: str) -> str:
        return moment(datetime.fromisoformat(iso), scene.at, scene.language)

    end = when(known["end"]) if known["end"] else scene.say("outage.no_end")
    return scene.say(key, place=scene.say(f"outage.place.{known['scope']}", town=known["town"]),
                     since=when(known["since"]), end=end, homes=number(known["homes"], scene.language),
                     cause=scene.say(f"outage.cause.{known['cause']}"))


def _numbers(scene: Scene) -> Mapping[str, object]:
    """The phone numbers a sentence may need."""
    return _phones(scene.say, _slot(scene, "postcode"))


def _phones(say: Callable[..., str], postcode: str | None) -> Mapping[str, object]:
    if postcode:
        grid = grid_phone(postcode) or say("outage.grid_phone")
    else:
        grid = say("outage.grid_phone_any", stem=grid_stem())
    return {"gas": fact("emergency.gas"), "grid": grid, "service": fact("contacts.phone")}


def danger_words(kind: Danger, say: Callable[..., str], postcode: str | None = None) -> str:
    """What to do now and whom to call, in the customer's language; also said outside this flow."""
    return say(f"outage.danger.{kind}", **_phones(say, postcode))


def _shortcut(heard: Heard, scene: Scene) -> Finish | None:
    """Danger: say what to do now and call people; ask and look up nothing."""
    if picked(heard, "outage_scope") == "danger":
        kind: Danger = "any"
    else:
        found = danger_of(heard.understanding) if heard.choice is None else None
        if found is None:
            return None
        kind = found
    text = danger_words(kind, scene.say, _slot(scene, "postcode"))
    return Finish(end="handover", replies=[Reply(text=text, reply="flow")], note=f"urgent: {kind}", urgent=True)


def _finish(scene: Scene) -> Finish:
    path = _path(scene) or "grid"
    if path != "grid":
        return Finish(end="done", replies=[_advice(scene, path)], note=f"outage: {path}")
    if _slot(scene, "confirm") != "yes":
        text = scene.say(f"outage.not_reported.{_supply(scene)}", **_numbers(scene))
        return Finish(end="done", replies=[Reply(text=text, reply="flow")], note="outage: not reported")
    scope = _slot(scene, "scope")
    known, address = _known(scene), _slot(scene, "address")
    receipt = scene.backoffice.report_outage(
        OutageReport(
            postcode=str(_slot(scene, "postcode")),
            scope=scope if scope in ("home", "building", "street") else (known or {}).get("scope", "home"),
            energy="gas" if _gas(scene) else "electricity",
            contract=scene.slots.get("contract_number") if scene.slots.get("customer_token") else None,
            address=None if address in (None, "skip") else address,
            breaker_checked=_slot(scene, "breaker") is not None,
        ),
        f"{scene.slots['flow_key']}:report_outage",
    )
    key = "outage.reported_known" if known else f"outage.reported.{_supply(scene)}"
    text = scene.say(key, reference=receipt.reference, **_numbers(scene))
    tips = scene.say(f"outage.tips.{_supply(scene)}", **_numbers(scene))
    return Finish(end="done", reference=receipt.reference, note="outage: reported",
                  replies=[Reply(text=f"{text}\n\n{tips}", reply="flow")])


def _supply(scene: Scene) -> str:
    return "gas" if _gas(scene) else "electricity"


def _advice(scene: Scene, path: Path) -> Reply:
    choices = []
    if path == "power":
        choices.append(Choice(id="flow:choose_power", label=scene.say("choice.flow_choose_power")))
    if path in ("circuit", "general", "valve"):
        choices.append(Choice(id="human", label=scene.say("choice.human")))
    return Reply(text=scene.say(f"outage.advice.{path}", **_numbers(scene)), reply="flow", choices=choices)


def _nothing(heard: Heard, scene: Scene, asked: bool) -> None:
    """Parser of a slot that only the back office fills."""
    return None


FLOW = Flow(
    id="outage",
    shortcut=_shortcut,
    finish=_finish,
    steps=[
        Step(slot="outage_energy", parse=hear.energy, listen=True),
        Step(slot="outage_back", parse=hear.back, listen=True),
        Step(slot="outage_scope", parse=hear.scope, ask=_scope_ask, choices=_scope_choices, needed=_open),
        Step(slot="outage_valve", parse=hear.valve, choices=_choices("open", "closed", "unknown"), values=_numbers,
             needed=lambda scene: _open(scene) and _gas(scene) and _at_home(scene)),
        Step(slot="outage_postcode", parse=hear.postcode, input=Input(kind="postcode"), needed=_postcode_wanted),
        Step(slot="outage_found", parse=_nothing, enter=_look_up, depends=("outage_postcode", "outage_energy"),
             needed=lambda scene: _open(scene) and _slot(scene, "postcode") is not None),
        Step(slot="outage_breaker", parse=hear.breaker, needed=_breaker_wanted, choices=_choices("lowered", "up", "not_found")),
        Step(slot="outage_rearm", parse=hear.rearm, choices=_choices("holds", "trips"), depends=("outage_breaker",),
             needed=lambda scene: _breaker_wanted(scene) and _slot(scene, "breaker") == "lowered"),
        Step(slot="outage_circuits", parse=hear.circuits, choices=_choices("found", "general", "fine"), depends=("outage_breaker", "outage_rearm"),
             needed=lambda scene: _breaker_wanted(scene) and _slot(scene, "breaker") == "lowered" and _slot(scene, "rearm") == "trips"),
        Step(slot="outage_linky", parse=hear.linky, choices=_choices("on", "cut", "off", "old"),
             needed=lambda scene: _breaker_wanted(scene) and _slot(scene, "breaker") in ("up", "unknown", "not_found")),
        Step(slot="outage_plus", parse=hear.plus, choices=_choices("back", "still"), depends=("outage_linky",),
             needed=lambda scene: _breaker_wanted(scene) and _slot(scene, "breaker") != "lowered" and _slot(scene, "linky") in ("on", "cut")),
        Step(slot="outage_address", parse=hear.address, correctable=False, choices=_choices("skip"),
             needed=lambda scene: _reporting(scene) and _known(scene) is None),
        confirm_step("outage", values=_confirm_values, needed=_reporting, ask=_confirm_ask, account=False),
    ],
)
