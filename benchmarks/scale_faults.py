"""Customers keep writing while one part of a running instance after another is taken away.

Each customer behaves as the widget does: a message is sent again under the same id until it is accepted, and
events are read from the last one seen. What counts is read from the database afterwards: every accepted message
is there once and was answered once, whatever happened in between.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import signal
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
import sqlalchemy as sa

from benchmarks.cluster import Cluster
from bot.storage.database import Database
from bot.storage.schema import conversations, events

LINES = ["où est ma dernière facture ?", "mot de passe oublié", "comment relever mon compteur", "les moyens de paiement", "comment trouver mon numéro de PDL"]
CHATS, PATIENCE = 8, 40.0


@dataclass
class Outcome:
    """One row of the table."""

    what: str
    sent: int = 0
    retried: int = 0
    lost: int = 0
    doubled: int = 0
    unanswered: int = 0
    silences: list[float] = field(default_factory=list)
    whole_after: float = 0.0

    def __str__(self) -> str:
        longest = max(self.silences, default=0.0)
        return f"| {self.what} | {self.sent} | {self.retried} | {self.lost} | {self.doubled} | {self.unanswered} | {longest:.1f} | {self.whole_after:.1f} |"

    @property
    def good(self) -> bool:
        """Nothing lost, doubled or left without a reply."""
        return self.sent > 0 and not (self.lost or self.doubled or self.unanswered)


HEAD = "| taken away | messages accepted | sent again | lost | doubled | without a reply | longest silence, s | then whole after, s |\n|---|---|---|---|---|---|---|---|"


class Chat:
    """One customer."""

    def __init__(self, url: str, outcome: Outcome) -> None:
        self.http = httpx.AsyncClient(base_url=url, timeout=8.0)
        self.outcome = outcome
        self.sent: list[str] = []      # client ids of accepted messages
        self.id = ""

    async def run(self, until: float, offset: int) -> None:
        """Write and read until a time, and until the last message is answered."""
        created = await self._insist(lambda: self.http.post("/api/v1/conversations", json={"locale": "fr"}), 201)
        self.id, token = created.json()["id"], created.json()["token"]
        base, auth, after = f"/api/v1/conversations/{self.id}", {"Authorization": f"Bearer {token}"}, 0
        for line in itertools.islice(itertools.cycle(LINES), offset, None):
            if time.monotonic() > until:
                break
            body = {"client_message_id": str(uuid.uuid4()), "text": line}
            began = time.monotonic()
            accepted = await self._insist(lambda body=body: self.http.post(f"{base}/messages", json=body, headers=auth), 202)  # type: ignore[misc]
            seq, replied = accepted.json()["seq"], False
            self.sent.append(body["client_message_id"])
            self.outcome.sent += 1
            while not replied and time.monotonic() - began < PATIENCE:
                found = await self._insist(lambda after=after: self.http.get(f"{base}/events", params={"after": after, "wait": 4}, headers=auth), 200)  # type: ignore[misc]
                for event in found.json()["events"]:
                    after = max(after, event["seq"])
                    replied = replied or (event["author"] in ("bot", "system") and event["seq"] > seq)
            self.outcome.silences.append(time.monotonic() - began)
            await asyncio.sleep(0.4)
        await self.http.aclose()

    async def _insist(self, call: Callable[[], object], status: int) -> httpx.Response:
        """Until it works, with a pause: what the widget does."""
        for attempt in itertools.count():
            with contextlib.suppress(httpx.HTTPError):
                response: httpx.Response = await call()  # type: ignore[misc]
                if response.status_code == status:
                    return response
            self.outcome.retried += 1
            await asyncio.sleep(min(2.0, 0.2 * 2**attempt))
        raise AssertionError


def judge(database: Database, chats: list[Chat], outcome: Outcome) -> None:
    """Read from the database what became of every message."""
    with database.read() as connection:
        for chat in chats:
            rows = connection.execute(sa.select(events).where(events.c.conversation_id == chat.id).order_by(events.c.seq)).mappings().all()
            stored = Counter(row["client_message_id"] for row in rows if row["author"] == "customer")
            outcome.lost += sum(stored[message] == 0 for message in chat.sent)
            outcome.doubled += sum(number > 1 for number in stored.values())
            turns = Counter(row["payload"]["meta"]["turn"] for row in rows if row["author"] == "bot" and "source" in row["payload"].get("meta", {}) and "turn" in row["payload"]["meta"])
            outcome.doubled += sum(number > 1 for number in turns.values())
            handed = any(row["kind"] in ("handover", "ticket") for row in rows)
            outcome.unanswered += sum(row["seq"] not in turns and not handed for row in rows if row["author"] == "customer")
            gone = connection.execute(sa.select(conversations.c.asked_seq, conversations.c.answered_seq).where(conversations.c.id == chat.id)).one()
            outcome.unanswered += gone.asked_seq > gone.answered_seq and not handed


async def _scenario(cluster: Cluster, what: str, break_it: Callable[[], object], mend: Callable[[], object], seconds: float) -> tuple[Outcome, list[Chat]]:
    outcome = Outcome(what)
    chats = [Chat(cluster.url, outcome) for _ in range(CHATS)]
    until = time.monotonic() + seconds
    tasks = [asyncio.create_task(chat.run(until, n)) for n, chat in enumerate(chats)]
    await asyncio.sleep(seconds * 0.25)
    await asyncio.to_thread(break_it)
    await asyncio.sleep(seconds * 0.35)
    await asyncio.to_thread(mend)
    await asyncio.gather(*tasks)
    outcome.whole_after = await asyncio.to_thread(cluster.wait_whole, 300.0)
    return outcome, chats


def run(cluster: Cluster, seconds: float = 16.0) -> list[Outcome]:
    """All scenarios, one after another, on a running instance."""
    nothing: Callable[[], None] = lambda: None  # noqa: E731
    scenarios: list[tuple[str, Callable[[], object], Callable[[], object]]] = [("nothing", nothing, nothing)]
    scenarios += [(f"a {kind} process (SIGKILL)", lambda kind=kind: cluster.kill(kind), nothing) for kind in ("web", "dialogue", "worker")]  # type: ignore[misc]
    if cluster.redis and cluster.postgres:
        redis, postgres = cluster.redis, cluster.postgres
        scenarios += [
            ("Redis", redis.stop, redis.start),
            ("Redis, half open (SIGSTOP)", lambda: redis.process and redis.process.send_signal(signal.SIGSTOP), lambda: redis.process and redis.process.send_signal(signal.SIGCONT)),
            ("PostgreSQL, restarted", lambda: (postgres.stop(), postgres.start()), nothing),
            ("PostgreSQL, cut off without a shutdown", postgres.kill, postgres.start),
        ]
    done = []
    for what, break_it, mend in scenarios:
        outcome, chats = asyncio.run(_scenario(cluster, what, break_it, mend, seconds))
        database = Database(cluster.database_url)
        try:
            judge(database, chats, outcome)
        finally:
            database.close()
        print(outcome, flush=True)
        done.append(outcome)
    return done
