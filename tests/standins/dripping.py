"""A server whose answer comes drop by drop and never ends."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def dripping(start: bytes, drop: bytes = b"X-More: 1\r\n") -> Iterator[str]:
    """Its address: each connection gets ``start``, then a ``drop`` every 50 ms until it closes."""
    listening = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def serve() -> None:
        while not over.is_set():
            try:
                one, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=drip, args=(one,), daemon=True).start()

    def drip(one: socket.socket) -> None:
        with one:
            try:
                one.sendall(start)
                while not over.is_set():
                    one.sendall(drop)
                    time.sleep(0.05)
            except OSError:
                return

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        over.set()
        listening.close()
