"""What all calls to other systems read from an answer."""

from __future__ import annotations

from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

import httpx

from bot.storage.clock import utcnow

LONGEST_WAIT = 24 * 3600.0


def retry_after_of(answer: httpx.Response, now: datetime | None = None) -> float | None:
    """Seconds that ``Retry-After`` asks for (number or date, a day at most); None where it does not."""
    text = answer.headers.get("retry-after", "").strip()
    if not text:
        return None
    if text.replace(".", "", 1).isdecimal():
        return min(float(text), LONGEST_WAIT)
    try:
        at = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=timezone.utc)
    return min(max((at - (now or utcnow())).total_seconds(), 0.0), LONGEST_WAIT)
