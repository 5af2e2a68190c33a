"""Texts that people read: made safe without losing what their author set, and spaced as printers do.

:func:`tidy` is for display what :func:`bot.language.normalise.clean` is for comparison: quotation marks,
"m²" and no-break spaces stay. :func:`typeset` puts no-break spaces where a line must not be torn: before
French ; : ! ? and inside « », between a number and its € or %. Writers type plain spaces in ``data/faq``; the
two are applied when an article's file is read. Source of the French rules: *Lexique des règles typographiques en
usage à l'Imprimerie nationale*; amounts as in :mod:`bot.flows.format`.
"""

from __future__ import annotations

import re
import unicodedata

_NARROW, _NO_BREAK = "\u202f", "\u00a0"
_CONTROL = re.compile(r"[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_SPACES = re.compile(r"\s+")
#: Code, link targets and addresses are left as they are: they match first.
_VERBATIM = r"(?P<verbatim>`[^`\n]*`|\]\([^)\n]*\)|https?://\S+)"
_AMOUNT = r"(?<=\d) (?=\d{3}[ \u00a0][€%])|(?<=\d) (?=[€%])|(?<=€) (?=\d)"
_FRENCH_WIDE = r"(?<=\S) (?=:(?:[\s*_]|$))|(?<=«) | (?=»)"
_FRENCH_NARROW = r"(?P<narrow>(?<=\S) (?=[;!?](?!\[)))"
_FRENCH = re.compile(f"{_VERBATIM}|{_FRENCH_NARROW}|{_AMOUNT}|{_FRENCH_WIDE}")
_OTHERS = re.compile(f"{_VERBATIM}|{_AMOUNT}")


def tidy(text: str) -> str:
    """A text that is shown, in one line: no control or bidirectional marks, single spaces, composed letters."""
    text = _CONTROL.sub(" ", unicodedata.normalize("NFC", text))
    return _SPACES.sub(_one_space, text).strip()


def typeset(text: str, locale: str) -> str:
    """The text with no-break spaces where ``locale`` has them. Idempotent; Markdown keeps its meaning."""
    return (_FRENCH if locale == "fr" else _OTHERS).sub(_unbroken, text)


def _unbroken(found: re.Match[str]) -> str:
    if found.lastgroup == "verbatim":
        return found.group()
    return _NARROW if found.lastgroup == "narrow" else _NO_BREAK


def _one_space(found: re.Match[str]) -> str:
    run = found.group()
    return _NARROW if _NARROW in run else _NO_BREAK if _NO_BREAK in run else " "
