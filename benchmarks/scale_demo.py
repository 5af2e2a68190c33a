"""`make scale-demo`: PostgreSQL, Redis, 2 web, 2 dialogue and 2 worker processes on one machine, without containers.

    make scale-demo [SECONDS=60]

Starts them with data of their own on free ports, loads them for a minute, takes one part after another away while
customers write, prints both tables, stops everything. Exit 1 where a message was lost, doubled or left unanswered.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks import load, scale_faults
from benchmarks.cluster import Cluster
from benchmarks.servers import Missing


def main() -> int:
    """Run; 0 where all is well."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60, help="of load")
    parser.add_argument("--fault-seconds", type=float, default=16, help="of each fault")
    parser.add_argument("--customers", type=int, default=20)
    parser.add_argument("--agents", type=int, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="relais-scale-") as folder:
        try:
            outcomes = _run(Cluster(Path(folder)), options)
        except (Missing, TimeoutError) as error:
            print(f"scale-demo: {error}", file=sys.stderr)
            return 1
    good = all(outcome.good for outcome in outcomes)
    print("Every accepted message is stored once and answered once." if good else "A message was lost, doubled or left unanswered: see the table.")
    return 0 if good else 1


def _run(cluster: Cluster, options: argparse.Namespace) -> list[scale_faults.Outcome]:
    try:
        print("Starting PostgreSQL, Redis, 2 web, 2 dialogue and 2 worker processes (the first time trains the models: a few minutes)…", flush=True)
        print(f"All of it answers on {cluster.url} after {cluster.start():.0f} s: {dict(cluster.pids())}", flush=True)
        cluster.add_agents(options.agents)
        loaded = load.run(cluster, customers=options.customers, agents=options.agents, seconds=options.seconds)
        load.show(loaded, f"Load: {options.customers} customers at human pace, {options.agents} agents with open desks")
        print(f"\n### Faults: {scale_faults.CHATS} customers write while a part is taken away\n\n{scale_faults.HEAD}", flush=True)
        return scale_faults.run(cluster, options.fault_seconds)
    finally:
        print("\nStopping everything…", flush=True)
        cluster.stop()


if __name__ == "__main__":
    sys.exit(main())
