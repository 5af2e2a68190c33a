"""A thousand messages through the widget in Chromium while things break; prints what became of them.

    python -m benchmarks.widget_faults [MESSAGES [SCENARIO]]

SCENARIO is a part of its name; without it all run, and share the messages.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.acceptance.widget_faults import SCENARIOS, Server, run
from tests.acceptance.widget_support import chromium, slow_script
from tests.web_support import Dialogue


def main(total: int, only: str = "") -> int:
    """Spread ``total`` messages over the scenarios with ``only`` in their name; exit status 1 where one was lost, doubled or moved."""
    dialogue = Dialogue()
    dialogue.script = slow_script
    dialogue.served.start()
    chosen = [name for name in SCENARIOS if only in name]
    each = -(-total // max(1, len(chosen)))
    worst = sent = 0
    print(f"{'scenario':42} {'sent':>5} {'lost':>5} {'doubled':>8} {'moved':>6} {'twice':>6} {'seconds':>8}")
    with tempfile.TemporaryDirectory() as home, chromium() as browser:
        server = Server(Path(home), dialogue)
        try:
            for scenario in chosen:
                found = run(scenario, browser, server, each)
                worst |= not found.clean
                print(f"{found.scenario:42} {found.sent:5} {found.lost:5} {found.doubled:8} "
                      f"{found.misplaced:6} {found.twice:6} {found.seconds:8.1f}", flush=True)
                sent += found.sent
        finally:
            server.close()
            dialogue.served.stop()
    print(f"{'in all':42} {sent:5}")
    return worst


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000, *sys.argv[2:3]))
