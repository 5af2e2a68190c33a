"""A customer's e-mail address or phone number, checked and normalised before anyone relies on it."""

from __future__ import annotations

import re

from bot.conversations.text import clean
from bot.errors import BadInput

_EMAIL = re.compile(
    r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}$"
)
_REGIONS = {"fr": "FR", "en": "GB", "nl": "NL", "es": "ES", "de": "DE", "it": "IT"}


def normalise(channel: str, contact: str, language: str | None) -> str:
    """The contact for ``email`` (as written, trimmed) or ``phone`` (E.164). Raises BadInput."""
    value = clean(contact)
    if channel == "email":
        if len(value) > 254 or not _EMAIL.match(value) or ".." in value:
            raise BadInput("This e-mail address looks incomplete.", key="problem_contact_email")
        return value
    if channel == "phone":
        return _phone(value, language)
    return value[:254]


def spellings(contact: str) -> list[str]:
    """How a contact that somebody typed may have been kept, in small letters: as it stands, and as the phone
    number that :func:`normalise` makes of it for customers of any language."""
    value = clean(contact).strip().lower()
    found = [value]
    if "@" not in value:
        for language in _REGIONS:
            try:
                found.append(_phone(value, language))
            except BadInput:
                continue
    return list(dict.fromkeys(found))


def _phone(value: str, language: str | None) -> str:
    import phonenumbers  # its tables load in a tenth of a second: only when a number is given

    regions = dict.fromkeys(("FR", _REGIONS.get(language or "fr", "FR")))
    for region in regions:   # customers of a French supplier first
        try:
            number = phonenumbers.parse(value, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_possible_number(number):
            return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    raise BadInput("This phone number looks incomplete.", key="problem_contact_phone")
