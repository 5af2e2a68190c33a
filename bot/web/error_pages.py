"""What a browser shows where an address holds nothing or a page broke: the site, with a way on to people."""

from __future__ import annotations

import structlog
from fastapi import Request
from starlette.responses import Response

_log = structlog.get_logger(__name__)
_MACHINES = ("/api/", "/static/", "/metrics", "/healthz", "/readyz")


def wants_page(request: Request) -> bool:
    """Whether a person's browser asked, and not a program or a script of a page."""
    return (request.method in ("GET", "HEAD") and "text/html" in request.headers.get("accept", "")
            and not request.url.path.startswith(_MACHINES))


def error_page(request: Request, status: int) -> Response | None:
    """The page for 404, 500 or 503; None where no page was asked for, or it cannot be made either."""
    if not wants_page(request):
        return None
    from bot.web.routes.pages_demo import (  # brings the article search: only where shown
        locale_of,
        page,
    )
    from bot.web.site.words import words

    try:
        locale = locale_of(request)
        text = words(locale)
        if status == 404:
            return page(request, "missing.html", locale, status, text=text["not_found"], detail="")
        shown = page(request, "missing.html", locale, status, text=text["broken"]["title"],
                     detail=text["broken"]["text"])
    except Exception as error:      # the texts themselves may be what broke: a sentence is left
        _log.error("the page of an error cannot be shown", error=repr(error)[:300])
        return None
    shown.headers["Retry-After"] = "5"
    return shown
