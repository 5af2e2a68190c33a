"""The analysts' export: what a spreadsheet would compute with stays text."""

from __future__ import annotations

import pytest

from bot.web.routes.staff_insight import _cell


@pytest.mark.parametrize("name", ["=1+1", "+33", "-2+3", "@SUM(A1)", "\t=1", "=cmd|' /C calc'!A0"])
def test_a_name_is_no_formula(name: str) -> None:
    assert _cell(name) == f"'{name}"


@pytest.mark.parametrize("name", ["", "-", "facture", "fr", "2026-11-27"])
def test_other_names_stay_as_they_are(name: str) -> None:
    assert _cell(name) == name
