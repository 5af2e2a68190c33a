"""Brings one ticket and its twin in step, both ways, from whatever state they are in.

A job says only *which* ticket; what to do follows from comparing both sides, so a job done twice, late
or after an hour of outage does what is left to do and nothing else:

1. make the twin, or find the one an earlier try made without hearing of it;
2. take in their new comments (ours are known by id or by the marker in their text);
3. statuses and priorities, each against the value both sides last agreed on: who alone changed wins,
   and where both did, the later change (see docs/connectors.md);
4. send our new messages and notes.
"""

from __future__ import annotations

from typing import Any

import structlog

from bot.errors import BadInput, NotFound, RelaisError, Unavailable
from bot.integrations.connectors import apply, links
from bot.integrations.connectors.merge import decide
from bot.integrations.connectors.ours import Ours, own_key, read
from bot.integrations.connectors.port import RemoteTicket, TicketSystem
from bot.storage.clock import later, now_iso, parse, utcnow
from bot.storage.database import Database
from bot.storage.outbox import Job
from bot.tickets.states import PRIORITIES

ATTEMPTS = 90            # doubling to an hour, then hourly: more than three days
_log = structlog.get_logger(__name__)


class Synchroniser:
    """The delivery of topic ``connector``."""

    def __init__(self, database: Database, systems: dict[str, TicketSystem]) -> None:
        self._database, self._systems = database, systems

    def send(self, job: Job) -> None:
        """Bring a ticket in step. Raises Unavailable (later) or BadInput (a person must look)."""
        name, reference = job.payload["connector"], job.payload["reference"]
        system = self._systems.get(name)
        if system is None:
            raise Unavailable(f"{name} is not configured any more.", retry_after=3600)
        self._wait_if_paused(name)
        with self._database.write() as connection:
            try:
                ours = read(connection, reference)
            except (NotFound, RelaisError):
                return          # erased meanwhile
            if system.mirror and (ours.ticket["status"] != "closed" or links.find(connection, name, reference)):
                links.ensure(connection, name, reference, ours.conversation.id)
            link = links.find(connection, name, reference)
            if link is None or (not job.payload.get("pull") and _in_step(link, ours)):
                return
            fence = links.lease(connection, name, reference)
        try:
            _Pass(self._database, system, reference, fence).run(link)
        except RelaisError as error:
            self._failed(name, reference, fence, error)
            raise

    def _wait_if_paused(self, name: str) -> None:
        with self._database.read() as connection:
            until = links.state(connection, name).get("paused_until")
        left = (parse(until) - utcnow()).total_seconds() if until else 0.0
        if left > 0:
            raise Unavailable(f"{name} asked us to wait.", retry_after=left)

    def _failed(self, name: str, reference: str, fence: int, error: RelaisError) -> None:
        wait = error.context.get("retry_after")
        with self._database.write() as connection:
            if isinstance(wait, (int, float)) and error.context.get("paused"):
                links.set_state(connection, name, paused_until=later(float(wait)))
            try:
                links.save(connection, name, reference, fence, release=True, error=error.detail[:300])
            except Unavailable:
                _log.info("another worker has the ticket", connector=name, reference=reference)


