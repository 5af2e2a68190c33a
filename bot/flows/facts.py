"""Figures and numbers of the supplier that flows say, read once from ``data/solenne.yml``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from bot.errors import ConfigurationError
from bot.settings import get_settings


@lru_cache(maxsize=4)
def _sheet(path: Path) -> Mapping[str, Any]:
    try:
        sheet = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}") from error
    if not isinstance(sheet, Mapping):
        raise ConfigurationError(f"{path} holds no facts.")
    return sheet


def fact(path: str) -> Any:
    """One figure by its dotted path, as written in the sheet: ``fact("terms.final_bill_weeks")``.

    Raises ConfigurationError where the sheet lacks it.
    """
    source = get_settings().data / "solenne.yml"
    node: Any = _sheet(source)
    for part in path.split("."):
        if not isinstance(node, Mapping) or part not in node:
            raise ConfigurationError(f"{source} has no `{path}`.")
        node = node[part]
    return node


def department(postcode: str) -> str:
    """Number of the département a French postcode lies in, three digits overseas ("974")."""
    return postcode[:3] if postcode.startswith(("97", "98")) else postcode[:2]


def grid_stem() -> str:
    """The digits of Enedis' repair line that the département's number follows."""
    return str(fact("emergency.power_grid")).split("+")[0].strip()


def grid_phone(postcode: str | None) -> str | None:
    """Enedis' repair line for a postcode; ``None`` where Enedis does not run the network.

    Corsica and overseas are served by EDF SEI and local operators, under numbers of their own.
    """
    if postcode is None or postcode.startswith(("20", "97", "98")):
        return None
    return f"{grid_stem()} {department(postcode)}"
