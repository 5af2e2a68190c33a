"""`relais serve`: the whole instance on one machine, with as many processes as the settings say."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import signal
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import typer

from bot.cli.supervisor import Child, Supervisor
from bot.errors import ConfigurationError
from bot.modules import command
from bot.settings import ROOT, Settings, get_settings

#: Seconds the first start may take, model training included.
READY_TIMEOUT = 600.0
#: Seconds a database server is waited for, where it starts beside us.
DATABASE_PATIENCE = 120.0
#: Connections that may wait for a web process.
BACKLOG = 2048
#: Where a web process finds the number of the socket it inherits.
SOCKET_VARIABLE = "RELAIS_LISTEN_FD"



def _say(line: str) -> None:
    print(line, flush=True)


def serve(
    port: int = typer.Option(0, help="Port to listen on; default RELAIS_PORT or 8080."),
    web: int = typer.Option(0, min=0, max=64, help="Web processes; default RELAIS_WEB_PROCESSES or 1."),
    dialogue: int = typer.Option(0, min=0, max=64, help="Dialogue processes; default RELAIS_DIALOGUE_PROCESSES or 1."),
    worker: int = typer.Option(0, min=0, max=16, help="Worker processes; default RELAIS_WORKER_PROCESSES or 1."),
) -> None:
    """Start web, dialogue and worker; print one address line when ready; stop on Ctrl-C or SIGTERM.

    Example: PORT=9000 relais serve --web 2 --dialogue 2
    """
    if port:
        os.environ["PORT"] = str(port)
    for name, number in (("WEB", web), ("DIALOGUE", dialogue), ("WORKER", worker)):
        if number:
            os.environ[f"RELAIS_{name}_PROCESSES"] = str(number)
    get_settings.cache_clear()
    settings = get_settings()
    started = time.monotonic()
    try:
        with ended_like_ctrl_c():
            prepare(settings)
    except KeyboardInterrupt:
        return      # told to stop while it prepared: the next start goes on from what is done
    listening = listen(settings.host, settings.port)
    supervisor = Supervisor(children(settings, listening))
    try:
        supervisor.start()
        ready = supervisor.watch(until=lambda: _answers(f"{_loopback(settings)}/readyz"), timeout=READY_TIMEOUT)
        if ready:
            _say(f"Relais is ready on http://{settings.host}:{settings.port} ({time.monotonic() - started:.0f} s)")
            supervisor.watch()
        elif not supervisor.stopping.is_set():
            raise ConfigurationError(f"Relais did not become ready in {READY_TIMEOUT:.0f} s. See {settings.home_path / 'logs'}.")
    finally:
        supervisor.stop()
        listening.close()


def _loopback(settings: Settings) -> str:
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104
    return f"http://{host}:{settings.port}"


@contextlib.contextmanager
def ended_like_ctrl_c() -> Iterator[None]:
    """SIGTERM raises KeyboardInterrupt meanwhile, so that a training under way is ended with its parent, not left behind."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def prepare(settings: Settings) -> None:
    """All that may fail before a process is started, the port included."""
    listen(settings.host, settings.port).close()      # said before the long work, not after it
    prepare_instance(settings)


def prepare_instance(settings: Settings, patience: float = DATABASE_PATIENCE) -> None:
    """Home, database, content, accounts, models; a database server that is not up yet is waited for (seconds)."""
    home = settings.home_path
    try:
        home.mkdir(parents=True, exist_ok=True)
        (home / "logs").mkdir(exist_ok=True)
        probe = home / ".writable"
        probe.write_text("")
        probe.unlink()
    except OSError as error:
        raise ConfigurationError(f"The home folder {home} cannot be written ({error.strerror}). Choose another with RELAIS_HOME.") from error
    _say("Preparing the database…")
    _database(settings, patience)
    from bot.assistant.training import ensure_understanding, train_rasa

    ensure_understanding(settings, _say)
    train_rasa(settings, _say)


