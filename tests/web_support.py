"""A web process on a real socket, a scripted dialogue process beside it, and a PostgreSQL server."""

from __future__ import annotations

import atexit
import contextlib
import functools
import glob
import json
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.settings import ROOT, Settings
from bot.staff.accounts import ensure_demo_accounts
from bot.web.app import create_app
from bot.web.services import Services, build


def free_port() -> int:
    """A loopback port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Served:
    """An ASGI application under uvicorn in a thread."""

    def __init__(self, app: Any, port: int | None = None) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.server = uvicorn.Server(uvicorn.Config(
            app, host="127.0.0.1", port=self.port, log_level="error", ws="none",
            timeout_graceful_shutdown=2, lifespan="auto"))
        self.thread = threading.Thread(target=self.server.run, daemon=True)

    def start(self) -> Served:
        """Start and wait until it answers."""
        self.thread.start()
        until = time.monotonic() + 60
        while not self.server.started:
            assert self.thread.is_alive(), "the server ended while starting"
            assert time.monotonic() < until, "the server did not start"
            time.sleep(0.02)
        return self

    def stop(self) -> None:
        """Stop it and wait."""
        self.server.should_exit = True
        self.thread.join(timeout=20)


def answer(text: str = "Voici la réponse.", reply: str = "answer", **more: Any) -> dict[str, Any]:
    """A turn's result with one reply."""
    fields = ("choices", "articles", "feedback", "picture", "input")
    said = {"text": text, "reply": reply, **{k: more.pop(k) for k in fields if k in more}}
    return {"state": {"turns": 1}, "replies": [said], "effects": [], "language": "fr",
            "intent": "faq", "confidence": 0.9, **more}


class Dialogue:
    """A dialogue process whose behaviour is a function of the request (``script``)."""

    def __init__(self) -> None:
        self.seen: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.script: Callable[[dict[str, Any]], Any] = lambda request: answer()
        self.served = Served(Starlette(routes=[
            Route("/turn", self._turn, methods=["POST"]), Route("/health", self._ready)]))

    async def _turn(self, request: Request) -> Response:
        import asyncio

        body = json.loads(await request.body())
        self.seen.append(body)
        self.headers.append(dict(request.headers))
        result = self.script(body)
        while callable(getattr(result, "__await__", None)):
            result = await result
        if isinstance(result, float):
            await asyncio.sleep(result)
            result = answer("trop tard")
        if isinstance(result, Response):
            return result
        return JSONResponse(result)

    async def _ready(self, request: Request) -> Response:
        return JSONResponse({"ready": True, "degraded": []})


@contextlib.contextmanager
def scripted(script: Callable[[dict[str, Any]], Any] | None = None) -> Iterator[Dialogue]:
    """A dialogue process for the block, answering by ``script``, else plainly."""
    made = Dialogue()
    made.script = script or made.script
    made.served.start()
    try:
        yield made
    finally:
        made.served.stop()


