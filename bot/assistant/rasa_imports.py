"""Imports Rasa's dialogue engine without TensorFlow and without its channels.

Rasa imports TensorFlow (12 seconds, 370 MB) for base classes that only its neural policies use, and all
its connectors (Facebook, Slack, Twilio…) with the first. A dialogue process runs rules, so while Rasa is
imported both are stood in for. A configuration that names a policy which needs TensorFlow is served with
all of it: :func:`rules_only` says which it is.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import sys
from collections.abc import Iterator, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml

#: Policies of Rasa 3.6 that use no TensorFlow.
RULE_POLICIES = frozenset({"RulePolicy", "MemoizationPolicy", "AugmentedMemoizationPolicy"})
_ABSENT = "tensorflow"
_CHANNELS = "rasa.core.channels"


def rules_only(config: Path) -> bool:
    """Whether every policy of a ``config.yml`` does without TensorFlow."""
    policies = (yaml.safe_load(config.read_text(encoding="utf-8")) or {}).get("policies") or []
    return bool(policies) and all(str(p.get("name", "")).split(".")[-1] in RULE_POLICIES for p in policies)


class _Absent(type):
    """A class with any attribute, to be subclassed and named in annotations but never made."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _stand_in(name)

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("TensorFlow is not loaded in this process: its configuration has rules only.")


def _stand_in(name: str) -> Any:
    return _Absent(name, (), {})


class _Module(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _stand_in(name)


class _Channels(ModuleType):
    """``rasa.core.channels`` with the names of its one module that everything needs."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(importlib.import_module(f"{_CHANNELS}.channel"), name)


class _Finder:
    """Finds ``tensorflow`` and everything below it; finders are asked in order, so it goes first."""

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name.split(".")[0] != _ABSENT:
            return None
        return ModuleSpec(name, self, is_package=True)  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Module(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing to run."""


@contextlib.contextmanager
def light_imports() -> Iterator[None]:
    """While it lasts, Rasa is imported with the stand-ins; the real packages can be imported afterwards."""
    if _ABSENT in sys.modules or "rasa.core.agent" in sys.modules:      # too late, or not needed
        yield
        return
    finder = _Finder()
    sys.meta_path.insert(0, finder)
    _light_channels()
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in [n for n in sys.modules if n.split(".")[0] == _ABSENT]:
            del sys.modules[name]


def _light_channels() -> None:
    """The package of Rasa's channels without its ``__init__``, which imports every connector."""
    rasa_core = importlib.util.find_spec("rasa.core")
    if rasa_core is None or not rasa_core.submodule_search_locations:
        return
    package = _Channels(_CHANNELS)
    package.__path__ = [str(Path(place) / "channels") for place in rasa_core.submodule_search_locations]
    sys.modules[_CHANNELS] = package
