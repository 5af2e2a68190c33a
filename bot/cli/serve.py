"""`relais serve`: the whole instance on one machine."""

from __future__ import annotations

import os
import secrets
import socket
import sys
import time
import urllib.error
import urllib.request

import typer

from bot.cli.supervisor import Child, Supervisor
from bot.errors import ConfigurationError
from bot.settings import ROOT, Settings, get_settings

#: Seconds the first start may take, model training included.
READY_TIMEOUT = 600.0


def _say(line: str) -> None:
    print(line, flush=True)


def serve(
    port: int = typer.Option(0, help="Port to listen on; default RELAIS_PORT or 8080."),
) -> None:
    """Start web, dialogue and worker; print one address line when ready; stop on Ctrl-C or SIGTERM.

    Example: PORT=9000 relais serve
    """
    if port:
        os.environ["PORT"] = str(port)
        get_settings.cache_clear()
    settings = get_settings()
    started = time.monotonic()
    prepare(settings)
    supervisor = Supervisor(children(settings))
    supervisor.start()
    try:
        ready = supervisor.watch(until=lambda: _answers(f"{_loopback(settings)}/readyz"), timeout=READY_TIMEOUT)
        if ready:
            _say(f"Relais is ready on http://{settings.host}:{settings.port} ({time.monotonic() - started:.0f} s)")
            supervisor.watch()
        elif not supervisor.stopping.is_set():
            raise ConfigurationError(f"Relais did not become ready in {READY_TIMEOUT:.0f} s. See {settings.home_path / 'logs'}.")
    finally:
        supervisor.stop()


def _loopback(settings: Settings) -> str:
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104
    return f"http://{host}:{settings.port}"


def prepare(settings: Settings) -> None:
    """Home, database, content, accounts, models: all that may fail before a process is started."""
    home = settings.home_path
    try:
        home.mkdir(parents=True, exist_ok=True)
        (home / "logs").mkdir(exist_ok=True)
        probe = home / ".writable"
        probe.write_text("")
        probe.unlink()
    except OSError as error:
        raise ConfigurationError(f"The home folder {home} cannot be written ({error.strerror}). Choose another with RELAIS_HOME.") from error
    if not port_free(settings.host, settings.port):
        raise ConfigurationError(f"Port {settings.port} is taken. Stop what uses it, or choose another: PORT={settings.port + 1} make serve")
    _say("Preparing the database…")
    _database(settings)
    from bot.assistant.training import ensure_understanding, train_rasa

    ensure_understanding(settings, _say)
    train_rasa(settings, _say)


def _database(settings: Settings) -> None:
    from bot.backoffice.factory import make_backoffice
    from bot.faq.store import seed
    from bot.staff.accounts import ensure_demo_accounts
    from bot.storage.database import Database
    from bot.storage.migrate import upgrade

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


def port_free(host: str, port: int) -> bool:
    """Whether we could listen there."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A loopback port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def children(settings: Settings) -> list[Child]:
    """The processes of this instance with their environment."""
    home = settings.home_path
    secret = settings.dialogue_secret.get_secret_value() if settings.dialogue_secret else secrets.token_urlsafe(32)
    env = {**os.environ, "RELAIS_HOME": str(home), "PORT": str(settings.port), "RELAIS_DIALOGUE_SECRET": secret,
           "PYTHONUNBUFFERED": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
           "TOKENIZERS_PARALLELISM": "false", "PYTHONWARNINGS": "ignore"}
    python, logs = sys.executable, home / "logs"
    started: list[Child] = []
    if not settings.dialogue_urls:
        port = settings.dialogue_port or free_port()
        env["RELAIS_DIALOGUE_URLS"] = f"http://127.0.0.1:{port}"
        started.append(Child("dialogue", [python, "-m", "bot.assistant.server", "--port", str(port)], env, logs / "dialogue.log"))
    started.append(Child("web", [python, "-m", "bot.web.main"], env, logs / "web.log"))
    started.append(Child("worker", [python, "-m", "bot.worker"], env, logs / "worker.log"))
    os.chdir(ROOT)
    return started


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as response:  # noqa: S310
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError, ValueError):
        return False