class Customer:
    """One conversation through the public API."""

    def __init__(self, url: str, http: httpx.Client, **opening: Any) -> None:
        self.http, self.base = http, f"{url}/api/v1/conversations"
        created = http.post(self.base, json=opening or {"locale": "fr"})
        assert created.status_code == 201, created.text
        self.id, self.token = created.json()["id"], created.json()["token"]
        self.url = f"{self.base}/{self.id}"
        self.headers = {"Authorization": f"Bearer {self.token}"}

    def post(self, text: str | None = None, **more: Any) -> httpx.Response:
        """Send a message."""
        body = {"client_message_id": more.pop("message_id", str(uuid.uuid4())), **more}
        if text is not None:
            body["text"] = text
        return self.http.post(f"{self.url}/messages", json=body, headers=self.headers)

    def events(self, after: int = 0, wait: float = 0) -> list[dict[str, Any]]:
        """Events after a number."""
        got = self.http.get(f"{self.url}/events", params={"after": after, "wait": wait},
                            headers=self.headers, timeout=wait + 10)
        assert got.status_code == 200, got.text
        return got.json()["events"]

    def until(self, wanted: Callable[[dict[str, Any]], bool], after: int = 0,
              seconds: float = 8.0) -> list[dict[str, Any]]:
        """Events up to the first that fits; fails after ``seconds``."""
        seen: list[dict[str, Any]] = []
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            new = self.events(after, wait=max(0.1, min(2.0, end - time.monotonic())))
            seen += new
            after = new[-1]["seq"] if new else after
            if any(wanted(event) for event in new):
                return seen
        raise AssertionError(f"nothing fitting within {seconds} s; seen: {seen}")

    def say(self, text: str | None = None, seconds: float = 8.0, **more: Any) -> dict[str, Any]:
        """Send a message and return the first bot message after it."""
        sent = self.post(text, **more)
        assert sent.status_code == 202, sent.text
        seen = self.until(lambda e: e["author"] == "bot" and e["kind"] == "message",
                          after=sent.json()["seq"], seconds=seconds)
        return next(e for e in seen if e["author"] == "bot" and e["kind"] == "message")


class Web:
    """A running web process with its parts in reach."""

    def __init__(self, settings: Settings, dialogue: Dialogue | None) -> None:
        self.dialogue, self.settings = dialogue, settings
        self.services: Services = build(settings)
        self.served = Served(create_app(settings, self.services)).start()
        ensure_demo_accounts(self.services.database, settings)
        self.services.fallback.warm()        # as after the first seconds of a real one
        self.url = self.served.url
        self.http = httpx.Client(timeout=15, trust_env=False,
                                 limits=httpx.Limits(max_connections=64))

    def customer(self, **opening: Any) -> Customer:
        """A new conversation."""
        return Customer(self.url, self.http, **opening)

    def staff(self, username: str) -> httpx.Client:
        """A signed-in member of staff."""
        got = self.http.post(f"{self.url}/api/v1/staff/login",
                             json={"username": username, "password": PASSWORD})
        assert got.status_code == 200, got.text
        return httpx.Client(base_url=f"{self.url}/api/v1/staff", timeout=15, trust_env=False,
                            headers={"Authorization": f"Bearer {got.json()['token']}"})

    def close(self) -> None:
        """Stop."""
        self.http.close()
        self.served.stop()


PASSWORD = "un-mot-de-passe-pour-essais"
ALWAYS = "mon-sun 00:00-24:00"
NEVER = "mon 00:00-00:01"


