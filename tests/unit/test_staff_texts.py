"""The staff pages' dictionaries: complete, alike, and with nothing in them that no page says."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from bot.analytics.outcomes import Outcome
from bot.desk.notify import KINDS
from bot.desk.views import BUILT_IN
from bot.settings import LOCALES
from bot.staff.roles import ROLES
from bot.tickets.rules import DEFAULT as RULES
from bot.tickets.satisfaction import REASONS
from bot.tickets.states import ACTIONS, PRIORITIES, STATUSES
from bot.web import staff_texts
from bot.web.staff_texts import FOLDER, LANGUAGES, text, texts

WEB = FOLDER.parent.parent.parent
SOURCES = sorted((WEB / "static" / "staff").rglob("*.js")) + sorted((WEB / "templates" / "staff").glob("*.html"))
CALL = re.compile(r"\bt\(\s*[\"'`]([^\"'`]+)[\"'`]")


def said(path: Path) -> set[str]:
    """Keys a file names outright."""
    return {key for key in CALL.findall(path.read_text("utf-8")) if "${" not in key and not key.endswith(".")}


def test_languages_have_the_same_keys() -> None:
    assert list(texts("fr")) == list(texts("en"))


def test_placeholders_are_the_same_in_each_language() -> None:
    for key, french in texts("fr").items():
        assert sorted(re.findall(r"\{\w+\}", french)) == sorted(re.findall(r"\{\w+\}", texts("en")[key])), key


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_every_key_a_page_names_is_written(path: Path) -> None:
    assert said(path) <= set(texts("fr"))


def test_every_code_the_api_sends_has_words() -> None:
    wanted = [f"status.{s}" for s in STATUSES] + [f"priority.{p}" for p in PRIORITIES] + [f"role.{r}" for r in ROLES]
    wanted += [f"language.{code}" for code in LOCALES] + [f"queue.{code}" for code in LOCALES]
    wanted += [f"outcome.{outcome.value}" for outcome in Outcome]
    wanted += [f"history.{action}" for action in ACTIONS if action not in ("reply", "note", "customer")]
    assert [key for key in wanted if key not in texts("fr")] == []


def test_every_notice_has_words() -> None:
    wanted = [f"alerts.{kind}" for kind in (*KINDS, "sla_warning", "sla_breach", "released", "callback", "danger") if kind != "woke"]
    assert [key for key in (*wanted, "alerts.woke_time", "alerts.woke_customer") if key not in texts("fr")] == []


def test_every_reason_of_a_rating_has_words() -> None:
    assert [reason for reason in REASONS if f"rating_reason.{reason}" not in texts("fr")] == []


def test_every_view_has_words() -> None:
    assert [key for key in BUILT_IN if f"view.{key}" not in texts("fr")] == []


def test_every_shipped_rule_has_a_name() -> None:
    assert [rule["id"] for rule in RULES["rules"] if f"rule.{rule['id']}" not in texts("fr")] == []


def test_every_theme_and_flow_has_words() -> None:
    themes, flows = set(), set()
    for path in (WEB.parent.parent / "data" / "faq").glob("*.yml"):
        head = path.read_text("utf-8").split("title:")[0]
        themes.update(re.findall(r"^theme: (\S+)$", head, re.M))
        flows.update(re.findall(r"^flow: (\S+)$", head, re.M))
    flows.discard("null")
    assert themes
    assert flows
    assert [f"queue.{t}" for t in themes if f"queue.{t}" not in texts("fr")] == []
    assert [f"flow.{f}" for f in flows if f"flow.{f}" not in texts("fr")] == []


def test_files_are_json_of_texts() -> None:
    for language in LANGUAGES:
        found = json.loads((FOLDER / f"{language}.json").read_text("utf-8"))
        assert all(isinstance(value, str) and value.strip() == value and value for value in found.values())


def test_a_missing_key_is_an_error_and_an_unknown_language_is_french() -> None:
    with pytest.raises(KeyError):
        text("fr", "no.such.key")
    assert staff_texts.texts("xx") == texts("fr")
    assert text("en", "forbidden.go", page="Inbox") == "Go to: Inbox"
