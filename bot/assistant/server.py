"""The dialogue process: a small HTTP server on loopback, for the web process only.

``POST /turn`` takes a TurnRequest and gives a TurnResponse; ``POST /understand`` tells how a text would
be read; ``GET /health`` says whether turns can be taken. Every call carries the shared secret.
"""

from __future__ import annotations

import argparse
import asyncio
import hmac
import os
import sys
import time
import warnings
from contextlib import asynccontextmanager
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import structlog
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from bot import failpoints
from bot.assistant.protocol import TurnRequest
from bot.errors import ConfigurationError, RelaisError
from bot.logs import configure
from bot.settings import Settings, get_settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.assistant.engine import Engine
    from bot.assistant.rasa_agent import RasaAgent

log = structlog.get_logger()


#: Turns worked on at a time; others wait in line. A turn is computation, so that more at a time would only make
#: every one of them late; a few, because some wait for a back office.
AT_ONCE = 8


class Dialogue:
    """The loaded assistant of this process; ``engine`` is swapped when content changes."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.engine: Engine | None = None
        self.rasa: RasaAgent | None = None
        self.problem: str | None = "starting"
        self.started = time.monotonic()
        self.gate = asyncio.Semaphore(AT_ONCE)

    def load(self) -> None:
        """Load models and begin watching content (blocking, some seconds)."""
        from bot.assistant.catalogue import Catalogue
        from bot.assistant.content import ContentWatcher
        from bot.assistant.engine import Engine
        from bot.assistant.rasa_agent import RasaAgent
        from bot.assistant.training import train_rasa, train_understanding
        from bot.backoffice.factory import make_backoffice
        from bot.coverage.gaps import out_of_scope
        from bot.faq.store import content_version, published, read_dial
        from bot.language.wording import get_wording
        from bot.storage.database import Database

        settings = self.settings
        model, articles = train_understanding(settings, lambda line: log.info("training", what=line))
        self.engine = Engine(settings, model, Catalogue(articles), make_backoffice(settings), get_wording())
        self.rasa = RasaAgent(train_rasa(settings, lambda line: log.info("training", what=line)))
        configure(settings, "dialogue")      # Rasa sets its own logging up on import
        database = Database(settings.sqlalchemy_url)

        def current() -> Engine:
            assert self.engine is not None
            return self.engine

        def swap(engine: Engine) -> None:
            self.engine = engine

        watcher = ContentWatcher(
            settings, current, swap, lambda: content_version(database), lambda: published(database), lambda: read_dial(database),
            lambda: out_of_scope(database),
        )
        watcher.look()
        watcher.start()

    async def warm(self) -> None:
        """Take a turn nobody sees, so that the first customer does not wait for lazy imports."""
        from bot.assistant.turn import take_turn
        from bot.language.entities import warm

        warm()
        assert self.engine is not None
        assert self.rasa is not None
        for text in ("bonjour", "quelle puissance pour un 3 pièces chauffé à l'électricité ?"):
            await take_turn(self.engine, self.rasa, TurnRequest(conversation_id="warm", turn_id="warm:" + text, text=text,
                                                              locale="fr", at=datetime.now(timezone.utc).isoformat()))
        self.problem = None
        log.info("dialogue.ready", seconds=round(time.monotonic() - self.started, 1))


class OnlyOurs:
    """Answers 403 to calls that do not carry the secret of this installation."""

    def __init__(self, app: ASGIApp, secret: str) -> None:
        self.app, self._secret = app, secret.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            given = next((value for name, value in scope["headers"] if name == b"x-relais-secret"), b"")
            if not hmac.compare_digest(given, self._secret):
                await JSONResponse({"detail": "This port is not for you."}, 403)(scope, receive, send)
                return
        await self.app(scope, receive, send)


def create_app(dialogue: Dialogue, secret: str) -> FastAPI:
    """The HTTP side of a dialogue process."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async def load() -> None:
            try:
                await asyncio.to_thread(dialogue.load)
                await dialogue.warm()
            except Exception as error:
                log.exception("dialogue.failed")
                dialogue.problem = str(error)
                os._exit(1)
        task = asyncio.create_task(load())
        yield
        task.cancel()

    app = FastAPI(title="Relais dialogue", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)

    app.add_middleware(OnlyOurs, secret=secret)

    @app.get("/health")
    async def health() -> JSONResponse:
        engine = dialogue.engine
        body = {"ready": dialogue.problem is None, "problem": dialogue.problem,
                "articles": len(engine.catalogue) if engine else 0,
                "encoder": engine.model.encoder_name if engine else None,
                "degraded": list(engine.model.degraded) if engine else []}
        return JSONResponse(body, 200 if dialogue.problem is None else 503)

    @app.post("/turn")
    async def turn(call: Request) -> Response:
        from bot.assistant.turn import take_turn

        try:
            request = TurnRequest.parse_raw(await call.body())
        except ValueError as error:
            return JSONResponse({"detail": f"This is no turn: {error}"}, 422)
        if dialogue.engine is None or dialogue.rasa is None or dialogue.problem:
            return JSONResponse({"detail": "The dialogue process is still starting."}, 503)
        try:
            await failpoints.reached("dialogue.received")
            async with dialogue.gate:
                if await call.is_disconnected():      # whoever asked gave up while this turn waited
                    return JSONResponse({"detail": "Nobody waits for this turn any more."}, 503)
                # A turn that hangs must not keep its place in the line for good; nobody waits longer for it.
                response = await asyncio.wait_for(
                    take_turn(dialogue.engine, dialogue.rasa, request), dialogue.settings.turn_timeout)
        except asyncio.TimeoutError:
            log.warning("turn.too_long", turn=request.turn_id)
            return JSONResponse({"detail": "The turn took too long."}, 500)
        except RelaisError as error:
            log.warning("turn.failed", detail=error.detail, turn=request.turn_id)
            return JSONResponse({"detail": error.detail}, 500)
        except Exception:
            log.exception("turn.raised", turn=request.turn_id)
            return JSONResponse({"detail": "The turn failed."}, 500)
        await failpoints.reached("dialogue.replying")
        return Response(response.json(), media_type="application/json")

    @app.post("/understand")
    async def understand(body: dict[str, Any]) -> JSONResponse:
        if dialogue.engine is None:
            return JSONResponse({"detail": "The dialogue process is still starting."}, 503)
        from bot.assistant.first import first_message

        text, locale = str(body.get("text") or ""), body.get("locale")
        return JSONResponse(first_message(dialogue.engine.model, text, locale if isinstance(locale, str) else None))

    return app


