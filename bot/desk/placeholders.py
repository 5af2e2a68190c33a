"""Placeholders of macros: ``{{customer.name}}``; and ``{{ask.jour du rendez-vous}}`` for what only the agent knows.

Pure. A macro with a broken placeholder is refused when it is saved; a value that is missing when the
macro is used is asked for; text with a placeholder left in it never goes to a customer.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from bot.errors import BadInput

#: What a macro may name, in the order an editor offers it.
KNOWN = (
    "customer.name", "customer.first_name", "customer.email", "customer.phone", "customer.postcode",
    "contract.number", "contract.address", "contract.town", "contract.offer", "contract.power",
    "contract.balance", "ticket.reference", "ticket.request", "agent.first_name", "today",
)
_ASK = re.compile(r"ask\.[^{}\n]{1,60}")
_PLACEHOLDER = re.compile(r"\{\{([^{}\n]*)\}\}")
_SINGLE = re.compile(r"\{\s*(" + "|".join(map(re.escape, KNOWN)) + r"|ask\.[^{}\n]{1,60}?)\s*\}")
_LEFTOVER = re.compile(r"\{\{[^{}\n]{0,80}\}\}|\{\{\s*[a-z]+\.[^\s{}]*")


class BrokenPlaceholder(BadInput):
    """A macro's text names something nobody can fill, or its braces do not match."""

    code = "broken-placeholder"


class UnfilledPlaceholder(BadInput):
    """A message for a customer still has a placeholder in it."""

    code = "unfilled-placeholder"


@dataclass(frozen=True)
class Filled:
    """A macro with what is known put in. ``missing`` are placeholders still in the text, in order."""

    text: str
    missing: tuple[str, ...]


def names(text: str) -> list[str]:
    """Placeholders of a text, each once, in order."""
    return list(dict.fromkeys(found.strip() for found in _PLACEHOLDER.findall(text)))


def check(text: str) -> None:
    """Raises BrokenPlaceholder, with the one at fault and what may have been meant."""
    rest = _PLACEHOLDER.sub("", text)
    for brace in ("{{", "}}"):
        if brace in rest:
            line = next((part for part in text.splitlines() if brace in _PLACEHOLDER.sub("", part)), text)
            raise BrokenPlaceholder(f"A placeholder is not closed: write it as {{{{customer.name}}}} (in « {line.strip()[:60]} »).", key="placeholder_open", where="", line=line.strip()[:60])
    single = _SINGLE.search(rest)
    if single:
        name = single.group(1)
        raise BrokenPlaceholder(f"A placeholder has two braces on each side: write {{{{{name}}}}} and not {{{name}}}.", key="placeholder_single", where="", name=name)
    for name in names(text):
        if name in KNOWN or _ASK.fullmatch(name):
            continue
        if not name:
            raise BrokenPlaceholder("A placeholder is empty: {{}}.", key="placeholder_empty", where="")
        near = difflib.get_close_matches(name, KNOWN, 1, 0.5)
        hint = f" Did you mean {{{{{near[0]}}}}}?" if near else f" Known are {', '.join(KNOWN)} and ask.<your question>."
        raise BrokenPlaceholder(
            f"Nobody can fill {{{{{name[:60]}}}}}.{hint}", key="placeholder_near" if near else "placeholder_unknown",
            where="", name=name[:60], near=near[0] if near else "", known=", ".join(KNOWN))


def fill(text: str, values: Mapping[str, str]) -> Filled:
    """Put in what is known and not blank; the rest stays, named in ``missing``."""
    def put(match: re.Match[str]) -> str:
        name = match.group(1).strip()
        return values.get(name, "").strip() or f"{{{{{name}}}}}"

    done = _PLACEHOLDER.sub(put, text)
    # A value that itself looks like a placeholder is text, not a question for the agent.
    wanted = [name for name in names(text) if not values.get(name, "").strip()]
    return Filled(done, tuple(wanted))


def refuse_leftovers(text: str) -> None:
    """Raises UnfilledPlaceholder where a reply still has a placeholder in it."""
    found = _LEFTOVER.search(text) or _SINGLE.search(text)
    if found:
        raise UnfilledPlaceholder(f"Fill in {found.group(0)[:60]} before you send this.", key="placeholder_left", name=found.group(0)[:60])
