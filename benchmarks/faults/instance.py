"""The product under test: `relais serve` in processes of its own, its home on a small tmpfs where that is allowed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psutil
import sqlalchemy as sa

from benchmarks.faults.servers import Postgres, Proxy, Redis, free_port

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "correct horse battery"
TMPFS_MB = 96
_MODULES = {"bot.assistant.server": "dialogue", "bot.web.main": "web", "bot.worker": "worker"}


class Instance:
    """A running instance with everything around it that can be broken."""

    def __init__(self, folder: Path, *, postgres: bool = False, redis: bool = False) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.home = folder / "home"
        self.home.mkdir()
        self.small_disk = _mount(self.home)
        models = ROOT / ".pytest_cache" / "models"
        models.mkdir(parents=True, exist_ok=True)
        (self.home / "models").symlink_to(models)
        self.orders = self.home / "failpoints"
        self.postgres = Postgres(folder / "postgres").start() if postgres else None
        self.redis = Redis(folder / "redis").start() if redis else None
        self.database_proxy = Proxy(self.postgres.port) if self.postgres else None
        self.port = free_port()
        self.web_proxy = Proxy(self.port)
        self.url = f"http://127.0.0.1:{self.web_proxy.port}"
        self.direct = f"http://127.0.0.1:{self.port}"
        self.output = folder / "serve.out"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def database_url(self) -> str:
        """Where the data is, not through a proxy."""
        return self.postgres.url if self.postgres else f"sqlite:///{self.home / 'relais.db'}"

    def start(self, timeout: float = 600) -> Instance:
        """Start and wait until it is ready."""
        env = {**os.environ, "RELAIS_HOME": str(self.home), "PORT": str(self.port), "RELAIS_ENV_FILE": "/nonexistent",
               "RELAIS_TEST_MODE": "true", "RELAIS_FAILPOINTS": "file", "RELAIS_DEMO_PASSWORD": PASSWORD,
               "RELAIS_MESSAGES_PER_MINUTE": "6000", "RELAIS_CODES_PER_HOUR": "10000", "RELAIS_CONVERSATIONS_PER_MINUTE": "60000",
               "RELAIS_OPENING_HOURS": "mon-sun 00:00-24:00", "RELAIS_HOLIDAYS_COUNTRY": ""}
        if self.postgres and self.database_proxy:
            env["RELAIS_DATABASE_URL"] = self.postgres.url.replace(str(self.postgres.port), str(self.database_proxy.port))
        if self.redis:
            env["RELAIS_REDIS_URL"] = self.redis.url
        with self.output.open("ab") as out:
            self.process = subprocess.Popen([sys.executable, "-m", "bot.cli.app", "serve"], cwd=ROOT, env=env,
                                            stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
        until = time.monotonic() + timeout
        while " is ready on " not in self.output.read_text("utf-8", "replace"):
            if self.process.poll() is not None or time.monotonic() > until:
                raise SystemExit(f"The product did not start:\n{self.output.read_text('utf-8', 'replace')}")
            time.sleep(0.1)
        return self

    def stop(self) -> None:
        """Put everything away."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(40)
        for proxy in (self.web_proxy, self.database_proxy):
            if proxy is not None:
                proxy.close()
        if self.redis is not None:
            self.redis.kill()
        if self.postgres is not None:
            self.postgres.stop()
        if self.small_disk:
            subprocess.run(["umount", "-l", str(self.home)], check=False)

    def pids(self, name: str) -> list[int]:
        """Processes of the instance by what they are: web, dialogue, worker."""
        assert self.process is not None
        found = []
        for child in psutil.Process(self.process.pid).children(recursive=True):
            try:
                line = " ".join(child.cmdline())
            except psutil.Error:      # it has just ended
                continue
            found += [child.pid for module, kind in _MODULES.items() if kind == name and module in line]
        return found

    def dialogue_ready(self) -> bool:
        """Whether turns are taken by the dialogue process now."""
        try:
            found = httpx.get(f"{self.direct}/readyz", timeout=3, trust_env=False).json()
        except (httpx.HTTPError, ValueError):
            return False
        return bool(found.get("checks", {}).get("dialogue") == "ok")

    def engine(self) -> sa.engine.Engine:
        """To look at the data from outside."""
        return sa.create_engine(self.database_url, future=True, poolclass=sa.pool.NullPool)


def _mount(home: Path) -> bool:
    """A disk that is soon full; False where mounting is not permitted."""
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={TMPFS_MB}m", "tmpfs", str(home)],
                          check=False, capture_output=True)
    return done.returncode == 0
