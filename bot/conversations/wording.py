"""The service's own sentences for customers, from ``data/wording/service.yml``."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import yaml

from bot.errors import ConfigurationError
from bot.settings import LOCALES, ROOT

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
FILE = ROOT / "data" / "wording" / "service.yml"


def _read(path: Path) -> dict[str, dict[str, str]]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found: dict[str, dict[str, str]] = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506 - a safe loader
    return found


@lru_cache(maxsize=4)
def table(path: Path = FILE) -> dict[str, dict[str, str]]:
    """All sentences by key and locale. Raises ConfigurationError where one is missing."""
    try:
        loaded: dict[str, dict[str, str]] = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 - a safe loader
    except (OSError, yaml.YAMLError) as error:
        raise ConfigurationError(f"The wording file {path} cannot be read: {error}") from error
    for key, by_locale in loaded.items():
        missing = [locale for locale in LOCALES if not by_locale.get(locale)]
        if missing:
            raise ConfigurationError(f"{path}: {key} lacks {', '.join(missing)}")
    return loaded


def speak(language: str | None) -> str:
    """The locale we answer in: the language itself, French by default, English for languages we lack."""
    short = (language or "fr").replace("_", "-").split("-")[0].lower()
    return short if short in LOCALES else "en"


def say(key: str, language: str | None, **values: object) -> str:
    """One sentence in the customer's language."""
    return table()[key][speak(language)].format(**values)
