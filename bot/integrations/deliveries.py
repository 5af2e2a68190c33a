"""Which part delivers which outbox topic: the one table the worker dispatches by.

A delivery raises :class:`~bot.errors.BadInput` where it can never work (a dead letter at once) and
:class:`~bot.errors.Unavailable` where it may later; ``Unavailable(..., retry_after=seconds)`` names
the earliest moment the other side wants to hear from us again. It must be harmless when it is done
twice: ``job.key`` is the receiver's idempotency key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.channels.mail_out import TicketMails
from bot.channels.setup import addresses
from bot.errors import BadInput, RelaisError
from bot.integrations.connectors import erasing, links
from bot.integrations.connectors.setup import register, systems
from bot.integrations.connectors.sync import ATTEMPTS, Synchroniser
from bot.integrations.mail import Mailer
from bot.integrations.webhooks import messages, sender
from bot.integrations.webpush import PushSender
from bot.privacy.keys import instance_key
from bot.settings import Settings
from bot.storage.database import Database
from bot.storage.outbox import MAX_ATTEMPTS, Job

MAIL_ATTEMPTS = 60      # about two days: a mail server may be away for a night, and nobody else has the answer

Send = Callable[[Job], None]


@dataclass(frozen=True)
class Delivery:
    """How a topic leaves, and how many tries it gets before it is a dead letter."""

    send: Send
    attempts: int = MAX_ATTEMPTS


class Deliveries:
    """Topic → delivery. A topic nobody knows is a dead letter, said as such."""

    def __init__(self, known: Mapping[str, Delivery]) -> None:
        self._known = dict(known)

    def send(self, job: Job) -> None:
        """Deliver one job; raises what its delivery raises."""
        delivery = self._known.get(job.topic)
        if delivery is None:
            raise BadInput(f"No way to deliver '{job.topic[:40]}'.")
        delivery.send(job)

    def attempts(self, topic: str) -> int:
        """Tries a topic gets in all."""
        delivery = self._known.get(topic)
        return delivery.attempts if delivery else MAX_ATTEMPTS


def retry_after(error: BaseException) -> float | None:
    """Seconds the other side asked us to wait, where it did."""
    wanted = error.context.get("retry_after") if isinstance(error, RelaisError) else None
    return float(wanted) if isinstance(wanted, (int, float)) and wanted > 0 else None


def build(settings: Settings, database: Database, mailer: Mailer) -> Deliveries:
    """All deliveries of an instance."""
    register(settings, database)
    others = systems(settings)
    return Deliveries({
        links.TOPIC: Delivery(Synchroniser(database, others).send, ATTEMPTS),
        erasing.TOPIC: Delivery(erasing.Eraser(others).send, erasing.ATTEMPTS),
        "mail": Delivery(TicketMails(
            database, mailer, addresses(settings), secret=instance_key(settings), base_url=settings.base_url,
        ).send, MAIL_ATTEMPTS),
        "push": Delivery(PushSender(settings, database).send, attempts=5),
        messages.TOPIC: Delivery(sender.WebhookSender(settings, database).send, sender.ATTEMPTS),
    })
