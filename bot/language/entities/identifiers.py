"""Numbers and names that identify: contract, meter, bank account, phone, mail, code, postcode, town, person.

Each is checked where a check exists (check digits, ranges); a wrong one is returned with
``valid=False``, so that the bot can say that a digit is off instead of not hearing it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import phonenumbers
from stdnum import iban as iban_check
from stdnum.exceptions import ValidationError

from bot.language.entities.folding import Folded
from bot.language.entities.found import Found

_EMAIL = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+\s?@\s?[\w-]+(?:\.[\w-]+)*")
_EMAIL_RIGHT = re.compile(r"[a-z0-9](?:[a-z0-9._%+'-]{0,62}[a-z0-9_+-])?@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}")
_CONTRACT = re.compile(r"(?<![\w-])c\s?[-.:]?\s?((?:\d[ .-]?){7,9}\d?)(?![\d-])")
_CONTRACT_WORD = re.compile(
    r"\b(?:contrat|contract|client|customer|klant|kunden?|vertrag|contrato|cliente|contratto|reference|ref)\w*"
    r"[^\d\n.;!?]{0,22}?(?<![\w-])(?:c\s?-?\s?)?(\d(?:[ .-]?\d){6,9})(?![\d-])"
)
_EIGHT = re.compile(r"(?<![\w.,+-])(\d{8}|\d{4} \d{4}|\d{2} \d{2} \d{2} \d{2}|\d{6}[ -]\d{2})(?![\d.,]|\s*(?:€|eur|kwh|m3)|\s\d)")
_METER = re.compile(r"(?<![\w+-])(\d(?:[ .]?\d){11,15})(?![\d-])")
_METER_WORD = re.compile(r"\b(pce|pdl|prm|ean|cups|pod|pdr|zahlpunkt)\b")
_GAS_POINT = re.compile(r"(?<!\w)(gi\s?\d{6})(?!\d)")
_PHONE = re.compile(r"(?<![\w+.,])(?:\+|00)?\(?\d(?:[ .\-()/]{0,2}\d){7,14}(?![\w])")
_IBAN_START = re.compile(r"(?<![a-z0-9])([a-z]{2})\s?(\d\d)(?=[ .-]?[a-z0-9])")
_CODE = re.compile(r"(?<![\w.,+-])(\d{6}|\d{3}[ -]\d{3}|\d{2} \d{2} \d{2}|\d(?: \d){5})(?![\w]|[.,-]\d|\s*(?:€|eur|k?wh?\b|m3)|\s\d)")
_POSTCODE = re.compile(r"(?<![\w.,+/-])(\d{5}|\d{2} \d{3})(?![\d]|[.,]\d|\s*(?:€|eur|k\s?w|m3|va\b|kva)|\s\d)")
_TOWN_AFTER = re.compile(r"[ ,]{1,2}((?:[^\W\d_]+[' -]?){1,4})")
_PLACE = re.compile(
    r"(?:^(?=\W*[^\W\d_]+(?:[' -][^\W\d_]+){0,3}\W*$)|\b(?:a|sur|in|en|te|nach|ad|vers|habite|ville|town|stad|ort|from|de|von|da|pour|cerca de|near)\s+|:\s*)"
    r"(?=([^\W\d_]+(?:[' -][^\W\d_]+){0,3}))"
)
_IBAN_LENGTHS = {
    "fr": 27, "be": 16, "de": 22, "es": 24, "it": 27, "nl": 18, "lu": 20, "pt": 25, "ch": 21, "gb": 22, "ie": 22, "at": 20,
    "mc": 27, "pl": 28, "fi": 18, "se": 24, "dk": 18, "ee": 20, "lt": 20, "lv": 21, "mt": 31, "cy": 28, "gr": 27, "cz": 24,
    "sk": 24, "si": 19, "hr": 21, "hu": 28, "ro": 24, "bg": 22, "no": 15, "is": 26, "li": 21, "sm": 27, "ad": 24, "va": 22,
    "ma": 28, "tn": 24, "tr": 26,
}
_REGIONS = {"fr": ("FR", "BE", "CH"), "en": ("FR", "GB"), "nl": ("FR", "NL", "BE"), "es": ("FR", "ES"), "de": ("FR", "DE", "AT", "CH"), "it": ("FR", "IT")}
#: French ranges kept for fiction: possible, though no operator has them.
_FICTION = re.compile(r"\+33(?:19900|26191|35301|46571|53649|63998)\d{4}$")
_PERSON = re.compile(
    r"\b(?:je m'? ?appelle|moi c'est|mon nom(?: de famille)? (?:est|:)|je suis (?=m(?:me|r|lle|onsieur|adame)\b)|ici (?=m(?:me|r|onsieur|adame)\b)|my name(?: is|'s)|"
    r"i am called|mijn naam is|ik heet|me llamo|mi nombre es|ich heisse|mein name ist|mi chiamo|il mio nome e|au nom de|nom ?:)\s*"
    r"((?:(?:m\.|mme|mr|mrs|ms|mlle|monsieur|madame|herr|frau|mevrouw|meneer|senora?|signora?)\s+)?"
    r"[^\W\d_]+(?:[-'][^\W\d_]+)*(?:\s+(?:de la |de |du |van der |van den |van |von |di |da |le |la )?[^\W\d_]+(?:[-'][^\W\d_]+)*){0,2})"
)
_NOT_NAMES = re.compile(r"\b(?:et|and|en|und|y|e|je|j|mais|but|pour|car|parce|depuis|est|suis|ai|mon|ma|mes|my|i|ich|ik|habite|vous|de|du|la|le|pas|client\w*|contrat|with|from|votre|alors|bonjour|merci|numero|avec|dans|a|au|sur|chez|ho|ed|con|por|con|und|mit|met|von)\b")
_TITLE = re.compile(r"^(?:m\.|mme|mr|mrs|ms|mlle|monsieur|madame|herr|frau|mevrouw|meneer|senora?|signora?)\s+")


def find(text: Folded, language: str, towns: frozenset[str]) -> Iterator[Found]:
    """Every identifier; overlaps are the caller's to settle."""
    folded = text.text
    yield from _emails(folded)
    yield from _ibans(folded)
    yield from _contracts(folded)
    yield from _meters(folded)
    yield from _phones(folded, language)
    yield from _places(folded, towns)
    for match in _CODE.finditer(folded):
        yield Found("code", re.sub(r"\D", "", match.group(1)), match.start(1), match.end(1), strength=4)
    yield from _persons(folded)


