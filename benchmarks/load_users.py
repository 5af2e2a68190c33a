"""The people of the load test, for locust: customers who chat at human pace, agents with the desk open.

Started by :mod:`benchmarks.load`; settings come as environment variables. What is asked of the product is
measured from end to end: from sending a message until the reply, or a person's words, have arrived.
"""

from __future__ import annotations

import json
import os
import random
import re
import time
import uuid
from typing import Any

import gevent
from locust import FastHttpUser, between, events, task

PACE = float(os.environ.get("LOAD_PACE", "1"))           # 1: human; 0: as fast as replies come
CUSTOMERS, AGENTS = int(os.environ["LOAD_CUSTOMERS"]), int(os.environ["LOAD_AGENTS"])
PASSWORD = os.environ["LOAD_PASSWORD"]
LINES = ["bonjour", "où est ma dernière facture ?", "mot de passe oublié", "c'est quoi le TURPE", "comment trouver mon numéro de PDL",
         "puis-je refuser le compteur Linky ?", "les moyens de paiement", "comment relever mon compteur", "merci beaucoup", "je déménage le mois prochain"]
TOKEN = re.compile(r"#([0-9a-f]{8})")
LIVE, PRIORITIES = ("new", "open", "pending", "on_hold"), ("urgent", "high", "normal")
#: When an agent began to send the message with a token; shared, as all users live in one process.
SENT: dict[str, float] = {}
NAMES = [f"agent{n:03d}" for n in range(1, AGENTS + 1)]


def note(environment: Any, name: str, seconds: float, problem: str = "") -> None:
    """One end-to-end measurement."""
    environment.events.request.fire(request_type="seen", name=name, response_time=seconds * 1000, response_length=0,
                                    exception=RuntimeError(problem) if problem else None, context={})


class Customer(FastHttpUser):
    """Opens a chat, writes, reads, sometimes asks for a person and talks with them, comes again."""

    fixed_count = CUSTOMERS
    wait_time = between(5 * PACE, 12 * PACE)
    network_timeout = connection_timeout = 40.0

    def on_start(self) -> None:
        gevent.sleep(random.uniform(0, 8 * PACE))
        self.open()

    def open(self) -> None:
        """A new conversation."""
        with self.client.post("/api/v1/conversations", json={"locale": "fr"}, name="open") as response:
            body = response.json()
        self.base, self.after, self.turns, self.person = f"/api/v1/conversations/{body['id']}", 0, 0, False
        self.auth = {"Authorization": f"Bearer {body['token']}"}

    @task
    def chat(self) -> None:
        """One exchange."""
        self.turns += 1
        if self.turns > 7:
            self.open()
            return
        wants_person = self.turns > 1 and not self.person and random.random() < 0.1
        text = "je veux parler à un conseiller" if wants_person else random.choice(LINES)
        began = time.perf_counter()
        response = self.client.post(f"{self.base}/messages", json={"client_message_id": str(uuid.uuid4()), "text": text}, headers=self.auth, name="send")
        if response.status_code != 202:
            return
        seq = response.json()["seq"]
        if self.person:
            self.listen(seconds=8 * PACE)
        elif self.listen(seconds=30, reply_to=seq):
            note(self.environment, "bot reply", time.perf_counter() - began)
            if self.person:
                self.listen(seconds=40)
        else:
            note(self.environment, "bot reply", time.perf_counter() - began, "no reply in 30 s")

    def listen(self, *, seconds: float, reply_to: int = 0) -> bool:
        """Read events for a while, or until the bot replied to a message."""
        until = time.perf_counter() + seconds
        while (left := until - time.perf_counter()) > 0:
            response = self.client.get(f"{self.base}/events?after={self.after}&wait={min(25.0, max(0.5, left)):.1f}", headers=self.auth, name="(long poll)")
            if response.status_code != 200:
                gevent.sleep(1)
                continue
            arrived, replied = time.perf_counter(), False
            for event in response.json()["events"]:
                self.after = max(self.after, event["seq"])
                self.person = self.person or event["kind"] in ("handover", "ticket")
                replied = replied or (event["author"] == "bot" and event["kind"] == "message" and event["seq"] > reply_to)
                found = TOKEN.search(event.get("text") or "") if event["author"] == "agent" else None
                if found and found.group(1) in SENT:
                    note(self.environment, "agent's message arrives", arrived - SENT.pop(found.group(1)))
            if reply_to and replied:
                return True
        return False


