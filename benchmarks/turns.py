"""CPU a turn, latency and turns a second through the public API, beside a stock Rasa REST server in the same run.

    .venv/bin/python -m benchmarks.turns [--seconds 10] [--chats 1 16 64] [--epochs 100] [--no-peer]

Relais: message stored durably, understood, answered, read back by long poll. Stock Rasa: one POST to its
REST channel, nothing stored. CPU is that of all processes of each, children included. Chats write again as soon
as they have their reply, so that many of them saturate the machine; the last rows are at a human pace, a message
every --pause seconds a chat. A failure is an empty or missing reply, or one that did not come from the assistant.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import statistics
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import psutil

from benchmarks.stock_rasa import StockRasa
from tests.product import Product

LINES = ["bonjour", "où est ma dernière facture ?", "mot de passe oublié", "merci", "c'est quoi le TURPE", "jé pa resu ma factur",
         "comment trouver mon numéro de PDL", "puis-je refuser le compteur Linky ?", "les moyens de paiement", "ok"]
ACTION = ["bonjour"]
KINDS = (("mixed", LINES), ("greeting (an action)", ACTION))


@dataclass
class Result:
    """One row."""

    name: str
    chats: int
    turns: int
    seconds: float
    latencies: list[float]
    cpu: float
    failures: int

    def row(self) -> str:
        ms = sorted(1000 * value for value in self.latencies) or [0.0]
        p95 = ms[min(len(ms) - 1, int(0.95 * len(ms)))]
        return (f"| {self.name} | {self.chats} | {self.turns / self.seconds:.1f} | {statistics.median(ms):.0f} | {p95:.0f} | "
                f"{1000 * self.cpu / max(1, self.turns):.1f} | {self.failures} |")


def cpu_of(pids: list[int]) -> float:
    """CPU seconds used so far by processes and their children."""
    total = 0.0
    for pid in pids:
        parent = psutil.Process(pid)
        for process in [parent, *parent.children(recursive=True)]:
            times = process.cpu_times()
            total += times.user + times.system
    return total


async def drive(name: str, chats: int, seconds: float, pids: list[int], make: Callable[[aiohttp.ClientSession], Awaitable[Callable[[str], Awaitable[bool]]]],
                lines: list[str], pause: float = 0.0) -> Result:
    """``chats`` customers, each waiting for the reply, and ``pause`` seconds on average, before writing again."""
    result = Result(name, chats, 0, 0.0, [], 0.0, 0)
    connections = aiohttp.TCPConnector(limit=chats * 2)
    async with aiohttp.ClientSession(connector=connections, timeout=aiohttp.ClientTimeout(30)) as client:
        senders = [await make(client) for _ in range(chats)]
        for send in senders[:4]:
            await send(lines[0])
        before, started = cpu_of(pids), time.perf_counter()

        async def customer(send: Callable[[str], Awaitable[bool]], offset: int) -> None:
            await asyncio.sleep(pause * offset / chats)
            for line in itertools.islice(itertools.cycle(lines), offset % len(lines), None):
                if time.perf_counter() - started > seconds:
                    return
                sent = time.perf_counter()
                ok = await send(line)
                result.latencies.append(time.perf_counter() - sent)
                result.turns += 1
                result.failures += not ok
                await asyncio.sleep(pause * (0.5 + offset / chats))

        await asyncio.gather(*(customer(send, i) for i, send in enumerate(senders)))
        result.seconds = time.perf_counter() - started
        result.cpu = cpu_of(pids) - before
    return result


def relais_sender(url: str) -> Callable[[aiohttp.ClientSession], Awaitable[Callable[[str], Awaitable[bool]]]]:
    """A chat through the public API. A new conversation is opened when a person has taken one over."""

    async def make(client: aiohttp.ClientSession) -> Callable[[str], Awaitable[bool]]:
        state: dict[str, Any] = {}

        async def open_chat() -> None:
            async with client.post(f"{url}/api/v1/conversations", json={"locale": "fr"}) as answer:
                created = await answer.json()
            state.update(base=f"{url}/api/v1/conversations/{created['id']}", headers={"Authorization": f"Bearer {created['token']}"})

        async def send(line: str) -> bool:
            headers = state["headers"]
            body = {"client_message_id": str(uuid.uuid4()), "text": line}
            async with client.post(f"{state['base']}/messages", json=body, headers=headers) as answer:
                if answer.status != 202:
                    return False
                after, until = (await answer.json())["seq"], time.perf_counter() + 10
            while time.perf_counter() < until:
                async with client.get(f"{state['base']}/events", params={"after": after, "wait": 10}, headers=headers) as got:
                    events = (await got.json())["events"]
                if any(e["author"] == "bot" and e["kind"] == "message" for e in events):
                    if any(e["kind"] == "handover" for e in events):
                        await open_chat()
                    return True
            return False

        await open_chat()
        return send

    return make


def rasa_sender(url: str) -> Callable[[aiohttp.ClientSession], Awaitable[Callable[[str], Awaitable[bool]]]]:
    """A chat through Rasa's REST channel."""

    async def make(client: aiohttp.ClientSession) -> Callable[[str], Awaitable[bool]]:
        sender = uuid.uuid4().hex

        async def send(line: str) -> bool:
            async with client.post(f"{url}/webhooks/rest/webhook", json={"sender": sender, "message": line}) as answer:
                return answer.status == 200 and bool(await answer.json())

        return send

    return make