def _emails(text: str) -> Iterator[Found]:
    for match in _EMAIL.finditer(text):
        compact = re.sub(r"\s", "", match.group()).strip(".")
        end = match.start() + len(match.group().rstrip("."))
        yield Found("email", compact, match.start(), end, bool(_EMAIL_RIGHT.fullmatch(compact)) and ".." not in compact, strength=10)


def _ibans(text: str) -> Iterator[Found]:
    for match in _IBAN_START.finditer(text):
        length = _IBAN_LENGTHS.get(match.group(1))
        if length is None:
            continue
        end, taken = match.start(), ""
        while end < len(text) and len(taken) < length and (text[end].isalnum() or text[end] in " .-"):
            taken += text[end] if text[end].isalnum() else ""
            end += 1
        while end < len(text) and text[end].isdigit():          # too long: keep what is wrong with it
            taken += text[end]
            end += 1
        digits = sum(c.isdigit() for c in taken)
        if not taken.isascii() or digits < 0.45 * length or len(taken) < 12:
            continue
        try:
            iban_check.validate(taken.upper())
            valid = True
        except ValidationError:
            valid = False
        yield Found("iban", taken.upper(), match.start(), len(text[:end].rstrip(" .-")), valid, strength=10)


def _contracts(text: str) -> Iterator[Found]:
    for pattern, strength in ((_CONTRACT, 9), (_CONTRACT_WORD, 8), (_EIGHT, 5)):
        for match in pattern.finditer(text):
            digits = re.sub(r"\D", "", match.group(1))
            valid = len(digits) == 8 and int(digits) % 97 == 1
            if pattern is _EIGHT and not valid:
                continue
            start = match.start() if pattern is _CONTRACT else match.start(1)
            if pattern is _CONTRACT_WORD and (prefix := re.search(r"c\s?-?\s?$", text[:start])):
                start = prefix.start()
            yield Found("contract", f"C-{digits}", start, len(text[:match.end(1)].rstrip(" .-")), valid, strength=strength)


