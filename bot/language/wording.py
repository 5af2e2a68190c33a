"""The bot's own words, in every locale, from ``data/wording/<locale>/<topic>.yml``.

A key is ``topic.path.to.text``; its value is a sentence, or a list of sentences that mean the same.
Which of the list is said is decided by a seed (the turn), never by chance, so that a turn asked twice
gives the same words; sentences said recently are avoided, so that nobody hears one twice running.
Placeholders are ``{name}``; a missing one is an error here and not a brace in front of a customer.
"""

from __future__ import annotations

import hashlib
import re
import string
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

import yaml

from bot.errors import ConfigurationError
from bot.settings import LOCALES, get_settings

_FORMATTER = string.Formatter()


def _flatten(prefix: str, node: object, into: dict[str, tuple[str, ...]], source: Path) -> None:
    if isinstance(node, Mapping):
        for key, value in node.items():
            _flatten(f"{prefix}.{key}", value, into, source)
    elif isinstance(node, list) and node and all(isinstance(item, str) for item in node):
        into[prefix] = tuple(item.strip() for item in node)
    elif isinstance(node, str):
        into[prefix] = (node.strip(),)
    else:
        raise ConfigurationError(f"{source}: `{prefix}` must be a text or a list of texts.")


class Wording:
    """All texts of all locales, read once."""

    def __init__(self, texts: Mapping[str, Mapping[str, tuple[str, ...]]]) -> None:
        self._texts = texts

    @classmethod
    def load(cls, folder: Path) -> Wording:
        """Read ``folder/<locale>/*.yml``; raises ConfigurationError with the file at fault."""
        texts: dict[str, dict[str, tuple[str, ...]]] = {}
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        for locale in LOCALES:
            flat: dict[str, tuple[str, ...]] = {}
            for path in sorted((folder / locale).glob("*.yml")):
                try:
                    content = yaml.load(path.read_text("utf-8"), Loader=loader)  # noqa: S506
                except (yaml.YAMLError, UnicodeDecodeError) as error:
                    raise ConfigurationError(f"{path} cannot be read: {error}") from error
                _flatten(path.stem, content or {}, flat, path)
            texts[locale] = flat
        if not texts.get("fr"):
            raise ConfigurationError(f"No wording found in {folder}/fr.")
        return cls(texts)

    def keys(self, locale: str) -> set[str]:
        """Keys a locale has."""
        return set(self._texts.get(locale, {}))

    def variants(self, key: str, locale: str) -> tuple[str, ...]:
        """Every sentence for a key; English, then French, stand in for a locale that lacks it."""
        for candidate in (locale, "en", "fr"):
            found = self._texts.get(candidate, {}).get(key)
            if found:
                return found
        raise ConfigurationError(f"No wording for `{key}`.")

    def has(self, key: str, locale: str = "fr") -> bool:
        """Whether the locale itself has the key."""
        return key in self._texts.get(locale, {})

    def say(
        self, key: str, locale: str, *, seed: str = "", avoid: Iterable[str] = (), **values: object
    ) -> str:
        """One sentence for ``key``: chosen by ``seed``, not among fingerprints ``avoid`` (oldest first), filled."""
        variants = self.variants(key, locale)
        start = int.from_bytes(hashlib.blake2b(f"{seed}:{key}".encode(), digest_size=4).digest(), "big")
        ordered = [variants[(start + i) % len(variants)] for i in range(len(variants))]
        said = {mark: position for position, mark in enumerate(avoid)}
        texts = [self._fill(key, text, values) for text in ordered]
        return min(texts, key=lambda text: said.get(fingerprint(text), -1))     # unsaid, else said longest ago

    @staticmethod
    def _fill(key: str, text: str, values: Mapping[str, object]) -> str:
        names = {name for _, name, _, _ in _FORMATTER.parse(text) if name}
        missing = names - set(values)
        if missing:
            raise ConfigurationError(f"Wording `{key}` needs {', '.join(sorted(missing))}.")
        if names:     # an empty placeholder leaves no double space behind
            return re.sub(r" {2,}", " ", text.format(**values)).strip()
        return text.replace("{{", "{").replace("}}", "}")


def fingerprint(text: str) -> str:
    """A short stable mark of a sentence, to tell whether it was just said."""
    return hashlib.blake2b(" ".join(text.split()).casefold().encode(), digest_size=6).hexdigest()


@lru_cache(maxsize=1)
def get_wording() -> Wording:
    """The wording of this process, from the settings' data folder."""
    return Wording.load(get_settings().data / "wording")
