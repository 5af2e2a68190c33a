"""Customers chatting and agents with open desks, by locust from a process of its own.

    .venv/bin/python -m benchmarks.load [--minutes 30] [--customers 50] [--agents 50] [--engine postgres sqlite] [--saturate 25 50 100]

Prints what people saw (a bot reply, an agent's words arriving), errors, CPU by kind of process and memory over
time. ``--saturate`` lets so many customers write again the moment they have their reply, to see what gives first.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.cluster import PASSWORD, ROOT, Cluster

SEEN = ("bot reply", "agent's message arrives")
_SAMPLE_SECONDS = 5.0


@dataclass
class Load:
    """What a run gave."""

    rows: list[dict[str, Any]]
    errors: list[dict[str, Any]]
    never_seen: int
    seconds: float
    cpu: dict[str, float]                 # cores in use, by kind
    memory: list[dict[str, float]]        # MB by kind, over time

    def row(self, name: str) -> dict[str, Any]:
        """The figures of one name; zeros where it never happened."""
        return next((row for row in self.rows if row["name"] == name), {"name": name, "n": 0, "failed": 0, "p50": 0, "p95": 0, "p99": 0, "max": 0})

    @property
    def failed(self) -> int:
        """Requests and waits that went wrong."""
        return sum(int(row["failed"]) for row in self.rows)


def run(cluster: Cluster, *, customers: int, agents: int, seconds: float, pace: float = 1.0) -> Load:
    """Load a running instance."""
    report = cluster.folder / "load.json"
    report.unlink(missing_ok=True)
    env = {**os.environ, "LOAD_CUSTOMERS": str(customers), "LOAD_AGENTS": str(agents), "LOAD_PASSWORD": PASSWORD, "LOAD_REPORT": str(report), "LOAD_PACE": str(pace)}
    began, before = time.monotonic(), cluster.usage()
    with (cluster.folder / "locust.log").open("ab") as log:
        locust = subprocess.Popen(
            [sys.executable, "-m", "locust", "-f", str(ROOT / "benchmarks" / "load_users.py"), "--headless", "--host", cluster.url, "--users", str(customers + agents),
             "--spawn-rate", "20", "--run-time", f"{int(seconds)}s", "--only-summary", "--stop-timeout", "5", "--exit-code-on-error", "0"],
            env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=ROOT)
        memory: list[dict[str, float]] = []
        while locust.poll() is None:
            memory.append({kind: megabytes for kind, (_, megabytes) in cluster.usage().items()})
            time.sleep(_SAMPLE_SECONDS)
    taken, after = time.monotonic() - began, cluster.usage()
    if not report.exists():
        raise SystemExit(f"locust gave no report; see {cluster.folder / 'locust.log'}")
    found = json.loads(report.read_text("utf-8"))
    cpu = {kind: (after[kind][0] - before.get(kind, (0.0, 0.0))[0]) / taken for kind in after}
    return Load(found["rows"], found["errors"], found["never_seen"], taken, cpu, memory)


def show(load: Load, title: str) -> None:
    """Print a run."""
    print(f"\n### {title} ({load.seconds / 60:.1f} min)\n\n| what | n | failed | p50 ms | p95 ms | p99 ms | max ms |\n|---|---|---|---|---|---|---|")
    for row in sorted(load.rows, key=lambda row: (row["name"] not in SEEN, row["name"])):
        if not row["name"].startswith("("):
            print(f"| {row['name']} | {row['n']} | {row['failed']} | {row['p50']:.0f} | {row['p95']:.0f} | {row['p99']:.0f} | {row['max']:.0f} |")
    print("\n| process | CPU (cores) | MB at start | MB in the middle | MB at the end |\n|---|---|---|---|---|")
    for kind, cores in sorted(load.cpu.items(), key=lambda item: -item[1]):
        series = [sample.get(kind, 0.0) for sample in load.memory] or [0.0]
        print(f"| {kind} | {cores:.2f} | {series[0]:.0f} | {series[len(series) // 2]:.0f} | {series[-1]:.0f} |")
    for error in load.errors[:10]:
        print(f"- {error['n']} × {error['name']}: {error['error']}")
    if load.never_seen:
        print(f"- {load.never_seen} messages of agents whose customer had stopped listening")


@contextmanager
def instance(engine: str, processes: int) -> Iterator[Cluster]:
    """A fresh instance for the block."""
    with tempfile.TemporaryDirectory(prefix="relais-load-") as folder:
        cluster = Cluster(Path(folder), engine=engine, web=processes, dialogue=processes, worker=1 if engine == "sqlite" else processes)
        try:
            print(f"{engine}: ready in {cluster.start():.0f} s", flush=True)
            yield cluster
        finally:
            cluster.stop()


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--customers", type=int, default=50)
    parser.add_argument("--agents", type=int, default=50)
    parser.add_argument("--engine", nargs="+", default=["postgres", "sqlite"], choices=["postgres", "sqlite"])
    parser.add_argument("--processes", type=int, default=0, help="of each kind; default 2 on postgres, 1 on sqlite")
    parser.add_argument("--saturate", type=int, nargs="*", default=[], help="customers without pauses, a minute each")
    options = parser.parse_args()
    for engine in options.engine:
        processes = options.processes or (2 if engine == "postgres" else 1)
        with instance(engine, processes) as cluster:
            cluster.add_agents(options.agents)
            if options.minutes:
                load = run(cluster, customers=options.customers, agents=options.agents, seconds=options.minutes * 60)
                show(load, f"{engine}, {processes} of each process: {options.customers} customers, {options.agents} agents")
            for customers in options.saturate:
                load = run(cluster, customers=customers, agents=0, seconds=60, pace=0.0)
                row, most = load.row("bot reply"), max(load.cpu, key=lambda kind: load.cpu[kind])
                show(load, f"{engine}, {processes} of each: {customers} customers without pauses: {row['n'] / load.seconds:.1f} turns a second; most CPU: {most}")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
