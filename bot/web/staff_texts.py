"""The staff pages' words on the server's side: the same dictionaries the browser reads."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

import yaml

from bot.settings import ROOT

FOLDER = Path(__file__).resolve().parent / "static" / "staff" / "texts"
LANGUAGES = ("fr", "en")
REFUSALS = ROOT / "data" / "wording" / "staff.yml"


@lru_cache(maxsize=len(LANGUAGES))
def texts(language: str) -> dict[str, str]:
    """All texts of a language; French where we do not have it."""
    name = language if language in LANGUAGES else LANGUAGES[0]
    found: dict[str, str] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return found


def text(language: str, key: str, **values: object) -> str:
    """One text with its ``{name}`` placeholders filled. Raises KeyError for a key nobody wrote."""
    found = texts(language)[key]
    for name, value in values.items():
        found = found.replace("{" + name + "}", str(value))
    return found


@lru_cache(maxsize=1)
def refusals() -> dict[str, dict[str, str]]:
    """Why the staff API refused something: by the error's key, the sentence by language; English is the code's."""
    found: dict[str, dict[str, str]] = yaml.safe_load(REFUSALS.read_text(encoding="utf-8"))
    return found
