"""`relais export`: everything kept about a conversation or contact."""

from __future__ import annotations

import json
from pathlib import Path

import typer

from bot.cli.common import instance, is_conversation_id
from bot.errors import NotFound


def export(
    what: str = typer.Argument(..., help="A conversation's id, or a customer's e-mail address or phone number."),
    out: Path | None = typer.Option(None, "--out", help="File to write; default the terminal."),
) -> None:
    """Print as JSON all that is kept about a conversation, or about all of a contact.

    Example: relais export camille@exemple.fr --out camille.json
    """
    from bot.privacy.erasure import of_contact
    from bot.privacy.export import export_conversation

    with instance() as (_, database), database.read() as connection:
        ids = [what.strip().lower()] if is_conversation_id(what) else of_contact(connection, what)
        if not ids:
            raise NotFound(f"No conversation has the contact {what}.")
        data = [export_conversation(connection, conversation_id) for conversation_id in ids]
    text = json.dumps(data, ensure_ascii=False, indent=2)
    if out is None:
        typer.echo(text)
        return
    out.touch(mode=0o600)
    out.write_text(text + "\n", encoding="utf-8")
    typer.echo(f"{len(data)} conversation(s) written to {out}")
