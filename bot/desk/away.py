"""A mail to an agent who is away, has something to see, and asked to be told so: one mail, not one a thing."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.desk import notify
from bot.storage import outbox
from bot.storage.clock import later, now_iso
from bot.storage.database import Database
from bot.storage.schema import desk_settings, notifications, staff, staff_sessions
from bot.tickets.presence import HERE

_N, _S = notifications.c, staff.c
AWAY_MINUTES = 5.0        # without a key or a mouse on a page of theirs; an open page alone is nobody
_WORDS: dict[str, dict[str, str]] = {
    "fr": {
        "subject": "Relais : {n} à voir dans vos demandes",
        "text": "Bonjour {name},\n\nPendant votre absence :\n\n{lines}\n\n{url}/inbox\n\nVous recevez ce message parce "
                "que vous l'avez demandé dans Demandes > Notifications.\n",
        "mention": "- {by} vous a mentionné ({reference})", "assigned": "- {by} vous a confié {reference}",
        "woke": "- {reference} est de retour dans votre file", "request": "- {by} demande un contenu",
        "answered": "- {by} a répondu à votre demande de contenu",
        "sla_warning": "- {reference} : le délai promis approche", "sla_breach": "- {reference} : le délai promis est dépassé",
        "released": "- {reference} est à reprendre", "danger": "- {reference} : danger signalé, à lire tout de suite",
        "callback": "- {reference} : un rappel promis est à faire", "other": "- {reference}",
    },
    "en": {
        "subject": "Relais: {n} to look at in your requests",
        "text": "Hello {name},\n\nWhile you were away:\n\n{lines}\n\n{url}/inbox\n\nYou get this message because you asked "
                "for it in Requests > Notifications.\n",
        "mention": "- {by} mentioned you ({reference})", "assigned": "- {by} gave you {reference}",
        "woke": "- {reference} is back in your queue", "request": "- {by} asks for content",
        "answered": "- {by} answered your request for content",
        "sla_warning": "- {reference}: the promised time is near", "sla_breach": "- {reference}: the promised time has passed",
        "released": "- {reference} needs someone", "danger": "- {reference}: danger reported, please read it at once",
        "callback": "- {reference}: a promised call is due", "other": "- {reference}",
    },
}


def here(database: Database, username: str) -> None:
    """Somebody uses a page: they can be given requests, and need no mail."""
    with database.write() as connection:
        notify.keep(connection, username, {HERE: now_iso()})


def write(database: Database, base_url: str) -> int:
    """Queue mails for who is away; how many."""
    with database.read() as connection:
        if not _waiting(connection):
            return 0
    with database.write() as connection:
        return sum(_write_one(connection, username, base_url) for username in _waiting(connection))


def _waiting(connection: Connection) -> list[str]:
    """User names with something unseen that no mail told yet, who are away or say they are."""
    since = later(-AWAY_MINUTES * 60)
    unseen = sa.select(_N.username).where(_N.seen_at.is_(None), _N.mailed_at.is_(None), _N.at < later(-60))
    session = sa.select(sa.func.max(staff_sessions.c.seen_at)).where(
        staff_sessions.c.username == _S.username).scalar_subquery()
    rows = connection.execute(
        sa.select(_S.username, _S.presence, session.label("session"), desk_settings.c["values"].label("switches"))
        .join(desk_settings, desk_settings.c.username == _S.username)
        .where(_S.active.is_(True), _S.username.in_(unseen)).order_by(_S.username)).all()
    return [row.username for row in rows
            if row.switches.get("mail_when_away")
            and (row.presence == "away" or (row.switches.get(HERE) or row.session or "") < since)]


def _write_one(connection: Connection, username: str, base_url: str) -> int:
    switches: dict[str, Any] = connection.execute(
        sa.select(desk_settings.c["values"]).where(desk_settings.c.username == username)).scalar_one()
    rows = connection.execute(sa.select(notifications).where(
        _N.username == username, _N.seen_at.is_(None), _N.mailed_at.is_(None)).order_by(_N.id).limit(100)).mappings().all()
    connection.execute(sa.update(notifications).where(
        _N.id.in_([row["id"] for row in rows])).values(mailed_at=now_iso()))
    if not rows or not switches.get("mail_when_away") or not switches.get("email"):
        return 0
    name = connection.execute(sa.select(_S.first_name).where(_S.username == username)).scalar_one()
    # No words of customers or notes: mail leaves the house.
    words = _WORDS.get(str(switches.get("language")), _WORDS["fr"])
    lines = [words.get(row["kind"], words["other"]).format(by=row["detail"].get("by") or "Relais", reference=row["reference"] or "") for row in rows[:20]]
    outbox.put(connection, key=f"away:{username}:{rows[-1]['id']}", topic="mail", payload={
        "to": switches["email"], "language": switches.get("language") or "fr",
        "subject": words["subject"].format(n=len(rows)), "text": words["text"].format(name=name, lines="\n".join(lines), url=base_url)})
    return 1
