"""An instance of several processes on this machine, with PostgreSQL and Redis of its own or on SQLite."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import defaultdict
from pathlib import Path

import psutil

from benchmarks.servers import Missing, Postgres, Redis, free_port
from bot.staff import accounts
from bot.storage.database import Database

ROOT = Path(__file__).resolve().parent.parent
PASSWORD = "un-mot-de-passe-pour-mesurer"
#: Models of the checkout, trained once and used by every run.
MODELS = ROOT / ".relais" / "models"
KINDS = {"bot.assistant.server": "dialogue", "bot.web.main": "web", "bot.worker": "worker"}


class Cluster:
    """`relais serve` with as many processes as told; ``engine`` is postgres (with Redis) or sqlite."""

    def __init__(self, folder: Path, *, engine: str = "postgres", web: int = 2, dialogue: int = 2, worker: int = 2, models: Path = MODELS) -> None:
        self.folder, self.home, self.port = folder, folder / "home", free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.counts = {"web": web, "dialogue": dialogue, "worker": worker}
        self.postgres = Postgres(folder / "postgres") if engine == "postgres" else None
        self.redis = Redis(folder / "redis") if engine == "postgres" else None
        self.models, self.output = models, folder / "serve.out"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def database_url(self) -> str:
        """Where the instance keeps its data."""
        return self.postgres.url if self.postgres else f"sqlite:///{self.home / 'relais.db'}"

    def start(self, timeout: float = 900) -> float:
        """Start everything; seconds until the instance was ready with every process."""
        self.home.mkdir(parents=True, exist_ok=True)
        self.models.mkdir(parents=True, exist_ok=True)
        if not (self.home / "models").exists():
            (self.home / "models").symlink_to(self.models)
        env = {**os.environ, "RELAIS_HOME": str(self.home), "PORT": str(self.port), "RELAIS_DEMO_PASSWORD": PASSWORD, "RELAIS_ENV_FILE": "/nonexistent", "RELAIS_DATABASE_URL": "", "RELAIS_REDIS_URL": "",
               "RELAIS_MESSAGES_PER_MINUTE": "1000000", "RELAIS_CONVERSATIONS_PER_MINUTE": "1000000",
               "RELAIS_OPENING_HOURS": "mon-sun 00:00-24:00", "RELAIS_HOLIDAYS_COUNTRY": "", "PYTHONPATH": str(ROOT),
               **{f"RELAIS_{kind.upper()}_PROCESSES": str(number) for kind, number in self.counts.items()}}
        if self.postgres and self.redis:
            self.postgres.start()
            self.redis.start()
            env |= {"RELAIS_DATABASE_URL": self.postgres.url, "RELAIS_REDIS_URL": self.redis.url}
        began = time.monotonic()
        with self.output.open("ab") as out:
            self.process = subprocess.Popen([sys.executable, "-m", "bot.cli.app", "serve"], cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
        while not self.whole():
            if self.process.poll() is not None or time.monotonic() - began > timeout:
                raise Missing(f"The instance did not start:\n{self.output.read_text('utf-8', 'replace')[-2000:]}")
            time.sleep(0.5)
        return time.monotonic() - began

    def whole(self) -> bool:
        """Whether every process answers."""
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=3) as response:
                ready = json.loads(response.read())["checks"]["dialogue"] == "ok"
        except (urllib.error.URLError, OSError, ValueError, KeyError):
            return False
        return ready and all(len(self.pids()[kind]) == number for kind, number in self.counts.items())

    def wait_whole(self, seconds: float) -> float:
        """Seconds until every process answers again; raises TimeoutError."""
        began = time.monotonic()
        while not self.whole():
            if time.monotonic() - began > seconds:
                raise TimeoutError(f"not whole after {seconds:.0f} s: {self.output.read_text('utf-8', 'replace')[-800:]}")
            time.sleep(0.3)
        return time.monotonic() - began

    def pids(self) -> dict[str, list[int]]:
        """Processes by kind, ours only, in the order they were started."""
        found: dict[str, list[int]] = defaultdict(list)
        assert self.process is not None
        for child in sorted(psutil.Process(self.process.pid).children(), key=lambda child: child.pid):
            try:
                line = " ".join(child.cmdline())
            except psutil.Error:
                continue
            for module, kind in KINDS.items():
                if module in line:
                    found[kind].append(child.pid)
        return found

    def usage(self) -> dict[str, tuple[float, float]]:
        """CPU seconds used so far and resident MB, by kind of process; the database and Redis too."""
        groups = {kind: [psutil.Process(pid) for pid in pids] for kind, pids in self.pids().items()}
        for name, server in (("postgres", self.postgres), ("redis", self.redis)):
            if server is not None and server.process is not None:
                parent = psutil.Process(server.process.pid)
                groups[name] = [parent, *parent.children()]
        made: dict[str, tuple[float, float]] = {}
        for kind, processes in groups.items():
            cpu = memory = 0.0
            for process in processes:
                try:
                    times = process.cpu_times()
                    cpu += times.user + times.system + times.children_user + times.children_system
                    memory += (process.memory_full_info().uss if kind == "postgres" else process.memory_info().rss) / 1e6
                except psutil.Error:
                    continue
            made[kind] = (cpu, memory)
        return made

    def kill(self, kind: str) -> int:
        """SIGKILL the first process of a kind; its pid."""
        pid = self.pids()[kind][0]
        os.kill(pid, signal.SIGKILL)
        return pid

    def add_agents(self, number: int) -> list[str]:
        """Accounts ``agent001`` and so on, all with the same password."""
        from bot.staff.passwords import hash_password
        from bot.storage.clock import now_iso
        from bot.storage.schema import staff

        names, secret = [f"agent{n:03d}" for n in range(1, number + 1)], hash_password(PASSWORD)
        database = Database(self.database_url)
        try:
            with database.write() as connection:
                known = {row["username"] for row in accounts.list_accounts(connection)}
                for name in names:
                    if name not in known:
                        connection.execute(staff.insert().values(
                            username=name, first_name=name.capitalize(), role="agent", password_hash=secret, languages=["fr", "en"], active=True, created_at=now_iso()))
        finally:
            database.close()
        return names

    def stop(self) -> None:
        """End everything."""
        if self.process is not None:
            if self.process.poll() is None:
                self.process.send_signal(signal.SIGTERM)
                try:
                    self.process.wait(40)
                except subprocess.TimeoutExpired:
                    self.process.kill()
            self.process = None
        for server in (self.redis, self.postgres):
            if server is not None:
                server.stop()
