"""What routes ask for by type: services, the customer's token, the member of staff and their right."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Depends, Request

from bot.conversations.errors import UnknownConversation
from bot.conversations.passes import prove
from bot.conversations.text import clean
from bot.errors import Forbidden, NotAllowed
from bot.staff.accounts import Member
from bot.staff.roles import may
from bot.staff.sessions import member_of
from bot.storage.clock import utcnow
from bot.web.services import Services

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
SESSION_COOKIE = "relais_session"
CSRF_COOKIE, CSRF_HEADER = "relais_csrf", "x-csrf-token"
_SAFE = ("GET", "HEAD", "OPTIONS")


def services(request: Request) -> Services:
    """The parts of this process."""
    found: Services = request.app.state.services
    return found


async def conversation_id(id: str) -> str:
    """A conversation id that can be one; anything else is unknown, not malformed."""
    if not _ID.fullmatch(id):
        raise UnknownConversation()
    return id


def bearer(request: Request) -> str:
    """The token of ``Authorization: Bearer``. Raises NotAllowed where there is none."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    token = token.strip()
    if kind.lower() != "bearer" or not token or len(token) > 200:
        raise NotAllowed("Send the token as 'Authorization: Bearer TOKEN'.", key="token_missing")
    return token


def client_address(request: Request) -> str:
    """The peer's address (the server is told which proxies to trust, not we)."""
    return request.client.host if request.client else "unknown"


def signed_in(request: Request) -> Member:
    """Whoever calls: by bearer token, or by session cookie together with the CSRF token."""
    parts = services(request)
    if "authorization" in request.headers:
        token = bearer(request)
    else:
        token = request.cookies.get(SESSION_COOKIE, "")
        if not token:
            raise NotAllowed("Sign in first.", key="sign_in")
        if request.method not in _SAFE:
            sent = request.headers.get(CSRF_HEADER, "")
            if not sent or sent != request.cookies.get(CSRF_COOKIE) or not csrf_valid(parts, token, sent):
                raise Forbidden("This page is out of date: reload it and try again.", key="page_stale")
    found = member_of(parts.database, token, parts.settings.session_hours)
    if found is None:
        raise NotAllowed("Your session has ended: sign in again.", key="session_ended")
    return found


def csrf_token(parts: Services, session_token: str) -> str:
    """The token a page sends back with its writes; bound to the session, so it cannot be planted."""
    import hashlib
    import hmac

    return hmac.new(parts.secret, b"csrf:" + session_token.encode(), hashlib.sha256).hexdigest()


def csrf_valid(parts: Services, session_token: str, sent: str) -> bool:
    """Whether ``sent`` belongs to this session (constant time)."""
    import hmac

    return hmac.compare_digest(csrf_token(parts, session_token).encode(), sent.encode())


def allowed(right: str) -> Callable[..., Member]:
    """A dependency: signed in and with this right; every staff call goes through it."""

    def check(request: Request) -> Member:
        member = signed_in(request)
        if not may(member.role, right):
            raise Forbidden(f"Your role ({member.role}) does not allow this.", key="role_forbids", role=member.role)
        return member

    return check


class CleanStr(str):
    """Text from outside with control and direction characters removed (pydantic type).

    Its limits stand on the class: pydantic would otherwise replace the type by its own.
    """

    least, most = 0, 4000

    @classmethod
    def __get_validators__(cls) -> Any:
        yield cls.validate

    @classmethod
    def __modify_schema__(cls, schema: dict[str, Any]) -> None:
        schema.update(type="string", minLength=cls.least, maxLength=cls.most)

    @classmethod
    def validate(cls, value: object) -> str:
        """Accept text only; numbers and the like are a mistake of the caller."""
        if not isinstance(value, str):
            raise TypeError("must be text")
        if len(value) > cls.most:
            raise ValueError(f"has at most {cls.most} characters")
        text = clean(value)
        if len(text) < cls.least:
            raise ValueError("must not be empty")
        return text


class Short(CleanStr):
    """Up to 40 characters: a locale, a role."""

    most = 40


class Name(CleanStr):
    """1 to 200 characters: an id, a slug."""

    least, most = 1, 200


class Line(CleanStr):
    """Up to 2000 characters: an address, a comment."""

    most = 2000


# Coroutines, although they wait for nothing: FastAPI would run plain functions in a thread each.
async def _services(request: Request) -> Services:
    return services(request)


async def _bearer(request: Request) -> str:
    token, wanted = bearer(request), str(request.path_params.get("id", ""))
    return prove(services(request).secret, token, wanted, utcnow())


async def _client_address(request: Request) -> str:
    return client_address(request)


ServicesDep = Annotated[Services, Depends(_services)]
ConversationId = Annotated[str, Depends(conversation_id)]
Token = Annotated[str, Depends(_bearer)]
Address = Annotated[str, Depends(_client_address)]
