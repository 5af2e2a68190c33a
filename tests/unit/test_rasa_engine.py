"""What the dialogue process leaves out of Rasa is out, and nothing that is needed with it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from bot.assistant.rasa_imports import rules_only

ROOT = Path(__file__).resolve().parents[2]


def test_every_slot_is_filled_by_the_flows_alone() -> None:
    """`action_extract_slots` is skipped at each message, so no slot may count on it."""
    slots = yaml.safe_load((ROOT / "domain.yml").read_text(encoding="utf-8"))["slots"]
    assert slots
    for name, slot in slots.items():
        assert [mapping["type"] for mapping in slot["mappings"]] == ["custom"], name


def test_the_dialogue_engine_starts_without_tensorflow_and_connectors() -> None:
    """In a process of its own: the modules of this one are whatever other tests have imported."""
    script = ("import sys, bot.assistant.rasa_agent\n"
              "import rasa.core.processor, rasa.core.policies.rule_policy\n"
              "print([m for m in ('tensorflow', 'jax', 'torch', 'rasa.core.channels.slack') if m in sys.modules])\n"
              "from rasa.utils.train_utils import RasaModelData\n"
              "import tensorflow.python.distribute as real; print(real.__file__ is not None)")
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=240, check=True)
    assert done.stdout.split("\n")[:2] == ["[]", "True"]


@pytest.mark.parametrize(("policies", "light"), [
    ([{"name": "RulePolicy"}], True),
    ([{"name": "RulePolicy"}, {"name": "rasa.core.policies.memoization.MemoizationPolicy"}], True),
    ([{"name": "RulePolicy"}, {"name": "TEDPolicy", "epochs": 10}], False),
    ([], False),
])
def test_a_configuration_with_neural_policies_gets_all_of_rasa(tmp_path: Path, policies: list[dict[str, object]], light: bool) -> None:
    config = tmp_path / "config.yml"
    config.write_text(yaml.safe_dump({"policies": policies}), encoding="utf-8")
    assert rules_only(config) is light


def test_the_checkout_has_rules_only() -> None:
    assert rules_only(ROOT / "config.yml")