def _meters(text: str) -> Iterator[Found]:
    for match in _METER.finditer(text):
        digits = re.sub(r"\D", "", match.group(1))
        words = list(_METER_WORD.finditer(text[max(0, match.start() - 45):match.start()]))
        about_gas = bool(words and words[-1].group(1) in ("pce", "pdr")) or (
            not words and bool(re.search(r"\bgaz\b|\bgas\b", text[max(0, match.start() - 30):match.start()])))
        if len(digits) == 14 or words:
            yield Found("pce" if about_gas else "pdl", digits, match.start(1), match.end(1), len(digits) == 14,
                        strength=9 if words else 7)
    for match in _GAS_POINT.finditer(text):
        yield Found("pce", re.sub(r"\s", "", match.group(1)).upper(), match.start(1), match.end(1), strength=8)


def _phones(text: str, language: str) -> Iterator[Found]:
    for match in _PHONE.finditer(text):
        raw = match.group()
        digits = re.sub(r"\D", "", raw)
        international = raw.startswith(("+", "00"))
        if not international and not digits.startswith("0") and not re.search(r"\b(?:tel|telephone|phone|portable|mobile|numero|telefono|telefoon|handy)\b", text[:match.start()]):
            continue
        best: phonenumbers.PhoneNumber | None = None
        for region in _REGIONS.get(language, ("FR",)):
            try:
                number = phonenumbers.parse(("+" + digits[2:]) if raw.startswith("00") else raw, region)
            except phonenumbers.NumberParseException:
                continue
            if phonenumbers.is_valid_number(number) or _FICTION.match(_e164(number)):
                best = number
                break
        if best is not None:
            yield Found("phone", _e164(best), match.start(), match.end(), strength=8)
        elif 9 <= len(digits) <= 13 and (international or digits.startswith("0")):
            yield Found("phone", ("+" if international else "") + digits, match.start(), match.end(), False, strength=3)


def _e164(number: phonenumbers.PhoneNumber) -> str:
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def french_postcode(digits: str) -> bool:
    """Whether five digits begin with a department of France."""
    department = int(digits[:2])
    return (1 <= department <= 95) or digits[:3] in {"971", "972", "973", "974", "975", "976", "977", "978", "986", "987", "988"}


def _places(text: str, towns: frozenset[str]) -> Iterator[Found]:
    for match in _POSTCODE.finditer(text):
        digits = re.sub(r"\D", "", match.group(1))
        spaced = " " in match.group(1)
        after = _TOWN_AFTER.match(text, match.end())
        words = after.group(1).strip(" -'").split() if after else []
        town = next((" ".join(words[:n]) for n in range(len(words), 0, -1) if " ".join(words[:n]).replace("-", " ") in towns), None)
        if spaced and not town and not re.search(r"(?:postal|postcode|cp|plz|cap|zip)\W*$", text[:match.start()]):
            continue
        yield Found("postcode", digits, match.start(1), match.end(1), french_postcode(digits), strength=8 if town else 5)
        if town and after:
            yield Found("town", town, after.start(1), after.start(1) + len(town), strength=6)
    for match in _PLACE.finditer(text):
        words = re.split(r"([' -]+)", match.group(1))
        for size in (7, 5, 3, 1):
            name = "".join(words[:size])
            if len(words) >= size and name.replace("-", " ") in towns:
                yield Found("town", name, match.start(1), match.start(1) + len(name), strength=4)
                break


def _persons(text: str) -> Iterator[Found]:
    for match in _PERSON.finditer(text):
        start = match.start(1)
        raw = match.group(1)
        title = _TITLE.match(raw)
        if title:
            start, raw = start + title.end(), raw[title.end():]
        stop = next((word.start() for word in _NOT_NAMES.finditer(raw)
                     if word.group() not in ("de", "du", "la", "le", "van", "von", "di", "da") or word.end() == len(raw)), len(raw))
        name = raw[:stop].rstrip(" -'")
        if len(name) >= 2 and not _TITLE.match(name + " "):
            yield Found("person", name, start, start + len(name), strength=3)