def _database(settings: Settings, patience: float) -> None:
    from bot.backoffice.factory import make_backoffice
    from bot.faq.store import seed
    from bot.staff.accounts import ensure_demo_accounts
    from bot.storage.database import Database
    from bot.storage.migrate import upgrade
    from bot.storage.reach import await_database

    await_database(settings.sqlalchemy_url, patience, _say)
    upgrade(settings.sqlalchemy_url)
    database = Database(settings.sqlalchemy_url)
    try:
        seed(database, settings.data / "faq")
        for username, password in ensure_demo_accounts(database, settings):
            _say(f"Account created: {username}, password {password}")
    finally:
        database.close()
    if not settings.backoffice_url:
        make_backoffice(settings)


def free_port() -> int:
    """A loopback port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def port_free(host: str, port: int) -> bool:
    """Whether we could listen there."""
    try:
        listen(host, port).close()
    except ConfigurationError:
        return False
    return True


def listen(host: str, port: int) -> socket.socket:
    """The public socket, which all web processes inherit. Raises ConfigurationError where it is taken.

    One queue of connections for all of them: whoever is idle takes the next one, and a customer who
    comes while one is started again waits a moment instead of being refused.
    """
    made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
        made.listen(BACKLOG)
    except OSError as error:
        made.close()
        if error.errno == errno.EADDRINUSE:
            raise ConfigurationError(f"Port {port} is taken. Stop what uses it, or choose another: PORT={port + 1} make serve") from error
        raise ConfigurationError(f"Cannot listen on {host}:{port} ({error.strerror}). Set RELAIS_HOST and PORT.") from error
    return made


def children(settings: Settings, listening: socket.socket) -> list[Child]:
    """The processes of this instance with their environment."""
    home = settings.home_path
    secret = settings.dialogue_secret.get_secret_value() if settings.dialogue_secret else secrets.token_urlsafe(32)
    env = {**os.environ, "RELAIS_HOME": str(home), "PORT": str(settings.port), "RELAIS_DIALOGUE_SECRET": secret,
           "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))),
           "PYTHONUNBUFFERED": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
           "TOKENIZERS_PARALLELISM": "false", "PYTHONWARNINGS": "ignore"}
    logs = home / "logs"
    started: list[Child] = []
    if not settings.dialogue_urls:
        first = settings.dialogue_port
        ports = [first + n if first else free_port() for n in range(settings.dialogue_processes)]
        env["RELAIS_DIALOGUE_URLS"] = ",".join(f"http://127.0.0.1:{port}" for port in ports)
        for name, port in zip(_names("dialogue", len(ports)), ports, strict=True):
            started.append(Child(name, command("bot.assistant.server", "--port", str(port)), env, logs / f"{name}.log"))
    handle = listening.fileno()
    web_env = {**env, SOCKET_VARIABLE: str(handle)}
    ended: Callable[[int], None] = lambda pid: None  # noqa: E731
    if settings.web_processes > 1:      # each counts for itself; /metrics adds them up from files
        counters = fresh_folder(home / "run" / "metrics")
        web_env["PROMETHEUS_MULTIPROC_DIR"] = str(counters)
        ended = partial(forget_gauges, counters)
    for name in _names("web", settings.web_processes):
        started.append(Child(name, command("bot.web.main"), web_env, logs / f"{name}.log", (handle,), ended))
    for name in _names("worker", settings.worker_processes):
        started.append(Child(name, command("bot.worker"), env, logs / f"{name}.log"))
    return started


def _names(kind: str, number: int) -> list[str]:
    return [kind] if number == 1 else [f"{kind}-{n}" for n in range(1, number + 1)]


def fresh_folder(path: Path) -> Path:
    """``path`` as an empty folder."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


def forget_gauges(folder: Path, pid: int) -> None:
    """Take a dead process's open streams out of the sum; its counters stay in."""
    for file in folder.glob(f"gauge_live*_{pid}.db"):
        file.unlink(missing_ok=True)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as response:  # noqa: S310
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError, ValueError):
        return False
