"""Numbers people read out: contract numbers, references, masked bank and contact details."""

from __future__ import annotations

import hashlib
import re

_CONTRACT = re.compile(r"^\s*C?[\s.\-–]*(\d(?:[\s.\-]*\d){7})\s*$", re.IGNORECASE)
#: No 0/O, 1/I/L, no vowels: nothing to misread and no words by accident.
_REFERENCE_ALPHABET = "23456789BCDFGHJKMNPQRSTVWXZ"


def contract_number(serial: int) -> str:
    """``C-`` and eight digits for a serial of up to six digits; the last two are ISO 7064 mod 97-10."""
    if not 0 <= serial <= 999_999:
        raise ValueError(f"serial out of range: {serial}")
    return f"C-{serial:06d}{98 - serial * 100 % 97:02d}"


def normalise_contract(text: str) -> str | None:
    """``C-12345678`` out of "c 12 34 56 78", or ``None`` where it is not eight digits."""
    match = _CONTRACT.match(text)
    return "C-" + re.sub(r"\D", "", match.group(1)) if match else None


def is_contract_number(text: str) -> bool:
    """Whether the form and both check digits are right (says nothing about a customer existing)."""
    number = normalise_contract(text)
    return number is not None and int(number[2:]) % 97 == 1


def reference_for(key: str, secret: bytes = b"") -> str:
    """A short reference, e.g. ``SOL-7K2M-94QX``: a pure function of key and secret, so a repeat is equal."""
    value = int.from_bytes(hashlib.blake2b(key.encode(), key=secret[:64], digest_size=16).digest(), "big")
    letters = []
    for _ in range(8):
        value, rest = divmod(value, len(_REFERENCE_ALPHABET))
        letters.append(_REFERENCE_ALPHABET[rest])
    return f"SOL-{''.join(letters[:4])}-{''.join(letters[4:])}"


def mask_email(address: str) -> str:
    """``m•••••@e•••••.org``: enough to recognise one's own, not enough to learn it."""
    local, _, domain = address.partition("@")
    name, _, suffix = domain.rpartition(".")
    return f"{local[:1]}•••••@{name[:1]}•••••.{suffix}" if name else f"{local[:1]}•••••"


def mask_phone(phone: str) -> str:
    """``•• •• •• •• 42``."""
    digits = re.sub(r"\D", "", phone)
    return f"•• •• •• •• {digits[-2:]}" if digits else ""


def mask_iban(iban: str) -> str:
    """``FR76 •••• •••• •••• •••• •••• 123``: country, check digits and the last three."""
    compact = re.sub(r"\s", "", iban).upper()
    return f"{compact[:4]} •••• •••• •••• •••• •••• {compact[-3:]}" if compact else ""
