"""PostgreSQL and Redis from the system's packages, in a folder of their own, on free ports, for one run."""

from __future__ import annotations

import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import psycopg2
import redis


class Missing(RuntimeError):
    """A program that has to be installed first, in one sentence."""


def free_port() -> int:
    """A loopback port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _as_server_user() -> list[str]:
    """PostgreSQL refuses to run as root: the words that start a command as its own user."""
    if os.geteuid() != 0:
        return []
    try:
        pwd.getpwnam("postgres")
    except KeyError as error:
        raise Missing("Started as root, PostgreSQL needs the user 'postgres' (Debian package: postgresql).") from error
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]


class Postgres:
    """A PostgreSQL server with durable settings; ``url`` names its database ``relais``."""

    def __init__(self, folder: Path) -> None:
        found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))
        plain = shutil.which("initdb")
        if not found and not plain:
            raise Missing("PostgreSQL is not installed. On Debian: apt-get install postgresql")
        self.binaries = Path(found[-1] if found else str(plain)).parent
        self.folder, self.port = folder, free_port()
        self.url = f"postgresql+psycopg2://postgres@127.0.0.1:{self.port}/relais"
        self.process: subprocess.Popen[bytes] | None = None
        self._prefix = _as_server_user()

    def start(self) -> Postgres:
        """Create the cluster if there is none, start it, wait until it answers."""
        data = self.folder / "data"
        if not data.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            if self._prefix:
                shutil.chown(self.folder, "postgres")
                for part in self.folder.parents:
                    if part in (Path("/tmp"), Path("/")):
                        break
                    part.chmod(part.stat().st_mode | 0o111)
            self._run("initdb", "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
            with (data / "postgresql.conf").open("a") as conf:
                conf.write("shared_buffers = 512MB\nmax_wal_size = 4GB\nrandom_page_cost = 1.1\nmax_connections = 200\n")
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*self._prefix, str(self.binaries / "postgres"), "-D", str(data), "-p", str(self.port), "-h", "127.0.0.1", "-k", str(self.folder)],
                stdout=log, stderr=log, cwd="/")
        until = time.monotonic() + 60
        while True:
            try:
                connection = psycopg2.connect(host="127.0.0.1", port=self.port, user="postgres", dbname="postgres")
                break
            except psycopg2.OperationalError:
                if self.process.poll() is not None or time.monotonic() > until:
                    raise Missing(f"PostgreSQL did not start; see {self.folder / 'server.log'}.") from None
                time.sleep(0.1)
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = 'relais'")
            if cursor.fetchone() is None:
                cursor.execute("CREATE DATABASE relais")
        connection.close()
        return self

    def stop(self) -> None:
        """Fast shutdown: open connections are cut, everything committed stays."""
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(60)
            self.process = None

    def kill(self) -> None:
        """As a power cut: no checkpoint, recovery at the next start."""
        if self.process is not None:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(60)
            self.process = None

    def _run(self, name: str, *arguments: str) -> None:
        done = subprocess.run([*self._prefix, str(self.binaries / name), *arguments], capture_output=True, text=True, cwd="/", check=False)
        if done.returncode:
            raise Missing(f"{name} failed: {(done.stderr or done.stdout).strip().splitlines()[-1]}")


class Redis:
    """A Redis server that keeps nothing on disk."""

    def __init__(self, folder: Path) -> None:
        if shutil.which("redis-server") is None:
            raise Missing("Redis is not installed. On Debian: apt-get install redis-server")
        self.folder, self.port = folder, free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> Redis:
        """Start and wait until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(self.folder)],
            stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
        until = time.monotonic() + 20
        while True:
            try:
                redis.Redis.from_url(self.url, socket_timeout=1).ping()
                return self
            except redis.RedisError:
                if time.monotonic() > until:
                    raise Missing("Redis did not start.") from None
                time.sleep(0.05)

    def stop(self) -> None:
        """Kill it."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
            self.process = None
