"""A few fault runs with real processes; `python -m benchmarks.faults --runs 1000` is the long way."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from benchmarks.faults.__main__ import run, show
from benchmarks.faults.breakage import draw
from benchmarks.faults.instance import Instance
from benchmarks.faults.people import Customer, Promise
from benchmarks.faults.servers import Proxy
from benchmarks.faults.verdict import judge, judge_agent, judge_mails

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("trained")]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("postgres", [False, pytest.param(True, marks=pytest.mark.postgres)])
def test_nothing_is_lost_doubled_or_left_whatever_breaks(postgres: bool, tmp_path: Path) -> None:
    if postgres and not (list(Path("/usr/lib/postgresql").glob("*/bin/initdb")) or shutil.which("initdb")):
        pytest.skip("PostgreSQL is not installed (Debian package: postgresql)")
    instance = Instance(tmp_path / "instance", postgres=postgres)
    try:
        instance.start()
        total = show(run(instance, random.Random(7), runs=16, together=4))
        assert total.runs == 16
        assert total.accepted > 16
        assert total.clean, total.findings
        _judges_can_tell(instance)
    finally:
        instance.stop()


def _judges_can_tell(instance: Instance) -> None:
    """A message that never came, an answer that is not there, a mail without its file: each is noticed."""
    customer = Customer(instance, random.Random(1))
    customer.live()
    customer.promises.append(Promise("never-sent", 2, "x", 0.0))
    with instance.engine().connect() as connection:
        assert judge(connection, customer).lost == 1
        assert judge_agent(connection, {customer.id: "never said"}).lost == 1
        assert judge_mails(connection, []).clean == (not list((instance.home / "mail").glob("*.eml")))


def test_every_kind_of_fault_can_be_drawn_and_ends_as_it_began(tmp_path: Path) -> None:
    class Quiet:
        """An instance with nothing running."""

        home, orders, small_disk, postgres, redis, database_proxy = tmp_path, tmp_path / "failpoints", False, None, None, None
        web_proxy = Proxy(9)

        def pids(self, name: str) -> list[int]:
            """None."""
            return []

    import threading

    instance, over, seen = Quiet(), threading.Event(), set()
    over.set()
    for seed in range(300):
        fault = draw(random.Random(seed), instance)  # type: ignore[arg-type]
        fault.run(over)
        seen.add(fault.name.split(" ")[0])
        assert instance.web_proxy.mode == "pass"
        assert not instance.orders.exists()
    instance.web_proxy.close()
    assert {"kill", "error", "delay", "hang", "no", "clock", "slow", "half-open", "stop", "none"} <= seen