class _Pass:
    """One pass over one ticket, under a lease."""

    def __init__(self, database: Database, system: TicketSystem, reference: str, fence: int) -> None:
        self._database, self._system = database, system
        self._reference, self._fence = reference, fence

    def run(self, link: dict[str, Any]) -> None:
        external_id, fields = link["external_id"], dict(link["fields"])
        if external_id is None:
            external_id, fields = self._make(fields)
        try:
            remote = self._system.get(external_id)
        except NotFound as error:
            raise BadInput(f"The twin {external_id} was removed there: {error.detail}") from error
        self._take_comments(external_id)
        fields = self._fields(external_id, remote, fields)
        ours = self._send_comments(external_id, fields)
        fields |= {"seen": [ours.last_seq, ours.last_note, ours.ticket["version"]]}
        self._save(release=True, fields=fields, synced_at=now_iso(), error=None)

    def _make(self, fields: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """Make the twin; after a try whose answer was lost, look for it first."""
        found = self._system.find(self._reference) if fields.get("tried") else None
        with self._database.read() as connection:
            ours = read(connection, self._reference)
        if not fields.get("tried"):
            # What the first try carries is in its text; all later tries tell what came after as comments.
            fields = {"tried": True, "seq": ours.last_seq, "note": fields.get("note", 0),
                      "status": [ours.ticket["status"], None],
                      "priority": [PRIORITIES[ours.ticket["priority"]], None]}
            self._save(fields=fields)
        if found is None:
            found = self._system.create(_as_of(ours, fields).new())
        self._save(external_id=found.external_id, external_url=found.url, fields=fields)
        return found.external_id, fields

    def _take_comments(self, external_id: str) -> None:
        with self._database.read() as connection:
            known = links.comments(connection, self._system.name, self._reference)
        theirs = self._system.comments(external_id)
        # A twin's first comment is the text it was made with; an issue has that in its description.
        first = theirs[0].external_id if theirs and self._system.mirror else None
        for comment in theirs:
            if comment.external_id in known.values() or comment.external_id == first:
                continue
            key = own_key(comment.text, self._reference)
            with self._database.write() as connection:
                links.save(connection, self._system.name, self._reference, self._fence)
                if key is not None:
                    links.paired(connection, self._system.name, self._reference, key,
                                 comment.external_id, "out")
                elif comment.text.strip():
                    key = apply.comment(connection, self._system.name, self._reference, comment)
                    links.paired(connection, self._system.name, self._reference, key,
                                 comment.external_id, "in")

    def _fields(self, external_id: str, remote: RemoteTicket, fields: dict[str, Any]) -> dict[str, Any]:
        """Statuses and priorities; afterwards ``fields`` holds what each side has now."""
        with self._database.read() as connection:
            ticket = read(connection, self._reference).ticket
        mine = {"status": str(ticket["status"]), "priority": PRIORITIES[ticket["priority"]]}
        push: dict[str, str] = {}
        for name, theirs in self._theirs(remote).items():
            base = fields.get(name) or [None, None]
            choice = decide(name, base=(base[0], base[1]), ours=mine[name], theirs=theirs,
                            ours_at=str(ticket["updated_at"]), theirs_at=remote.updated_at)
            if choice == "theirs":
                mine[name] = self._apply(name, theirs)
            elif choice == "ours":
                push[name] = mine[name]
        if push:
            self._system.update(external_id, push)
            remote = self._system.get(external_id)      # in their words, ours may read differently
        for name, theirs in self._theirs(remote).items():
            fields[name] = [mine[name], theirs]
        if fields.get("label") != remote.label:
            if not self._system.mirror and "label" in fields:
                with self._database.write() as connection:
                    apply.label(connection, self._system.name, self._reference, remote.url, remote.label)
            fields["label"] = remote.label
        self._save(fields=fields)
        return fields

    def _theirs(self, remote: RemoteTicket) -> dict[str, str]:
        if not self._system.mirror:
            return {}
        found = {"status": remote.status, "priority": remote.priority}
        return {name: value for name, value in found.items() if value is not None}

    def _apply(self, name: str, theirs: str) -> str:
        with self._database.write() as connection:
            if name == "status":
                return apply.status(connection, self._system.name, self._reference, theirs)
            apply.priority(connection, self._system.name, self._reference, theirs)
        return theirs

    def _send_comments(self, external_id: str, fields: dict[str, Any]) -> Ours:
        with self._database.read() as connection:
            ours = read(connection, self._reference)
            known = links.comments(connection, self._system.name, self._reference)
        wanted = ours.comments(messages=self._system.mirror, after_seq=fields.get("seq", 0),
                               after_note=fields.get("note", 0))
        for key, comment in wanted.items():
            if key in known:
                continue
            self._save(fields=fields)          # still ours? a slow system outlives a lease
            made = self._system.comment(external_id, comment)
            with self._database.write() as connection:
                links.paired(connection, self._system.name, self._reference, key, made, "out")
        return ours

    def _save(self, *, release: bool = False, **values: Any) -> None:
        with self._database.write() as connection:
            links.save(connection, self._system.name, self._reference, self._fence, release=release,
                       **values)


def _as_of(ours: Ours, fields: dict[str, Any]) -> Ours:
    """The ticket as it was at the first try, so that every try makes the same twin."""
    return Ours(ours.ticket, ours.conversation, [e for e in ours.events if e.seq <= fields["seq"]], ours.notes)


def _in_step(link: dict[str, Any], ours: Ours) -> bool:
    """Whether nothing happened here since both sides agreed."""
    return bool(link["external_id"]) and link["error"] is None and (
        link["fields"].get("seen") == [ours.last_seq, ours.last_note, ours.ticket["version"]])
