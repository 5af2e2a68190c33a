"""The staff pages: sign-in, inbox, console, dashboard. Shells only; the staff API fills them."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse, Response

from bot.integrations.connectors.setup import configured
from bot.settings import LOCALES
from bot.staff.accounts import Member
from bot.staff.roles import may
from bot.staff.sessions import member_of
from bot.web.deps import CSRF_COOKIE, SESSION_COOKIE, ServicesDep, csrf_token
from bot.web.services import Services
from bot.web.staff_texts import LANGUAGES, text

router = APIRouter(include_in_schema=False)
LANGUAGE_COOKIE = "relais_staff_lang"
#: Page and the right that opens it, in the order of the navigation.
PAGES = {"/inbox": "tickets", "/console": "articles.write", "/dashboard": "metrics"}
_YEAR = 365 * 24 * 3600
_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).resolve().parent.parent / "templates"),
    autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
)


def language_for(request: Request) -> str:
    """``?lang=``, else what was chosen before, else French."""
    chosen = request.query_params.get("lang") or request.cookies.get(LANGUAGE_COOKIE) or ""
    return chosen if chosen in LANGUAGES else LANGUAGES[0]


def safe_next(target: str | None) -> str:
    """An address of our own staff pages to go to after sign-in, or nothing."""
    path = (target or "").split("?")[0].split("#")[0]
    return target if target and path in PAGES else ""


def first_page(role: str) -> str:
    """Where a role starts."""
    return next((path for path, right in PAGES.items() if may(role, right)), "/login")


def render(
    request: Request, page: str, *, user: Member | None, status: int = 200,
    session: str = "", **values: Any,
) -> HTMLResponse:
    """One of the templates with what all of them need; keeps the language and the CSRF cookie."""
    parts: Services = request.app.state.services
    language = language_for(request)
    other = next(name for name in LANGUAGES if name != language)
    query = {k: v for k, v in request.query_params.items() if k in ("next",)} | {"lang": other}
    token = csrf_token(parts, session) if session else ""

    def t(key: str, **filled: object) -> str:
        return text(language, key, **filled)

    html = _TEMPLATES.get_template(f"staff/{page}.html").render(
        page=page, lang=language, other_lang=other, t=t, user=user, csrf_token=token,
        switch_url=f"{request.url.path}?{urlencode(query)}", locales=LOCALES,
        timezone=parts.settings.timezone,
        nav=[path for path, right in PAGES.items() if user and may(user.role, right)], **values,
    )
    response = HTMLResponse(html, status)
    secure = request.url.scheme == "https"
    if request.query_params.get("lang") in LANGUAGES:
        response.set_cookie(LANGUAGE_COOKIE, language, max_age=_YEAR, samesite="lax", secure=secure)
    if token and request.cookies.get(CSRF_COOKIE) != token:
        response.set_cookie(CSRF_COOKIE, token, samesite="lax", secure=secure, path="/")
    return response


def login_page(
    request: Request, *, problem: str = "", username: str = "", next_url: str = "", status: int = 200
) -> HTMLResponse:
    """The sign-in form. ``problem`` is ``wrong``, ``slow`` or ``stale``, or a sentence of its own."""
    known = f"login.{problem}" if problem in ("wrong", "slow", "stale") else ""
    sentence = text(language_for(request), known) if known else problem
    return render(request, "login", user=None, status=status, error=sentence,
                  username=username[:60], next_url=safe_next(next_url))


async def _visitor(request: Request, parts: Services) -> tuple[Member | None, str]:
    token = request.cookies.get(SESSION_COOKIE, "")
    if not token:
        return None, ""
    member = await run_in_threadpool(member_of, parts.database, token, parts.settings.session_hours)
    return member, token if member else ""


@router.get("/login")
async def login(request: Request, parts: ServicesDep) -> Response:
    """The form; who is signed in already goes on."""
    query = request.query_params
    member, _ = await _visitor(request, parts)
    if member is not None and "error" not in query:
        return RedirectResponse(safe_next(query.get("next")) or first_page(member.role), 303)
    problem = query.get("error", "")
    return login_page(request, problem=problem if problem in ("wrong", "slow", "stale") else "",
                      next_url=query.get("next", ""))


async def _page(request: Request, parts: Services, page: str, **values: Any) -> Response:
    member, session = await _visitor(request, parts)
    path = f"/{page}"
    if member is None:
        return RedirectResponse(f"/login?next={quote(path)}", 303)
    if not may(member.role, PAGES[path]):
        return render(request, "forbidden", user=member, session=session, status=403)
    return render(request, page, user=member, session=session, **values)


@router.get("/inbox")
async def inbox(request: Request, parts: ServicesDep) -> Response:
    """The agents' desk; issues are handed on only where there is a Jira to take them."""
    return await _page(request, parts, "inbox", issues="jira" in configured(parts.settings))


@router.get("/console")
async def console(request: Request, parts: ServicesDep) -> Response:
    """Articles, gaps, the risk dial, a try."""
    return await _page(request, parts, "console")


@router.get("/dashboard")
async def dashboard(request: Request, parts: ServicesDep) -> Response:
    """Figures and the conversations behind them."""
    return await _page(request, parts, "dashboard")