def main() -> None:
    """Run a dialogue process."""
    parser = argparse.ArgumentParser(description="A dialogue process (started by `relais serve`).")
    parser.add_argument("--port", type=int, default=0, help="default RELAIS_DIALOGUE_PORT")
    try:
        serve_dialogue(parser.parse_args().port)
    except RelaisError as error:
        sys.exit(f"relais dialogue: {error.detail}")


def serve_dialogue(port: int = 0) -> None:
    """Serve turns until a signal. Raises ConfigurationError where port or secret is missing."""
    settings = get_settings()
    port = port or settings.dialogue_port
    if not port:
        raise ConfigurationError("The dialogue process needs a port: --port or RELAIS_DIALOGUE_PORT.")
    secret = settings.dialogue_secret.get_secret_value() if settings.dialogue_secret else ""
    if not secret:
        raise ConfigurationError("RELAIS_DIALOGUE_SECRET is not set: web and dialogue processes share it.")
    warnings.filterwarnings("ignore")
    configure(settings, "dialogue")
    failpoints.activate(settings)
    app = create_app(Dialogue(settings), secret)
    uvicorn.run(app, host=settings.dialogue_host, port=port, ws="none", log_level="warning", access_log=False, timeout_graceful_shutdown=5)


if __name__ == "__main__":
    main()
