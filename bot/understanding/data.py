"""Training phrases for intents, read from Rasa's own NLU files.

``data/nlu/<topic>.<language>.yml``; the language stands in the file's name because a line as short as
"no" has none of its own. Errors name file and line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import yaml

from bot.errors import BadInput
from bot.language.normalise import clean
from bot.settings import LOCALES
from bot.understanding.types import CONTROL, SMALLTALK

FLOWS: tuple[str, ...] = (
    "choose_power", "meter_reading", "explain_bill", "payment_plan", "move_home", "outage", "payment_details", "cancel_contract",
)
FAQ = "faq"
OUT_OF_SCOPE = "out_of_scope"
INTENTS: tuple[str, ...] = (FAQ, *(f"flow_{f}" for f in FLOWS), *SMALLTALK, *CONTROL, OUT_OF_SCOPE)

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_ENTITY = re.compile(r"\[([^\]]+)\](?:\([^)]*\)|\{[^}]*\})")


@dataclass(frozen=True)
class Phrase:
    """One training line."""

    text: str
    intent: str
    language: str


def load_phrases(folder: Path | str) -> list[Phrase]:
    """All training lines below ``folder``; the intent ``faq`` is left to the articles' own phrasings.

    Raises :class:`BadInput` for a file that is no YAML or names an intent the assistant does not have.
    """
    folder = Path(folder)
    out: list[Phrase] = []
    for path in sorted(folder.glob("**/*.yml")):
        code = path.name.split(".")[-2] if path.name.count(".") >= 2 else "fr"
        language = code if code in LOCALES else "fr"
        try:
            data = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 - a safe loader
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            raise BadInput(f"{path}:{mark.line + 1 if mark else 1}: not valid YAML.") from error
        except UnicodeDecodeError as error:
            raise BadInput(f"{path}: not UTF-8 text.") from error
        for block in (data or {}).get("nlu") or []:
            intent = block.get("intent") if isinstance(block, dict) else None
            if intent is None:
                continue     # synonyms, lookups and regexes serve entities
            intent = str(intent).split("/")[0]
            if intent not in INTENTS:
                raise BadInput(f"{path}: unknown intent “{intent}”; known are {', '.join(INTENTS)}.")
            if intent != FAQ:
                out.extend(Phrase(t, intent, language) for t in _examples(block.get("examples")))
    return out


def _examples(block: object) -> Iterable[str]:
    if isinstance(block, list):
        lines: list[str] = [str(e.get("text", "")) if isinstance(e, dict) else str(e) for e in block]
    else:
        lines = [line.strip()[2:] if line.strip().startswith("- ") else line.strip() for line in str(block or "").splitlines()]
    for line in lines:
        text = clean(_ENTITY.sub(r"\1", line))
        if text:
            yield text
