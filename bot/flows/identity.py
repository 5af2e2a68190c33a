"""Who is it? Contract number and postcode, then a six-digit code by e-mail.

Account flows splice :func:`identity_steps` in before their first account step. What is said is the
same whether or not the customer exists. The code itself is never kept: once it is right, only the
token it opens stays in ``customer_token``, for this conversation.

Who names another contract than the verified one is asked again, for that one.

Slots: ``contract_number``, ``contract_postcode``, ``identity_code`` (asked), ``identity_challenge``
(``{"id", "contract", "postcode", "sent", "at", "tried"}``; ``at``: when it was sent, in seconds;
``last``: the id before a new code was asked for; ``wait``: minutes, while too many codes were asked for) and ``customer_token``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from bot.assistant.protocol import Choice, Input
from bot.backoffice.numbers import is_contract_number, normalise_contract
from bot.backoffice.records import Access
from bot.errors import BadInput, NotAllowed, TooManyRequests
from bot.flows.hearing import picked, soft
from bot.flows.types import Heard, Parsed, Problem, Scene, Step
from bot.settings import get_settings

RESEND = "resend"
_SLOTS = ("contract_number", "contract_postcode", "identity_code")
_NUMBER = re.compile(r"\bC?[\s.\-]?\d(?:[\s.\-]?\d){7}\b(?![\s.\-]?\d{2}\b)", re.IGNORECASE)
_POSTCODE = re.compile(r"(?<!\d)\d{2}[ .]?\d{3}(?!\d)")
_CODE = re.compile(r"(?<!\d)(?:\d[\s.\-]?){5}\d(?!\d)")
_CONTRACT_WORD = re.compile(r"(?:contrat|contract|vertrag)\w*[^\d\n.;!?]{0,22}$")
_AGAIN = re.compile(
    r"\b(?:ren?v[oe][iy]|re ?envo|rien recu|pas (?:encore )?recu|pas eu|autre code|nouveau code|"
    r"re ?send|new code|another code|(?:not|nothing|never|didn t) (?:re|get|got|arriv|came|come)|"
    r"opnieuw|niets? (?:ontvangen|gekregen)|nieuwe code|neuen? code|nichts? (?:erhalten|bekommen|angekommen)|erneut|"
    r"no (?:me )?(?:ha )?llegado|nada recibido|otro codigo|nuevo codigo|non (?:mi )?e arrivato|altro codice|nuovo codice|rinvia)"
)


def access(scene: Scene) -> Access:
    """The key to the verified customer's account in this conversation."""
    return Access(token=str(scene.slots.get("customer_token") or ""), conversation_id=scene.conversation_id)


def identity_steps(needed: Callable[[Scene], bool] = lambda scene: True) -> list[Step]:
    """The three steps; skipped once the customer is verified, or while ``needed`` says no."""

    def open_(scene: Scene) -> bool:
        return not scene.slots.get("customer_token") and needed(scene)

    return [
        Step(slot="contract_number", parse=_contract, ask=_contract_ask, choices=_no_number, needed=open_,
             input=Input(kind="text")),
        Step(slot="contract_postcode", parse=_postcode, ask="identity.postcode.ask", needed=open_,
             values=lambda scene: {"contract": scene.slots.get("contract_number") or ""},
             input=Input(kind="postcode")),
        Step(slot="identity_code", parse=_code, ask=_code_ask, choices=_code_choices, needed=open_,
             values=lambda scene: {"wait": _challenge(scene).get("wait", ""), "minutes": get_settings().code_ttl // 60,
                                   "contract": scene.slots.get("contract_number") or ""},
             enter=_send, check=_verify, input=Input(kind="code"), correctable=False, secret=True),
    ]


def another_contract(heard: Heard, scene: Scene) -> dict[str, None]:
    """What to forget of a verified customer who now names another contract; empty where they do not."""
    if heard.choice is not None or not scene.slots.get("customer_token"):
        return {}
    named = named_contracts(heard)
    if not named or scene.slots.get("contract_number") in named:
        return {}
    return dict.fromkeys(("customer_token", "identity_challenge", *_SLOTS))


def named_contracts(heard: Heard) -> list[str]:
    """Possible contract numbers written as such, with their C or after the word: no index, no phone number."""
    return [str(e.value) for e in heard.entities("contract") if e.valid and (
        e.text.casefold().startswith("c") or _CONTRACT_WORD.search(heard.text[:e.start].casefold()))]


def _typed(heard: Heard) -> str | None:
    """Something with the form of a contract number, as entity or as typed."""
    entities = heard.entities("contract")
    if entities:
        return next((str(e.value) for e in entities if e.valid), entities[0].text)
    match = _NUMBER.search(heard.text) if heard.choice is None else None
    return normalise_contract(match.group()) if match else None


def _contract(heard: Heard, scene: Scene, asked: bool) -> Parsed:
    named = named_contracts(heard)
    if named:
        return named[0]
    number = _typed(heard)
    if number is None:
        return None
    if is_contract_number(number):
        plain = scene.slots.get("requested_slot") in _SLOTS or "c" in heard.text.casefold()
        return normalise_contract(number) if plain else None
    return Problem("identity.bad_contract", {"number": number}, asks=True) if asked else None


