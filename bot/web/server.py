"""Runs the web application under uvicorn; a signal ends open streams at once."""

from __future__ import annotations

import os
from types import FrameType

import uvicorn

from bot.settings import Settings
from bot.web.app import create_app
from bot.web.services import build


def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; returns when everything is put away."""
    parts = build(settings)
    config = uvicorn.Config(
        create_app(settings, parts), host=settings.host, port=settings.port, ws="none",
        log_level="warning", access_log=False, timeout_graceful_shutdown=5, server_header=False,
        timeout_keep_alive=30,
        forwarded_allow_ips=os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1"),
    )

    class Server(uvicorn.Server):
        """Tells streams to end before uvicorn waits for them."""

        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            parts.broadcaster.close()
            super().handle_exit(sig, frame)

    Server(config).run()
