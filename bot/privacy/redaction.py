"""Replaces personal data in text that outlives its conversation or is read by many.

Finds, in this order: e-mail addresses, IBANs (checked), payment cards (checked by Luhn), secrets
said to be such, meter points (14 digits), contract numbers, phone numbers, one-time codes. What it
leaves is a label a reader understands: ``[e-mail]``. Idempotent: redacting twice changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_EMAIL = re.compile(r"[A-Za-z0-9._%+\-À-ÿ]{1,64}\s?(?:@|\(at\)|\[at\])\s?[A-Za-z0-9\-À-ÿ]{1,63}(?:\.[A-Za-z0-9\-]{1,63}){1,4}")
_IBAN = re.compile(r"\b[A-Za-z]{2}\d{2}(?:[ .\-]?[A-Za-z0-9]){11,30}\b")
_CARD = re.compile(r"(?<![\d])(?:\d[ .\-]?){12,18}\d(?![\d])")
_PHONE = re.compile(
    r"(?<![\w.])(?:(?:\+|00)\s?\d{1,3}[\s.\-/]?(?:\(0\)\s?)?(?:\d[\s.\-/]?){7,11}\d|0\d(?:[\s.\-/]?\d){7,9})(?![\w])"
)
_METER = re.compile(r"(?<!\d)\d{2}[ ]?\d{3}[ ]?\d{3}[ ]?\d{3}[ ]?\d{3}(?!\d)")
_CONTRACT = re.compile(r"\bC[-\s]?\d{8,9}\b", re.I)
# Of what follows, 200 characters decide: looking through a whole long text after each "code:" takes too long.
_SECRET = re.compile(
    r"(?P<lead>\b(?:mot de passe|mdp|password|passwort|kennwort|wachtwoord|contraseña|contrasena|clave|parola d.ordine|"
    r"code secret|code|pin|cvv|cvc|código|codigo|codice)\b(?:\s*(?:est|is|ist|es|è|:|=|c'est))?(?:\s*[:=])?\s*)"
    r"(?P<value>(?=\S{0,200}\d)\S{3,}|\S{0,200}[#!$%&@*]\S*)",
    re.I,
)
_CODE = re.compile(r"^\s*\d{3}[ ]?\d{3}\s*$")


def redact(text: str) -> str:
    """``text`` with personal data replaced by labels."""
    text = _EMAIL.sub("[e-mail]", text)
    text = _IBAN.sub(_checked(_iban_ok, "[IBAN]"), text)
    text = _METER.sub("[PDL]", text)
    text = _CARD.sub(_checked(_luhn_ok, "[carte]"), text)
    text = _CONTRACT.sub("[contrat]", text)
    text = _PHONE.sub("[téléphone]", text)
    text = _SECRET.sub(lambda m: m.group(0) if m["value"].startswith("[") else f"{m['lead']}[secret]", text)
    return _CODE.sub("[code]", text)


def _checked(valid: Callable[[str], bool], label: str) -> Callable[[re.Match[str]], str]:
    def replace(match: re.Match[str]) -> str:
        """The label where the check passes; for an IBAN followed by words, the part that is one."""
        found = match.group(0)
        if valid(found):
            return label
        cut = found
        while " " in cut:       # "FR76 … 185 merci": take words off the end until it checks
            cut = cut.rsplit(" ", 1)[0]
            if valid(cut):
                return label + found[len(cut):]
        return found

    return replace


def _iban_ok(text: str) -> bool:
    compact = re.sub(r"[ .\-]", "", text).upper()
    if not 15 <= len(compact) <= 34:
        return False
    turned = compact[4:] + compact[:4]
    return int("".join(str(int(ch, 36)) for ch in turned)) % 97 == 1


def _luhn_ok(text: str) -> bool:
    digits = [int(ch) for ch in text if ch.isdigit()]
    if not 13 <= len(digits) <= 19:
        return False
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = digit * 2 if place % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0
