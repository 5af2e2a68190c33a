"""Delivers webhook messages: signed by Standard Webhooks, to checked addresses, logged."""

from __future__ import annotations

import json
import time
from datetime import datetime, timezone

import httpx
import structlog
from sqlalchemy.engine import Connection
from standardwebhooks import Webhook

from bot.errors import BadInput, NotFound, RelaisError, Unavailable
from bot.integrations.deadline import bounded, within
from bot.integrations.http import retry_after_of
from bot.integrations.webhooks import endpoints, messages
from bot.integrations.webhooks.safety import resolve
from bot.privacy.keys import Vault, instance_key
from bot.settings import Settings
from bot.storage.clock import utcnow
from bot.storage.database import Database
from bot.storage.outbox import Job

ATTEMPTS = 140          # doubling to an hour, then hourly: beyond the days after which an endpoint is off
_SECONDS = 10.0         # for all of it, as docs/webhooks.md says
_TIMEOUT = httpx.Timeout(_SECONDS, connect=5.0)
_log = structlog.get_logger(__name__)


def vault_of(settings: Settings) -> Vault:
    """Where endpoints' secrets are sealed."""
    return Vault(instance_key(settings), "webhook-secrets")


def signature(secrets: list[str], message_id: str, at: datetime, body: str) -> str:
    """The ``webhook-signature`` header: one signature a secret."""
    return " ".join(Webhook(secret).sign(message_id, at.astimezone(timezone.utc), body)
                    for secret in secrets)


class WebhookSender:
    """The delivery of topic ``webhook``."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings, self._database = settings, database
        self._vault = vault_of(settings)
        self._client = bounded(httpx.Client(timeout=_TIMEOUT, trust_env=False, follow_redirects=False))

    def send(self, job: Job) -> None:
        """Post the message once. Raises BadInput (for good) or Unavailable (later)."""
        with self._database.read() as connection:
            try:
                message = messages.get(connection, job.payload["message"])
                endpoint = endpoints.get(connection, message["endpoint_id"])
            except NotFound:
                return      # the endpoint, or the conversation it spoke of, was removed meanwhile
        if not endpoint["active"]:
            self._note(message["id"], endpoint["id"], None, "The endpoint is switched off.", 0, final=True)
            raise BadInput("The endpoint is switched off.")
        started = time.monotonic()
        try:
            answer = self._post(endpoint, message["id"], json.dumps(
                message["payload"], ensure_ascii=False, separators=(",", ":")))
        except (RelaisError, httpx.HTTPError, httpx.InvalidURL) as error:
            words = error.detail if isinstance(error, RelaisError) else type(error).__name__
            final = isinstance(error, (BadInput, httpx.InvalidURL))
            self._note(message["id"], endpoint["id"], None, words, _millis(started), final=final)
            if final:
                raise BadInput(words) from error
            raise Unavailable(f"{words}.") from error
        code = answer.status_code
        if 200 <= code < 300:
            with self._database.write() as connection:
                messages.note_attempt(connection, message["id"], state="delivered", code=code,
                                      error=None, millis=_millis(started))
                endpoints.worked(connection, endpoint["id"])
            return
        gone = code == 410
        self._note(message["id"], endpoint["id"], code, None, _millis(started), final=gone)
        if gone:
            raise BadInput("The receiver answered 410 Gone.")
        wait = retry_after_of(answer)
        raise Unavailable(f"The receiver answered {code}.", **({"retry_after": wait} if wait else {}))

    def _post(self, endpoint: dict[str, object], message_id: str, body: str) -> httpx.Response:
        target = resolve(str(endpoint["url"]), private=self._settings.webhook_private)
        at = utcnow()
        headers = {
            "Host": target.host, "Content-Type": "application/json", "User-Agent": "Relais/1",
            "webhook-id": message_id, "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": signature(
                endpoints.signing_secrets(dict(endpoint), self._vault), message_id, at, body),
        }
        request = self._client.build_request("POST", target.url, content=body.encode(), headers=headers,
                                             extensions={"sni_hostname": target.name})
        with within(_SECONDS):      # headers that come drop by drop hold no delivery thread
            answer = self._client.send(request, stream=True)
            answer.close()          # only the status counts; whatever they send is not read
        return answer

    def _note(
        self, message_id: str, endpoint_id: str, code: int | None, error: str | None, millis: int, *,
        final: bool,
    ) -> None:
        def job(connection: Connection) -> str | None:
            messages.note_attempt(connection, message_id, code=code, error=error, millis=millis,
                                  state="failed" if final else "waiting")
            return endpoints.failed(connection, endpoint_id, days=self._settings.webhook_days,
                                    gone=code == 410)

        with self._database.write() as connection:
            reason = job(connection)
        if reason:
            _log.error("webhook endpoint switched off", endpoint=endpoint_id, reason=reason)


def _millis(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