@functools.lru_cache(maxsize=1)
def few_articles() -> Path:
    """A data folder with six of the articles: enough for most tests, and quick to bring in."""
    folder = Path(tempfile.mkdtemp(prefix="relais-data-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / "faq").mkdir()
    for slug in ("choisir-puissance", "linky", "odeur-gaz", "relever-compteur", "demenager", "comprendre-facture"):
        shutil.copy(ROOT / "data" / "faq" / f"{slug}.yml", folder / "faq")
    return folder


def make_settings(home: Path, dialogue: Dialogue | None, **more: Any) -> Settings:
    """Settings of a test instance in ``home``."""
    values: dict[str, Any] = {
        "home": home, "data": few_articles(), "opening_hours": ALWAYS, "holidays_country": "",
        "demo_password": SecretStr(PASSWORD), "dialogue_secret": SecretStr("geheim"),
        "dialogue_urls": dialogue.served.url if dialogue else "http://127.0.0.1:9",
        "turn_timeout": 1.5, "conversations_per_minute": 10_000, **more,
    }
    return Settings(_env_file=None, **values)


def handed_over(web: Web, text: str = "je ne comprends pas ma régularisation de 214 euros", **more: Any) -> tuple[Customer, str]:
    """A customer who asked for a person, and the reference of the ticket."""
    customer = web.customer()
    customer.say(text)
    got = web.http.post(f"{customer.url}/handover", json={"channel": "chat", **more}, headers=customer.headers)
    return customer, str(got.json()["ticket"])


@contextlib.contextmanager
def running(home: Path, dialogue: Dialogue | None, **more: Any) -> Iterator[Web]:
    """A web process for the block."""
    web = Web(make_settings(home, dialogue, **more), dialogue)
    try:
        yield web
    finally:
        web.close()


@pytest.fixture(scope="module")
def dialogue() -> Iterator[Dialogue]:
    """A scripted dialogue process, one a test module."""
    with scripted() as made:
        yield made


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory, dialogue: Dialogue) -> Iterator[Web]:
    """A web process on SQLite, one a test module."""
    with running(tmp_path_factory.mktemp("home"), dialogue, data=ROOT / "data") as made:
        yield made


@pytest.fixture(autouse=True)
def _fresh_script(request: pytest.FixtureRequest) -> None:
    """Each test starts with a dialogue that answers plainly."""
    if "dialogue" in request.fixturenames or "web" in request.fixturenames:
        made = request.getfixturevalue("dialogue")
        made.script = lambda body: answer()
        made.seen.clear()
        made.headers.clear()


# -- PostgreSQL
def _postgres_bin() -> Path | None:
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))
    plain = shutil.which("initdb")
    return Path(found[-1]).parent if found else Path(plain).parent if plain else None


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL (without database name) of a throw-away PostgreSQL server."""
    binaries = _postgres_bin()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed (Debian package: postgresql)")
    prefix: list[str] = []
    folder = tmp_path_factory.mktemp("postgres")
    data = folder / "data"
    if os.geteuid() == 0:       # the server refuses to run as root
        try:
            pwd.getpwnam("postgres")
        except KeyError:
            pytest.skip("PostgreSQL needs the user 'postgres' when tests run as root")
        prefix = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        for part in [folder, *folder.parents]:
            if part == Path("/tmp"):
                break
            part.chmod(part.stat().st_mode | 0o711)
        shutil.chown(folder, "postgres")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.STDOUT, "cwd": "/"}
    subprocess.run([*prefix, str(binaries / "initdb"), "-D", str(data), "-U", "postgres", "-A",
                    "trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"], check=True, **quiet)
    port = free_port()
    server = subprocess.Popen([*prefix, str(binaries / "postgres"), "-D", str(data), "-p", str(port),
                               "-h", "127.0.0.1", "-k", str(folder), "-F"], **quiet)
    try:
        url = f"postgresql+psycopg2://postgres@127.0.0.1:{port}"
        until = time.monotonic() + 60
        while True:
            try:
                import psycopg2

                psycopg2.connect(host="127.0.0.1", port=port, user="postgres", dbname="postgres").close()
                break
            except psycopg2.OperationalError:
                assert server.poll() is None, "PostgreSQL ended while starting"
                assert time.monotonic() < until, "PostgreSQL did not start"
                time.sleep(0.1)
        yield url
    finally:
        server.terminate()
        server.wait(timeout=20)


@pytest.fixture
def postgres_url(postgres_server: str) -> str:
    """The URL of an empty database of its own."""
    import psycopg2

    name = f"t{uuid.uuid4().hex[:12]}"
    port = int(postgres_server.rsplit(":", 1)[1])
    connection = psycopg2.connect(host="127.0.0.1", port=port, user="postgres", dbname="postgres")
    connection.autocommit = True
    connection.cursor().execute(f"CREATE DATABASE {name}")
    connection.close()
    return f"{postgres_server}/{name}"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database on each of the two engines."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'relais.db'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def people(web: Web) -> Iterator[dict[str, httpx.Client]]:
    """An agent, a lead and an analyst of that process, signed in."""
    made = {name: web.staff(name) for name in ("agent", "lead", "analyst")}
    yield made
    for client in made.values():
        client.close()
