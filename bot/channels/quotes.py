"""What is new in a mail: the text above the quoted conversation, without quotes and signature.

Mail programs introduce a quote in the customer's language ("Le 3 mars, Ana a écrit :"), over up to
three lines, or with a block of headers. Where nothing stands above the quote, the answer was written
between or below the quoted lines, and those alone are taken out. Nothing visible is thrown away on
doubt: a text that would become empty is kept whole.
"""

from __future__ import annotations

import re

from email_reply_parser import EmailReplyParser

LONGEST = 20_000         # characters of a mail that are read
_MANY = 40               # the library's own patterns are slow on text full of these words

_INTRODUCTIONS = re.compile(
    r"^(?:Le .{4,240} a écrit\s?:|On .{4,240} wrote\s?:|"
    r"Op .{4,240} (?:schreef|heeft .{1,160} geschreven)(?: .{0,160})?\s?:|"
    r"El .{4,240} escribió\s?:|Am .{4,240} schrieb(?: .{1,160})?\s?:|Il .{4,240} ha scritto\s?:)$", re.I)
_RULES = re.compile(
    r"^(?:[-_*\s]{0,40}(?:original message|forwarded message|message d'origine|message original|message transféré|"
    r"oorspronkelijk bericht|doorgestuurd bericht|mensaje original|mensaje reenviado|"
    r"ursprüngliche nachricht|originalnachricht|weitergeleitete nachricht|"
    r"messaggio originale|messaggio inoltrato)\s?:?[-_*\s]{0,40})$", re.I)
_HEADER_FIRST = re.compile(r"^\*?(?:De|From|Van|Von|Da)\s?:\*?\s.{1,200}$", re.I)
_HEADER_NEXT = re.compile(
    r"^\*?(?:Envoyé|Date|Sent|Verzonden|Datum|Enviado(?: el)?|Fecha|Gesendet|Inviato|Data|À|A|To|Aan|Para|An|"
    r"Objet|Subject|Onderwerp|Asunto|Betreff|Oggetto|Cc)\s?:", re.I)
_FROM_PHONE = re.compile(
    r"^(?:envoyé (?:de|depuis) mon|sent from my|get outlook for|obtenir outlook pour|télécharger outlook|"
    r"verzonden (?:vanaf|met|via) mijn|enviado desde mi|von meinem .{1,30} gesendet|gesendet von|"
    r"inviato da(?:l mio)?)\b.{0,80}$", re.I)
_SIGNATURE = re.compile(r"^(?:-- ?$|--\s|__+)")


def new_text(text: str) -> str:
    """The new part of a mail's plain text."""
    lines = [line.rstrip() for line in text[:LONGEST].replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    cut = next((at for at in range(len(lines)) if _starts_quote(lines, at)), len(lines))
    above = _unquoted(lines[:cut])
    if not above:
        above = _unquoted([line for at, line in enumerate(lines) if not _introduction_length(lines, at)])
    answer = _without_signature(_by_library(above))
    return answer or above or text[:LONGEST].strip()


def _starts_quote(lines: list[str], at: int) -> bool:
    line = lines[at].strip()
    if _introduction_length(lines, at) or _RULES.match(line):
        return True
    following = [item.strip() for item in lines[at + 1: at + 5] if item.strip()]
    return bool(_HEADER_FIRST.match(line) and sum(bool(_HEADER_NEXT.match(item)) for item in following) >= 2)


def _introduction_length(lines: list[str], at: int) -> int:
    """How many lines from ``at`` say who wrote what follows; 0 where they do not."""
    for length in (1, 2, 3):
        joined = " ".join(item.strip() for item in lines[at: at + length])
        if not lines[at].strip() or len(joined) > 400:
            return 0
        if _INTRODUCTIONS.match(joined):
            return length
    return 0


def _unquoted(lines: list[str]) -> str:
    return "\n".join(line for line in lines if not line.lstrip().startswith(">")).strip()


def _by_library(text: str) -> str:
    """Quotes and signatures as email-reply-parser finds them; a "signature" that is no such line stays."""
    if text.count("On ") > _MANY or text.count("wrote:") > _MANY:
        return text
    kept = [part.content for part in EmailReplyParser.read(text).fragments
            if not (part.quoted or (part.headers and part.content.startswith("On ")))
            and not (part.signature and _SIGNATURE.match(part.content.lstrip()))]
    return "\n".join(kept).strip()


def _without_signature(text: str) -> str:
    lines = text.split("\n")
    for at, line in enumerate(lines):
        if line.rstrip() == "--" or line == "-- ":
            lines = lines[:at]
            break
    while lines and (not lines[-1].strip() or _FROM_PHONE.match(lines[-1].strip())):
        lines.pop()
    return "\n".join(lines).strip()
