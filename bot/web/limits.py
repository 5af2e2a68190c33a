"""How often one key may do something: a sliding window kept in this process."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque

_KEYS = 20_000     # windows remembered; the least used go first


class Limiter:
    """At most ``limit`` events per ``seconds`` and key."""

    def __init__(self, limit: int, seconds: float = 60.0) -> None:
        self.limit, self.seconds = limit, seconds
        self._windows: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def hit(self, key: str, now: float | None = None) -> float:
        """Count an event; 0 if it is within the limit, else the seconds to wait (not counted)."""
        now = time.monotonic() if now is None else now
        with self._lock:
            window = self._windows.setdefault(key, deque())
            self._windows.move_to_end(key)
            while len(self._windows) > _KEYS:
                self._windows.popitem(last=False)
            while window and window[0] <= now - self.seconds:
                window.popleft()
            if len(window) >= self.limit:
                return window[0] + self.seconds - now
            window.append(now)
            return 0.0

    def forget(self, key: str) -> None:
        """Start over for ``key``."""
        with self._lock:
            self._windows.pop(key, None)
