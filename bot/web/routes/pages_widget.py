"""The page inside the widget's iframe, and the plain form for those without JavaScript."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

import structlog
from fastapi import APIRouter, Form, Request
from starlette.responses import HTMLResponse, Response

from bot.conversations.text import clean, is_blank
from bot.errors import BadInput, RelaisError, TooManyRequests
from bot.settings import Settings, get_settings
from bot.web.routes.pages_demo import locale_of, page, services_of
from bot.web.site.facts import facts
from bot.web.site.words import pick, words

router = APIRouter(include_in_schema=False)
_log = structlog.get_logger(__name__)
_STATIC = Path(__file__).resolve().parent.parent / "static"
_NOTIFY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; worker-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@lru_cache(maxsize=1)
def _version() -> str:
    """Changes with the built files, so that a browser never mixes two builds."""
    digest = hashlib.sha256()
    for path in sorted((_STATIC / "widget").glob("*")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def frame_policy(settings: Settings) -> str:
    """The iframe's own policy: nothing but its own files, framed only where the settings allow."""
    origins = [origin.strip() for origin in settings.allowed_origins.split(",") if origin.strip()]
    framers = "*" if "*" in origins else " ".join(["'self'", *origins])
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src 'self' data: https:; base-uri 'none'; form-action 'none'; "
        f"frame-ancestors {framers}"
    )


@router.get("/widget/frame", response_class=HTMLResponse)
def frame(request: Request, lang: str = "fr") -> Response:
    """The chat. Its settings stand behind the ``#`` and never reach this server."""
    locale = pick(lang)
    response = page(request, "frame.html", locale, version=_version())
    response.headers.update({
        "Content-Security-Policy": frame_policy(getattr(services_of(request), "settings", None) or get_settings()),
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-cache",
    })
    return response


@router.get("/widget/notify", response_class=HTMLResponse)
def notify(request: Request) -> Response:
    """The window that asks the browser for notifications; the conversation's key stands behind the ``#``."""
    response = page(request, "notify.html", locale_of(request), version=_version())
    response.headers.update({
        "Content-Security-Policy": _NOTIFY_POLICY, "X-Frame-Options": "DENY",
        # The chat that opens this window may stand in a page of another origin.
        "Cross-Origin-Opener-Policy": "unsafe-none", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
    })
    return response


@router.get("/contact", response_class=HTMLResponse)
def contact(request: Request) -> Response:
    """A form that opens a request, for browsers without JavaScript and people who prefer it."""
    return page(request, "contact.html", locale_of(request), limit=_longest(request), values={}, problems={})


@router.post("/contact", response_class=HTMLResponse)
def send(request: Request, message: str = Form(""), email: str = Form(""), website: str = Form("")) -> Response:
    """Open a conversation with the message in it and its ticket; on any problem, the form with the words kept."""
    locale = locale_of(request)
    text = words(locale)["contact"]
    message, limit = clean(message), _longest(request)     # a browser sends each line break as two characters
    values = {"message": message, "email": clean(email)[:254]}
    problems: dict[str, str] = {}
    if is_blank(message):
        problems["message"] = text["missing"]
    elif len(message) > limit:
        problems["message"] = text["too_long"].replace("{limit}", str(limit))
    if not values["email"]:
        problems["email"] = text["bad_email"]
    if website:   # a field people never see: only a program fills it in
        return page(request, "contact_sent.html", locale, reference="", email=values["email"], alarm="")
    reference = alarm = ""
    if not problems:
        try:
            reference, alarm = _open(request, locale, message, values["email"])
        except BadInput:
            problems["email"] = text["bad_email"]
        except RelaisError as error:
            _log.warning("contact form could not open a ticket", code=error.code)
            problems["form"] = text["busy"].replace("{phone}", facts(locale).contacts["phone"])
    if problems:
        status = 503 if "form" in problems else 400
        return page(request, "contact.html", locale, status, limit=limit, values=values, problems=problems)
    return page(request, "contact_sent.html", locale, reference=reference, email=values["email"], alarm=alarm)


def _longest(request: Request) -> int:
    """How many characters a message may have, a line break being one."""
    settings = getattr(services_of(request), "settings", None) or get_settings()
    return int(settings.max_message_chars)


def _open(request: Request, locale: str, message: str, email: str) -> tuple[str, str]:
    """The reference of the ticket made of a message, and what to do at once where it names a danger.

    Conversation, message and ticket in one transaction.
    """
    from bot.conversations import intake, store
    from bot.conversations.model import Draft
    from bot.handover.alarm import raise_alarm
    from bot.handover.service import hand_over
    from bot.storage.clock import utcnow
    from bot.tickets import store as tickets

    services: Any = services_of(request)
    if services is None:
        raise RelaisError("The contact form needs the running service.")
    address = request.client.host if request.client else "unknown"
    wait = services.open_limit.hit(address) or services.handover_limit.hit(f"address:{email.strip().lower()}")
    if wait:
        raise TooManyRequests("Too many requests from or for this address.", retry_after=wait)
    cleaned = intake.check_text(message, services.settings.max_message_chars)
    with services.database.write() as connection:
        conversation, _, _ = intake.begin(connection, locale=locale, page_url="/contact", language=locale)
        store.append(connection, conversation.id, [Draft("message", "customer", {"text": cleaned})])
        made = hand_over(
            connection, store.get(connection, conversation.id), desk=services.desk, now=utcnow(),
            channel="email", contact=email,
        )
        # No dialogue reads this message, so danger in it is heard here.
        ticket = tickets.get(connection, made.reference, lock=True)
        alarm = raise_alarm(connection, store.get(connection, conversation.id), ticket, cleaned)
        store.append(connection, conversation.id, alarm)
    return made.reference, "\n\n".join(draft.payload["text"] for draft in alarm if draft.kind == "handover")
