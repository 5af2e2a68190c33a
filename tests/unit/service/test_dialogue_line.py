"""The line of turns in a dialogue process: a few at a time, none for nobody, none for ever."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from pydantic import SecretStr

from bot.assistant.protocol import Reply, TurnRequest, TurnResponse
from bot.assistant.server import AT_ONCE, Dialogue, create_app
from bot.settings import Settings

REQUEST = TurnRequest(conversation_id="c", turn_id="c:2", text="bonjour", at="2026-11-26T10:00:00.000Z")


@pytest.fixture
def dialogue(tmp_path) -> Dialogue:
    made = Dialogue(Settings(_env_file=None, home=tmp_path, dialogue_secret=SecretStr("s"), turn_timeout=0.3))
    made.engine = made.rasa = object()  # type: ignore[assignment]
    made.problem = None
    return made


def answers(dialogue: Dialogue, turns: int) -> list[httpx.Response]:
    async def run() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app=create_app(dialogue, "s"))
        async with httpx.AsyncClient(transport=transport, base_url="http://dialogue", headers={"X-Relais-Secret": "s"}) as client:
            return list(await asyncio.gather(*(client.post("/turn", content=REQUEST.json()) for _ in range(turns))))

    return asyncio.run(run())


def test_a_few_turns_at_a_time_and_all_answered(dialogue: Dialogue, monkeypatch):
    busy: list[int] = [0, 0]

    async def turn(*_: object) -> TurnResponse:
        busy[0] += 1
        busy[1] = max(busy)
        await asyncio.sleep(0)
        busy[0] -= 1
        return TurnResponse(state={}, replies=[Reply(text="ok", reply="answer")], effects=[], language="fr", intent="faq", confidence=1.0)

    monkeypatch.setattr("bot.assistant.turn.take_turn", turn)
    assert {r.status_code for r in answers(dialogue, 5 * AT_ONCE)} == {200}
    assert busy[1] == AT_ONCE


def test_a_turn_that_hangs_leaves_its_place(dialogue: Dialogue, monkeypatch):
    async def turn(*_: object) -> TurnResponse:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr("bot.assistant.turn.take_turn", turn)
    got = answers(dialogue, AT_ONCE + 1)
    assert {r.status_code for r in got} == {500}
    assert got[0].json()["detail"] == "The turn took too long."
