"""`relais doctor`: what is wrong, in plain words, and what to do."""

from __future__ import annotations

import os
import shutil
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import typer

from bot import env_file
from bot.cli.serve import port_free
from bot.settings import Settings, get_settings

#: Bytes that should be free for models, database and logs.
DISK_WANTED = 2_000_000_000
#: Variables of ours that are no settings: read by commands, by the proxy of deploy/, or passed to a process that is started.
OTHER_VARIABLES = {"RELAIS_ENV_FILE", "RELAIS_DEBUG", "RELAIS_NEW_PASSWORD", "RELAIS_SITE", "RELAIS_LISTEN_FD"}


@dataclass(frozen=True)
class Finding:
    """One check: ``ok``, what was seen, and what to do if it is not."""

    ok: bool
    name: str
    seen: str
    todo: str = ""


def doctor() -> None:
    """Check this machine and this instance; exit 1 if something must be done.

    Example: RELAIS_HOME=/srv/relais relais doctor
    """
    findings = list(examine(get_settings()))
    for finding in findings:
        typer.echo(f"{'ok  ' if finding.ok else 'FIX '} {finding.name}: {finding.seen}")
        if not finding.ok:
            typer.echo(f"     → {finding.todo}")
    wrong = sum(not finding.ok for finding in findings)
    if wrong:
        typer.echo(f"{wrong} thing{'s' if wrong > 1 else ''} to fix.")
        raise typer.Exit(1)
    typer.echo("Nothing to fix.")


def examine(settings: Settings) -> Iterator[Finding]:
    """Every check, cheapest first."""
    yield _python()
    yield _home(settings.home_path)
    yield _disk(settings.home_path)
    yield _port(settings)
    yield from _variables(settings)
    yield _encoder(settings)
    yield _weights()
    yield from _models(settings)
    yield _database(settings)
    yield from _redis(settings)
    yield from _processes(settings)


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding(sys.version_info[:2] == (3, 10), "Python", version, "Rasa needs Python 3.10: run through `make serve` or `.venv/bin/relais`, which bring it.")


def _existing(path: Path) -> Path:
    while not path.exists() and path != path.parent:
        path = path.parent
    return path


def _home(home: Path) -> Finding:
    nearest = _existing(home)
    if home.exists() and not home.is_dir():
        return Finding(False, "Home", f"{home} is a file", "Move it away, or choose a folder with RELAIS_HOME.")
    writable = os.access(nearest, os.W_OK | os.X_OK)
    return Finding(writable, "Home", f"{home}{'' if home.exists() else ' (will be created)'}", f"{nearest} cannot be written by this user: change its owner, or choose another folder with RELAIS_HOME.")


def _disk(home: Path) -> Finding:
    free = shutil.disk_usage(_existing(home)).free
    return Finding(free >= DISK_WANTED, "Disk", f"{free / 1e9:.1f} GB free", f"Free at least {DISK_WANTED / 1e9:.0f} GB on that disk, or put RELAIS_HOME on another.")


def _port(settings: Settings) -> Finding:
    if port_free(settings.host, settings.port):
        return Finding(True, "Port", f"{settings.port} is free")
    ours = _ours(settings)
    return Finding(ours, "Port", f"{settings.port} is {'answered by Relais (running)' if ours else 'taken by another program'}",
                   f"Stop that program, or choose another port: PORT={settings.port + 1} make serve")


def _ours(settings: Settings) -> bool:
    host = "127.0.0.1" if settings.host == "0.0.0.0" else settings.host  # noqa: S104
    try:
        with urllib.request.urlopen(f"http://{host}:{settings.port}/healthz", timeout=2) as answer:
            return b'"status":"up"' in answer.read(2000)
    except (urllib.error.URLError, OSError, ValueError):
        return False


