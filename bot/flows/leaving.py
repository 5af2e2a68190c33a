"""What moving home and cancelling share: the day it ends, the last index, where the final bill goes, what it costs.

Steps are made for a flow id, so that each flow keeps its own slots; the words are common
(``data/wording/<locale>/leaving.yml``).
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

from bot.assistant.protocol import Choice, Input, Reply
from bot.backoffice.records import CancellationPreview, Register
from bot.errors import BadInput
from bot.flows.contract import today
from bot.flows.facts import fact
from bot.flows.format import day as day_text
from bot.flows.format import money, number
from bot.flows.hearing import fold, picked, yes_no
from bot.flows.identity import access, named_contracts
from bot.flows.meter_hearing import REGISTERS, readings
from bot.flows.places import looks_like_address
from bot.flows.types import Finish, Heard, Parsed, Problem, Scene, Step

#: A contract may end this far ahead.
LATEST = timedelta(days=365)
_JUST_BEEN = timedelta(days=300)
_SKIP = re.compile(r"^(?:passer?|sauter?|skip|non|pas (?:maintenant|encore|sous la main)|plus tard|je (?:ne )?(?:sais|l ai|les ai) pas|later|no|nee|nein|(?:heb|weet) (?:ik |ze |hem )*niet|overslaan|mas tarde|ahora no|no (?:lo|la)s? (?:se|tengo)|piu tardi|dopo|non (?:lo|la|li|ce l) (?:so|ho)|spater|jetzt nicht|(?:hab|habe|weiss) ich nicht|uberspringen)\b")
#: "Oui, je regarde" answers "could you look again?" and says nothing of the figure.
_LOOKING = re.compile(
    r"\b(?:(?:je|j y|on) (?:le |la |y )?(?:regarde|relis|verifie|controle|retourne|vais|va)|i (?:ll|will|m going to|can)|let me|"
    r"ik (?:kijk|ga|zal|controleer)|(?:miro|compruebo|reviso|vuelvo|voy a)|ich (?:schaue?|sehe|prufe|gehe|gucke?)|"
    r"(?:schaue?|sehe|prufe) (?:ich|gleich|nach|noch)|guardo|rileggo|controllo|verifico|vado)\b"
)
_BY_MAIL = re.compile(r"\b(?:par )?(?:e ?mail|mail|courriel|email|correo|posta elettronica|mailen|digitaal|digital)\b|^(?:passer?|skip|non|no|nee|nein)\b")


def slot(scene: Scene, flow_id: str, name: str) -> Any:
    """One of the flow's own slots."""
    return scene.slots.get(f"{flow_id}_{name}")


def contract(scene: Scene, flow_id: str) -> Mapping[str, Any]:
    """The contract's summary, empty before it is known."""
    return slot(scene, flow_id, "contract") or {}


def running(scene: Scene, flow_id: str) -> bool:
    """Whether there is still something to end (true as long as the contract is not known)."""
    return bool(contract(scene, flow_id).get("status", "active") == "active")


def already_ending(scene: Scene, flow_id: str) -> Finish | None:
    """How the flow ends on a contract that is ending, or has ended, already."""
    if running(scene, flow_id):
        return None
    ends = contract(scene, flow_id).get("ends_on")
    text = scene.say("leaving.already", on=day_text(ends, scene.language)) if ends else scene.say("leaving.already_over")
    return Finish("done", [Reply(text=text, reply="flow", choices=[Choice(id="human", label=scene.say("choice.human"))])],
                  note="the contract is ending already")


# -- the day ------------------------------------------------------------------------------------
#: "rue du 8 mai 1945" is no appointment.
_STREET_NAME = re.compile(r"\b(?:rue|avenue|av|boulevard|bd|place|square|quai|cours|impasse|allee) (?:du|de l|de la|des?)?$")


