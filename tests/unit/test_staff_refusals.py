"""Every sentence with which the staff API refuses something is there in French, with the values it names."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.conversations.wording import table
from bot.settings import ROOT
from bot.tickets.states import STATUSES
from bot.web.staff_texts import refusals

#: What staff's pages and tools call; errors made elsewhere reach them as these or not at all.
PLACES = ("analytics/listing.py", "analytics/metrics.py", "coverage", "desk", "faq/store.py", "integrations/webhooks/catalogue.py",
          "integrations/webhooks/endpoints.py", "integrations/webhooks/messages.py", "jobs/listing.py", "staff", "storage/outbox.py",
          "tickets", "web/deps.py", "web/routes/connectors.py", "web/routes/staff_*.py", "web/routes/webhooks_admin.py")
ERRORS = ("BadInput", "TooLarge", "NotAllowed", "Forbidden", "NotFound", "Conflict", "TooManyRequests", "Unavailable",
          "BrokenPlaceholder", "UnfilledPlaceholder")


def files() -> Iterator[Path]:
    for place in PLACES:
        for path in (ROOT / "bot").glob(place):
            yield from path.rglob("*.py") if path.is_dir() else [path]


def keys(value: ast.expr) -> list[str]:
    """The keys an argument can be: a text, one of two, or one for each state of a ticket."""
    if isinstance(value, ast.IfExp):
        return keys(value.body) + keys(value.orelse)
    if isinstance(value, ast.JoinedStr):
        start = value.values[0]
        assert isinstance(start, ast.Constant)
        return [f"{start.value}{status}" for status in STATUSES]
    assert isinstance(value, ast.Constant)
    return [str(value.value)]


def faults(path: Path) -> list[str]:
    found = []
    for call in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in ERRORS):
            continue
        given = {word.arg: word.value for word in call.keywords}
        if None in given:           # another error's context, passed on
            continue
        where = f"{path.name}:{call.lineno}"
        if "key" not in given:
            found.append(f"{where} has no key")
            continue
        for key in keys(given["key"]):
            text = refusals().get(key, {}).get("fr") or table().get(key, {}).get("fr")
            if text is None:
                found.append(f"{where}: {key} is not written")
                continue
            named = {name for _, name, _, _ in string.Formatter().parse(text) if name}
            if not named <= set(given):
                found.append(f"{where}: {key} names {named - set(given)}")
    return found


@pytest.mark.parametrize("path", sorted(files()), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_refusals_are_written(path: Path) -> None:
    assert faults(path) == []


def test_no_key_is_customers_and_staffs() -> None:
    assert set(refusals()) & set(table()) == set()


def test_a_missing_key_is_found(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text('raise BadInput("No.")\nraise BadInput("No.", key="nowhere")\nraise NotFound("No.", key="ticket_gone")\n', "utf-8")
    assert faults(path) == ["a.py:1 has no key", "a.py:2: nowhere is not written", "a.py:3: ticket_gone names {'reference'}"]
