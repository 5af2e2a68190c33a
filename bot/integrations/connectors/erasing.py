"""Erasure reaches the twins: where a conversation goes here, its tickets elsewhere go too.

The job is queued in the transaction of the erasure and belongs to no conversation any more: it holds the
connector, our reference and their ids, and nothing of what was said.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.errors import BadInput, NotFound, Unavailable
from bot.integrations.connectors.ours import own_key
from bot.integrations.connectors.port import Gone, TicketSystem
from bot.storage import outbox
from bot.storage.clock import now_iso
from bot.storage.outbox import Job
from bot.storage.schema import connector_comments, connector_links

TOPIC = "connector_erase"
ATTEMPTS = 90            # doubling to an hour, then hourly: more than three days
_L, _C = connector_links.c, connector_comments.c
_SETTLED = 120.0         # seconds until a pass that is under way has made what it was making


def queue(connection: Connection, conversation_id: str) -> int:
    """Queue the erasure of a conversation's twins in the caller's transaction; how many.

    To be called before their links are removed. A twin that may be in the making is looked for by our
    reference once whoever makes it has finished.
    """
    count = 0
    rows = connection.execute(
        sa.select(connector_links).where(_L.conversation_id == conversation_id)).mappings().all()
    for row in rows:
        busy = (row["busy_until"] or "") > now_iso()
        if not (row["external_id"] or row["fields"].get("tried") or busy):
            continue         # nothing ever left
        written = connection.execute(sa.select(_C.external_id).where(
            _C.connector == row["connector"], _C.reference == row["reference"], _C.direction == "out",
            _C.external_id.isnot(None))).scalars()
        count += outbox.put(
            connection, key=f"{TOPIC}:{row['connector']}:{row['reference']}", topic=TOPIC,
            payload={"connector": row["connector"], "reference": row["reference"],
                     "external_id": row["external_id"], "comments": list(written)},
            delay=_SETTLED if busy else 0.0)
    return count + _queue_merged(connection, conversation_id)


def _queue_merged(connection: Connection, conversation_id: str) -> int:
    """The same for what was said here after its ticket was merged into another, whose twin stays."""
    rows = connection.execute(
        sa.select(_C.connector, _C.reference, _C.external_id, _L.external_id)
        .join(connector_links, sa.and_(_L.connector == _C.connector, _L.reference == _C.reference))
        .where(_C.direction == "out", _C.key.like(f"m%x{conversation_id[:8]}"),
               _C.external_id.isnot(None), _L.conversation_id != conversation_id)
        .order_by(_C.connector, _C.reference, _C.at)).all()
    found: dict[tuple[str, str, str], list[str]] = {}
    for connector, reference, comment, twin in rows:
        found.setdefault((connector, reference, twin), []).append(comment)
    for (connector, reference, twin), written in found.items():
        outbox.put(connection, key=f"{TOPIC}:{connector}:{reference}:{conversation_id[:8]}", topic=TOPIC,
                   payload={"connector": connector, "reference": reference, "external_id": twin,
                            "comments": written, "merged": True})
    return len(found)


class Eraser:
    """The delivery of topic ``connector_erase``."""

    def __init__(self, systems: dict[str, TicketSystem]) -> None:
        self._systems = systems

    def send(self, job: Job) -> None:
        """Remove a twin. Raises Unavailable (later) or BadInput with what people have to do there."""
        name, reference = job.payload["connector"], job.payload["reference"]
        system = self._systems.get(name)
        if system is None:
            raise Unavailable(f"{name} is not configured any more.", retry_after=3600)
        if job.payload.get("merged"):
            return _left_by_hand(system, job)
        try:
            external_id = job.payload["external_id"]
            if external_id is None:
                found = system.find(reference)
                if found is None:
                    return
                external_id = found.external_id
            left = system.erase(Gone(external_id, reference, tuple(job.payload["comments"])))
        except NotFound:
            return           # removed there by hand, or by a try whose answer was lost
        if left:
            raise BadInput(left)


def _left_by_hand(system: TicketSystem, job: Job) -> None:
    """Raises BadInput while comments of ours that people have to remove there still are there."""
    twin, reference = job.payload["external_id"], job.payload["reference"]
    try:
        there = system.comments(twin)
    except NotFound:
        return
    wanted = set(job.payload["comments"])
    left = [one.external_id for one in there if one.external_id in wanted and own_key(one.text, reference)]
    if left:
        raise BadInput(f"{system.name.capitalize()} ticket {twin} ({reference}) goes on with words of a customer "
                       f"who was erased here, in {'comment' if len(left) == 1 else 'comments'} {', '.join(left)}: "
                       "remove them there, then try again.")