def fallbacks(product: Product) -> int:
    """Turns so far that the assistant did not answer itself."""
    return sum(path.read_text("utf-8", "replace").count("turn falls back") for path in (product.home / "logs").glob("web*.log"))


def drive_product(product: Product, name: str, chats: int, seconds: float, lines: list[str], pause: float = 0.0) -> Result:
    """A row of Relais; turns the assistant did not answer itself count as failures."""
    assert product.process is not None
    before = fallbacks(product)
    row = asyncio.run(drive(f"Relais, {name}", chats, seconds, [product.process.pid], relais_sender(product.url), lines, pause))
    row.failures += fallbacks(product) - before
    return row


def main() -> None:
    """Run and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--chats", type=int, nargs="+", default=[1, 16, 64])
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--pause", type=float, default=20, help="seconds between a customer's messages in the rows at human pace")
    parser.add_argument("--no-peer", action="store_true")
    parser.add_argument("--peer", type=Path, help="folder that keeps the trained peer for the next run")
    options = parser.parse_args()
    rows: list[Result] = []
    notes: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        product = Product(Path(folder) / "home", RELAIS_MESSAGES_PER_MINUTE="1000000", RELAIS_CONVERSATIONS_PER_MINUTE="1000000")
        started = time.monotonic()
        product.start()
        notes.append(f"Relais, first start (models {'kept' if (product.home / 'models').is_symlink() else 'trained'}): {time.monotonic() - started:.0f} s")
        memory = {name: psutil.Process(pid).memory_info().rss / 1e6 for name, pid in product.children().items()}
        for chats, (name, lines) in itertools.product(options.chats, KINDS):
            rows.append(drive_product(product, name, chats, options.seconds, lines))
        rows.append(drive_product(product, "mixed, at human pace", max(options.chats), max(2 * options.pause, options.seconds), LINES, options.pause))
        loaded = {name: psutil.Process(pid).memory_info().rss / 1e6 for name, pid in product.children().items()}
        notes.append("Relais, resident MB at start → after load: " + ", ".join(f"{n} {memory[n]:.0f} → {loaded[n]:.0f}" for n in memory) + f"; together {sum(loaded.values()):.0f}")
        product.stop()
        started = time.monotonic()
        product.output.unlink()
        product.start()
        notes.append(f"Relais, second start: {time.monotonic() - started:.0f} s")
        product.stop()
        if not options.no_peer:
            peer = StockRasa(options.peer or Path(folder) / "stock", options.epochs)
            peer.train()
            notes.append(f"Stock Rasa, training: {peer.training_seconds:.0f} s (0: kept); start: {peer.start():.0f} s")
            pids = [process.pid for process in peer.processes]
            for chats, (name, lines) in itertools.product(options.chats, KINDS):
                rows.append(asyncio.run(drive(f"stock Rasa, {name}", chats, options.seconds, pids, rasa_sender(peer.url), lines)))
            notes.append(f"Stock Rasa, resident MB: {sum(psutil.Process(pid).memory_info().rss for pid in pids) / 1e6:.0f}")
            peer.stop()
    print("| what | chats | turns/s | p50 ms | p95 ms | CPU ms a turn | failures |\n|---|---|---|---|---|---|---|")
    for result in rows:
        print(result.row())
    print()
    for note in notes:
        print(f"- {note}")


if __name__ == "__main__":
    main()
