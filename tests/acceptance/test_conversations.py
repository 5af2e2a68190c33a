"""Conversations the assistant must hold, through the public API of the running product.

The files say what a considerate person would accept at each turn, not one exact reply. On top of each
turn's own expectations, every conversation must keep the promises that never bend: no two non-answers
in a row, no sentence twice running, no "reformulez", a person one click away.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.product import Product

FOLDER = Path(__file__).parent / "conversations"
CONVERSATIONS = [(path.stem, talk) for path in sorted(FOLDER.glob("*.yml")) for talk in yaml.safe_load(path.read_text("utf-8"))]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


class Talk:
    """One conversation being held and checked."""

    def __init__(self, product: Product, locale: str) -> None:
        self.product = product
        self.customer = product.customer(locale=locale)
        self.seq = max((event["seq"] for event in self.customer.events()), default=0)
        self.kinds: list[str] = []
        self.texts: list[str] = []
        self.ticket = False

    def turn(self, turn: dict[str, Any]) -> None:
        expect = turn.get("expect", {})
        text = turn.get("say")
        if text is not None:
            text = self._fill(text)
        sent = self.customer.post(text) if text is not None else self.customer.post(choice=turn["choose"])
        assert sent.status_code == 202, sent.text
        events = self._settle(sent.json()["seq"])
        bot = [event for event in events if event["author"] == "bot" and event["kind"] == "message"]
        self.ticket = self.ticket or any(event["kind"] in ("ticket", "handover") for event in events)
        where = f"\n> {text or turn['choose']}\n" + "\n".join(f"< [{e['reply']}] {e['text']} {[c['id'] for c in e['choices']]}" for e in bot)
        self._promises(bot, where)
        self._expected(expect, bot, where)

    def _fill(self, text: str) -> str:
        values = {"contract": "", "postcode": "", "code": ""}
        if "{contract}" in text or "{postcode}" in text:
            known = demo_customer()
            values |= {"contract": known["contract"], "postcode": known["postcode"]}
        if "{code}" in text:
            values["code"] = self.product.mailed_code()
        return text.format(**values) if "{" in text else text

    def _settle(self, seq: int) -> list[dict[str, Any]]:
        """Events until the turn is over: a bot or system event, and then quiet."""
        events: list[dict[str, Any]] = []
        for _ in range(40):
            new = self.customer.events(max([seq, *[e["seq"] for e in events]]), wait=0.4 if events else 6)
            events += new
            if not new:
                break
        return events

    def _promises(self, bot: list[dict[str, Any]], where: str) -> None:
        for event in bot:
            assert "reformul" not in event["text"].casefold(), where
            assert not (self.kinds and self.kinds[-1] == event["reply"] == "nonanswer"), f"two non-answers in a row{where}"
            assert not (self.texts and self.texts[-1] == event["text"]), f"the same sentence twice running{where}"
            self.kinds.append(event["reply"])
            self.texts.append(event["text"])

    def _expected(self, expect: dict[str, Any], bot: list[dict[str, Any]], where: str) -> None:
        replies = [event["reply"] for event in bot]
        if "reply" in expect:
            wanted = _listed(expect["reply"])
            ok = any(reply in wanted for reply in replies) or (not replies and "silent" in wanted)
            assert ok, f"expected one of {wanted}, got {replies}{where}"
        if "article" in expect and any(reply in ("answer", "options") for reply in replies):
            shown = [ref["id"] for event in bot for ref in event["articles"]]
            assert set(shown) & set(_listed(expect["article"])), f"expected {expect['article']}, got {shown}{where}"
        if expect.get("not_article_answer"):
            assert "answer" not in replies, where
        choices = [c["id"] for event in bot for c in event["choices"]]
        for offered in expect.get("offers", []):
            assert offered in choices or "flow" in replies, f"{offered} not among {choices}{where}"
        if expect.get("offers_person") and not self.ticket:
            assert "human" in choices, f"no person offered{where}"
        if expect.get("ticket"):
            assert self.ticket, f"no ticket{where}"
        if "text" in expect:
            assert re.search(expect["text"], " ".join(event["text"] for event in bot)), where
        if "not_text" in expect:
            assert not re.search(expect["not_text"], " ".join(event["text"] for event in bot)), where
        if "flow" in expect or "language" in expect:
            state = conversation_state(self.product, self.customer.id)
            if "flow" in expect and not self.ticket:
                flow = str(state["state"].get("loop") or "").removesuffix("_form") or None
                assert flow == expect["flow"], f"flow {flow}{where}"
            if "language" in expect:
                assert state["language"] == expect["language"], f"language {state['language']}{where}"


def demo_customer() -> dict[str, str]:
    """A customer of the demo back office whose code is mailed."""
    from bot.backoffice.demo import demo_customers

    first = demo_customers()[0]
    return {"contract": first.contract, "postcode": first.postcode}


def conversation_state(product: Product, conversation_id: str) -> dict[str, Any]:
    """What the instance keeps of a conversation."""
    import sqlalchemy as sa

    from bot.storage.database import Database
    from bot.storage.schema import conversations

    database = Database(f"sqlite:///{product.home / 'relais.db'}")
    try:
        with database.read() as connection:
            row = connection.execute(sa.select(conversations.c.state, conversations.c.language).where(conversations.c.id == conversation_id)).one()
    finally:
        database.close()
    return {"state": row.state or {}, "language": row.language}


@pytest.mark.parametrize(("file", "talk"), CONVERSATIONS, ids=[talk["name"] for _, talk in CONVERSATIONS])
def test_conversation(product: Product, file: str, talk: dict[str, Any]) -> None:
    locale = talk["turns"][0].get("locale", "fr")
    running = Talk(product, locale)
    for turn in talk["turns"]:
        running.turn(turn)
