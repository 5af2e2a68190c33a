"""Which mails belong together, as stored: by Message-ID and ticket. In the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.storage.clock import later, now_iso
from bot.storage.schema import mail_messages, tickets

_M = mail_messages.c
_THREAD = 12        # earlier mails named in References
_HOUR = 3600.0


def known(connection: Connection, message_id: str) -> dict[str, Any] | None:
    """The mail with this Message-ID, if we sent it or read it."""
    row = connection.execute(
        sa.select(mail_messages).where(_M.message_id == message_id)).mappings().first()
    return dict(row) if row else None


def record(
    connection: Connection, message_id: str, *, direction: str, outcome: str, peer: str,
    reference: str | None = None, conversation_id: str | None = None,
) -> bool:
    """Note a mail; False where it was taken in already. One that was left out may be taken in later."""
    if known(connection, message_id):
        # Holds the row until the transaction ends: nobody takes the same mail in meanwhile.
        left_out = sa.update(mail_messages).where(_M.message_id == message_id, _M.outcome == "limited")
        return bool(connection.execute(left_out.values(direction=direction)).rowcount)
    connection.execute(sa.insert(mail_messages).values(
        message_id=message_id, direction=direction, at=now_iso(), outcome=outcome, peer=peer,
        reference=reference, conversation_id=conversation_id))
    return True


def settle(
    connection: Connection, message_id: str, outcome: str, reference: str | None = None,
    conversation_id: str | None = None,
) -> None:
    """Say what became of a mail, just now."""
    connection.execute(sa.update(mail_messages).where(_M.message_id == message_id).values(
        at=now_iso(), outcome=outcome, reference=reference, conversation_id=conversation_id))


def ticket_of(connection: Connection, message_ids: Sequence[str]) -> str | None:
    """The ticket of the first of these mails that has one."""
    if not message_ids:
        return None
    rows = connection.execute(sa.select(_M.message_id, _M.reference).where(
        _M.message_id.in_(message_ids), _M.reference.is_not(None)))
    found = {row.message_id: str(row.reference) for row in rows}
    return next((found[message_id] for message_id in message_ids if message_id in found), None)


def written_to(connection: Connection, message_ids: Sequence[str]) -> set[str]:
    """Whom we sent these mails to, as hashes; those that are not ours count for nothing."""
    rows = connection.execute(
        sa.select(_M.peer).where(_M.message_id.in_(message_ids), _M.direction == "out")) if message_ids else ()
    return {str(row.peer) for row in rows}


def of_ticket(connection: Connection, reference: str, besides: str = "") -> list[str]:
    """Message-IDs of a ticket's thread, oldest first: what a new mail names in ``References``."""
    rows = connection.execute(
        sa.select(_M.message_id)
        .where(_M.reference == reference, _M.outcome.in_(("stored", "unverified", "sent")),
               _M.message_id != besides, ~_M.message_id.startswith("sha256."))
        .order_by(_M.at.desc(), _M.direction).limit(_THREAD)).scalars()
    return [str(message_id) for message_id in rows][::-1]


def recent(connection: Connection, *, besides: str, peer: str = "", reference: str = "") -> int:
    """Mails taken in within the last hour from a sender, or about a ticket, without the one at hand."""
    query = sa.select(sa.func.count()).where(
        _M.direction == "in", _M.at > later(-_HOUR), _M.outcome != "limited", _M.message_id != besides)
    if peer:
        query = query.where(_M.peer == peer)
    if reference:
        query = query.where(_M.reference == reference)
    return int(connection.execute(query).scalar_one())


def warned(connection: Connection, *, peer: str = "", reference: str = "") -> bool:
    """Whether mails of this sender, or about this ticket, were left unread in the last hour already."""
    query = sa.select(_M.message_id).where(_M.outcome == "limited", _M.at > later(-_HOUR))
    query = query.where(_M.peer == peer) if peer else query.where(_M.reference == reference)
    return connection.execute(query.limit(1)).first() is not None


def latest_ticket_of(connection: Connection, peer: str) -> str | None:
    """The ticket that this sender last wrote about."""
    found = connection.execute(
        sa.select(_M.reference).join(tickets, tickets.c.reference == _M.reference)
        .where(_M.peer == peer).order_by(_M.at.desc()).limit(1)).scalar()
    return str(found) if found else None


def forget_old(connection: Connection, before: str) -> int:
    """Drop what is known of mails that belong to no ticket, from before a time; how many."""
    return int(connection.execute(
        sa.delete(mail_messages).where(_M.reference.is_(None), _M.at < before)).rowcount)
