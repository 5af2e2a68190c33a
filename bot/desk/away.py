"""A mail to an agent who is away, has something to see, and asked to be told so: one mail, not one a thing."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.storage import outbox
from bot.storage.clock import later, now_iso
from bot.storage.database import Database
from bot.storage.schema import desk_settings, notifications, staff, staff_sessions

_N, _S = notifications.c, staff.c
AWAY_MINUTES = 5.0        # without a page of theirs asking us anything
_WORDS: dict[str, dict[str, str]] = {
    "fr": {
        "subject": "Relais : {n} à voir dans vos demandes",
        "text": "Bonjour {name},\n\nPendant votre absence :\n\n{lines}\n\n{url}/inbox\n\nVous recevez ce message parce "
                "que vous l'avez demandé dans Demandes > Notifications.\n",
        "mention": "- {by} vous a mentionné ({reference})", "assigned": "- {by} vous a confié {reference}",
        "woke": "- {reference} est de retour dans votre file", "request": "- {by} demande un contenu",
        "answered": "- {by} a répondu à votre demande de contenu",
        "sla_warning": "- {reference} : le délai promis approche", "sla_breach": "- {reference} : le délai promis est dépassé",
        "released": "- {reference} est à reprendre", "other": "- {reference}",
    },
    "en": {
        "subject": "Relais: {n} to look at in your requests",
        "text": "Hello {name},\n\nWhile you were away:\n\n{lines}\n\n{url}/inbox\n\nYou get this message because you asked "
                "for it in Requests > Notifications.\n",
        "mention": "- {by} mentioned you ({reference})", "assigned": "- {by} gave you {reference}",
        "woke": "- {reference} is back in your queue", "request": "- {by} asks for content",
        "answered": "- {by} answered your request for content",
        "sla_warning": "- {reference}: the promised time is near", "sla_breach": "- {reference}: the promised time has passed",
        "released": "- {reference} needs someone", "other": "- {reference}",
    },
}


def write(database: Database, base_url: str) -> int:
    """Queue mails for who is away; how many."""
    with database.read() as connection:
        if not _waiting(connection):
            return 0
    with database.write() as connection:
        return sum(_write_one(connection, username, base_url) for username in _waiting(connection))


def _waiting(connection: Connection) -> list[str]:
    """User names with something unseen that no mail told yet, for long enough to be away."""
    since = later(-AWAY_MINUTES * 60)
    present = sa.select(staff_sessions.c.username).where(staff_sessions.c.seen_at >= since)
    return list(connection.execute(
        sa.select(_N.username).distinct()
        .join(staff, _S.username == _N.username).join(desk_settings, desk_settings.c.username == _N.username)
        .where(_N.seen_at.is_(None), _N.mailed_at.is_(None), _N.at < later(-60), _S.active.is_(True),
               _N.username.not_in(present))).scalars())


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
