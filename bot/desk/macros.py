"""Macros: answers ready to send, written by leads, in as many languages as they like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.conversations.text import clean, one_line
from bot.desk.placeholders import BrokenPlaceholder, check
from bot.errors import BadInput, Conflict, NotFound, not_one_of
from bot.settings import LOCALES
from bot.storage.clock import now_iso
from bot.storage.schema import macros

_M = macros.c
Macro = dict[str, Any]
_LONGEST = 4000


def listed(connection: Connection, *, everything: bool = False) -> list[Macro]:
    """Macros by name; retired ones too where ``everything`` is wanted."""
    query = sa.select(macros).order_by(_M.name)
    if not everything:
        query = query.where(_M.active.is_(True))
    return [dict(row) for row in connection.execute(query).mappings()]


def get(connection: Connection, macro_id: int) -> Macro:
    """One macro. Raises NotFound."""
    row = connection.execute(sa.select(macros).where(_M.id == macro_id)).mappings().first()
    if row is None:
        raise NotFound("There is no such macro.", key="macro_gone")
    return dict(row)


def create(
    connection: Connection, *, name: str, texts: Mapping[str, str], author: str, theme: str | None = None
) -> Macro:
    """A new macro. Raises BadInput, BrokenPlaceholder, Conflict for a name taken."""
    values = _checked(name, texts)
    _must_be_free(connection, values["name"], None)
    done = connection.execute(sa.insert(macros).values(
        **values, theme=theme or None, active=True, uses=0, version=1, author=author, updated_at=now_iso()))
    return get(connection, int(done.inserted_primary_key[0]))


def change(
    connection: Connection, macro_id: int, *, version: int, name: str, texts: Mapping[str, str],
    author: str, theme: str | None = None, active: bool = True,
) -> Macro:
    """Change a macro that still is as ``version`` says.

    Raises BadInput, BrokenPlaceholder, NotFound, and Conflict where someone changed it meanwhile.
    """
    values = _checked(name, texts)
    _must_be_free(connection, values["name"], macro_id)
    done = connection.execute(
        sa.update(macros).where(_M.id == macro_id, _M.version == version).values(
            **values, theme=theme or None, active=active, version=version + 1, author=author, updated_at=now_iso()))
    if done.rowcount != 1:
        now = get(connection, macro_id)
        raise Conflict(f"{now['author']} changed this macro meanwhile: reload it, your text is not lost.",
                       version=now["version"], key="macro_changed", author=now["author"])
    return get(connection, macro_id)


def used(connection: Connection, macro_id: int) -> None:
    """Count a use."""
    connection.execute(sa.update(macros).where(_M.id == macro_id).values(uses=_M.uses + 1))


def text_for(macro: Macro, language: str, instead: str = "en") -> tuple[str, str]:
    """The text for a language and the language it is in: the wanted one, ``instead``, English, French, any."""
    texts = macro["texts"]
    for locale in (language, instead, "en", "fr", *texts):
        if texts.get(locale):
            return str(texts[locale]), str(locale)
    return "", language


def _checked(name: str, texts: Mapping[str, str]) -> dict[str, Any]:
    title = one_line(name, 80)
    if not title:
        raise BadInput("Give the macro a name.", key="macro_name")
    kept = {locale: clean(text) for locale, text in texts.items() if text and text.strip()}
    if not kept:
        raise BadInput("Write the macro in at least one language.", key="macro_text")
    for locale, text in kept.items():
        if locale not in LOCALES:
            raise not_one_of("locale", LOCALES)
        if len(text) > _LONGEST:
            raise BadInput(f"A macro has at most {_LONGEST} characters ({locale} has {len(text)}).", key="macro_long", most=_LONGEST, locale=locale, length=len(text))
        try:
            check(text)
        except BrokenPlaceholder as error:
            where = {"where": f"{locale.upper()} : "}
            raise BrokenPlaceholder(f"{locale.upper()}: {error.detail}", **error.context | where) from error
    return {"name": title, "texts": kept}


def _must_be_free(connection: Connection, name: str, own: int | None) -> None:
    # Compared here: SQLite's lower() leaves "É" as it is.
    rows = connection.execute(sa.select(_M.id, _M.name)).all()
    if any(row.name.casefold() == name.casefold() and row.id != own for row in rows):
        raise Conflict(f"There already is a macro named « {name} ».", key="macro_taken", name=name)
