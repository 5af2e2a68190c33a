"""Logging of every process: one JSON object a line on stderr, at the level of the settings."""

from __future__ import annotations

import logging
import sys

import structlog

from bot.settings import Settings


def configure(settings: Settings, process: str) -> None:
    """Set up structlog and the standard library's logging; ``process`` is in every line.

    Tracebacks are plain text inside the JSON: no local variables, which may hold what a customer wrote.
    """
    level = getattr(logging, settings.log_level.upper())
    logging.basicConfig(level=max(level, logging.WARNING), stream=sys.stderr, force=True,
                        format='{"level": "%(levelname)s", "logger": "%(name)s", "event": "%(message)s"}')
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars, structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True), structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr), cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=process)
