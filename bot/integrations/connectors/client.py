"""JSON over HTTP to another system, with its failures told apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from bot.errors import BadInput, NotFound, Unavailable
from bot.integrations.deadline import bounded, within
from bot.integrations.http import retry_after_of

_SECONDS = 60.0      # for one call in all: less than the lease on a ticket
_TIMEOUT = httpx.Timeout(10.0, connect=5.0)
_PATIENCE = 60.0     # seconds to wait where a 429 does not say


class NotPermitted(Unavailable):
    """Our account there lacks the right to do this."""


class JsonClient:
    """Calls below one base URL. ``system`` is the name in messages; credentials never are."""

    def __init__(self, system: str, base_url: str, headers: Mapping[str, str],
                 auth: tuple[str, str] | None = None, timeout: httpx.Timeout = _TIMEOUT) -> None:
        self._system = system
        self._client = bounded(httpx.Client(
            base_url=base_url.rstrip("/"), headers={"Accept": "application/json", **headers}, auth=auth,
            timeout=timeout, trust_env=False, follow_redirects=False))

    def call(
        self, method: str, path: str, *, params: Mapping[str, str] | None = None, body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """The answer's JSON. Raises Unavailable, NotFound or BadInput."""
        try:
            with within(_SECONDS):
                answer = self._client.request(method, path, params=params, json=body, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unavailable(f"{self._system} does not answer ({type(error).__name__}).") from error
        code = answer.status_code
        if code == 429 or (code >= 500 and "retry-after" in answer.headers):
            raise Unavailable(f"{self._system} asks us to slow down.",
                              retry_after=retry_after_of(answer) or _PATIENCE, paused=True)
        if code == 403:
            raise NotPermitted(f"{self._system} does not let our account do this (403).")
        if code >= 500 or code in (401, 407, 408, 409, 423, 425) or 300 <= code < 400:
            # Refused credentials are mended by people: what waits must not be thrown away meanwhile.
            # 409: somebody saved the same ticket at that moment.
            raise Unavailable(f"{self._system} answered {code}.")
        if code in (404, 410):
            raise NotFound(f"{self._system} does not have {path[:80]} (any more).")
        if code >= 400:
            raise BadInput(f"{self._system} refused it ({code}): {answer.text[:200]}")
        try:
            return answer.json() if answer.content else {}
        except ValueError as error:
            raise Unavailable(f"{self._system} answered something that is not JSON.") from error