class Agent(FastHttpUser):
    """Keeps the desk open (list and live stream), takes tickets, writes two messages, solves."""

    fixed_count = AGENTS
    wait_time = between(3 * PACE, 6 * PACE)
    network_timeout = connection_timeout = 60.0

    def on_start(self) -> None:
        gevent.sleep(random.uniform(0, 15))
        self.name = NAMES.pop()
        for _ in range(40):
            with self.client.post("/api/v1/staff/login", json={"username": self.name, "password": PASSWORD}, name="sign in", catch_response=True) as response:
                if response.status_code == 429:
                    response.success()      # fifty people behind one address: wait as told
                if response.status_code == 200:
                    self.auth = {"Authorization": f"Bearer {response.json()['token']}"}
                    break
            gevent.sleep(random.uniform(1, 4))
        self.tickets: dict[str, dict[str, Any]] = {}
        self.reading = True         # the list has to be read: at first, when told so, and every 30 seconds
        gevent.spawn(self.follow)
        gevent.spawn(self.keep_true)

    def keep_true(self) -> None:
        """The page's net under its stream."""
        while True:
            gevent.sleep(30)
            self.reading = True

    def follow(self) -> None:
        """The live stream of the desk: rows that changed, or the word to read the list."""
        while True:
            try:
                with self.client.get("/api/v1/staff/events", headers=self.auth, name="(desk stream)", stream=True, catch_response=True) as response:
                    response.success()
                    while line := response._response.readline(b"\n"):      # type: ignore[attr-defined]
                        if line.startswith(b"data:"):
                            self.told(json.loads(line[5:]))
            except Exception:
                gevent.sleep(2)

    def told(self, event: dict[str, Any]) -> None:
        """One event, as the page takes it."""
        if row := event.get("ticket"):
            known = self.tickets.get(row["reference"])
            if known is None or known["version"] <= row["version"]:
                self.tickets[row["reference"]] = row
        elif event.get("kind") == "tickets":
            self.reading = True

    @task
    def work(self) -> None:
        """Read the list where that is due, take the most pressing free ticket, deal with it."""
        if self.reading:
            self.reading = False
            response = self.client.get("/api/v1/staff/tickets?status=live&limit=200", headers=self.auth, name="desk: list")
            if response.status_code != 200:
                self.reading = True
                return
            self.tickets = {ticket["reference"]: ticket for ticket in response.json()["tickets"]}
        live = [ticket for ticket in self.tickets.values() if ticket["status"] in LIVE]
        free = sorted((ticket for ticket in live if ticket["assignee"] is None), key=lambda one: (PRIORITIES.index(one["priority"]), one["opened_at"]))
        if not free:
            return
        reference = random.choice(free[:10])["reference"]
        with self.client.post(f"/api/v1/staff/tickets/{reference}/take", headers=self.auth, name="desk: take", catch_response=True) as response:
            if response.status_code != 200:
                if response.status_code == 409:
                    response.success()      # a colleague was quicker
                return
        self.client.get(f"/api/v1/staff/tickets/{reference}", headers=self.auth, name="desk: open")
        for _ in range(2):
            gevent.sleep(random.uniform(2, 5) * PACE)
            token = uuid.uuid4().hex[:8]
            SENT[token] = time.perf_counter()
            self.client.post(f"/api/v1/staff/tickets/{reference}/reply", json={"text": f"Je regarde cela pour vous. #{token}"}, headers=self.auth, name="desk: reply")
        self.client.post(f"/api/v1/staff/tickets/{reference}/resolve", headers=self.auth, name="desk: solve")


@events.quitting.add_listener
def report(environment: Any, **_: Any) -> None:
    """All figures as JSON, for whoever started us."""
    stats = environment.stats
    rows = [{"name": entry.name, "n": entry.num_requests, "failed": entry.num_failures,
             "p50": entry.get_response_time_percentile(0.5) or 0, "p95": entry.get_response_time_percentile(0.95) or 0,
             "p99": entry.get_response_time_percentile(0.99) or 0, "max": entry.max_response_time or 0} for entry in stats.entries.values()]
    errors = [{"name": error.name, "error": str(error.error)[:200], "n": error.occurrences} for error in stats.errors.values()]
    with open(os.environ["LOAD_REPORT"], "w", encoding="utf-8") as file:
        json.dump({"rows": sorted(rows, key=lambda row: str(row["name"])), "errors": errors, "never_seen": len(SENT)}, file)
