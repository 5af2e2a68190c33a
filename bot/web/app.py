"""Wires the web application: services, middleware, errors, routes, pages, static files."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import pkgutil
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import structlog
from fastapi import FastAPI, Request
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response

from bot.errors import NotFound
from bot.faq.store import content_version, seed
from bot.integrations.connectors.setup import register
from bot.settings import Settings, get_settings
from bot.storage.migrate import upgrade
from bot.web import problems, routes
from bot.web.compressed import Compressed, serve
from bot.web.security import BodyLimit, NoZeroBytes, SecurityHeaders
from bot.web.services import Services, build

_log = structlog.get_logger(__name__)
STATIC = Path(__file__).resolve().parent / "static"


def create_app(settings: Settings | None = None, services: Services | None = None) -> FastAPI:
    """The application for these settings; database and runner start with its lifespan."""
    settings = settings or get_settings()
    parts = services or build(settings)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        prepare(parts)
        parts.broadcaster.start()
        parts.runner.start()
        warming = threading.Thread(target=parts.fallback.warm, name="fallback", daemon=True)
        warming.start()
        try:
            yield
        finally:
            await parts.broadcaster.stop()
            await parts.runner.stop()
            await parts.client.close()
            if parts.redis is not None:
                await parts.redis.close()
            await asyncio.get_running_loop().run_in_executor(None, warming.join, 10)
            parts.database.close()

    app = FastAPI(
        title="Relais", version="0.1.0", lifespan=lifespan, docs_url=None, redoc_url=None,
        description="Self-service support chatbot: chat API, staff API.",
    )
    app.state.services = parts
    problems.install(app)
    origins = [origin.strip() for origin in settings.allowed_origins.split(",") if origin.strip()]
    app.add_middleware(
        CORSMiddleware, allow_origins=origins, allow_methods=["GET", "POST", "PUT", "DELETE"],
        allow_headers=["Authorization", "Content-Type", "Last-Event-ID"],
        expose_headers=["Retry-After"], max_age=600,
    )
    app.add_middleware(BodyLimit, settings=settings)
    app.add_middleware(NoZeroBytes)
    app.add_middleware(SecurityHeaders, settings=settings)
    for module in pkgutil.iter_modules(routes.__path__):
        router = getattr(importlib.import_module(f"{routes.__name__}.{module.name}"), "router", None)
        if router is not None:
            app.include_router(router)
    _static(app)
    return app


def prepare(parts: Services) -> None:
    """Migrations, and the shipped articles where there are none yet (`relais serve` brings in later ones)."""
    upgrade(parts.database)
    register(parts.settings, parts.database)
    folder = parts.settings.data / "faq"
    if content_version(parts.database) == 0 and folder.is_dir() and any(folder.glob("*.yml")):
        _log.info("articles brought in", count=seed(parts.database, folder))


def _static(app: FastAPI) -> None:
    if STATIC.is_dir():
        app.mount("/static", Compressed(directory=STATIC), name="static")

    @app.get("/widget.js", include_in_schema=False)
    async def widget(request: Request) -> Response:
        """The widget's loader, for other sites' pages."""
        path = STATIC / "widget.js"
        if path.is_file():
            response = serve(path, path.stat(), request.scope)
            response.headers.update({
                "Cache-Control": "public, max-age=300", "Access-Control-Allow-Origin": "*",
                "Cross-Origin-Resource-Policy": "cross-origin"})
            return response
        raise NotFound("The widget is not built: run 'npm ci && npm run build' in frontend/.")
