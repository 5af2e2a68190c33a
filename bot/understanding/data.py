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
from bot.faq.datafiles import Question, read_questions
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
        text, blocks = _blocks(path)
        for block in blocks:
            if not isinstance(block, dict) or block.get("intent") is None:
                continue     # synonyms, lookups and regexes serve entities
            name = str(block["intent"]).split("/")[0]
            if name not in INTENTS:
                raise BadInput(f"{path}:{_line_of(text, str(block['intent']))}: unknown intent “{name}”; known are {', '.join(INTENTS)}.")
            if name != FAQ:
                out.extend(Phrase(t, name, language) for t in _examples(block.get("examples")))
    return out


def _blocks(path: Path) -> tuple[str, list[object]]:
    """Text of a file and what stands under its key ``nlu`` (nothing where it has none)."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        data = yaml.load(text, Loader=_LOADER)  # noqa: S506 - a safe loader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise BadInput(f"{path}:{mark.line + 1 if mark else 1}: not valid YAML.") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise BadInput(f"{path}:{line}: not UTF-8 text; save the file as UTF-8.") from error
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror or error}).") from error
    if data is not None and not isinstance(data, dict):
        raise BadInput(f"{path}:1: expected Rasa's form, a mapping with the key “nlu”.")
    blocks = (data or {}).get("nlu") or []
    if not isinstance(blocks, list):
        raise BadInput(f"{path}:{_line_of(text, '', key='nlu')}: “nlu” must be a list of intents with their examples.")
    return text, blocks


def _line_of(text: str, value: str, key: str = "intent") -> int:
    """Line where a key has a value, 1 where it is written in another way."""
    found = re.search(rf"^[ \t-]*{key}[ \t]*:[ \t]*[\"']?{re.escape(value)}", text, re.M)
    return text.count("\n", 0, found.start()) + 1 if found else 1


def load_questions(folder: Path) -> list[Question]:
    """Labelled questions that are kept out of learning (``questions.<language>.jsonl``); none is no error.

    Raises :class:`BadInput` with file and line.
    """
    return [q for path in sorted(folder.glob("questions.*.jsonl")) for q in read_questions(path)]


def _examples(block: object) -> Iterable[str]:
    if isinstance(block, list):
        lines: list[str] = [str(e.get("text", "")) if isinstance(e, dict) else str(e) for e in block]
    else:
        lines = [line.strip()[2:] if line.strip().startswith("- ") else line.strip() for line in str(block or "").splitlines()]
    for line in lines:
        text = clean(_ENTITY.sub(r"\1", line))
        if text:
            yield text
