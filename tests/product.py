"""The whole product as a customer meets it: `relais serve` in processes of its own, a home of its own."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import subprocess
import sys
import time
from email import message_from_bytes, policy
from pathlib import Path

import httpx

from tests.web_support import Customer, free_port

ROOT = Path(__file__).resolve().parent.parent
PASSWORD = "correct horse battery"
#: Models and vectors are the same for every instance of a checkout: made once, kept beside the test cache.
SHARED = ROOT / ".pytest_cache"
MODELS = SHARED / "models"


def share_training(home: Path) -> None:
    """Lets a home use the checkout's models and vectors."""
    home.mkdir(parents=True, exist_ok=True)
    for name in ("models", "cache"):
        (SHARED / name).mkdir(parents=True, exist_ok=True)
        if not (home / name).exists():
            (home / name).symlink_to(SHARED / name)


def train_once() -> None:
    """Trains what the checkout's content needs, unless it is there; processes that test side by side wait for each other."""
    home = SHARED / "trained"
    share_training(home)
    with (SHARED / "training.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run([sys.executable, "-m", "bot.cli.app", "train"], cwd=ROOT, env={**os.environ, "RELAIS_HOME": str(home)},
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    assert done.returncode == 0, done.stdout.decode("utf-8", "replace")


class Product:
    """A running instance."""

    def __init__(self, home: Path, **env: str) -> None:
        self.home, self.port = home, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.env = {**os.environ, "RELAIS_HOME": str(home), "PORT": str(self.port), "RELAIS_DEMO_PASSWORD": PASSWORD,
                    "RELAIS_MESSAGES_PER_MINUTE": "600", "RELAIS_CONVERSATIONS_PER_MINUTE": "6000",
                    "RELAIS_OPENING_HOURS": "mon-sun 00:00-24:00", "RELAIS_HOLIDAYS_COUNTRY": "", **env}
        self.process: subprocess.Popen[bytes] | None = None
        self.output = home / "serve.out"
        self.http = httpx.Client(timeout=20)

    def start(self, timeout: float = 600) -> Product:
        """Start and wait for the address line."""
        share_training(self.home)
        with self.output.open("ab") as out:
            self.process = subprocess.Popen([sys.executable, "-m", "bot.cli.app", "serve"], cwd=ROOT, env=self.env,
                                            stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
        until = time.monotonic() + timeout
        while f"ready on {self.url}" not in self.output.read_text("utf-8", "replace"):
            if self.process.poll() is not None or time.monotonic() > until:
                if self.process.poll() is None:
                    self.stop()
                raise AssertionError(f"not ready:\n{self.output.read_text('utf-8', 'replace')}\n{self.logs()}")
            time.sleep(0.1)
        return self

    def stop(self) -> int:
        """SIGTERM, and the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def children(self) -> dict[str, int]:
        """Pids of the instance's processes by what they run."""
        import psutil

        assert self.process is not None
        names = {"bot.assistant.server": "dialogue", "bot.web.main": "web", "bot.worker": "worker"}
        found = {}
        for child in psutil.Process(self.process.pid).children(recursive=True):
            try:
                line = " ".join(child.cmdline())
            except psutil.Error:      # it has just ended
                continue
            found.update({name: child.pid for module, name in names.items() if module in line})
        return found

    def logs(self) -> str:
        """The end of every log, for a failing test's message."""
        return "\n".join(f"== {path.name}\n{path.read_text('utf-8', 'replace')[-3000:]}" for path in sorted((self.home / "logs").glob("*.log")))

    def customer(self, **opening: str) -> Customer:
        """A new conversation."""
        return Customer(self.url, self.http, **(opening or {"locale": "fr"}))

    def staff(self, username: str) -> httpx.Client:
        """A signed-in staff client."""
        token = self.http.post(f"{self.url}/api/v1/staff/login", json={"username": username, "password": PASSWORD}).json()["token"]
        return httpx.Client(base_url=f"{self.url}/api/v1/staff", headers={"Authorization": f"Bearer {token}"}, timeout=20)

    def mailed_code(self, timeout: float = 5) -> str:
        """The six-digit code of the newest mail written to the home."""
        until = time.monotonic() + timeout
        while time.monotonic() < until:
            mails = sorted((self.home / "mail").glob("**/*.eml"), key=lambda path: path.stat().st_mtime_ns)
            for path in reversed(mails):
                message = message_from_bytes(path.read_bytes(), policy=policy.default)
                body = message.get_body(("plain", "html"))
                found = re.search(r"\b(\d{3})[\s\u00a0]?(\d{3})\b", body.get_content() if body else "")
                if found:
                    return "".join(found.groups())
            time.sleep(0.1)
        raise AssertionError("no code was mailed")
