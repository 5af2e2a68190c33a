"""End a contract: the right way first, then what it costs, a date, a confirmation with a reference.

Who only changes supplier should not cancel at all (the new one does it, without a cut); who moves may
want a contract at the new home; a late customer's contract is for a person. All that is settled before
anyone has to prove who they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Literal

from bot.assistant.protocol import Choice, Input, Reply
from bot.backoffice.records import CancelDetails
from bot.flows.confirm import confirm_step, refused
from bot.flows.contract import contract_step, today
from bot.flows.facts import fact
from bot.flows.format import day as day_text
from bot.flows.format import money
from bot.flows.hearing import compile_patterns, fold, match, picked, plain, yes_no
from bot.flows.identity import access, identity_steps
from bot.flows.leaving import (
    already_ending,
    bullets,
    check_day,
    closing_index,
    contract,
    cost_lines,
    day_choices,
    forward,
    forward_step,
    index_steps,
    meter_line,
    running,
    said_dates,
    slot,
)
from bot.flows.types import Finish, Flow, Heard, Parsed, Problem, Scene, Step

ID = "cancel_contract"
Reason = Literal["moving", "other_supplier", "death", "price", "service", "other"]
_DEATH = re.compile(
    r"\b(?:dece(?:s|de\w*)|defunte?s?|succession|veufs?|veuves?|(?:est|etait|sont|vient de) (?:mort|mourir|decede)\w*|mort de (?:mon|ma|notre)|nous a quittes?|"
    r"died|passed away|deceased|late (?:husband|wife|father|mother)|overleden|overlijden|gestorven|weduwe|weduwnaar|fallec\w*|difunt\w*|murio|ha muerto|viud[oa]|"
    r"verstorben\w*|gestorben|todesfall|witwer?|erbfall|nachlass|deced\w*|vedov[oa]|(?:morte|scomparsa) (?:di|del|della) mi[oa]|"
    r"defunt\w*|e (?:morto|morta|mancat\w*))\b"
)
_REASONS = compile_patterns({
    "other_supplier": (
        r"(?:autre|nouveau|change\w*(?: de)?) fournisseur|fournisseur concurrent|concurren\w*|(?:chez|pour|vers) (?:edf|engie|total\w*|eni|ekwateur|octopus|vattenfall|ohm|mint|alpiq|ilek|enercoop|plenitude)",
        r"(?:other|another|new|switch\w*|chang\w*) (?:energy )?supplier|switch\w* to", r"(?:andere|nieuwe|goedkopere) (?:energie)?leverancier|overstap\w*|stap\w* over", r"(?:otra|nueva|cambi\w* de) (?:compania|comercializadora|empresa)|me (?:cambio|paso) a\b(?! (?:otr[oa] |una? )?(?:casa|piso))",
        r"(?:anderer|anderen|neuer|neuen|gunstigere[rn]) (?:strom)?(?:anbieter|versorger)|(?:anbieter|versorger)\w* ?wechs\w*|wechs\w* (?:zu|den (?:anbieter|versorger))\b", r"(?:altro|nuovo|cambi\w*) (?:il |la )?(?:fornitore|gestore|compagnia)",
        r"(?:to|with|naar|bij|zu|bei|con|a|da) (?:edf|engie|total\w*|eni|ekwateur|octopus|vattenfall|ohm|mint|alpiq|ilek|enercoop|plenitude)\b",
    ),
    "moving": (
        r"demenag\w*|quitt\w* (?:le|mon|la|ma|notre|cet?t?e?) (?:logement|appart\w*|maison|studio|location)|(?:rend\w*|remise des?) (?:les |mes )?cles|(?:je |on )?(?:vend\w*|ai vendu|a vendu)|fin de bail|l'etranger|maison de retraite|ehpad|je pars|(?<!\ba )parti\w* (?:depuis|de)\b",
        r"mov(?:e|ing)\b|leaving (?:my|the) (?:flat|home|house|apartment)|hand\w* (?:back )?(?:over )?the keys|selling", r"verhui\w*|verkoop\w*|verkocht|verlaat|lever\w* de sleutels|buitenland|rusthuis", r"me mudo|nos mudamos|mudanza|cambio de (?:casa|piso)|(?:entreg|devuelv)\w* (?:las )?llaves|extranjero|dejo (?:el|la|mi)|vend(?:o|emos|ido)\b",
        r"umzieh\w*|umzug|zieh\w* (?:um|aus|weg|nach|in)\b|ziehe|verkauf\w*|auszug|ausland|altersheim|pflegeheim|(?:gebe|geben) die schlussel", r"trasloc\w*|cambi\w* casa|trasferi\w*|rend\w* le chiavi|estero|casa di riposo|lascio (?:la|l'|il mio)|vend(?:o|iamo|uto)\b",
    ),
    "price": (r"trop cher|prix|tarifs?|augment\w*|hausse|cout\w*", r"expensive|price|cost", r"duur|prijs|prijzen|goedkoper|kost\w* te veel|verhog\w*", r"car[oa]s?\b|carisim[oa]|precios?|mas barat[oa]|subid[oa]|cuesta", r"teuer|preis\w*|gunstiger|billiger|kostet zu viel|(?:preis)?erhoh\w*", r"car[oa]\b|carissim[oa]|prezz\w*|cost(?:a|os[oa])\b|aument\w*|rincar\w*"),
    "service": (r"mecontent\w*|decu\w*|service (?:client|nul)|marre|ras le bol|insatisfait\w*", r"unhappy|disappointed|service|fed up", r"ontevreden|niet tevreden|teleurgesteld|klantendienst|beu\b|service", r"descontent\w*|insatisfech\w*|decepcionad[oa]|hart[oa] de|servicio|atencion", r"unzufrieden|enttauscht|kundendienst|die nase voll|service", r"insoddisfatt\w*|scontent[oa]|delus[oa]|stuf[oa]|servizio|assistenza"),
    "other": (r"autre (?:raison|chose)|sert plus|plus besoin|inutile|residence secondaire", r"other reason|something else|no longer need", r"andere reden|iets anders|niet meer nodig|staat leeg", r"otr[oa] (?:motivo|razon|cosa)|ya no", r"andere[rn]? grund|etwas anderes|nicht mehr|steht leer", r"altr[oa] (?:motivo|ragione|cosa)|non (?:mi )?serve|(?:e )?vuot[oa]\b"),
})
_STOP = re.compile(r"\b(?:laiss\w* faire|nouveau s en (?:charge|occupe)|n(?:e)? resili\w* pas|on en reste la|pas resilier|let (?:them|it)|don t cancel|alors non|laat (?:ze|de nieuwe|het (?:maar )?zo)|niet opzeggen|dan niet|deja\w* que|entonces no|no (?:lo )?(?:cancel|anul)\w*|dann nicht|nicht kundigen|allora no|non disd\w*|lascia fare)\b")
_ON = re.compile(r"\b(?:quand meme|resili\w*|continu\w*|anyway|cancel|toch|opzeg\w*|trotzdem|kundig\w*|aun asi|de todas formas|(?:dar?me|doy) de baja|comunque|lo stesso|disd\w*|prosegui\w*)\b")

#: "Yes, cancel it" takes nothing back here.
END_IT = re.compile(
    r"\b(?:annule[rz]?|arrete[rz]?|cancel|stop|annule(?:er|ren)|stornier(?:en|t)|cancel[ae]r?|anul[ae]r?|annull[aio](?:re)?) (?:(?:please|svp|bitte|maar) )?"
    r"(?:it\b|(?:(?:the|my|this|mon|le|ce|het|mijn|de|den|meinen|el|mi|il|mio|l'|cet) ?){1,2}(?:contra\w*|abon+ement\w*|subscription|vertrag\w*))"
)


def _get(scene: Scene, name: str) -> Any:
    return slot(scene, ID, name)


def _reason(heard: Heard, scene: Scene, asked: bool) -> Parsed:
    if heard.choice is not None:
        return picked(heard, f"{ID}_reason")
    found = match(plain(heard), _REASONS)
    requested = scene.slots.get("requested_slot")
    return found if asked or requested is None or found in ("moving", "other_supplier") else None


def _in_place(scene: Scene) -> bool:
    """Everyone who does not leave the home needs another contract there, or is cut off."""
    return _get(scene, "reason") in ("other_supplier", "price", "service", "other")


def _advice(heard: Heard, scene: Scene, asked: bool) -> Parsed:
    if heard.choice is not None:
        return picked(heard, f"{ID}_advice")
    if not asked:
        return None
    text = fold(heard.text)
    if _STOP.search(text):
        return "stop"
    if _ON.search(text):
        return "go_on"
    said = yes_no(heard)
    return None if said is None else "stop" if said else "go_on"


def _next_home(heard: Heard, scene: Scene, asked: bool) -> Parsed:
    if heard.choice is not None:
        return picked(heard, f"{ID}_next_home")
    said = yes_no(heard, firm=False) if asked else None
    return None if said is None else "yes" if said else "no"


def _goes_on(scene: Scene) -> bool:
    return bool(_get(scene, "advice") != "stop" and _get(scene, "next_home") != "yes")


def _active(scene: Scene) -> bool:
    return _goes_on(scene) and running(scene, ID)


def _end_on(heard: Heard, scene: Scene, asked: bool) -> Parsed:
    button = picked(heard, f"{ID}_end_on")
    if button or heard.choice is not None:
        return check_day(button, scene, past="leaving.past") if button else None
    dates = said_dates(heard, today(scene))
    if not dates:
        now = re.search(r"\b(?:tout de suite|immediatement|maintenant|des que possible|au plus (?:vite|tot)|asap|right away|now|sofort|nu|direct|ahora|subito)\b", fold(heard.text))
        return today(scene).isoformat() if asked and (now or yes_no(heard)) else None
    found = check_day(dates[0][0], scene, past="leaving.past")
    return found if asked or not isinstance(found, Problem) else None


def _recap(scene: Scene) -> Mapping[str, object]:
    on, here = str(_get(scene, "end_on")), contract(scene, ID)
    preview = scene.backoffice.cancellation_preview(access(scene), date.fromisoformat(on))
    energy = scene.say(f"{ID}.energy_name.{here.get('energy') or 'electricity'}")
    lines = [scene.say(f"{ID}.recap.end", energy=energy, address=f"{here.get('address')}, {here.get('town')}", on=day_text(on, scene.language))]
    since = here.get("since")
    days = int(fact("terms.withdrawal_days"))
    if since and today(scene) - date.fromisoformat(str(since)) <= timedelta(days=days):
        lines.append(scene.say(f"{ID}.recap.withdrawal", days=days))
    lines += cost_lines(scene, preview)
    address = forward(scene, ID)
    if address:
        lines.append(scene.say("leaving.bill_to", address=address))
    if _in_place(scene):
        lines.append(scene.say(f"{ID}.recap.cut"))
    return {"lines": bullets(lines)}


def _shortcut(heard: Heard, scene: Scene) -> Finish | None:
    """The holder has died: no form for that, a person, with a copy of the certificate and no hurry."""
    if heard.choice is not None or not _DEATH.search(fold(heard.text)):
        return None
    text = scene.say(f"{ID}.death", phone=fact("contacts.phone"), email=fact("contacts.email"))
    return Finish("handover", [Reply(text=text, reply="flow")], note="death of the contract holder")


def _finish(scene: Scene) -> Finish:
    if _get(scene, "advice") == "stop":
        return Finish("done", [Reply(text=scene.say(f"{ID}.let_them"), reply="flow")], note="the new supplier will end it")
    if _get(scene, "next_home") == "yes":
        go = [Choice(id="flow:move_home", label=scene.say("choice.flow_move_home"))]
        return Finish("cancelled", [Reply(text=scene.say(f"{ID}.to_move"), reply="flow", choices=go)], note="moves and stays with us")
    over = already_ending(scene, ID) or refused(ID, scene)
    if over:
        return over
    end = date.fromisoformat(str(_get(scene, "end_on")))
    details = CancelDetails(end_on=end, reason=_as_reason(_get(scene, "reason")), closing_index=closing_index(scene, ID),
                            forward_address=forward(scene, ID))
    receipt = scene.backoffice.cancel_contract(access(scene), details, f"{scene.slots['flow_key']}:cancel_contract")
    balance = Decimal(str(receipt.details.get("balance_eur") or 0))
    values: dict[str, object] = {
        "reference": receipt.reference, "on": day_text(end, scene.language), "meter": meter_line(scene, ID),
        "by": day_text(str(receipt.details.get("final_bill_by") or end), scene.language),
        "where": forward(scene, ID) or contract(scene, ID).get("email") or "", "money": "",
    }
    if balance:
        key = "leaving.after_owed" if balance > 0 else "leaving.after_credit"
        values["money"] = scene.say(key, amount=money(abs(balance), scene.language), days=fact("terms.refund_days"))
    text = scene.say(f"{ID}.done_stays" if _in_place(scene) else f"{ID}.done_leaves", **values)
    return Finish("done", [Reply(text=text, reply="flow")], reference=receipt.reference, note=f"cancelled: {_get(scene, 'reason')}")


def _as_reason(value: object) -> Reason:
    reasons: dict[object, Reason] = {"moving": "moving", "moving_only": "moving", "other_supplier": "other_supplier",
                                     "price": "price", "service": "service"}
    return reasons.get(value, "other")


def _advice_ask(scene: Scene) -> str:
    return f"{ID}.advice.ask" if _get(scene, "reason") == "other_supplier" else f"{ID}.advice_stay.ask"


def _reason_choices(scene: Scene) -> list[tuple[str, str] | Choice]:
    move = Choice(id="flow:move_home", label=scene.say(f"{ID}.reason_move_home"))
    return [move, *((value, scene.say(f"{ID}.reason_{value}")) for value in ("moving_only", "other_supplier", "other"))]


FLOW = Flow(
    id=ID,
    account=True,
    shortcut=_shortcut,
    finish=_finish,
    steps=[
        Step(slot=f"{ID}_reason", parse=_reason, choices=_reason_choices),
        Step(slot=f"{ID}_advice", parse=_advice, ask=_advice_ask, needed=_in_place, depends=(f"{ID}_reason",),
             choices=lambda scene: [(v, scene.say(f"{ID}.advice_{v}")) for v in ("stop", "go_on")]),
        Step(slot=f"{ID}_next_home", parse=_next_home, needed=lambda scene: _get(scene, "reason") == "moving", depends=(f"{ID}_reason",),
             choices=lambda scene: [Choice(id="flow:move_home", label=scene.say(f"{ID}.next_yes")), ("no", scene.say(f"{ID}.next_no"))]),
        *identity_steps(_goes_on),
        contract_step(ID, _goes_on),
        Step(slot=f"{ID}_end_on", parse=_end_on, choices=day_choices, needed=_active, input=Input(kind="date")),
        *index_steps(ID, "end_on", _active),
        forward_step(ID, lambda scene: _active(scene) and not _in_place(scene)),
        confirm_step(ID, values=_recap, needed=_active, wish=END_IT),
    ],
)
