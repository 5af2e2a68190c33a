"""Delivers the outbox topic "push": encrypted (RFC 8291), signed with this instance's VAPID key (RFC 8292).

Its libraries are loaded when the first notification needs them: most instances send none.
"""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

from bot.errors import BadInput, ConfigurationError, Unavailable
from bot.settings import Settings
from bot.storage.database import Database
from bot.storage.outbox import Job
from bot.visitors import push

_TTL_SECONDS = 86_400
_TIMEOUT_SECONDS = 10
_GONE = (404, 410)
_LATER = (408, 425, 429)


def _key_file(settings: Settings) -> Path:
    """The instance's VAPID key, made once and kept in the home, readable by its owner only."""
    path = settings.home_path / "vapid.pem"
    if path.is_file():
        return path
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    path.parent.mkdir(parents=True, exist_ok=True)
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    draft = path.with_name(f".vapid-{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as file:
        file.write(pem)
    try:
        os.link(draft, path)           # whole or not at all; another process may have been first
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path


def public_key(settings: Settings) -> str:
    """What browsers subscribe with: the uncompressed point, base64url without padding."""
    from cryptography.hazmat.primitives import serialization

    try:
        key = serialization.load_pem_private_key(_key_file(settings).read_bytes(), None)
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"The key for notifications in {settings.home_path} cannot be read: {error}") from error
    point = key.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(point).rstrip(b"=").decode()


class PushSender:
    """Posts a job to every browser that asked; a browser that is gone is forgotten."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings, self._database = settings, database

    def send(self, job: Job) -> None:
        """Tell them all. Raises Unavailable where a service is to be asked again, else BadInput where one refused."""
        with self._database.read() as connection:
            subscriptions = push.of(connection, str(job.payload["conversation_id"]))
        body = json.dumps({"text": job.payload["text"], "url": job.payload["url"], "tag": job.key})
        later: list[Unavailable] = []
        refused: list[BadInput] = []
        for subscription in subscriptions:
            try:
                self._post(subscription, body)
            except Unavailable as error:
                later.append(error)
            except BadInput as error:
                refused.append(error)
        for failed in (*later, *refused):
            raise failed

    def _post(self, subscription: dict[str, Any], body: str) -> None:
        import requests
        from py_vapid import Vapid02
        from pywebpush import WebPushException, webpush

        if not push.permitted(subscription["endpoint"], push.hosts(self._settings)):
            raise BadInput("Notifications may not be posted to this address.")
        session = requests.Session()
        session.trust_env = False
        session.max_redirects = 0            # a push service never sends us elsewhere
        try:
            webpush(
                {"endpoint": subscription["endpoint"],
                 "keys": {"p256dh": subscription["p256dh"], "auth": subscription["auth"]}},
                body, vapid_private_key=Vapid02.from_file(str(_key_file(self._settings))),
                vapid_claims={"sub": self._settings.base_url if self._settings.base_url.startswith("https:")
                              else f"mailto:{self._settings.mail_from.rpartition('<')[2].rstrip('>')}"},
                ttl=_TTL_SECONDS, timeout=_TIMEOUT_SECONDS, requests_session=session,
            )
        except WebPushException as error:
            status = error.response.status_code if error.response is not None else 0
            if status in _GONE:
                with self._database.write() as connection:
                    push.drop(connection, subscription["id"])
            elif status in _LATER or status >= 500 or status == 0:
                wait = error.response.headers.get("Retry-After", "") if error.response is not None else ""
                raise Unavailable(f"The push service answered {status or 'nothing'}.",
                                  retry_after=float(wait) if wait.isdigit() else None) from error
            else:
                raise BadInput(f"The push service refused the notification ({status}).") from error
        except (requests.RequestException, ValueError) as error:
            raise Unavailable(f"The push service cannot be reached: {type(error).__name__}.") from error
