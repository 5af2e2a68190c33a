"""Time as it is stored: UTC, ISO 8601, milliseconds, ``Z``. Such texts sort like the times they name."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from bot.failpoints import clock_offset


def utcnow() -> datetime:
    """The current time, aware, in UTC."""
    now = datetime.now(timezone.utc)
    offset = clock_offset()
    return now + timedelta(seconds=offset) if offset else now


def iso(at: datetime) -> str:
    """``at`` (aware) as stored text."""
    return at.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def now_iso() -> str:
    """The current time as stored text."""
    return iso(utcnow())


def parse(text: str) -> datetime:
    """An aware UTC time from stored text; raises ValueError on anything else."""
    at = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return at if at.tzinfo else at.replace(tzinfo=timezone.utc)


def later(seconds: float, *, start: datetime | None = None) -> str:
    """Stored text of the moment ``seconds`` after ``start`` (default: now)."""
    return iso((start or utcnow()) + timedelta(seconds=seconds))
