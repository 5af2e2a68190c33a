"""Makes the parts of the channels from the settings, and lists what the worker does for them."""

from __future__ import annotations

from collections.abc import Callable

from bot.attachments.service import build as build_attachments
from bot.channels import callbacks, threads
from bot.channels.addresses import Addresses
from bot.channels.imap import ImapFetcher
from bot.channels.mail_in import Mailbox
from bot.channels.slots import SlotRules
from bot.integrations.connectors.setup import chores as connector_chores
from bot.integrations.mail import sender_domain
from bot.integrations.webhooks import messages
from bot.privacy.keys import instance_key
from bot.settings import Settings
from bot.storage.clock import later, utcnow
from bot.storage.database import Database
from bot.tickets.hours import desk

_LOG_DAYS = 30       # of webhook messages and of mails without a ticket


def addresses(settings: Settings) -> Addresses:
    """The instance's tags and Message-IDs."""
    return Addresses(instance_key(settings), settings.mail_inbound_address,
                     sender_domain(settings.mail_from))


def mailbox(settings: Settings, database: Database) -> Mailbox:
    """What takes mails in."""
    return Mailbox(settings, database, addresses(settings), desk(settings), build_attachments(settings, database))


def chores(settings: Settings, database: Database) -> list[tuple[str, float, Callable[[], object]]]:
    """Name, seconds and what to do."""
    found: list[tuple[str, float, Callable[[], object]]] = [
        ("channel logs", 3600.0, lambda: tidy(database)),
        ("callbacks", 20.0, lambda: remind(settings, database))]
    if settings.imap_host:
        fetcher = ImapFetcher(settings, mailbox(settings, database).take)
        found.append(("imap", settings.imap_seconds, fetcher.fetch))
    return found + connector_chores(settings, database)


def remind(settings: Settings, database: Database) -> int:
    """Note on tickets whose call is due; how many."""
    with database.write() as connection:
        return callbacks.remind(connection, SlotRules.of(settings), utcnow())


def tidy(database: Database) -> int:
    """Drop old log lines; how many."""
    before = later(-_LOG_DAYS * 86400.0)
    with database.write() as connection:
        return messages.forget_old(connection, before) + threads.forget_old(connection, before)
