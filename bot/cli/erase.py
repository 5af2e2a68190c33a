"""`relais erase`: erase a conversation or a contact from every copy."""

from __future__ import annotations

import sys

import typer

from bot.cli.common import instance, is_conversation_id
from bot.errors import BadInput, NotFound, RelaisError


def erase(
    what: str = typer.Argument(..., help="A conversation's id, or a customer's e-mail address or phone number."),
    yes: bool = typer.Option(False, "--yes", help="Do not ask."),
) -> None:
    """Erase a conversation, or all of a contact: events, dialogue state, tickets, ratings, mails, gaps.

    Example: relais erase camille@exemple.fr --yes
    """
    from bot.attachments import store as attachments
    from bot.attachments.files import Files
    from bot.privacy.erasure import compact, erase_conversation, erase_spooled, of_contact

    with instance() as (settings, database):
        with database.read() as connection:
            ids = [what.strip().lower()] if is_conversation_id(what) else of_contact(connection, what)
        if not ids:
            raise NotFound(f"No conversation has the contact {what}.")
        if not yes:
            _ask(len(ids))
        mails = 0
        with database.write() as connection:
            for conversation_id in ids:
                mails += erase_spooled(connection, conversation_id, settings.spool)
                erase_conversation(connection, conversation_id)
        attachments.purge(database, Files(settings.home_path / "attachments"))
        compact(database)
    typer.echo(f"Erased: {len(ids)} conversation(s), {mails} written mail(s).")


def _ask(number: int) -> None:
    """Go on at a yes only. Raises BadInput where nobody can answer."""
    try:
        wanted = typer.confirm(f"Erase {number} conversation(s) for good?")
    except typer.Abort:
        if sys.stdin.isatty():      # Ctrl-C
            raise
        raise BadInput("Say --yes to erase without being asked.") from None
    if not wanted:
        raise RelaisError("Nothing was erased.")
