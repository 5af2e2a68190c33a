"""A thousand messages through the widget in Chromium while things break; prints what became of them.

    python -m benchmarks.widget_faults [MESSAGES]
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.acceptance.widget_faults import SCENARIOS, Server, run
from tests.acceptance.widget_support import chromium, script
from tests.web_support import Dialogue


def main(total: int) -> int:
    """Spread ``total`` messages over all scenarios; exit status 1 where one was lost, doubled or moved."""
    dialogue = Dialogue()
    dialogue.script = script
    dialogue.served.start()
    each = -(-total // len(SCENARIOS))
    worst = 0
    print(f"{'scenario':42} {'sent':>5} {'lost':>5} {'doubled':>8} {'moved':>6} {'seconds':>8}")
    with tempfile.TemporaryDirectory() as home, chromium() as browser:
        server = Server(Path(home), dialogue)
        try:
            for scenario in SCENARIOS:
                found = run(scenario, browser, server, each)
                worst |= not found.clean
                print(f"{found.scenario:42} {found.sent:5} {found.lost:5} {found.doubled:8} "
                      f"{found.misplaced:6} {found.seconds:8.1f}", flush=True)
        finally:
            server.stop()
            dialogue.served.stop()
    return worst


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000))
