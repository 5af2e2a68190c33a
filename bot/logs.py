"""Logging of every process: one JSON object a line on stderr, at the level of the settings."""

from __future__ import annotations

import contextlib
import logging
import sys
from typing import TextIO, cast

import structlog

from bot.settings import Settings


class _Patient:
    """A stream whose failures (a full disk) cost a line of the log and nothing else."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError):
            return self._stream.write(text)
        return 0

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            self._stream.flush()


def configure(settings: Settings, process: str) -> None:
    """Set up structlog and the standard library's logging; ``process`` is in every line.

    Tracebacks are plain text inside the JSON: no local variables, which may hold what a customer wrote.
    """
    level = getattr(logging, settings.log_level.upper())
    logging.raiseExceptions = False
    logging.basicConfig(level=max(level, logging.WARNING), stream=sys.stderr, force=True,
                        format='{"level": "%(levelname)s", "logger": "%(name)s", "event": "%(message)s"}')
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars, structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True), structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, _Patient(sys.stderr))), cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=process)
