"""Simulated customers and one agent: they do what the widget and the desk do, and remember what they were promised."""

from __future__ import annotations

import random
import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx

from benchmarks.faults.instance import PASSWORD, Instance

PATIENCE = 90.0           # seconds a widget goes on trying before this harness calls it lost
SAID = ("bonjour", "où trouver mon numéro de PDL ?", "comment payer ma facture ?", "merci", "non ce n'est pas ça",
        "quelle puissance choisir pour un studio ?", "je déménage le mois prochain", "blorp zgnif", "ma facture est fausse",
        "what does the standing charge mean?", "wanneer krijg ik mijn factuur?", "je n'ai plus de courant", "oui", "linky")


@dataclass
class Promise:
    """A message the product accepted."""

    message_id: str
    seq: int
    text: str
    sent: float                    # monotonic, of the first attempt
    answered: float | None = None  # monotonic, of the first event after it that is not the customer's
    to_bot: bool = True


@dataclass
class Customer:
    """One conversation from the outside."""

    instance: Instance
    rng: random.Random
    id: str = ""
    token: str = ""
    seen: list[dict[str, Any]] = field(default_factory=list)
    promises: list[Promise] = field(default_factory=list)
    ticket: str = ""
    agent_said: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def live(self) -> None:
        """The whole conversation; what goes wrong is noted, never raised."""
        self.http = httpx.Client(timeout=httpx.Timeout(6.0, connect=3.0), trust_env=False)
        try:
            opened = self._call("POST", "", {"locale": "fr"}, 201)
            self.id, self.token = opened["id"], opened["token"]
            self.moves()
            self.settle(PATIENCE)
        except Exception as error:
            self.problems.append(f"{type(error).__name__}: {error}")
        finally:
            self.http.close()

    def moves(self) -> None:
        """What they say and press."""
        for _ in range(self.rng.randint(1, 4)):
            self._move()

    def _move(self) -> None:
        draw = self.rng.random()
        choices = self._offered()
        if draw < 0.12 and not self.ticket:
            channel = self.rng.choice(("chat", "email"))
            body = {"channel": channel, **({"contact": f"{self.id[:8]}@exemple.fr"} if channel == "email" else {})}
            self.ticket = str(self._call("POST", f"/{self.id}/handover", body, 202).get("ticket", ""))
            return
        if draw < 0.25 and choices:
            self._send({"choice": self.rng.choice(choices)})
        elif draw < 0.33:
            self._send({"text": "je veux parler à un conseiller"})
        else:
            self._send({"text": self.rng.choice(SAID)})
        if self.rng.random() < 0.75:
            self.settle(12.0)

    def _send(self, body: dict[str, str]) -> None:
        message_id, began = str(uuid.uuid4()), time.monotonic()
        to_bot = not self._handed_over()
        got = self._call("POST", f"/{self.id}/messages", {"client_message_id": message_id, **body}, 202)
        if "seq" not in got:
            return                   # refused in so many words: an offer that is gone, say
        self.promises.append(Promise(message_id, int(got["seq"]), body.get("text", ""), began, to_bot=to_bot))
        if self.rng.random() < 0.15:     # a widget that did not hear the answer sends again
            again = self._call("POST", f"/{self.id}/messages", {"client_message_id": message_id, **body}, 202)
            if again.get("seq") != got["seq"]:
                self.problems.append(f"sent again, another number: {got} {again}")

    def settle(self, seconds: float) -> bool:
        """Listen until everything said to the bot is answered; False where that takes too long."""
        until = time.monotonic() + seconds
        while self._waiting() and time.monotonic() < until:
            self.listen(1.0)
        return not self._waiting()

    def listen(self, wait: float) -> None:
        """Ask for what is new."""
        after = self.seen[-1]["seq"] if self.seen else 0
        try:
            got = self.http.get(f"{self.instance.url}/api/v1/conversations/{self.id}/events",
                                params={"after": after, "wait": wait}, headers=self._headers())
            new = got.json()["events"] if got.status_code == 200 else []
        except (httpx.HTTPError, ValueError):
            time.sleep(0.2)
            return
        if not new and wait:
            return
        now = time.monotonic()
        self.seen += [event for event in new if event.get("seq", 0) > after]
        for promise in self.promises:
            if promise.answered is None and any(e["author"] != "customer" and e["seq"] > promise.seq for e in new):
                promise.answered = now

    def _waiting(self) -> bool:
        if self._handed_over():
            return False
        return any(p.answered is None and p.to_bot for p in self.promises)

    def _handed_over(self) -> bool:
        return bool(self.ticket) or any(event["kind"] == "handover" for event in self.seen)

    def _offered(self) -> list[str]:
        for event in reversed(self.seen):
            if event["author"] == "bot" and event.get("choices"):
                return [str(choice["id"]) for choice in event["choices"]]
        return []

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def _call(self, method: str, path: str, body: dict[str, Any], wanted: int) -> dict[str, Any]:
        """Like the widget: again and again with the same body, until it is taken or refused for good."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            try:
                got = self.http.request(method, f"{self.instance.url}/api/v1/conversations{path}", json=body,
                                        headers=self._headers())
            except httpx.HTTPError:
                time.sleep(0.3)
                continue
            if got.status_code == wanted:
                return dict(got.json())
            if got.headers.get("content-type", "").split(";")[0] != "application/problem+json":
                self.problems.append(f"{method} {path[-10:]}: {got.status_code} is no problem+json: {got.text[:80]}")
            if got.status_code < 500 and got.status_code != 429:
                if "choice" not in body:
                    self.problems.append(f"{method} {path[-10:]}: refused with {got.status_code}: {got.text[:120]}")
                return {}
            time.sleep(0.4)
        self.problems.append(f"{method} {path[-10:]} was not taken within {PATIENCE:.0f} s")
        return {}


class Agent:
    """Takes tickets and answers each once."""

    def __init__(self, instance: Instance, rng: random.Random) -> None:
        self._instance, self._rng = instance, rng
        self._http = httpx.Client(base_url=f"{instance.url}/api/v1/staff", timeout=6, trust_env=False)
        self.stopping = threading.Event()
        self.answered: dict[str, str] = {}      # conversation → text that was accepted
        self.problems: list[str] = []

    def work(self) -> None:
        """Until stopped."""
        while not self.stopping.wait(0.5):
            try:
                self._once()
            except (httpx.HTTPError, ValueError, KeyError):
                continue

    def _once(self) -> None:
        if "Authorization" not in self._http.headers or self._http.get("/tickets", params={"q": "x"}).status_code == 401:
            self._http.headers.pop("Authorization", None)
            got = self._http.post("/login", json={"username": "agent", "password": PASSWORD})
            self._http.headers["Authorization"] = f"Bearer {got.json()['token']}"
        for ticket in self._http.get("/tickets", params={"status": "new"}).json()["tickets"][:3]:
            reference, conversation = ticket["reference"], ticket["conversation_id"]
            if self._rng.random() < 0.5 or self._http.post(f"/tickets/{reference}/take").status_code != 200:
                continue
            self._answer(reference, conversation)

    def _answer(self, reference: str, conversation: str) -> None:
        """Like the desk: again with the same id until it is taken, whatever became of the first try."""
        message_id = str(uuid.uuid4())
        body = {"text": f"Bonjour, je m'en occupe ({message_id[:8]}).", "client_message_id": message_id}
        while not self.stopping.is_set():
            try:
                got = self._http.post(f"/tickets/{reference}/reply", json=body)
                if got.status_code == 200:
                    self.answered[conversation] = body["text"]
                if got.status_code < 500:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.5)