def _variables(settings: Settings) -> Iterator[Finding]:
    known = {f"RELAIS_{name.upper()}" for name in settings.__fields__} | OTHER_VARIABLES
    unknown = sorted(name for name in os.environ if name.startswith("RELAIS_") and name not in known)
    yield Finding(not unknown, "Settings", "all known" if not unknown else f"unknown: {', '.join(unknown)}",
                  "Correct the spelling; docs/settings.md lists every setting.")
    path = Path(str(settings.__config__.env_file))
    if not path.expanduser().is_file():
        if "RELAIS_ENV_FILE" in os.environ:
            yield Finding(False, "Settings file", f"{path} is not there", "Correct RELAIS_ENV_FILE, or make that file.")
        return
    odd = [f"line {number}{f' ({name})' if name else ''}" for number, name, _ in env_file.read(path)
           if not name or (name.upper().startswith("RELAIS_") and name.upper() not in known)]
    yield Finding(not odd, "Settings file", f"{path}, all known" if not odd else f"{path}, unknown: {', '.join(odd)}",
                  "Correct the spelling there: NAME=VALUE, a setting a line; docs/settings.md lists every one.")


def _encoder(settings: Settings) -> Finding:
    from bot.errors import EncoderError
    from bot.language.encoder import load_encoder

    try:
        encoder = load_encoder(settings.encoder or None)
        encoder.encode(["bonjour"])
    except EncoderError as error:
        return Finding(False, "Encoder", error.detail, "Lexical search goes on without it. Restore bot/language/weights from the checkout, or correct RELAIS_ENCODER.")
    return Finding(True, "Encoder", f"{encoder.name}, {encoder.dimension} dimensions")


def _models(settings: Settings) -> Iterator[Finding]:
    from bot.assistant.training import get_encoder, rasa_model_path, understanding_path
    from bot.understanding.files import whole

    if not (settings.home_path / "models").exists():
        yield Finding(True, "Models", "none yet; the first start trains them")
        return
    todo = "Run `relais train` (the next `make serve` does it too)."
    yield Finding(rasa_model_path(settings).exists(), "Dialogue model", "matches the checkout" if rasa_model_path(settings).exists() else "older than config.yml, domain.yml or data/rules", todo)
    path = understanding_path(settings, get_encoder(settings))
    seen = "older than data/faq, data/nlu or the encoder" if not path.exists() else "matches the content" if whole(path) else "damaged"
    yield Finding(seen == "matches the content", "Understanding model", seen, todo)


def _weights() -> Finding:
    from bot.faq.ranker import Ranker
    from bot.faq.retriever import shipped_paths

    lost = [path.name for dense in (True, False) if Ranker.load(path := shipped_paths(dense)[0]) is None]
    return Finding(not lost, "Search weights", "readable" if not lost else f"missing or damaged: {', '.join(lost)}",
                   "Restore bot/faq/weights from the checkout.")


def _database(settings: Settings) -> Finding:
    from bot.storage.migrate import knows, status

    where = "PostgreSQL" if settings.database_url.startswith("postgres") else "SQLite"
    if not settings.database_url and not (settings.home_path / "relais.db").exists():
        return Finding(True, "Database", "none yet; the first start makes it")
    try:
        current, wanted = status(settings.sqlalchemy_url)
    except Exception as error:
        return Finding(False, "Database", f"{where} does not answer ({type(error).__name__})", "Start the database server, or correct RELAIS_DATABASE_URL.")
    if current != "none" and not knows(current):
        return Finding(False, "Database", f"{where}, schema {current} of a newer release", f"This release knows up to {wanted}: update the checkout, or restore a backup of this release.")
    return Finding(current == wanted, "Database", f"{where}, schema {current}", f"The schema should be {wanted}: start with `make serve`, which upgrades it.")


def _redis(settings: Settings) -> Iterator[Finding]:
    if not settings.redis_url:
        return
    from bot.storage.redis_link import Failure, RedisLink

    try:
        RedisLink(settings.redis_url, settings.redis_prefix).blocking.ping()
    except Failure as error:
        yield Finding(False, "Redis", f"does not answer ({type(error).__name__})", "Start it, or correct RELAIS_REDIS_URL. Everything goes on without it, live messages a little later.")
    else:
        yield Finding(True, "Redis", "answers")


def _processes(settings: Settings) -> Iterator[Finding]:
    several = max(settings.web_processes, settings.worker_processes) > 1
    if several and not settings.database_url:
        yield Finding(True, "Processes", "several on one SQLite file: they share it, one writer at a time; PostgreSQL lets them write side by side")
    if several and settings.database_url and not settings.redis_url:
        yield Finding(True, "Processes", "several without Redis: live messages take up to half a second, and each web process counts rate limits by itself")
