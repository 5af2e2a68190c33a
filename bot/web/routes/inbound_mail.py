"""Mail by webhook: a mail service posts each mail raw (RFC 822), signed."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from bot.channels.setup import mailbox
from bot.conversations.broadcast import INBOX
from bot.errors import BadInput, NotAllowed, NotFound, TooManyRequests
from bot.web.deps import ServicesDep

router = APIRouter(prefix="/api/v1/inbound", tags=["integrations"])
TOLERANCE = 300      # seconds between the signature and its arrival
_LATER = 900.0       # seconds after which a mail beyond the limits is worth posting again


@router.post("/mail", status_code=202)
async def inbound_mail(request: Request, parts: ServicesDep) -> dict[str, Any]:
    """Take in one mail: the body is the mail as it arrived.

    Signed like Standard Webhooks: ``webhook-id``, ``webhook-timestamp`` and ``webhook-signature``
    (``v1,`` and base64 of HMAC-SHA256 over ``id.timestamp.body``). A mail beyond the hourly limits is
    answered with 429 and not kept: post it again later.
    """
    secret = parts.settings.mail_inbound_secret
    if secret is None or not secret.get_secret_value():
        raise NotFound("Mail by webhook is switched off here (RELAIS_MAIL_INBOUND_SECRET).")
    body = await request.body()
    if not verified(secret.get_secret_value(), request.headers, body, time.time()):
        raise NotAllowed("The signature of this mail is missing, wrong or too old.")
    if not body.strip():
        raise BadInput("The body is empty: post the raw mail.")
    taken = await run_in_threadpool(mailbox(parts.settings, parts.database).take, body)
    parts.broadcaster.publish(taken.events)
    if taken.reference:
        parts.broadcaster.nudge(INBOX, {"kind": "ticket", "reference": taken.reference})
    if taken.outcome == "limited":
        raise TooManyRequests("Too many mails of this sender or about this request within an hour: "
                              "keep this one and post it again later.", retry_after=_LATER)
    return {"outcome": taken.outcome, "ticket": taken.reference}


def verified(secret: str, headers: Any, body: bytes, now: float) -> bool:
    """Whether one of the signatures is right and not older or newer than five minutes."""
    message_id, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not message_id or not at.isdigit() or len(at) > 12 or abs(int(at) - now) > TOLERANCE:
        return False
    key = signing_key(secret)
    wanted = hmac.new(key, f"{message_id}.{at}.".encode() + body, hashlib.sha256).digest()
    for item in headers.get("webhook-signature", "")[:2000].split():
        version, _, given = item.partition(",")
        try:
            if version == "v1" and hmac.compare_digest(base64.b64decode(given, validate=True), wanted):
                return True
        except (binascii.Error, ValueError):
            continue
    return False


def signing_key(secret: str) -> bytes:
    """The bytes of ``whsec_…`` (base64), or of any other text as it stands."""
    if secret.startswith("whsec_"):
        try:
            return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except (binascii.Error, ValueError):
            pass
    return secret.encode()
