"""Runs the web application under uvicorn; a signal ends open streams at once.

The listening socket is inherited where whoever started the process holds one: `relais serve` for all its
web processes, or systemd (socket activation). Else the process opens its own.
"""

from __future__ import annotations

import os
import socket
from types import FrameType

import uvicorn

from bot.analytics.counters import forget_dead
from bot.settings import Settings
from bot.web.app import create_app
from bot.web.services import build


def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; returns when everything is put away."""
    forget_dead()
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

    shared = inherited_socket()
    Server(config).run(sockets=[shared] if shared else None)


def inherited_socket() -> socket.socket | None:
    """The socket passed down, by our own variable or by systemd's protocol (its first, number 3)."""
    given = os.environ.get("RELAIS_LISTEN_FD", "")
    if given.isdigit():
        return socket.socket(fileno=int(given))
    if os.environ.get("LISTEN_PID") == str(os.getpid()) and os.environ.get("LISTEN_FDS", "0") != "0":
        return socket.socket(fileno=3)
    return None
