"""What is new in a mail: the text above the quoted conversation, without quotes and signature.

Mail programs introduce a quote in the customer's language ("Le 3 mars, Ana a écrit :"), over up to
three lines, or with a block of headers. Where nothing stands above the quote, the answer was written
between or below the quoted lines, and those alone are taken out. What was passed on to us is new to
us: it stays below what was written above it. Nothing visible is thrown away on doubt: a text that
would become empty is kept whole, and people write "he wrote:" themselves.
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
#: A mail program puts the date first: "Le lun. 3 mars", "On Mon, Mar 3", "Il giorno lun 3", "Am Mo., den 3.".
_DATE_FIRST = re.compile(r"^\S+ (?:[^\W\d]+[.,]{0,2} ){0,2}\d")
_DATED = re.compile(r"\b(?:19|20)\d\d\b|\b\d{1,2}\s?[:h.]\s?\d\d\b")
_RULES = re.compile(
    r"^(?=[-_*])(?:[-_*\s]{0,40}(?:original message|message d'origine|message original|oorspronkelijk bericht|"
    r"mensaje original|ursprüngliche nachricht|originalnachricht|messaggio originale)\s?:?[-_*\s]{0,40})$", re.I)
_PASSED_ON = re.compile(
    r"^[-_*\s]{0,40}(?:(?:begin )?forwarded message|(?:début du )?message (?:transféré|transmis|réexpédié)|"
    r"(?:begin )?doorgestuurd bericht|(?:inicio del )?mensaje reenviado|weitergeleitete nachricht|"
    r"anfang der weitergeleiteten nachricht|(?:inizio )?messaggio inoltrato)\s?:?[-_*\s]{0,40}$", re.I)
#: How the subject of a mail that is passed on begins.
_SUBJECT_PASSED_ON = re.compile(r"^\s*(?:tr|fwd?|wg|rv|i|doorst)\s*:", re.I)
_HEADER_FIRST = re.compile(r"^\*?(?:De|From|Van|Von|Da)\s?:\*?\s.{1,200}$", re.I)
_HEADER_NEXT = re.compile(
    r"^\*?(?:Envoyé|Date|Sent|Verzonden|Datum|Enviado(?: el)?|Fecha|Gesendet|Inviato|Data|À|A|To|Aan|Para|An|"
    r"Objet|Subject|Onderwerp|Asunto|Betreff|Oggetto|Cc)\s?:", re.I)
_HEADER_SUBJECT = re.compile(r"^\*?(?:Objet|Subject|Onderwerp|Asunto|Betreff|Oggetto)\s?:", re.I)
_FROM_PHONE = re.compile(
    r"^(?:envoyé (?:de|depuis) mon|sent from my|get outlook for|obtenir outlook pour|télécharger outlook|"
    r"verzonden (?:vanaf|met|via) mijn|enviado desde mi|von meinem .{1,30} gesendet|gesendet von|"
    r"inviato da(?:l mio)?)\b.{0,80}$", re.I)
_SIGNATURE = re.compile(r"^(?:-- ?$|--\s|__+)")


def new_text(text: str, subject: str = "") -> str:
    """The new part of a mail's plain text; with what it passes on, where it does."""
    lines = [line.rstrip() for line in text[:LONGEST].replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    cut = _first_quote(lines)
    above = _unquoted(lines[:cut])
    if passed_on(subject) and cut == len(lines):
        return "\n".join(lines).strip()
    if cut < len(lines) and (passed_on(subject) or _PASSED_ON.match(lines[cut].strip())):
        theirs = "\n".join(line[1:].removeprefix(" ") if line.startswith(">") else line for line in lines[cut:])
        return f"{_without_signature(_by_library(above))}\n\n{theirs}".strip()
    if not above:
        above = _unquoted(_without_introductions(lines))
    answer = _without_signature(_by_library(above))
    return answer or above or text[:LONGEST].strip()


def passed_on(subject: str) -> bool:
    """Whether a mail with this subject was passed on to us by someone who had got it."""
    return bool(_SUBJECT_PASSED_ON.match(subject))


def passes_on(text: str) -> bool:
    """Whether a mail's first quote is a mail that it passes on."""
    lines = text[:LONGEST].split("\n")
    cut = _first_quote(lines)
    return cut < len(lines) and bool(_PASSED_ON.match(lines[cut].strip()))


def _first_quote(lines: list[str]) -> int:
    return next((at for at in range(len(lines)) if _starts_quote(lines, at)), len(lines))


def _starts_quote(lines: list[str], at: int) -> bool:
    line = lines[at].strip()
    if _introduction_length(lines, at) or _RULES.match(line) or _PASSED_ON.match(line):
        return True
    if not _HEADER_FIRST.match(line):
        return False
    following = [item.strip() for item in lines[at + 1: at + 7] if item.strip()]
    # "De : Lyon / À : Paris / Date : mardi" is a customer's move: a mail has a subject, or a sender's address.
    return sum(bool(_HEADER_NEXT.match(item)) for item in following[:4]) >= 2 and (
        "@" in line or any(_HEADER_SUBJECT.match(item) for item in following))


def _introduction_length(lines: list[str], at: int, most: int = 3) -> int:
    """How many lines from ``at``, at most ``most``, say who wrote what follows; 0 where they do not."""
    if not _DATE_FIRST.match(" ".join(lines[at][:100].split())):
        return 0
    for length in range(1, most + 1):
        part = lines[at: at + length]
        joined = " ".join(" ".join(part).split())      # French ones are full of no-break spaces
        if not part[-1].strip() or len(joined) > 400:
            return 0
        if _INTRODUCTIONS.match(joined):
            # Only one that ends with this one: without that bound the search doubles with every line.
            nearer = any(_introduction_length(lines, later, at + length - later) for later in range(at + 1, at + length))
            return length if not nearer and _by_a_program(joined, lines[at + length:]) else 0
    return 0


def _by_a_program(introduction: str, below: list[str]) -> bool:
    """Whether a mail program wrote this: it names an address, or a quote follows, or nothing (HTML without it)."""
    following = next((line for line in below if line.strip()), "")
    if following:
        return "@" in introduction or following.lstrip().startswith(">")
    return "@" in introduction or bool(_DATED.search(introduction))


def _without_introductions(lines: list[str]) -> list[str]:
    kept, at = [], 0
    while at < len(lines):
        length = _introduction_length(lines, at)
        if not length:
            kept.append(lines[at])
        at += length or 1
    return kept


def _unquoted(lines: list[str]) -> str:
    return "\n".join(line for line in lines if not line.lstrip().startswith(">")).strip()


def _by_library(text: str) -> str:
    """Signatures as email-reply-parser finds them; a "signature" that is no such line stays.

    Introductions of quotes are found here: the library takes all from "On" to "wrote:" for one.
    """
    if text.count("On ") > _MANY or "wrote:" in text:
        return text
    kept = [part.content for part in EmailReplyParser.read(text).fragments
            if not part.quoted and not (part.signature and _SIGNATURE.match(part.content.lstrip()))]
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
