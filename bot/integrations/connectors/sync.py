"""Brings one ticket and its twin in step, both ways, from whatever state they are in.

A job says only *which* ticket; what to do follows from comparing both sides, so a job done twice, late
or after an hour of outage does what is left to do and nothing else:

1. make the twin, or find the one an earlier try made without hearing of it;
2. take in their new comments (ours are known by id or by the marker in their text);
3. statuses and priorities, each against the value both sides last agreed on: who alone changed wins,
   and where both did, the later change (see docs/connectors.md); what their comments did to our ticket
   is not our change. Custom fields go one way;
4. send our new messages and notes, whether or not 3 was refused.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from typing import Any

import structlog

from bot.conversations.text import clean, is_blank
from bot.errors import BadInput, NotFound, RelaisError, Unavailable
from bot.integrations.connectors import apply, links
from bot.integrations.connectors.client import NotPermitted
from bot.integrations.connectors.merge import Choice, decide
from bot.integrations.connectors.ours import Ours, own_key, read
from bot.integrations.connectors.port import RemoteTicket, TicketSystem
from bot.storage.clock import iso, later, now_iso, parse, utcnow
from bot.storage.database import Database
from bot.storage.outbox import Job
from bot.tickets import store as tickets

ATTEMPTS = 90            # doubling to an hour, then hourly: more than three days
_OPENING = "opening"     # the key of the text a twin was made with
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
        fields = self._take_comments(external_id, fields)
        refused: RelaisError | None = None
        version: int | None = None
        try:
            fields, version = self._fields(external_id, remote, fields)
        except (BadInput, NotPermitted) as error:
            refused = error          # a status they do not take keeps no words from them
        ours = self._send_comments(external_id, fields)
        if refused is not None:
            raise refused
        # The version that was compared: what changed here since is for another pass.
        fields |= {"seen": [*ours.seen[:2], version]}
        self._save(release=True, fields=fields, synced_at=now_iso(), error=None)

    def _make(self, fields: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """Make the twin; after a try whose answer was lost, look for it first."""
        found = self._system.find(self._reference) if fields.get("tried") else None
        with self._database.read() as connection:
            ours = read(connection, self._reference)
        if not fields.get("tried"):
            # What the first try carries is in its text; all later tries tell what came after as comments.
            fields = {"tried": True, "seq": ours.last_seq, "note": fields.get("note", 0),
                      **{name: [value, None] for name, (value, _) in ours.standing.items()}}
            self._save(fields=fields)
        if found is None:
            new = _as_of(ours, fields).new()
            found = self._system.create(new)
            fields = fields | {"custom": _marks(self._system.custom(new.values))}
        self._save(external_id=found.external_id, external_url=found.url, fields=fields)
        return found.external_id, fields

    def _take_comments(self, external_id: str, fields: dict[str, Any]) -> dict[str, Any]:
        with self._database.read() as connection:
            known = links.comments(connection, self._system.name, self._reference)
        theirs = self._system.comments(external_id)
        if self._system.mirror and theirs and _OPENING not in known:
            # A twin's first comment is the text it was made with (an issue has that in its description).
            # Known by its id from then on: one that is merged into the twin there brings older comments.
            with self._database.write() as connection:
                links.save(connection, self._system.name, self._reference, self._fence)
                links.paired(connection, self._system.name, self._reference, _OPENING,
                             theirs[0].external_id, "out")
            known[_OPENING] = theirs[0].external_id
        fresh = [comment for comment in theirs if comment.external_id not in known.values()]
        if fresh and "before" not in fields:
            with self._database.read() as connection:
                before = read(connection, self._reference).standing
            fields = fields | {"before": before}
            self._save(fields=fields)
        for comment in fresh:
            key = own_key(comment.text, self._reference)
            with self._database.write() as connection:
                links.save(connection, self._system.name, self._reference, self._fence)
                if key is not None:
                    links.paired(connection, self._system.name, self._reference, key,
                                 comment.external_id, "out")
                elif comment.files or not is_blank(clean(comment.text)):
                    key = apply.comment(connection, self._system.name, self._reference, comment)
                    links.paired(connection, self._system.name, self._reference, key,
                                 comment.external_id, "in")
        return fields

    def _fields(
        self, external_id: str, remote: RemoteTicket, fields: dict[str, Any]
    ) -> tuple[dict[str, Any], int]:
        """Statuses, priorities, custom fields; afterwards ``fields`` holds what each side has now.

        Also the version of our ticket that this was about.
        """
        with self._database.read() as connection:
            ours = read(connection, self._reference)
        version = int(ours.ticket["version"])
        mine = {name: value for name, (value, _) in ours.standing.items()}
        before = fields.get("before") or ours.standing
        push: dict[str, str] = {}
        for name, theirs in self._theirs(remote).items():
            base = self._base(name, fields.get(name) or [None, None], theirs)
            choice = self._choice(name, base, before[name], mine[name], theirs, remote.updated_at)
            if choice == "theirs":
                mine[name], version = self._apply(name, theirs)
            elif choice == "ours":
                push[name] = mine[name]
        for name in mine.keys() - self._theirs(remote).keys():
            # Theirs is none of the file's words, so there is nothing to take over: ours goes where it changed.
            if self._system.mirror and mine[name] != (fields.get(name) or [mine[name]])[0]:
                push[name] = mine[name]
        marks = fields.get("custom") or {}
        wanted = self._system.custom(ours.values)
        custom = {name: value for name, value in wanted.items() if marks.get(name) != _mark(value)}
        custom |= {name: "" for name in marks if name not in wanted}
        if push or custom:
            self._system.update(external_id, push, custom)
            remote = self._system.get(external_id)      # in their words, ours may read differently
        fields = {name: value for name, value in fields.items() if name != "before"} | {"custom": _marks(wanted)}
        for name, theirs in self._theirs(remote).items():
            fields[name] = [mine[name], theirs]
        if fields.get("label") != remote.label:
            if not self._system.mirror and "label" in fields:
                with self._database.write() as connection:
                    apply.label(connection, self._system.name, self._reference, remote.url, remote.label)
                    version = int(tickets.get(connection, self._reference)["version"])
            fields["label"] = remote.label
        self._save(fields=fields)
        return fields, version

    def _base(self, name: str, agreed: list[str | None], theirs: str) -> tuple[str | None, str | None]:
        """What both sides last had; of a twin just made, what it was made with."""
        ours, known = agreed
        if known is None and ours is not None:
            known = theirs if self._one(name, ours, theirs) else ours
        return ours, known

    def _choice(
        self, name: str, base: tuple[str | None, str | None], before: tuple[str, str], mine: str, theirs: str,
        theirs_at: str,
    ) -> Choice:
        """Whose value counts. ``before`` is ours, and since when, before their comments did anything to it."""
        was, since = before
        if self._one(name, mine, theirs):
            return "same"
        choice: Choice = "same" if self._one(name, was, theirs) else decide(
            name, base=base, ours=was, theirs=theirs, ours_at=since, theirs_at=theirs_at)
        return "ours" if choice == "same" and mine != was else choice

    def _one(self, name: str, ours: str, theirs: str) -> bool:
        """Whether both are one there: a system with fewer words than ours cannot tell them apart."""
        word = self._system.word(name, ours)
        return ours == theirs or (word is not None and word == self._system.word(name, theirs))

    def _theirs(self, remote: RemoteTicket) -> dict[str, str]:
        if not self._system.mirror:
            return {}
        found = {"status": remote.status, "priority": remote.priority}
        return {name: value for name, value in found.items() if value is not None}

    def _apply(self, name: str, theirs: str) -> tuple[str, int]:
        with self._database.write() as connection:
            if name == "status":
                theirs = apply.status(connection, self._system.name, self._reference, theirs)
            else:
                apply.priority(connection, self._system.name, self._reference, theirs)
            return theirs, int(tickets.get(connection, self._reference)["version"])

    def _send_comments(self, external_id: str, fields: dict[str, Any]) -> Ours:
        with self._database.read() as connection:
            ours = read(connection, self._reference)
            known = links.comments(connection, self._system.name, self._reference)
            times = links.sent(connection, self._system.name, self._reference)
        wanted = ours.comments(messages=self._system.mirror, after_seq=fields.get("seq", 0),
                               after_note=fields.get("note", 0))
        for key, comment in wanted.items():
            if key in known:
                continue
            self._in_pace(times)
            self._save(fields=fields)          # still ours? a slow system outlives a lease
            made = self._system.comment(external_id, comment)
            with self._database.write() as connection:
                links.paired(connection, self._system.name, self._reference, key, made, "out")
            times.append(now_iso())
        return ours

    def _in_pace(self, times: list[str]) -> None:
        """Raises Unavailable where one more comment would be over what a ticket there takes.

        Only this ticket waits: an answer of 429 would hold up all the others with it.
        """
        if self._system.pace is None:
            return
        most, seconds = self._system.pace
        begin = iso(utcnow() - timedelta(seconds=seconds))
        recent = [at for at in times if at > begin]
        if len(recent) >= most:
            wait = (parse(recent[-most]) - parse(begin)).total_seconds()
            raise Unavailable(f"{self._system.name.capitalize()} takes only so many comments on a ticket in a "
                              "few minutes: the rest follows by itself.", retry_after=max(wait, 1.0))

    def _save(self, *, release: bool = False, **values: Any) -> None:
        with self._database.write() as connection:
            links.save(connection, self._system.name, self._reference, self._fence, release=release,
                       **values)


def _as_of(ours: Ours, fields: dict[str, Any]) -> Ours:
    """The ticket as it was at the first try, so that every try makes the same twin."""
    return replace(ours, events=[event for event in ours.events if event.seq <= fields["seq"]])


def _mark(value: str) -> str:
    """What is remembered of a custom field's value: enough to tell whether it changed."""
    return hashlib.sha256(value.encode()).hexdigest()[:12]


def _marks(custom: dict[str, str]) -> dict[str, str]:
    return {name: _mark(value) for name, value in custom.items()}


def _in_step(link: dict[str, Any], ours: Ours) -> bool:
    """Whether nothing happened here since both sides agreed."""
    return bool(link["external_id"]) and link["error"] is None and (
        link["fields"].get("seen") == ours.seen)
