"""Does an agent ask again for something the customer already gave? A documented heuristic. Pure.

A message asks again for a thing when one of its sentences asks (a question mark, or words such as
"pouvez-vous", "could you", "merci de", "bitte … mit") and names that thing in one of the six languages,
and the hand-over packet holds a value for it. Confirming ("votre contrat C-… , c'est bien cela ?") is
not asking again: a sentence that repeats the known value does not count.

It misses questions without the thing's name ("lequel ?") and counts rhetorical ones; over a sample it is
a rate to watch, not a judgement on one message.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

_SENTENCE = re.compile(r"[^.!?\n]+[.!?]*")
_ASKING = re.compile(
    r"\?|\b(?:pouvez[- ]vous|pourriez[- ]vous|merci de|veuillez|il me faut|j'?ai besoin|donnez|envoyez|indiquez|precisez|"
    r"communiquez|quel(?:le)?s?|could you|can you|please|i need|what is|what's|send me|give me|tell me|"
    r"kunt u|kun je|graag|ik heb nodig|wat is|geef|stuur|puede|podria|por favor|necesito|cual es|indique|envie|digame|"
    r"konnen sie|konnten sie|bitte|ich brauche|wie lautet|nennen sie|schicken sie|senden sie|"
    r"puo|potrebbe|per favore|mi serve|ho bisogno|qual e|mi indichi|mi dia|mi invii)\b"
)
#: Thing → words for it, folded, over the six languages.
_WORDS: dict[str, str] = {
    "contract": r"(?:numero|n°|reference)s? (?:de |du |di |del )?(?:votre |vos |su |suo )?(?:contrat|client|contrato|contratto|cliente)|"
                r"contract ?(?:number|nummer)|klantnummer|account number|vertragsnummer|kundennummer|numero contratto|votre contrat",
    "postcode": r"code postal|postcode|post ?code|zip|codigo postal|postleitzahl|plz|cap\b|codice postale",
    "address": r"adresse(?! ?e?-?mail)(?! (?:mail|electronique))|street address|your address|adres\b|direccion(?! de correo)|anschrift|indirizzo(?! e-?mail)(?! di posta)",
    "email": r"e-?mail|adresse (?:mail|electronique)|courriel|correo|posta elettronica",
    "phone": r"telephone|(?:phone|mobile) number|numero de (?:portable|movil)|telefono|telefoon|telefon|handynummer",
    "name": r"(?:votre|vos) noms?|nom et prenom|your (?:full )?name|uw naam|je naam|su nombre|ihren? namen?|suo nome|nome e cognome",
    "move_date": r"date (?:de |du |d')?(?:votre )?(?:demenagement|depart|emmenagement|sortie|entree)|(?:moving|move)[ -](?:date|in|out)|"
                 r"verhuisdatum|fecha de (?:mudanza|salida|entrada)|umzugs(?:datum|termin)|data (?:del |di )?(?:trasloco|uscita|ingresso)",
    "index": r"releve|index|meter reading|meterstand|lectura|zahlerstand|lettura",
    "meter": r"\bpdl\b|\bpce\b|point de livraison|numero de compteur|meter number|meternummer|zahlernummer|\bcups\b|\bpod\b|numero (?:del |di )?contatore",
    "power": r"puissance|kva|subscribed power|vermogen|potencia|leistung|potenza",
    "heating": r"chauffage|chauffe|heating|heat your|verwarming|calefaccion|heizung|heizen|riscaldamento",
    "dwelling": r"surface|metres carres|m2|nombre de pieces|appartement ou|house or|floor area|oppervlakte|superficie|metros|wohnflache|quadratmeter|metri quadri",
}
#: Names of slots (their ends) → thing. A slot that fits none has no wording to look for.
_SLOTS: tuple[tuple[str, str], ...] = (
    (r"(?:^|_)contract_number$|^contract$", "contract"), (r"postcode$", "postcode"), (r"(?:^|_)(?:new_)?address$|_forward$|^town$", "address"),
    (r"(?:^|_)email$", "email"), (r"(?:^|_)phone$", "phone"), (r"^(?:person|name|holder)$", "name"),
    (r"_(?:leave_on|enter_on|end_on)$", "move_date"),
    (r"_(?:base|peak|off_peak|gas)$|^index_", "index"), (r"(?:^|_)(?:new_)?pd[l]$|^pce$", "meter"),
    (r"_(?:current|target|new_power)$|^power_kva$", "power"), (r"(?:^|_)heating$", "heating"), (r"_(?:dwelling|size)$|^surface_m2$|^rooms$|^dwelling$", "dwelling"),
)
#: What the customer's own site vouched for, and what their contract says, by the names these have.
_IDENTITY = {"name": "name", "email": "email"}
_ACCOUNT = {
    "customer.name": "name", "customer.email": "email", "customer.phone": "phone", "customer.postcode": "postcode",
    "contract.number": "contract", "contract.address": "address", "contract.power": "power",
}
_ASKS = {thing: re.compile(rf"(?<!\w)(?:{words})") for thing, words in _WORDS.items()}


def known_things(packet: Mapping[str, Any]) -> dict[str, list[str]]:
    """What the packet already answers: thing → values, as text."""
    known: dict[str, list[str]] = {}
    for slot, value in (packet.get("slots") or {}).items():
        if value in (None, "", [], {}):
            continue
        for pattern, thing in _SLOTS:
            if re.search(pattern, slot):
                known.setdefault(thing, []).append(str(value))
    contact = packet.get("contact")
    if isinstance(contact, str) and contact:
        known.setdefault("email" if "@" in contact else "phone", []).append(contact)
    for source, things in (("identity", _IDENTITY), ("account", _ACCOUNT)):
        values = packet.get(source) or {}
        values = values.get("values") or {} if source == "account" else values
        for name, thing in things.items():
            if values.get(name):
                known.setdefault(thing, []).append(str(values[name]))
    return known


def asked_again(text: str, packet: Mapping[str, Any]) -> list[str]:
    """Things this message asks for although the packet has them, each once."""
    known = known_things(packet)
    found: list[str] = []
    for sentence in _SENTENCE.findall(_fold(text)):
        if not _ASKING.search(sentence):
            continue
        for thing, values in known.items():
            if thing in found or not _ASKS[thing].search(sentence):
                continue
            if not any(_plain(value) and _plain(value) in _plain(sentence) for value in values):
                found.append(thing)
    return found


def _fold(text: str) -> str:
    flat = unicodedata.normalize("NFKD", text.replace("’", "'").casefold())
    return "".join(char for char in flat if not unicodedata.combining(char))


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", _fold(text))
