"""The demo supplier's site: home, account teaser, help centre, and the mails of a demo instance."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import structlog
from fastapi import APIRouter, Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import HTMLResponse, Response

from bot.backoffice.demo import DemoBackoffice, demo_customers
from bot.backoffice.showcase import Showcase
from bot.errors import NotFound, RelaisError
from bot.settings import LOCALES, get_settings
from bot.storage.clock import utcnow
from bot.visitors import identity as identities
from bot.visitors.reading import count_visit, is_reader
from bot.web.site import catalogue as articles
from bot.web.site.facts import facts
from bot.web.site.words import euros, long_date, number, pick, words

router = APIRouter(include_in_schema=False)
_log = structlog.get_logger(__name__)
_TEMPLATES = Path(__file__).resolve().parent.parent / "templates" / "demo"
MAX_QUERY = 200
_SIGNED_IN_SECONDS = 3600


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=select_autoescape(["html"], default=True),
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )


def services_of(request: Request) -> Any | None:
    """The running service's parts, or None where only pages are served."""
    return getattr(request.app.state, "services", None)


def locale_of(request: Request) -> str:
    """``?lang=``, else the browser's wish, else French."""
    return pick(request.query_params.get("lang"), request.headers.get("accept-language", ""))


def page(request: Request, template: str, locale: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A template with what every page needs."""

    def link(path: str, **query: str) -> str:
        path, _, anchor = path.partition("#")
        return f"{path}?{urlencode({**query, 'lang': locale})}" + (f"#{anchor}" if anchor else "")

    def moment(at: datetime) -> str:
        here_and_now = at.astimezone(ZoneInfo(get_settings().timezone))
        return f"{long_date(here_and_now.date(), locale)}, {here_and_now:%H:%M}"

    here = request.url.path
    kept = {key: value for key, value in request.query_params.items() if key != "lang"}
    body = _environment().get_template(template).render(
        w=words(locale), f=facts(locale), locale=locale, link=link, here=here,
        locales=[(code, words(code)["language"], f"{here}?{urlencode({**kept, 'lang': code})}") for code in LOCALES],
        long_date=long_date, moment=moment, demo=get_settings().demo, **values,
    )
    return HTMLResponse(body, status, headers={"Vary": "Accept-Language", "Content-Language": locale})


@router.get("/", response_class=HTMLResponse)
def home(request: Request) -> Response:
    """The supplier's front page."""
    locale = locale_of(request)
    found = articles.catalogue(services_of(request))
    return page(request, "home.html", locale, frequent=found.frequent(locale))


@router.get("/espace-client", response_class=HTMLResponse)
def account(request: Request) -> Response:
    """The account of the invented customer who is signed in here; elsewhere, what the assistant does instead."""
    locale = locale_of(request)
    shown = _showcase(request)
    return page(request, "account.html", locale, identity=_identity(request), shown=shown,
                euros=lambda amount: euros(float(amount), locale), number=lambda value: number(float(value), locale, 0))


@router.get("/aide", response_class=HTMLResponse)
def help_centre(request: Request, q: str = "") -> Response:
    """All articles by theme, or those that answer a search."""
    locale = locale_of(request)
    found = articles.catalogue(services_of(request))
    query = " ".join(q.split())[:MAX_QUERY]
    return page(
        request, "help.html", locale, query=query, themes=found.themes(locale),
        results=found.search(query, locale) if query else [],
    )


@router.get("/aide/{slug}", response_class=HTMLResponse)
def article(request: Request, slug: str) -> Response:
    """One article, in French where it is not translated; the page says so."""
    locale = locale_of(request)
    found = articles.catalogue(services_of(request))
    wanted = found.get(slug, locale)
    if wanted is None:
        return page(request, "missing.html", locale, 404, text=words(locale)["help"]["missing"], detail="")
    _count_visit(request, wanted.id, wanted.locale)
    return page(
        request, "article.html", locale, article=wanted, related=found.related(wanted, locale),
        body=articles.render(wanted.body, locale), review=_date(wanted.review_date),
    )


@router.get("/demo/mail", response_class=HTMLResponse)
def mails(request: Request) -> Response:
    """Mails a demo instance would have sent; there is no such page elsewhere."""
    return page(request, "mails.html", locale_of(request), mails=_spool(request).list())


@router.get("/demo/mail/{mail_id}", response_class=HTMLResponse)
def mail(request: Request, mail_id: str) -> Response:
    """One mail."""
    try:
        found = _spool(request).get(mail_id)
    except NotFound:
        locale = locale_of(request)
        return page(request, "missing.html", locale, 404, text=words(locale)["not_found"], detail="")
    return page(request, "mail.html", locale_of(request), mail=found)


def _showcase(request: Request) -> Showcase | None:
    """The account of a demo instance's customer; none where there is no such back office, or it does not answer."""
    services = services_of(request)
    if services is None or not services.settings.demo:
        return None
    try:
        backoffice = services.backoffice()
        return backoffice.showcase(demo_customers()[0].contract) if isinstance(backoffice, DemoBackoffice) else None
    except RelaisError as error:
        _log.warning("site.account", error=error.code)
        return None


def _identity(request: Request) -> str:
    """The token by which the demo supplier's server vouches for its invented customer, as a host's own would."""
    services = services_of(request)
    key = identities.key(services.settings, services.secret) if services is not None and services.settings.demo else None
    if key is None:
        return ""
    ends = int(utcnow().timestamp()) + _SIGNED_IN_SECONDS
    who = demo_customers()[0]      # also while the back office is away: another "sub" would be another user
    return identities.sign(key, {"sub": f"demo-{who.contract}", "name": who.holder, "exp": ends})


def _count_visit(request: Request, slug: str, locale: str) -> None:
    """Count someone who reads an article here. A reader never sees a failure of this."""
    services, headers = services_of(request), request.headers
    agent, purpose = headers.get("user-agent", ""), headers.get("sec-purpose", "")
    if services is None or not is_reader(agent, purpose):
        return
    address = request.client.host if request.client else ""
    try:
        with services.database.write() as connection:
            count_visit(connection, secret=services.secret, address=address, agent=agent,
                        article_id=slug, locale=locale, now=utcnow())
    except (RelaisError, SQLAlchemyError) as error:
        _log.warning("an article's visit was not counted", error=type(error).__name__)


def _spool(request: Request) -> Any:
    from bot.integrations.mail import SpoolMailer

    services = services_of(request)
    settings = services.settings if services is not None else get_settings()
    if not settings.demo or settings.smtp_host:
        raise NotFound("There is nothing at this address.")
    return SpoolMailer(settings.spool)


def _date(text: str | None) -> Any:
    from datetime import date

    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
