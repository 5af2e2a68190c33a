"""Signing in and out: for tools by token, for pages by cookie."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from bot.conversations.text import clean
from bot.errors import NotAllowed, TooManyRequests
from bot.staff import accounts, photos, sessions
from bot.staff.accounts import Member
from bot.web.deps import (
    CSRF_COOKIE,
    SESSION_COOKIE,
    Address,
    CleanStr,
    Name,
    ServicesDep,
    bearer,
    csrf_token,
    signed_in,
)
from bot.web.services import Services

router = APIRouter(tags=["staff"])


class Credentials(BaseModel):
    """User name and password."""

    username: Name
    password: CleanStr


@router.post("/api/v1/staff/login")
def login(body: Credentials, parts: ServicesDep, address: Address) -> dict[str, str]:
    """A bearer token for the staff API."""
    token, who = sign_in(parts, address, body.username, body.password)
    return {"token": token, "role": who.role, "first_name": who.first_name, "username": who.username}


@router.post("/api/v1/staff/logout", status_code=204, response_class=Response)
def logout(request: Request, parts: ServicesDep, who: Member = Depends(signed_in)) -> Response:
    """End the session of this token or cookie."""
    token = bearer(request) if "authorization" in request.headers else request.cookies[SESSION_COOKIE]
    with parts.database.write() as connection:
        sessions.close_session(connection, token)
    response = Response(status_code=204)
    response.delete_cookie(SESSION_COOKIE, path="/")
    return response


@router.get("/api/v1/staff/me")
def me(parts: ServicesDep, who: Member = Depends(signed_in)) -> dict[str, object]:
    """Who is signed in."""
    with parts.database.read() as connection:
        photo = photos.of(connection, who.username)
    return {"username": who.username, "first_name": who.first_name, "role": who.role,
            "languages": list(who.languages), "photo": photo}


@router.get("/api/v1/staff/colleagues")
def colleagues(parts: ServicesDep, who: Member = Depends(signed_in)) -> dict[str, object]:
    """People a ticket can go to."""
    with parts.database.read() as connection:
        found = accounts.list_accounts(connection)
    return {"colleagues": [
        {"username": row["username"], "first_name": row["first_name"], "role": row["role"],
         "languages": row["languages"]} for row in found
        if row["active"] and row["role"] in ("agent", "lead", "admin")]}


@router.post("/login", include_in_schema=False)
async def login_form(request: Request, parts: ServicesDep, address: Address) -> Response:
    """The sign-in form. A foreign page cannot post it: browsers say where a form comes from."""
    # The page's own module renders problems; imported here because it imports from ours.
    from bot.web.routes.pages_staff import first_page, login_page, safe_next

    form = {k: v[0] for k, v in parse_qs((await request.body()).decode("utf-8", "replace")).items()}
    username, next_url = clean(form.get("username", "")), form.get("next", "")
    if not _same_site(request, parts):
        return login_page(request, problem="stale", username=username, next_url=next_url, status=403)
    try:
        token, who = await run_in_threadpool(
            sign_in, parts, address, username, form.get("password", ""))
    except TooManyRequests:
        return login_page(request, problem="slow", username=username, next_url=next_url, status=429)
    except NotAllowed:
        return login_page(request, problem="wrong", username=username, next_url=next_url, status=401)
    response = RedirectResponse(safe_next(next_url) or first_page(who.role), 303)
    secure = request.url.scheme == "https"
    response.set_cookie(SESSION_COOKIE, token, httponly=True, samesite="lax", secure=secure, path="/",
                        max_age=parts.settings.session_hours * 3600)
    response.set_cookie(CSRF_COOKIE, csrf_token(parts, token), samesite="lax", secure=secure, path="/")
    return response


@router.post("/logout", include_in_schema=False)
def logout_form(request: Request, parts: ServicesDep) -> Response:
    """Sign out by form; only ends the session of the cookie that came along."""
    token = request.cookies.get(SESSION_COOKIE)
    if token and _same_site(request, parts):
        with parts.database.write() as connection:
            sessions.close_session(connection, token)
    response = RedirectResponse("/login", 303)
    response.delete_cookie(SESSION_COOKIE, path="/")
    response.delete_cookie(CSRF_COOKIE, path="/")
    return response


def sign_in(parts: Services, address: str, username: str, password: str) -> tuple[str, Member]:
    """A session for these credentials. Raises NotAllowed, TooManyRequests."""
    for key in (f"address:{address}", f"account:{username.casefold()}"):
        wait = parts.login_limit.hit(key)
        if wait:
            raise TooManyRequests(f"Too many tries: wait {round(wait / 60) or 1} min.", retry_after=wait, key="sign_in_often", minutes=round(wait / 60) or 1)
    who = accounts.authenticate(parts.database, username, password)
    if who is None:
        raise NotAllowed("User name or password is wrong.", key="sign_in_wrong")
    for key in (f"address:{address}", f"account:{username.casefold()}"):
        parts.login_limit.forget(key)
    with parts.database.write() as connection:
        return sessions.open_session(connection, who, parts.settings.session_hours), who


def _same_site(request: Request, parts: Services) -> bool:
    """Whether the form came from our own page: by Origin, else Sec-Fetch-Site, else no browser sent it.

    Behind a proxy that passes another Host on, our page is the one of the address that customers use.
    """
    origin = request.headers.get("origin")
    if origin:
        return origin.split("://")[-1] in (request.headers.get("host", ""), urlsplit(parts.settings.base_url).netloc.lower())
    return request.headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")
