"""The back office of a real supplier, behind the REST shape of ``docs/backoffice.md``.

Every fault of the other side (no answer in time, 5xx, an answer of another shape, our own service
token refused) is ``BackofficeDown``; refusals arrive as the domain's own errors. A connection that
breaks before an answer is tried once more: reads are harmless and effects carry their key. A fault of
a read, or before anything was sent, says that nothing was done (``untouched``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any, TypeVar
from urllib.parse import quote

import httpx

from bot.backoffice import wire
from bot.backoffice.records import (
    Access,
    AnnualUse,
    Bill,
    CancelDetails,
    CancellationPreview,
    Challenge,
    Contract,
    IndexEstimate,
    MeterReading,
    MoveDetails,
    Outage,
    OutageReport,
    PaymentOptions,
    PowerChange,
    ReadingPreview,
    ReadingResult,
    Receipt,
    Register,
    VerifiedCustomer,
)
from bot.errors import (
    BackofficeDown,
    BadInput,
    Conflict,
    NotAllowed,
    NotFound,
    RelaisError,
    TooManyRequests,
)
from bot.integrations.deadline import bounded, within
from bot.integrations.http import retry_after_of

T = TypeVar("T")
_MAX_BYTES, _PART = 2_000_000, 65_536
#: Faults before a word of the request was sent.
_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.InvalidURL, httpx.UnsupportedProtocol)
_ERRORS: dict[int, type[RelaisError]] = {400: BadInput, 403: NotAllowed, 404: NotFound, 409: Conflict, 422: BadInput}


class HttpBackoffice:
    """See :class:`bot.backoffice.port.Backoffice`; thread-safe, keeps connections open."""

    def __init__(self, base_url: str, token: str, timeout: float, transport: httpx.BaseTransport | None = None) -> None:
        self._seconds = timeout
        self._client = bounded(httpx.Client(
            base_url=base_url.rstrip("/") + "/v1", timeout=timeout, transport=transport, follow_redirects=False,
            headers={"Accept": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})},
        ))

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _call(self, method: str, path: str, *, access: Access | None = None, key: str = "", body: object = None,
              params: dict[str, str] | None = None) -> Any:
        headers: dict[str, str] = {}
        if access:
            headers |= {"X-Customer-Token": access.token, "X-Conversation": access.conversation_id}
        if key:
            headers["Idempotency-Key"] = quote(key, safe=":/-._~")
        down = BackofficeDown("The supplier's system does not answer for now.", untouched=not key)
        sent = False
        with within(self._seconds):      # all of it: both tries, and an answer that comes drop by drop
            for attempt in (1, 2):
                try:
                    answer, content = self._ask(method, path, headers=headers, params=params,
                                                json=None if body is None else wire.dump(body))
                    break
                except (httpx.ConnectError, httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError) as error:
                    sent = sent or not isinstance(error, _UNSENT)
                    if attempt == 2 or (method != "GET" and not key):
                        down.untouched = not (key and sent)
                        raise down from error
                except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
                    down.untouched = not key or (not sent and isinstance(error, _UNSENT))
                    raise down from error
        if len(content) > _MAX_BYTES:
            raise down
        try:
            read = json.loads(content)
        except (ValueError, RecursionError) as error:
            if answer.status_code < 300:
                raise down from error
            read = None
        if answer.status_code >= 300:
            down.untouched = down.untouched or answer.status_code == 401
            raise _refusal(answer, read) or down
        return read

    def _ask(self, method: str, path: str, **request: Any) -> tuple[httpx.Response, bytes]:
        """An answer and what it holds, read to a byte over what we take at most."""
        content = b""
        with self._client.stream(method, path, **request) as answer:
            for part in answer.iter_bytes(_PART):
                content += part
                if len(content) > _MAX_BYTES:
                    break
        return answer, content

    def _get(self, kind: type[T], path: str, access: Access | None = None, **params: str) -> T:
        return _load(kind, self._call("GET", path, access=access, params=params or None))

    def _send(self, kind: type[T], path: str, access: Access | None, body: object, key: str, method: str = "POST") -> T:
        return _load(kind, self._call(method, path, access=access, body=body, key=key), key)

    # -- who is asking -------------------------------------------------------------------------
    def request_code(self, contract: str, postcode: str, conversation_id: str, key: str, locale: str = "fr") -> Challenge:
        body = {"contract": contract, "postcode": postcode, "conversation_id": conversation_id, "locale": locale}
        return self._send(Challenge, "/challenges", None, body, key)

    def check_code(self, challenge_id: str, code: str, conversation_id: str, key: str = "") -> VerifiedCustomer | None:
        body = {"code": code, "conversation_id": conversation_id}
        answer = self._call("POST", f"/challenges/{quote(challenge_id, safe='')}/check", body=body, key=key)
        if not isinstance(answer, dict) or "verified" not in answer:
            raise BackofficeDown("The supplier's system gave an answer of another shape.", untouched=True)
        return None if answer["verified"] is None else _load(VerifiedCustomer, answer["verified"])

    # -- reading -------------------------------------------------------------------------------
    def get_contract(self, access: Access) -> Contract:
        return self._get(Contract, "/contract", access)

    def last_bills(self, access: Access, n: int = 2) -> tuple[Bill, ...]:
        return self._get(tuple[Bill, ...], "/contract/bills", access, n=str(n))

    def readings(self, access: Access) -> tuple[MeterReading, ...]:
        return self._get(tuple[MeterReading, ...], "/contract/readings", access)

    def annual_use(self, access: Access) -> AnnualUse:
        return self._get(AnnualUse, "/contract/annual-use", access)

    def estimate_index(self, access: Access, on: date) -> tuple[IndexEstimate, ...]:
        return self._get(tuple[IndexEstimate, ...], "/contract/index-estimates", access, on=on.isoformat())

    # -- meter ---------------------------------------------------------------------------------
    def preview_reading(self, access: Access, index: Mapping[Register, int], on: date) -> ReadingPreview:
        body = {"index": index, "on": on}
        return self._send(ReadingPreview, "/contract/reading-previews", access, body, "")

    def submit_reading(self, access: Access, index: Mapping[Register, int], on: date, key: str) -> ReadingResult:
        return self._send(ReadingResult, "/contract/readings", access, {"index": index, "on": on}, key)

    def preview_power(self, access: Access, kva: int) -> PowerChange:
        return self._get(PowerChange, "/contract/power-preview", access, kva=str(kva))

    def change_power(self, access: Access, kva: int, key: str) -> Receipt:
        return self._send(Receipt, "/contract/power", access, {"kva": kva}, key, "PUT")

    # -- money ---------------------------------------------------------------------------------
    def payment_plan_options(self, access: Access) -> PaymentOptions:
        return self._get(PaymentOptions, "/contract/payment-options", access)

    def agree_plan(self, access: Access, plan: str, key: str) -> Receipt:
        return self._send(Receipt, "/contract/payment-plans", access, {"plan": plan}, key)

    def agree_delay(self, access: Access, until: date, key: str) -> Receipt:
        return self._send(Receipt, "/contract/delays", access, {"until": until}, key)

    def update_iban(self, access: Access, iban: str, key: str) -> Receipt:
        return self._send(Receipt, "/contract/bank-account", access, {"iban": iban}, key, "PUT")

    def update_debit_day(self, access: Access, day: int, key: str) -> Receipt:
        return self._send(Receipt, "/contract/debit-day", access, {"day": day}, key, "PUT")

    # -- leaving -------------------------------------------------------------------------------
    def move_home(self, access: Access, details: MoveDetails, key: str) -> Receipt:
        return self._send(Receipt, "/contract/moves", access, details, key)

    def cancellation_preview(self, access: Access, on: date) -> CancellationPreview:
        return self._get(CancellationPreview, "/contract/cancellation-preview", access, on=on.isoformat())

    def cancel_contract(self, access: Access, details: CancelDetails, key: str) -> Receipt:
        return self._send(Receipt, "/contract/cancellation", access, details, key)

    # -- outages -------------------------------------------------------------------------------
    def outages(self, postcode: str) -> tuple[Outage, ...]:
        return self._get(tuple[Outage, ...], "/outages", postcode=postcode)

    def report_outage(self, details: OutageReport, key: str) -> Receipt:
        return self._send(Receipt, "/outage-reports", None, details, key)


def _load(kind: type[T], value: object, key: str = "") -> T:
    try:
        return wire.load(kind, value)
    except wire.WireError as error:
        raise BackofficeDown("The supplier's system gave an answer of another shape.", untouched=not key, shape=str(error)) from error


def _refusal(answer: httpx.Response, problem: object) -> RelaisError | None:
    """The domain's error for a refusal; ``None`` where it is a fault."""
    if not isinstance(problem, dict):
        problem = {}
    detail = str(problem.get("detail") or "The supplier's system refused this.")[:500]
    raw = problem.get("context")
    context = {k: v for k, v in raw.items() if k not in ("detail", "retry_after")} if isinstance(raw, dict) else {}
    if answer.status_code == 429:
        wait = retry_after_of(answer)
        return TooManyRequests(detail, retry_after=60.0 if wait is None else wait, **context)
    kind = _ERRORS.get(answer.status_code)
    return kind(detail, **context) if kind else None
