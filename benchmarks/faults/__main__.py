"""`python -m benchmarks.faults --runs 1000 --seed 1 [--database postgres] [--redis]`

Starts the product, lets customers talk to it through its public API while it is broken in random
ways, and prints one table. A run is one conversation under one fault. Exit 1 if anything was lost,
doubled or left.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import tempfile
import threading
import time
from collections import defaultdict
from pathlib import Path

import sqlalchemy as sa

from benchmarks.faults.account import AccountCustomer, judge_effect
from benchmarks.faults.breakage import draw
from benchmarks.faults.instance import Instance
from benchmarks.faults.people import PATIENCE, Agent, Customer
from benchmarks.faults.verdict import Tally, answered, judge, judge_agent, judge_mails
from bot.storage.schema import outbox

QUIET = 120.0      # seconds given to retries and restarts after the last fault


def main(arguments: list[str] | None = None) -> int:
    """Run and print; the exit code."""
    options = _options(arguments)
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(10**6)
    with tempfile.TemporaryDirectory(prefix="relais-faults-", ignore_cleanup_errors=True) as folder:
        instance = Instance(Path(folder), postgres=options.database == "postgres", redis=options.redis)
        try:
            instance.start()
            print(f"ready: {options.database}, disk {'small tmpfs' if instance.small_disk else 'shared'}, seed {seed}", flush=True)
            tallies = run(instance, random.Random(seed), options.runs, options.together, options.minutes)
        finally:
            if options.keep_logs:
                _keep(instance, Path(options.keep_logs))
            instance.stop()
    total = show(tallies)
    print(f"again: python -m benchmarks.faults --runs {options.runs} --seed {seed} --database {options.database}"
          f"{' --redis' if options.redis else ''}")
    return 0 if total.clean else 1


def run(
    instance: Instance, rng: random.Random, runs: int, together: int, minutes: float = 1e9
) -> dict[str, Tally]:
    """Runs in batches of ``together`` conversations under one fault; figures by fault."""
    tallies: dict[str, Tally] = defaultdict(Tally)
    agent = Agent(instance, random.Random(rng.random()))
    working = threading.Thread(target=agent.work, daemon=True)
    working.start()
    done, until = 0, time.monotonic() + minutes * 60
    engine = instance.engine()
    stopped = threading.Event()
    signal.signal(signal.SIGINT, lambda *_: stopped.set())     # the table is printed all the same
    while done < runs and time.monotonic() < until and not stopped.is_set():
        fault = draw(rng, instance)
        if "dialogue" in fault.name:
            _await_dialogue(instance)
        batch = Tally()
        for customer in _batch(instance, fault, rng, min(together, runs - done)):
            late = _await_answer(engine, customer)
            with engine.connect() as connection:
                batch.add(judge(connection, customer))
            if isinstance(customer, AccountCustomer):
                batch.add(judge_effect(customer))
            batch.silence = max(batch.silence, late)
        tallies[fault.name].add(batch)
        done += batch.runs
        print(f"{done:5d}  {fault.name:<34} silence {batch.silence:5.1f} s{'' if batch.clean else '  ' + '; '.join(batch.findings)}", flush=True)
    agent.stopping.set()
    working.join(30)
    _settle(engine)
    with engine.connect() as connection:
        tallies["(agent's answers)"].add(judge_agent(connection, agent.answered))
        tallies["(mails)"].add(judge_mails(connection, (p.stem for p in (instance.home / "mail").glob("*.eml"))))
    return tallies


def _batch(instance: Instance, fault: object, rng: random.Random, count: int) -> list[Customer]:
    customers = [(AccountCustomer if n % 4 == 3 else Customer)(instance, random.Random(rng.random())) for n in range(count)]
    threads = [threading.Thread(target=customer.live) for customer in customers]
    for thread in threads:
        thread.start()
    over = threading.Event()
    time.sleep(rng.random() * 1.5)
    breaking = threading.Thread(target=fault.run, args=(over,))  # type: ignore[attr-defined]
    breaking.start()
    for thread in threads:
        thread.join()
    over.set()
    breaking.join()
    return customers


def _await_dialogue(instance: Instance) -> None:
    until = time.monotonic() + 60
    while not instance.dialogue_ready() and time.monotonic() < until:
        time.sleep(0.5)


def _await_answer(engine: sa.engine.Engine, customer: Customer) -> float:
    """Wait for answers that are still to come; how long the customer's last words went without, in seconds."""
    until, late = time.monotonic() + PATIENCE, False
    while time.monotonic() < until:
        with engine.connect() as connection:
            if answered(connection, customer):
                break
        late = True
        time.sleep(0.2)
    return time.monotonic() - customer.promises[-1].sent if late and customer.promises else 0.0


def _settle(engine: sa.engine.Engine) -> None:
    """Let retries come to their end; a back-off is not waited for beyond :data:`QUIET`."""
    until = time.monotonic() + QUIET
    waiting = sa.select(sa.func.count()).where(outbox.c.done_at.is_(None), outbox.c.dead.is_(False)).select_from(outbox)
    while time.monotonic() < until:
        with engine.connect() as connection:
            if not connection.execute(waiting).scalar_one():
                return
        time.sleep(0.5)


def show(tallies: dict[str, Tally]) -> Tally:
    """The table; its last line is the sum."""
    total = Tally()
    head = f"{'fault':<36}{'runs':>6}{'accepted':>10}{'lost':>6}{'doubled':>9}{'left':>6}{'longest silence':>17}"
    print(head, "-" * len(head), sep="\n")
    for name, tally in sorted(tallies.items()):
        _line(name, tally)
        total.add(tally)
    print("-" * len(head))
    _line("all", total)
    for finding in total.findings:
        print("!", finding)
    return total


def _line(name: str, tally: Tally) -> None:
    print(f"{name:<36}{tally.runs:>6}{tally.accepted:>10}{tally.lost:>6}{tally.doubled:>9}{tally.left:>6}{tally.silence:>15.1f} s")


def _keep(instance: Instance, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for path in [instance.output, *(instance.home / "logs").glob("*.log")]:
        (folder / path.name).write_bytes(path.read_bytes())


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults", description=__doc__)
    parser.add_argument("--runs", type=int, default=1000, help="conversations in all")
    parser.add_argument("--seed", type=int, help="the same faults and the same customers again")
    parser.add_argument("--together", type=int, default=8, help="conversations at a time, under one fault")
    parser.add_argument("--minutes", type=float, default=1e9, help="stop after so long")
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--redis", action="store_true", help="with a Redis that goes away")
    parser.add_argument("--keep-logs", default="", help="folder for the product's logs")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
