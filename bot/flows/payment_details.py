"""Change the bank account of direct debits, their day, or both.

Two effects, one confirmation. Each has its own key; if the second is refused or fails, the customer
is told that the first is done, with its reference, and a person finishes the other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from bot.assistant.protocol import Input, Reply
from bot.backoffice.numbers import mask_iban
from bot.backoffice.records import Receipt
from bot.errors import BackofficeDown, RelaisError
from bot.flows.confirm import confirm_step, refused
from bot.flows.contract import contract_step, today
from bot.flows.debits import (
    NOTICE_DAYS,
    check_iban,
    find_day,
    find_iban,
    nearest_days,
    next_debit,
    without_iban,
    working_days_after,
)
from bot.flows.facts import fact
from bot.flows.format import day as day_text
from bot.flows.format import either
from bot.flows.hearing import fold, picked
from bot.flows.identity import access, identity_steps
from bot.flows.types import Finish, Flow, Heard, Parsed, Problem, Scene, Step

ID = "payment_details"
_ACCOUNT = re.compile(r"\b(?:ribs?|ibans?|comptes?(?! client)|banques?|bancaires?|coordonnees bancaires|bank\w*|account|rekening\w*|cuenta|banco|konto\w*|conto)\b")
_DATE = re.compile(
    r"\b(?:dates?|jours?|echeances?|debit(?:er|ez|e)? le|preleve\w* le|quantieme|decaler|avancer|repousser|debut du mois|mi mois|fin du mois|"
    r"(?:debit|payment) (?:date|day)|\bdays?\b|datum|dag|fecha|dia|tag|termin|data|giorno)\b"
)
_DEBIT = re.compile(r"\b(?:prelev|debit|tire|sort|passe|mette|incasso|adeudo|abbuch|einzug|addebit)")
_BOTH = re.compile(r"\b(?:les deux|both|(?:alle)?bei?de[ns]?|ambos|los dos|entrambi|tutt[ie] e due)\b")


def _slot(scene: Scene, name: str) -> Any:
    return scene.slots.get(f"{ID}_{name}")


def _contract(scene: Scene) -> Mapping[str, Any]:
    return _slot(scene, "contract") or {}


def _days() -> list[int]:
    return [int(day) for day in fact("payment.debit_days")]


def _speaks_of_day(heard: Heard) -> bool:
    """Is a debit day wanted, beyond a number that happens to stand there?"""
    words = fold(heard.text)
    if _DATE.search(words):
        return True
    return bool(_DEBIT.search(words)) and find_day(without_iban(heard.text), asked=False) is not None


def _hear_what(heard: Heard, scene: Scene, asked: bool) -> Parsed:
    if heard.choice is not None:
        return picked(heard, f"{ID}_what")
    words = fold(heard.text)
    number = find_iban(heard.text) is not None
    account, day = number or bool(_ACCOUNT.search(words)), _speaks_of_day(heard)
    if asked and _BOTH.search(words):
        return "both"
    before = _slot(scene, "what")
    if asked or before is None:
        return "both" if account and day else "iban" if account else "day" if day else None
    at_recap = scene.slots.get("requested_slot") == f"{ID}_confirm"
    day = day or (at_recap and find_day(without_iban(heard.text), asked=False) is not None)
    return "both" if (before == "iban" and day) or (before == "day" and number) else None


def _hear_iban(heard: Heard, scene: Scene, asked: bool) -> Parsed:
    if heard.choice is not None:
        return None
    entity = next(iter(heard.entities("iban")), None)
    compact = find_iban(heard.text) or (str(entity.value) if entity else None)
    if compact is None:
        digits = len(re.sub(r"\D", "", heard.text))
        return Problem(f"{ID}.iban_length", {"count": digits}) if asked and digits >= 8 else None
    reason = check_iban(compact)
    if reason == "length":
        return Problem(f"{ID}.iban_length", {"count": len(compact)})
    return Problem(f"{ID}.iban_{reason}") if reason else compact


def _hear_day(heard: Heard, scene: Scene, asked: bool) -> Parsed:
    button = picked(heard, f"{ID}_day")
    if button is not None:
        return int(button) if button.isdigit() else None
    if heard.choice is not None:
        return None
    at_recap = scene.slots.get("requested_slot") == f"{ID}_confirm"
    if not asked and not at_recap and not _speaks_of_day(heard):
        return None
    day = find_day(without_iban(heard.text), asked=asked)
    if day is None:
        return None
    if day not in _days():
        return Problem(f"{ID}.day_other", {"day": day, "near": _listed(scene, nearest_days(day, _days()))})
    if asked and day == _contract(scene).get("debit_day"):
        return Problem(f"{ID}.day_same", {"day": day})
    return day


def _listed(scene: Scene, days: Sequence[int]) -> str:
    return either([scene.say(f"{ID}.day_item", day=d) for d in days], scene.language)


def _by_transfer(scene: Scene) -> bool:
    return bool(_contract(scene).get("payment") == "transfer")


def _iban_wanted(scene: Scene) -> bool:
    """A day alone changes nothing where nothing is debited: then an account is needed first."""
    return _slot(scene, "what") in ("iban", "both") or (_slot(scene, "what") == "day" and _by_transfer(scene))


def _iban_ask(scene: Scene) -> str:
    return f"{ID}.iban_first.ask" if _by_transfer(scene) else f"{ID}.iban.ask"


def _iban_values(scene: Scene) -> Mapping[str, object]:
    return {"now": _contract(scene).get("iban_masked") or "", "count": ""}


def _day_values(scene: Scene) -> Mapping[str, object]:
    now = _contract(scene).get("debit_day")
    return {"now": now or "", "days": _listed(scene, [d for d in _days() if d != now])}


def _day_ask(scene: Scene) -> str:
    return f"{ID}.day.ask" if _contract(scene).get("debit_day") else f"{ID}.day_first.ask"


def _day_choices(scene: Scene) -> list[tuple[str, str]]:
    now = _contract(scene).get("debit_day")
    return [(str(d), scene.say(f"{ID}.choice_day_number", day=d)) for d in _days() if d != now]


def _what_choices(scene: Scene) -> list[tuple[str, str]]:
    return [(value, scene.say(f"{ID}.choice_{value}")) for value in ("iban", "day", "both")]


def _recap(scene: Scene) -> Mapping[str, object]:
    lines = []
    earliest = working_days_after(today(scene), NOTICE_DAYS)
    old = _contract(scene).get("debit_day")
    if _iban_wanted(scene):
        lines.append(scene.say(f"{ID}.recap.iban", iban=mask_iban(str(_slot(scene, "iban")))))
    if _slot(scene, "day"):
        first = next_debit(earliest, int(_slot(scene, "day")))
        lines.append(scene.say(f"{ID}.recap.day", day=_slot(scene, "day"), first=day_text(first, scene.language, year=False)))
    soon = next_debit(today(scene), old) if old else None
    if soon and soon <= earliest:
        key = "near_iban" if _iban_wanted(scene) else "near_day"
        lines.append(scene.say(f"{ID}.recap.{key}", on=day_text(soon, scene.language, year=False)))
    return {"contract": _contract(scene).get("number") or scene.slots.get("contract_number") or "",
            "changes": "\n".join(f"- {line}" for line in lines)}


def _finish(scene: Scene) -> Finish:
    declined = refused(ID, scene)
    if declined:
        return declined
    key, iban, day = scene.slots["flow_key"], _slot(scene, "iban"), _slot(scene, "day")
    account: Receipt | None = None
    if _iban_wanted(scene) and iban:
        account = scene.backoffice.update_iban(access(scene), str(iban), f"{key}:iban")
    schedule: Receipt | None = None
    if day:
        try:
            schedule = scene.backoffice.update_debit_day(access(scene), int(day), f"{key}:debit_day")
        except RelaisError as error:        # whatever came of the day, the account is changed
            if account is None:
                raise
            unsure = isinstance(error, BackofficeDown) and not error.untouched
            text = scene.say(f"{ID}.half_unsure" if unsure else f"{ID}.half", reference=account.reference, day=day)
            done = "account changed, debit day unknown, check first" if unsure else "account changed but not the debit day"
            return Finish("handover", [Reply(text=text, reply="flow")], reference=account.reference,
                          note=f"{done}: {account.reference}, {day}")
    return _done(scene, account, schedule)


def _done(scene: Scene, account: Receipt | None, schedule: Receipt | None) -> Finish:
    parts = []
    if account:
        masked = str(account.details.get("iban_masked") or mask_iban(str(_slot(scene, "iban"))))
        parts.append(scene.say(f"{ID}.done.iban", iban=masked, reference=account.reference))
    if schedule:
        key = "day_too" if account else "day"
        parts.append(scene.say(f"{ID}.done.{key}", day=_slot(scene, "day"), reference=schedule.reference))
        first = schedule.details.get("from")
        if first:
            parts.append(scene.say(f"{ID}.done.first", first=day_text(str(first), scene.language, year=False)))
    if account:
        parts.append(_old_account(scene, bool(schedule)))
        parts.append(scene.say(f"{ID}.done.mandate"))
    reference = (account or schedule).reference if account or schedule else None  # type: ignore[union-attr]
    return Finish("done", [Reply(text="\n".join(part for part in parts if part), reply="flow")], reference=reference,
                  note="payment details changed")


def _old_account(scene: Scene, moved: bool) -> str:
    """Which debit is the first on the new account, and whether one still leaves from the old."""
    day = _contract(scene).get("debit_day")
    if not day:
        return ""
    earliest, soon = working_days_after(today(scene), NOTICE_DAYS), next_debit(today(scene), int(day))
    if soon > earliest:
        return "" if moved else scene.say(f"{ID}.done.new_at_once", on=day_text(soon, scene.language, year=False))
    return scene.say(f"{ID}.done.old_once", on=day_text(soon, scene.language, year=False))


FLOW = Flow(
    id=ID,
    account=True,
    finish=_finish,
    steps=[
        Step(slot=f"{ID}_what", parse=_hear_what, choices=_what_choices),
        *identity_steps(),
        contract_step(ID),
        Step(slot=f"{ID}_iban", parse=_hear_iban, ask=_iban_ask, values=_iban_values, needed=_iban_wanted, secret=True, input=Input(kind="iban")),
        Step(slot=f"{ID}_day", parse=_hear_day, ask=_day_ask, choices=_day_choices, values=_day_values,
             needed=lambda scene: _slot(scene, "what") in ("day", "both") or _by_transfer(scene)),
        confirm_step(ID, values=_recap),
    ],
)
