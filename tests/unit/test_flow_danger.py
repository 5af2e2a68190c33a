"""Danger named in the middle of a flow, whichever it is."""

from __future__ import annotations

import pytest

from bot.flows.registry import FLOWS
from tests.unit.conftest import Desk
from tests.unit.flow_talk import Talk


@pytest.mark.parametrize("flow", sorted(FLOWS))
def test_what_to_do_is_said_at_once_and_people_are_called(flow: str, desk: Desk) -> None:
    talk = Talk(FLOWS[flow], desk.backoffice)
    talk.say("bonjour")
    said = talk.say("au fait ça sent le gaz chez moi", intent="urgent")
    assert "0 800 47 33 33" in said
    assert talk.advance is not None
    assert talk.advance.end == "handover"
    assert talk.advance.urgent
