"""Servers beside the product, each in a folder of its own: PostgreSQL, Redis, a TCP proxy that misbehaves."""

from __future__ import annotations

import contextlib
import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path
from typing import Any, Literal

Mode = Literal["pass", "slow", "half-open", "refuse"]
_QUIET: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.STDOUT, "stdin": subprocess.DEVNULL, "cwd": "/"}


def free_port() -> int:
    """A loopback port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Postgres:
    """A PostgreSQL server of its own, with durable commits."""

    def __init__(self, folder: Path) -> None:
        found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))
        plain = shutil.which("initdb")
        if not found and not plain:
            raise SystemExit("PostgreSQL is not installed (Debian package: postgresql).")
        self._bin = Path(found[-1] if found else str(plain)).parent
        self.folder, self.data, self.port = folder, folder / "data", free_port()
        self._prefix: list[str] = []
        folder.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:       # the server refuses to run as root
            pwd.getpwnam("postgres")
            self._prefix = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
            for part in (folder, *folder.parents):
                if part in (Path("/tmp"), Path("/")):
                    break
                part.chmod(part.stat().st_mode | 0o711)
            shutil.chown(folder, "postgres")
        subprocess.run([*self._prefix, str(self._bin / "initdb"), "-D", str(self.data), "-U", "postgres",
                        "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"], check=True, **_QUIET)
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its SQLAlchemy address."""
        return f"postgresql+psycopg2://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> Postgres:
        """Start and wait until it takes connections."""
        import psycopg2

        self.process = subprocess.Popen([*self._prefix, str(self._bin / "postgres"), "-D", str(self.data),
                                         "-p", str(self.port), "-h", "127.0.0.1", "-k", str(self.folder)], **_QUIET)
        until = time.monotonic() + 60
        while True:
            try:
                psycopg2.connect(host="127.0.0.1", port=self.port, user="postgres", dbname="postgres").close()
                return self
            except psycopg2.OperationalError:
                if time.monotonic() > until or self.process.poll() is not None:
                    raise
                time.sleep(0.1)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT: fast; SIGQUIT: at once, with recovery at the next start."""
        if self.process is not None:
            self.process.send_signal(how)
            try:
                self.process.wait(120)
            except subprocess.TimeoutExpired:      # a busy machine: without its last checkpoint, then
                self.process.send_signal(signal.SIGQUIT)
                self.process.wait(60)
            self.process = None


class Redis:
    """A Redis that keeps nothing."""

    def __init__(self, folder: Path) -> None:
        if shutil.which("redis-server") is None:
            raise SystemExit("Redis is not installed (Debian package: redis-server).")
        self.port = free_port()
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> Redis:
        """Start it."""
        self.process = subprocess.Popen(["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
                                         "--appendonly", "no", "--dir", str(self._folder)], **_QUIET)
        return self

    def kill(self) -> None:
        """End it without a word."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
            self.process = None


class Proxy:
    """Between a client and a port: passes bytes on, late, or not at all. ``mode`` may change at any time."""

    def __init__(self, target: int, delay: float = 1.0) -> None:
        self.target, self.delay, self.mode = target, delay, "pass"
        self._server = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = int(self._server.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._server.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            if self.mode == "refuse":
                client.close()
                continue
            threading.Thread(target=self._join, args=(client,), daemon=True).start()

    def _join(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(("127.0.0.1", self.target), timeout=10)
        except OSError:
            client.close()
            return
        server.settimeout(None)
        for source, sink in ((client, server), (server, client)):
            threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if self.mode == "slow":
                    time.sleep(self.delay)
                while self.mode == "half-open":      # neither passed on nor closed
                    time.sleep(0.1)
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
