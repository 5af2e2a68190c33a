"""An agent's reply: checked, sent, and looked at for questions the customer answered before."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.desk import macros
from bot.desk.placeholders import refuse_leftovers
from bot.desk.reask import asked_again
from bot.staff.accounts import Member
from bot.storage.clock import now_iso
from bot.storage.schema import facts
from bot.tickets import service
from bot.tickets.service import Done


def send(
    connection: Connection, reference: str, who: Member, text: str, *, files: Sequence[str] = (),
    macro: int | None = None, original: str | None = None, message_id: str | None = None,
) -> Done:
    """Reply to the customer; ``original`` is what the agent wrote where ``text`` is its translation.

    Raises UnfilledPlaceholder, UnknownAttachment, Conflict.
    """
    refuse_leftovers(original or text)
    refuse_leftovers(text)
    ticket, events = service.reply(connection, reference, who, text, files, original, message_id=message_id)
    said = next((event for event in reversed(events) if event.kind == "message"), None)
    if said is not None:
        for thing in asked_again(text, ticket["packet"]):
            connection.execute(sa.insert(facts).values(
                key=f"{said.conversation_id}:{said.seq}:reask:{thing}", conversation_id=said.conversation_id,
                at=now_iso(), kind="reask", payload={"thing": thing, "reference": reference, "by": who.username}))
        if macro is not None:
            macros.used(connection, macro)
    return ticket, events