def _contract_ask(scene: Scene) -> str:
    return "identity.contract.ask" if scene.slots.get("contract_postcode") else "identity.both.ask"


def _no_number(scene: Scene) -> list[tuple[str, str] | Choice]:
    return [Choice(id="human", label=scene.say("identity.no_number"))]


def _postcode(heard: Heard, scene: Scene, asked: bool) -> Parsed:
    """A postcode counts as the contract's only where it was asked for or stands beside the number."""
    if heard.choice is not None:
        return None
    if scene.slots.get("requested_slot") not in _SLOTS[:2] and _typed(heard) is None:
        return None
    found = heard.first("postcode")
    if found is not None:
        return str(found)
    numbers = [span.span() for span in _NUMBER.finditer(heard.text)]
    for match in _POSTCODE.finditer(heard.text):
        if not any(start <= match.start() < end for start, end in numbers):
            return re.sub(r"\D", "", match.group())
    return Problem("identity.bad_postcode", asks=True) if asked and re.search(r"\d", heard.text) else None


def _code(heard: Heard, scene: Scene, asked: bool) -> Parsed:
    if picked(heard, "identity_code") == RESEND:
        return RESEND
    if not asked or heard.choice is not None:
        return None
    match = _CODE.search(heard.text)
    if match:
        return re.sub(r"\D", "", match.group())
    if _AGAIN.search(soft(heard.text)):
        return RESEND
    digits = re.sub(r"\D", "", heard.text)
    return Problem("identity.code_length", {"count": len(digits)}, asks=True) if 3 <= len(digits) <= 9 else None


def _challenge(scene: Scene) -> Mapping[str, Any]:
    return scene.slots.get("identity_challenge") or {}


def _code_ask(scene: Scene) -> str:
    challenge = _challenge(scene)
    if challenge.get("wait"):
        return "identity.limited.ask"
    if challenge.get("tried"):
        return "identity.code_retry.ask"
    return "identity.code_again.ask" if challenge.get("sent", 1) > 1 else "identity.code.ask"


def _code_choices(scene: Scene) -> list[tuple[str, str] | Choice]:
    human = Choice(id="human", label=scene.say("choice.human"))
    return [(RESEND, scene.say("identity.resend")), human]


def _send(scene: Scene) -> Mapping[str, Any]:
    """Ask for a code, once for each pair of contract and postcode until another is wanted."""
    contract, postcode = scene.slots["contract_number"], scene.slots["contract_postcode"]
    before = _challenge(scene)
    same = (before.get("contract"), before.get("postcode")) == (contract, postcode)
    ttl, now = get_settings().code_ttl, int(scene.at.timestamp())
    # One kept from an earlier request or from before a person took over may be too old; while it is
    # being asked for, the check says so.
    fresh = same and (scene.slots.get("requested_slot") == "identity_code" or now - int(before.get("at", now)) < ttl)
    if fresh and before.get("id"):
        return {}
    sent = int(before.get("sent", 0)) + 1 if same else 1
    about = {"contract": contract, "postcode": postcode, "sent": sent, "at": now}
    try:
        challenge = scene.backoffice.request_code(
            contract, postcode, scene.conversation_id, f"{scene.conversation_id}:{scene.turn_id}:code",
            scene.language)
    except TooManyRequests as limit:
        minutes = max(1, math.ceil(limit.retry_after / 60))
        kept = {"id": before["last"], "last": before["last"], "at": before.get("at")} if fresh and before.get("last") else {}
        return {"identity_challenge": {**about, "sent": sent - 1, "wait": minutes, **kept}}      # nothing new: the last one is still good
    return {"identity_challenge": {**about, "id": challenge.id}}


def _verify(scene: Scene) -> Mapping[str, Any] | Problem:
    """The code against the challenge: a token, a resend, or a sentence on what is wrong with it."""
    challenge = _challenge(scene)
    again = {"identity_challenge": {**challenge, "id": None, "last": None, "wait": None, "tried": False}}
    more = {"identity_challenge": {**again["identity_challenge"], "last": challenge.get("id") or challenge.get("last")}}
    tried = {"identity_challenge": {**challenge, "tried": True}}
    if scene.slots["identity_code"] == RESEND:
        return {"identity_code": None, **more}
    if not challenge.get("id"):
        return Problem("identity.expired_code", slots=again)
    try:
        customer = scene.backoffice.check_code(
            challenge["id"], scene.slots["identity_code"], scene.conversation_id,
            f"{scene.conversation_id}:{scene.turn_id}:check")
    except NotAllowed as refusal:
        many = refusal.context.get("reason") == "too_many_tries"
        return Problem("identity.too_many_tries" if many else "identity.expired_code", slots=again)
    except BadInput:
        return Problem("identity.wrong_code", slots=tried)
    if customer is None:
        return Problem("identity.wrong_code", slots=tried)
    return {"identity_code": None, "identity_challenge": None, "customer_token": customer.token,
            "contract_number": customer.contract}
