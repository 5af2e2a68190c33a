"""Which mails no person wrote: bounces (RFC 3464), automatic answers (RFC 3834), lists, receipts.

None of them is ever answered, or two machines would write to each other for ever.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.message import Message
from typing import Literal

Kind = Literal["person", "auto", "bounce"]

_BOUNCERS = re.compile(r"^(mailer-daemon|postmaster|mail-daemon|bounces?)([+.\-].*)?@", re.I)
# Customers also begin a subject with "Abwesend": words that only say someone is away must stand alone or
# before what is answered. Programs that write more there say so in a header.
_ANSWER = re.compile(
    r"^\s*(?:re\s*:\s*)?(?:automatic reply|auto(?:matic)?[ -]?(?:reply|response)|"
    r"réponse automatique|message d'absence|automatisch antwoord|afwezigheidsbericht|"
    r"respuesta automática|automatische antwort|abwesenheitsnotiz|risposta automatica|"
    r"(?:out of (?:the )?office|abs(?:ence|ent|ente) du bureau|afwezig|fuera de (?:la )?oficina|abwesend|"
    r"fuori (?:sede|ufficio))\s*(?::|$|auto-?reply\b|(?:re|aw|antw|rif?)\s*:))", re.I)
_PRECEDENCE = frozenset({"bulk", "junk", "list", "auto_reply", "auto-reply"})
_MARKS = ("x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply", "x-vacation",
          "x-mail-autoreply", "list-id", "list-unsubscribe", "feedback-id")


def kind_of(message: Message, headers: Mapping[str, str], sender: str) -> Kind:
    """Who wrote a mail. ``headers`` has lower-case names and decoded values."""
    if _is_bounce(message, headers, sender):
        return "bounce"
    if message.get_content_type() == "multipart/report":      # a receipt or the like
        return "auto"
    submitted = headers.get("auto-submitted", "no").split(";")[0].strip().lower()
    if submitted != "no" or headers.get("precedence", "").strip().lower() in _PRECEDENCE:
        return "auto"
    if any(headers.get(mark, "").strip().lower() not in ("", "no") for mark in _MARKS):
        return "auto"
    return "auto" if _ANSWER.search(headers.get("subject", "")) else "person"


def _is_bounce(message: Message, headers: Mapping[str, str], sender: str) -> bool:
    reported = message.get_content_type() == "multipart/report" and (
        str(message.get_param("report-type") or "").lower() == "delivery-status")
    return bool(reported or headers.get("x-failed-recipients") or _BOUNCERS.match(sender)
                or (headers.get("return-path", "").strip() == "<>" and "daemon" in sender.lower()))


def failed_mails(message: Message) -> tuple[tuple[str, ...], bool]:
    """Message-IDs that a bounce is about (no brackets), and whether it is for good (5.x.x)."""
    ids: list[str] = []
    permanent = True
    for part in message.walk():
        kind = part.get_content_type()
        if kind == "message/delivery-status":
            status = re.search(r"^Status:\s*(\d)\.", part.as_string(), re.M | re.I)
            action = re.search(r"^Action:\s*(\w+)", part.as_string(), re.M | re.I)
            permanent = (status is None or status.group(1) == "5") and (
                action is None or action.group(1).lower() == "failed")
        elif kind in ("message/rfc822", "text/rfc822-headers", "message/rfc822-headers"):
            ids += re.findall(r"^Message-ID:\s*<([^<>\s]{3,250})>", part.as_string()[:50_000], re.M | re.I)
    return tuple(dict.fromkeys(ids)), permanent
