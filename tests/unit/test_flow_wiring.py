"""Every flow is wired in Rasa as it is written, and has all its words in French and English."""

from __future__ import annotations

import importlib
import re
import string
from pathlib import Path

import pytest
import yaml

from bot.flows.types import Flow
from bot.language.wording import Wording
from bot.settings import ROOT

DOMAIN = yaml.safe_load((ROOT / "domain.yml").read_text("utf-8"))
WORDING = Wording.load(ROOT / "data" / "wording")
FACTS = yaml.safe_load((ROOT / "data" / "solenne.yml").read_text("utf-8"))
FLOWS = [name for name in FACTS["flows"] if (ROOT / "bot" / "flows" / f"{name}.py").exists()]
COMMON = ("flow", "choice", "identity", *FLOWS)


def flow(name: str) -> Flow:
    found = importlib.import_module(f"bot.flows.{name}").FLOW
    assert isinstance(found, Flow)
    return found


def texts(locale: str, topic: str) -> dict[str, tuple[str, ...]]:
    return {key: WORDING.variants(key, locale) for key in WORDING.keys(locale) if key.split(".")[0] == topic}


def placeholders(variants: tuple[str, ...]) -> list[set[str]]:
    return [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in variants]


@pytest.mark.parametrize("name", FLOWS)
def test_form_slots_rules_and_actions_match_the_flow(name: str) -> None:
    found = flow(name)
    assert DOMAIN["forms"][found.form]["required_slots"] == found.slots
    for slot in found.slots:
        assert DOMAIN["slots"][slot] == {"type": "any", "influence_conversation": False, "mappings": [{"type": "custom"}]}
    assert {f"validate_{found.form}", f"action_{name}"} <= set(DOMAIN["actions"])
    rules = yaml.safe_load((ROOT / "data" / "rules" / f"{name}.yml").read_text("utf-8"))["rules"]
    assert rules[0]["steps"][0] == {"intent": f"flow_{name}"}
    assert {"action": f"action_{name}"} in rules[1]["steps"]
    module = (ROOT / "actions" / f"{name}.py").read_text("utf-8")
    assert f"from bot.flows.{name} import FLOW" in module


@pytest.mark.parametrize("name", FLOWS)
def test_every_question_has_its_words(name: str) -> None:
    for step in flow(name).steps:
        if step.listen or (step.enter is not None and not step.choices and step.slot != "identity_code"):
            continue
        if step.ask is None:
            base = f"{name}.{step.slot.removeprefix(name + '_')}"
            assert WORDING.has(f"{base}.ask"), f"{base}.ask"
            assert WORDING.has(f"{base}.help"), f"{base}.help"


@pytest.mark.parametrize("topic", COMMON)
def test_each_question_comes_with_help(topic: str) -> None:
    keys = set(texts("fr", topic))
    for key in keys:
        if key.endswith(".ask"):
            assert f"{key.removesuffix('.ask')}.help" in keys


@pytest.mark.parametrize("locale", [p.name for p in sorted((ROOT / "data" / "wording").iterdir()) if p.is_dir() and p.name != "fr"])
@pytest.mark.parametrize("topic", COMMON)
def test_a_translation_has_the_same_keys_and_placeholders(topic: str, locale: str) -> None:
    if not (ROOT / "data" / "wording" / locale / f"{topic}.yml").exists():
        pytest.skip(f"{topic} is not translated into {locale} yet")
    french, other = texts("fr", topic), texts(locale, topic)
    assert set(french) == set(other)
    for key, variants in french.items():
        allowed = set().union(*placeholders(variants))
        for names in placeholders(other[key]):
            assert names <= allowed, key


@pytest.mark.parametrize("topic", COMMON)
def test_variants_of_a_sentence_are_different(topic: str) -> None:
    for key, variants in texts("fr", topic).items():
        assert len(set(variants)) == len(variants), key


def test_nothing_for_customers_stands_in_code() -> None:
    """Words a customer reads belong to the wording files: no French sentence in a flow's code."""
    for path in Path(ROOT / "bot" / "flows").glob("*.py"):
        for line in path.read_text("utf-8").splitlines():
            assert not re.search(r'''(?:text|label)=f?"[^"]*[A-Za-zÀ-ÿ]{3} ''', line), f"{path.name}: {line.strip()}"
