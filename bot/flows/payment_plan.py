"""More time to pay: a delay, or a plan of instalments, within the rules of the supplier.

Slots, all ``payment_plan_*``: ``options`` (worked out from the account), ``kind`` (``delay`` or ``plan``),
``count`` (instalments), ``until`` (ISO date), ``confirm``. Rules and schedules come from the back
office; above its limit a person studies the request.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from bot.assistant.protocol import Choice, Input, Reply
from bot.backoffice.prices import load_prices
from bot.flows.confirm import confirm_step, refused
from bot.flows.format import day, money
from bot.flows.hearing import picked, soft
from bot.flows.identity import access, identity_steps
from bot.flows.types import Finish, Flow, Heard, Parsed, Problem, Scene, Step
from bot.settings import get_settings

ID = "payment_plan"
_WORDS = {
    "deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "six": 6, "two": 2, "three": 3, "four": 4, "five": 5, "twee": 2, "drie": 3, "vier": 4,
    "vijf": 5, "zes": 6, "zwei": 2, "drei": 3, "funf": 5, "sechs": 6, "dos": 2, "tres": 3, "cuatro": 4, "cinco": 5, "seis": 6,
    "due": 2, "tre": 3, "quattro": 4, "cinque": 5, "sei": 6,
}
_NUMBER = rf"(\d{{1,2}}|{'|'.join(_WORDS)})"
_TIMES = re.compile(
    rf"\b{_NUMBER} ?(?:x\b|fois|mensualites?|echeances?|paiements?|times|instal+ments?|payments?|keer|termijnen|"
    rf"raten|mal\b|veces|plazos|cuotas|volte|rate\b)"
    # "sur 4 mois" is a plan, "dans 2 mois" a day
    rf"|(?<!dans )(?<!in )(?<!over )(?<!binnen )(?<!fra )(?<!tra )(?<!entro )(?<!dentro de )\b{_NUMBER} ?(?:mois|months?|maanden|monate?n?|meses|mesi)\b"
)
_PLAN = re.compile(
    r"\b(?:plusieurs fois|echeancier|etal\w*|echelonn\w*|mensualites?|plan\b|instal+ments?|spread|split|termijnen|gespreid|betalingsregeling|"
    r"raten\w*|plazos|fraccion\w*|rate\b|rateizz\w*|a rate)\b"
)
_DELAY = re.compile(
    r"\b(?:delai|report\w*|repouss\w*|decal\w*|plus tard|jours? de plus|attendre|more time|later|postpone|delay|extension|uitstel|later betalen|"
    r"aufschub|spater|stundung|verschieb\w*|aplaz\w*|mas tarde|prorroga|rinvi\w*|proroga|piu tardi|dilazione)\b"
)
_DAYS = re.compile(r"\b(\d{1,2}) ?(?:jours?|days?|dagen|tage?n?|dias?|giorni)\b")


def _today(scene: Scene) -> date:
    return scene.at.astimezone(ZoneInfo(get_settings().timezone)).date()


def _options(scene: Scene) -> Mapping[str, Any]:
    return scene.slots.get(f"{ID}_options") or {}


def _plans(scene: Scene) -> dict[int, Mapping[str, Any]]:
    return {len(plan["instalments"]): plan for plan in _options(scene).get("plans", ())}


def _look(scene: Scene) -> Mapping[str, Any]:
    """What is owed and what may be agreed, from the account."""
    found = scene.backoffice.payment_plan_options(access(scene))
    count, until = scene.slots.get(f"{ID}_count"), scene.slots.get(f"{ID}_until")
    dropped: dict[str, None] = {}                # said before we knew what is possible
    if count is not None and count not in {len(plan.instalments) for plan in found.plans}:
        dropped[f"{ID}_count"] = None
    if until and not (found.delay_until and max(found.due or _today(scene), _today(scene)) < date.fromisoformat(until) <= found.delay_until):
        dropped[f"{ID}_until"] = None
    return {**dropped, f"{ID}_options": {
        "owed": str(found.owed_eur), "due": found.due and found.due.isoformat(), "reason": found.reason,
        "delay_until": found.delay_until and found.delay_until.isoformat(),
        "plans": [{"id": plan.id, "instalments": [[i.on.isoformat(), str(i.amount_eur)] for i in plan.instalments]}
                  for plan in found.plans],
    }}


def _possible(scene: Scene) -> list[str]:
    """Kinds on offer; none: the flow ends by saying why."""
    options = _options(scene)
    if options.get("reason") == "needs_study":
        return []
    return [*(["delay"] if options.get("delay_until") else []), *(["plan"] if options.get("plans") else [])]


def _kind(heard: Heard, scene: Scene, asked: bool) -> Parsed:
    button = picked(heard, f"{ID}_kind")
    if button is not None:
        return button
    if heard.choice is not None:
        return None
    text = soft(heard.text)
    if _TIMES.search(text) or _PLAN.search(text):
        return "plan"
    if _DELAY.search(text) or _DAYS.search(text):
        return "delay"
    return "delay" if asked and heard.first("date") else None


def _chosen(scene: Scene) -> str | None:
    """The kind the customer chose, or the only one there is."""
    possible = _possible(scene)
    said = scene.slots.get(f"{ID}_kind")
    return said if said in possible else possible[0] if len(possible) == 1 else None


def _count(heard: Heard, scene: Scene, asked: bool) -> Parsed:
    button = picked(heard, f"{ID}_count")
    if button is not None:
        return int(button)
    if heard.choice is not None:
        return None
    text = soft(heard.text)
    match = _TIMES.search(text) or (re.fullmatch(rf"\D*?\b{_NUMBER}\b\D*", text) if asked else None)
    if match is None:
        return None
    word = next(group for group in match.groups() if group)
    count = _WORDS.get(word) or int(word)
    plans = _plans(scene)
    if plans and count not in plans:
        return Problem(f"{ID}.count_range", {"count": count, "least": min(plans), "most": max(plans)}, asks=True)
    return count


def _until(heard: Heard, scene: Scene, asked: bool) -> Parsed:
    button = picked(heard, f"{ID}_until")
    if button is not None:
        return button
    if heard.choice is not None or not (asked or _chosen(scene) == "delay" or _DELAY.search(soft(heard.text))):
        return None
    today = _today(scene)
    said = heard.first("date")
    days = _DAYS.search(soft(heard.text))
    try:
        on = date.fromisoformat(str(said)[:10]) if said else None
    except ValueError:
        on = None
    if on is None and days:
        on = (_due(scene) or today) + timedelta(days=int(days.group(1)))
    return on.isoformat() if on else None


def _due(scene: Scene) -> date | None:
    """The day a delay counts from: the due date, or today where that has passed."""
    due = _options(scene).get("due")
    return max(date.fromisoformat(due), _today(scene)) if due else None


def _check_until(scene: Scene) -> Mapping[str, Any] | Problem:
    latest, until = _options(scene).get("delay_until"), date.fromisoformat(scene.slots[f"{ID}_until"])
    if latest is None:
        return {}
    language = scene.language
    if until > date.fromisoformat(latest):
        return Problem(f"{ID}.too_late", {"until": day(until, language), "latest": day(latest, language)}, asks=True)
    if until <= _today(scene):
        return Problem(f"{ID}.too_early", {"latest": day(latest, language)}, asks=True)
    due = _options(scene).get("due")
    if due and until <= date.fromisoformat(due):
        return Problem(f"{ID}.before_due", {"due": day(due, language), "latest": day(latest, language)}, asks=True)
    return {}


def _owed(scene: Scene) -> Mapping[str, object]:
    options, language = _options(scene), scene.language
    latest = options.get("delay_until")
    plans, reason = _plans(scene), options.get("reason")
    note = scene.say(f"{ID}.note.{reason}") if reason in ("delay_used", "too_small") else ""
    return {"note": note, "owed": money(Decimal(options.get("owed") or 0), language), "latest": day(latest, language) if latest else "",
            "least": min(plans, default=""), "most": max(plans, default="")}


def _count_choices(scene: Scene) -> list[tuple[str, str]]:
    return [(str(count), scene.say(f"{ID}.count.option", count=count, amount=money(Decimal(plan["instalments"][-1][1]), scene.language)))
            for count, plan in sorted(_plans(scene).items())]


def _until_choices(scene: Scene) -> list[tuple[str, str]]:
    """The latest day, and a week earlier."""
    latest = date.fromisoformat(_options(scene)["delay_until"])
    days = [latest - timedelta(days=7), latest]
    return [(on.isoformat(), day(on, scene.language)) for on in days if on > _today(scene)]


def _schedule(scene: Scene) -> list[list[str]]:
    plan = _plans(scene)[scene.slots[f"{ID}_count"]]
    return [list(instalment) for instalment in plan["instalments"]]


def _recap(scene: Scene) -> Mapping[str, object]:
    language = scene.language
    values = {**_owed(scene), "contract": scene.slots.get("contract_number") or ""}
    if _chosen(scene) == "plan":
        values["lines"] = _lines(scene)
        values["count"] = scene.slots[f"{ID}_count"]
    else:
        values["until"] = day(scene.slots[f"{ID}_until"], language)
    return values


def _lines(scene: Scene) -> str:
    return "\n".join(f"- {scene.say(f'{ID}.line', on=day(on, scene.language), amount=money(Decimal(amount), scene.language))}"
                     for on, amount in _schedule(scene))


def finish(scene: Scene) -> Finish:
    """Agree the plan or the delay, or say why there is nothing to agree."""
    possible = _possible(scene)
    if not possible:
        return _nothing(scene)
    declined = refused(ID, scene)
    if declined:
        return declined
    key = f"{scene.slots['flow_key']}:agree_{_chosen(scene)}"
    if _chosen(scene) == "plan":
        plan = _plans(scene)[scene.slots[f"{ID}_count"]]
        receipt = scene.backoffice.agree_plan(access(scene), plan["id"], key)
        text = scene.say(f"{ID}.done_plan", reference=receipt.reference, lines=_lines(scene),
                         first=day(plan["instalments"][0][0], scene.language))
    else:
        until = scene.slots[f"{ID}_until"]
        receipt = scene.backoffice.agree_delay(access(scene), date.fromisoformat(until), key)
        text = scene.say(f"{ID}.done_delay", reference=receipt.reference, until=day(until, scene.language), **_only(scene, "owed"))
    help_ = Reply(text=scene.say(f"{ID}.help_too"), reply="flow", choices=[
        Choice(id="article:aides-fsl", label=scene.say(f"{ID}.aid.fsl")),
        Choice(id="article:cheque-energie", label=scene.say(f"{ID}.aid.voucher"))])
    return Finish(end="done", reference=receipt.reference, replies=[Reply(text=text, reply="flow"), help_],
                  note=f"{_chosen(scene)} for {_options(scene)['owed']} EUR")


def _only(scene: Scene, *names: str) -> Mapping[str, object]:
    values = _owed(scene)
    return {name: values[name] for name in names}


def _nothing(scene: Scene) -> Finish:
    """Nothing owed: good news. Otherwise a person looks at it."""
    reason = _options(scene)["reason"]
    limit = money(load_prices(get_settings().data).plan["up_to_eur"], scene.language, short=True)
    text = scene.say(f"{ID}.none.{reason}", limit=limit, **_only(scene, "owed"))
    if reason == "nothing_owed":
        choices = [Choice(id="flow:explain_bill", label=scene.say("choice.flow_explain_bill"))]
        return Finish(end="done", note="nothing owed", replies=[Reply(text=text, reply="flow", choices=choices)])
    return Finish(end="handover", note=f"{reason}: {_options(scene)['owed']} EUR owed", replies=[Reply(text=text, reply="flow")])


FLOW = Flow(
    id=ID,
    account=True,
    steps=[
        *identity_steps(),
        Step(slot=f"{ID}_options", parse=lambda heard, scene, asked: None, enter=_look, correctable=False,
             depends=("contract_number",)),
        Step(slot=f"{ID}_kind", parse=_kind, values=_owed, needed=lambda scene: len(_possible(scene)) == 2,
             choices=lambda scene: [(kind, scene.say(f"{ID}.kind.{kind}")) for kind in _possible(scene)]),
        Step(slot=f"{ID}_count", parse=_count, values=_owed, needed=lambda scene: _chosen(scene) == "plan",
             choices=_count_choices, input=Input(kind="number")),
        Step(slot=f"{ID}_until", parse=_until, values=_owed, needed=lambda scene: _chosen(scene) == "delay",
             choices=_until_choices, check=_check_until, input=Input(kind="date")),
        confirm_step(ID, values=_recap, needed=lambda scene: bool(_possible(scene)),
                     ask=lambda scene: f"{ID}.confirm_{_chosen(scene) or 'plan'}.ask"),
    ],
    finish=finish,
)