def said_dates(heard: Heard, now: date) -> list[tuple[str, str]]:
    """ISO dates with the folded words before each, back to the previous date or comma.

    A day without a year that would only come round in most of a year is the one that has just been.
    """
    found, left = [], 0
    for entity in sorted(heard.entities("date"), key=lambda e: e.start):
        before = heard.text[left:entity.start]
        if entity.valid and not _STREET_NAME.search(fold(before)):
            on = date.fromisoformat(str(entity.value)[:10])
            if on > now + _JUST_BEEN and not re.search(r"\d{4}", entity.text):
                on = on.replace(year=on.year - 1, day=min(on.day, 28) if on.month == 2 else on.day)
            found.append((on.isoformat(), fold(re.split(r"[,;.!?]", before)[-1] or before)))
            left = entity.end
    return found


def check_day(iso: str, scene: Scene, *, past: str, far: str = "leaving.far") -> Parsed:
    """The day itself, or the Problem with it: nothing ends or begins in the past or in over a year."""
    try:
        on = date.fromisoformat(iso)
    except ValueError:
        return None
    now = today(scene)
    if on < now:
        return Problem(past, {"on": day_text(on, scene.language, year=False), "today": day_text(now, scene.language, year=False)}, asks=True)
    return Problem(far, {"on": day_text(on, scene.language)}) if on > now + LATEST else iso


def day_choices(scene: Scene) -> list[tuple[str, str]]:
    """Today and the end of this month (of the next one, where that is near)."""
    now = today(scene)
    end = now.replace(day=calendar.monthrange(now.year, now.month)[1])
    if (end - now).days < 5:
        following = end + timedelta(days=1)
        end = following.replace(day=calendar.monthrange(following.year, following.month)[1])
    label = scene.say("leaving.choice_on", on=day_text(end, scene.language, year=False))
    return [(now.isoformat(), scene.say("leaving.choice_today")), (end.isoformat(), label)]


# -- the last index -----------------------------------------------------------------------------
def to_read(scene: Scene, flow_id: str) -> list[Register]:
    """Counters nobody can read from afar (a Linky sends its own on the last day)."""
    known = contract(scene, flow_id)
    return [r for r in known.get("registers", ()) if r == "gas" or not known.get("linky")]


def _index_open(scene: Scene, flow_id: str, register: Register, on: str) -> bool:
    """Only on the last day itself is the last index known."""
    skipped = any(slot(scene, flow_id, f"index_{r}") == "skip" for r in REGISTERS)
    own = slot(scene, flow_id, f"index_{register}")
    return (running(scene, flow_id) and register in to_read(scene, flow_id) and slot(scene, flow_id, on) == today(scene).isoformat()
            and (not skipped or own is not None))


def index_steps(flow_id: str, on: str, needed: Callable[[Scene], bool]) -> list[Step]:
    """One step a counter; ``on`` names the slot with the last day.

    What was read today is no last index of another day, or of another contract.
    """
    depends = (f"{flow_id}_{on}", "contract_number")

    def make(register: Register) -> Step:
        name = f"{flow_id}_index_{register}"

        def parse(heard: Heard, scene: Scene, asked: bool) -> Parsed:
            if heard.choice is not None:
                return picked(heard, name)
            requested = str(scene.slots.get("requested_slot") or "")
            if not requested.startswith(f"{flow_id}_index_"):
                return None
            if named_contracts(heard) or any(iso != today(scene).isoformat() for iso, _ in said_dates(heard, today(scene))):
                return None                  # "plutôt le 22 décembre" is another day; beside a contract stands a postcode
            if asked and _SKIP.search(fold(heard.text)):
                return "skip"
            missing = [r for r in to_read(scene, flow_id) if r == register or slot(scene, flow_id, f"index_{r}") is None]
            found = readings(heard, missing, True).get(register)
            odd = (slot(scene, flow_id, "odd") or {}).get(register) if asked and found is None else None
            return odd if odd is not None and not _LOOKING.search(fold(heard.text)) and yes_no(heard) else found      # read back, and confirmed in words

        def check(scene: Scene) -> Mapping[str, Any] | Problem:
            return _check_index(scene, flow_id, register)

        return Step(slot=name, parse=parse, check=check, ask=f"leaving.index_{register}.ask", input=Input(kind="number"),
                    depends=depends,
                    needed=lambda scene: needed(scene) and _index_open(scene, flow_id, register, on),
                    choices=lambda scene: [("skip", scene.say("leaving.choice_later"))])

    def nothing(heard: Heard, scene: Scene, asked: bool) -> None:
        return None

    return [Step(slot=f"{flow_id}_odd", parse=nothing, listen=True, depends=depends), *(make(register) for register in REGISTERS)]


