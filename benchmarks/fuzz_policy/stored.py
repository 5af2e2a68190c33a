"""The web process's half for real: intake, turn, effects and hand-over in a database, in memory."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from benchmarks.fuzz_policy.moves import Move
from benchmarks.fuzz_policy.promises import Broken
from benchmarks.fuzz_policy.simulated import take_turn
from bot.assistant.protocol import Reply, TurnResponse
from bot.conversations import intake, store
from bot.conversations.effects import Moment
from bot.conversations.turns import commit
from bot.handover.packet import is_urgent
from bot.handover.service import hand_over
from bot.settings import Settings
from bot.storage.clock import utcnow
from bot.storage.schema import metadata, tickets
from bot.tickets.hours import desk

_LIVE = ("new", "open", "pending", "on_hold", "solved")


@dataclass
class Storage:
    """A database that keeps nothing, on one connection."""

    connection: Connection
    moment: Moment

    @classmethod
    def open(cls) -> Storage:
        """A fresh one."""
        engine = sa.create_engine("sqlite://", future=True, poolclass=sa.pool.StaticPool)
        metadata.create_all(engine)
        settings = Settings(_env_file=None, opening_hours="mon-sun 00:00-24:00", holidays_country="")
        return cls(engine.connect(), Moment(utcnow(), desk(settings)))


class StoredChat:
    """One conversation in it."""

    def __init__(self, storage: Storage) -> None:
        self._storage, self._connection = storage, storage.connection
        self.conversation, self._token, _ = intake.begin(self._connection, locale="fr", page_url=None, language="fr")
        self.id = self.conversation.id
        self._warnings: set[str] = set()      # words for danger that were on their way when a person stepped in

    def move(self, move: Move, n: int, rng: random.Random) -> list[Reply]:
        """A customer's move through intake and, where the bot is asked, a turn; what the bot said."""
        if move.way_out:
            for _ in range(rng.choice((1, 1, 2))):
                hand_over(self._connection, store.get(self._connection, self.id), desk=self._storage.moment.desk,
                          now=self._storage.moment.now)
            return []
        accepted = intake.accept(
            self._connection, self.id, self._token, client_message_id=str(uuid.UUID(int=rng.getrandbits(128))),
            text=move.understanding.text, choice=move.choice, knows_article=lambda slug, language: slug, lease_seconds=5)
        if accepted.turn is None:
            return []
        if store.get(self._connection, self.id).mode != "bot":
            raise Broken("a turn was claimed while a person has the chat")
        turn = take_turn(accepted.turn.conversation.state, move, n)
        response = TurnResponse(state=turn.state, replies=turn.replies, effects=turn.effects, language="fr",
                                intent=move.understanding.intent, confidence=0.9)
        if rng.random() < 0.05:      # the answer comes after a person stepped in
            hand_over(self._connection, store.get(self._connection, self.id), desk=self._storage.moment.desk,
                      now=self._storage.moment.now, author="agent")
            if any(effect.kind == "handover" and is_urgent(effect.payload) for effect in turn.effects):
                self._warnings |= {reply.text for reply in turn.replies}
        done = commit(self._connection, accepted.turn, response, self._storage.moment, 5)
        return turn.replies if done.events else []

    def check(self) -> None:
        """One open ticket at most; nothing of the bot after its hand-over but whom to call in danger; numbers without holes. Raises Broken."""
        found = store.all_events(self._connection, self.id)
        if [event.seq for event in found] != list(range(1, len(found) + 1)):
            raise Broken("numbers with holes")
        given = next((event.seq for event in found if event.kind == "handover"), None)
        later = [e for e in found if given and e.seq > given and e.author == "bot" and e.kind == "message" and e.text not in self._warnings]
        if later:
            raise Broken(f"the bot spoke after the hand-over: {later[0].text[:80]}")
        live = self._connection.execute(sa.select(sa.func.count()).select_from(tickets).where(
            tickets.c.conversation_id == self.id, tickets.c.status.in_(_LIVE))).scalar_one()
        if live != (1 if given else 0):
            raise Broken(f"{live} open tickets, hand-over {'told' if given else 'not told'}")

    def forget(self) -> None:
        """Undo the whole chat, so that the database stays small."""
        self._connection.rollback()  # type: ignore[attr-defined]
