"""Passwords are checked by one thread: a crowd that signs in costs the memory of one."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.errors import TooManyRequests
from bot.staff import passwords

_MOST_MB = 120      # twenty threads that each kept a hash's memory would be at 400
_CROWD = """
from concurrent.futures import ThreadPoolExecutor
from bot.staff.passwords import hash_password, verify

stored = hash_password("brise-dune")
with ThreadPoolExecutor(20) as crowd:
    assert all(crowd.map(lambda _: verify(stored, "brise-dune"), range(40)))
    with open("/proc/self/statm") as statm:
        print(int(statm.read().split()[1]) * 4096 // 1_000_000)
"""


def test_a_password_fits_only_its_own_hash() -> None:
    stored = passwords.hash_password("brise-dune-1234")
    assert stored.startswith("$argon2id$")
    assert passwords.verify(stored, "brise-dune-1234")
    assert not passwords.verify(stored, "brise-dune-1235")
    assert not passwords.verify(None, "brise-dune-1234")
    assert not passwords.verify("no hash", "brise-dune-1234")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_crowd_that_signs_in_leaves_no_memory_behind() -> None:
    done = subprocess.run([sys.executable, "-c", _CROWD], capture_output=True, text=True, check=True)
    assert int(done.stdout) < _MOST_MB


def test_who_comes_when_the_line_is_full_is_asked_to_try_again() -> None:
    stored, go_on = passwords.hash_password("brise"), threading.Event()
    blocker = passwords._WORKER.submit(go_on.wait)
    with ThreadPoolExecutor(passwords.LINE) as crowd:
        waiting = [crowd.submit(passwords.verify, stored, "brise") for _ in range(passwords.LINE)]
        try:
            while passwords._places._value:      # type: ignore[attr-defined]
                assert not blocker.done()
            with pytest.raises(TooManyRequests) as told:
                passwords.verify(stored, "brise")
            assert told.value.retry_after > 0
        finally:
            go_on.set()
        assert all(each.result() for each in waiting)
    assert passwords.verify(stored, "brise")
