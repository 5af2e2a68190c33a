"""What an agent should know though they look elsewhere: kept until seen, and who wants it how."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.desk.mentions import mentioned
from bot.errors import BadInput
from bot.handover.contact import normalise
from bot.storage.clock import now_iso
from bot.storage.schema import desk_settings, notifications, staff

_N, _P, _S = notifications.c, desk_settings.c, staff.c
KINDS = ("mention", "assigned", "woke", "request", "answered")
#: An agent's own switches, as they start: nothing that makes a noise or sends a mail.
DEFAULTS: dict[str, Any] = {"sound": False, "desktop": False, "mail_when_away": False, "email": "", "language": "fr"}
_ANSWERERS = ("agent", "lead", "admin")


def notify(
    connection: Connection, username: str, kind: str, reference: str | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    """Tell someone; an account that is gone or shut is told nothing."""
    if kind not in KINDS:
        raise ValueError(kind)
    active = connection.execute(
        sa.select(_S.username).where(_S.username == username, _S.active.is_(True))).first()
    if active is not None:
        connection.execute(sa.insert(notifications).values(
            username=username, kind=kind, reference=reference, detail=detail or {}, at=now_iso()))


def notify_leads(
    connection: Connection, kind: str, reference: str | None, detail: dict[str, Any], *, but: str
) -> None:
    """Tell every lead except ``but``."""
    for name in connection.execute(
        sa.select(_S.username).where(_S.role.in_(("lead", "admin")), _S.active.is_(True), _S.username != but)
    ).scalars().all():
        notify(connection, name, kind, reference, detail)


def tell_mentioned(connection: Connection, reference: str, author: str, text: str) -> list[str]:
    """Tell who a note calls; their user names."""
    known = connection.execute(
        sa.select(_S.username).where(_S.active.is_(True), _S.role.in_(_ANSWERERS))).scalars().all()
    called = [name for name in mentioned(text, known) if name != author]
    for name in called:
        notify(connection, name, "mention", reference, {"by": author, "text": text[:300]})
    return called


def listed(connection: Connection, username: str, limit: int = 50) -> list[dict[str, Any]]:
    """The newest, those not seen among them first."""
    rows = connection.execute(
        sa.select(_N.id, _N.kind, _N.reference, _N.detail, _N.at, _N.seen_at).where(_N.username == username)
        .order_by(sa.case((_N.seen_at.is_(None), 0), else_=1), _N.id.desc()).limit(limit)).mappings()
    return [dict(row) for row in rows]


def unseen(connection: Connection, username: str) -> int:
    """How many wait to be seen."""
    return int(connection.execute(sa.select(sa.func.count()).where(
        _N.username == username, _N.seen_at.is_(None))).scalar_one())


def see(
    connection: Connection, username: str, *, ids: Sequence[int] = (), reference: str | None = None,
    everything: bool = False,
) -> int:
    """Mark as seen by id, by ticket, or all; how many."""
    query = sa.update(notifications).where(_N.username == username, _N.seen_at.is_(None))
    if not everything:
        chosen = [_N.id.in_(list(ids))] if ids else []
        if reference is not None:
            chosen.append(_N.reference == reference)
        if not chosen:
            return 0
        query = query.where(sa.or_(*chosen))
    return int(connection.execute(query.values(seen_at=now_iso())).rowcount)


def switches(connection: Connection, username: str) -> dict[str, Any]:
    """How this agent wants to be told."""
    kept = connection.execute(
        sa.select(desk_settings.c["values"]).where(_P.username == username)).scalar_one_or_none()
    return DEFAULTS | {name: value for name, value in (kept or {}).items() if name in DEFAULTS}


def set_switches(connection: Connection, username: str, given: dict[str, Any]) -> dict[str, Any]:
    """Change some. Raises BadInput for an address that cannot work, or mail without one."""
    values = switches(connection, username) | {k: v for k, v in given.items() if k in DEFAULTS and v is not None}
    if values["email"]:
        values["email"] = normalise("email", str(values["email"]), "en")
    if values["mail_when_away"] and not values["email"]:
        raise BadInput("Give an e-mail address first, so that we can write to you.", key="notify_address")
    keep(connection, username, values)
    return values


def keep(connection: Connection, username: str, values: dict[str, Any]) -> None:
    """Put something among an agent's switches; the others stay, whichever page writes at the same time."""
    mine = sa.select(desk_settings.c["values"]).where(_P.username == username).with_for_update()
    if connection.execute(mine).first() is None:
        try:
            with connection.begin_nested():
                connection.execute(sa.insert(desk_settings).values({"username": username, "values": {}}))
        except sa.exc.IntegrityError:       # the same person's other page was faster
            pass
    kept = connection.execute(mine).scalar_one()
    connection.execute(sa.update(desk_settings).where(_P.username == username).values({"values": kept | values}))