def _check_index(scene: Scene, flow_id: str, register: Register) -> Mapping[str, Any] | Problem:
    """An odd figure is read back once with the reason; given again, it is taken."""
    value = slot(scene, flow_id, f"index_{register}")
    if value == "skip" or (slot(scene, flow_id, "odd") or {}).get(register) == value:
        return {}
    try:
        preview = scene.backoffice.preview_reading(access(scene), {register: int(value)}, today(scene))
    except BadInput:
        return Problem("leaving.index_bad", {"value": number(value, scene.language)})
    odd = "lower" if register in preview.lower_than_last else "far" if register in preview.far_from_estimate else ""
    if not odd:
        return {}
    seen = {**(slot(scene, flow_id, "odd") or {}), register: value}
    return Problem(f"leaving.index_{odd}", {"value": number(value, scene.language)}, slots={f"{flow_id}_odd": seen}, asks=True)


def closing_index(scene: Scene, flow_id: str) -> dict[Register, int]:
    """The counters given, as the back office takes them."""
    return {r: int(value) for r in REGISTERS if isinstance(value := slot(scene, flow_id, f"index_{r}"), int)}


# -- the final bill -----------------------------------------------------------------------------
def forward_step(flow_id: str, needed: Callable[[Scene], bool]) -> Step:
    """Where the final bill goes: by e-mail, or to an address."""
    name = f"{flow_id}_forward"

    def parse(heard: Heard, scene: Scene, asked: bool) -> Parsed:
        if heard.choice is not None:
            return picked(heard, name)
        if not asked:
            return None
        if _BY_MAIL.search(fold(heard.text)):
            return "email"
        text = " ".join(heard.text.split())
        return text if looks_like_address(text) else None

    return Step(slot=name, parse=parse, ask="leaving.forward.ask", correctable=False, needed=needed,
                values=lambda scene: {"email": contract(scene, flow_id).get("email") or ""},
                choices=lambda scene: [("email", scene.say("leaving.choice_email"))])


def forward(scene: Scene, flow_id: str) -> str | None:
    """The address typed, if the bill is not to go by e-mail."""
    value = slot(scene, flow_id, "forward")
    return None if value in (None, "email") else str(value)


# -- what it costs ------------------------------------------------------------------------------
def cost_lines(scene: Scene, preview: CancellationPreview) -> list[str]:
    """The fee, the final bill and what it will about come to, each as one line."""
    language, balance = scene.language, preview.balance_eur
    lines = [scene.say("leaving.fee", fee=money(preview.fee_eur, language, short=True)),
             scene.say("leaving.final_bill", by=day_text(preview.final_bill_by, language), weeks=fact("terms.final_bill_weeks"))]
    if balance > 0:
        lines.append(scene.say("leaving.owed", amount=money(balance, language)))
    elif balance < 0:
        by = day_text(preview.refund_by, language) if preview.refund_by else ""
        lines.append(scene.say("leaving.credit" if by else "leaving.credit_soon", amount=money(-balance, language), by=by))
    return lines


def meter_line(scene: Scene, flow_id: str) -> str:
    """What to do about the meter on the last day."""
    registers = to_read(scene, flow_id)
    given = closing_index(scene, flow_id)
    if not registers:
        return scene.say("leaving.meter_remote")
    if len(given) == len(registers):
        return scene.say("leaving.meter_given")
    return scene.say("leaving.meter_read", days=fact("terms.final_reading_days"))


def bullets(lines: list[str]) -> str:
    """Lines as a list."""
    return "\n".join(f"- {line}" for line in lines if line)
