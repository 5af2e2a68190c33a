"""`relais users`: staff accounts."""

from __future__ import annotations

import os
import sys

import typer

from bot.cli.common import instance
from bot.errors import BadInput

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, add_completion=False,
                  help="Staff accounts.\n\nExample: relais users add luc --role agent --languages fr,nl")


@app.command("list")
def list_() -> None:
    """List accounts.

    Example: relais users list
    """
    from bot.staff import accounts

    with instance() as (_, database), database.read() as connection:
        for row in accounts.list_accounts(connection):
            state = "" if row["active"] else "   (shut)"
            typer.echo(f"{row['username']:<20} {row['role']:<8} {row['first_name']:<16} {','.join(row['languages'])}{state}")


@app.command()
def add(
    username: str = typer.Argument(..., help="Name to sign in with."),
    role: str = typer.Option("agent", help="agent, lead, analyst or admin."),
    first_name: str = typer.Option("", "--first-name", help="What customers see; default the user name."),
    languages: str = typer.Option("fr", help="Languages they answer in, comma separated."),
) -> None:
    """Create an account; the password is read from RELAIS_NEW_PASSWORD, a pipe, or generated and printed.

    Example: relais users add luc --role agent --first-name Luc --languages fr,nl
    """
    from bot.staff import accounts
    from bot.staff.passwords import generate

    given = _given_password()
    password = given or generate()
    with instance() as (_, database), database.write() as connection:
        accounts.create(connection, username=username, first_name=first_name or username.capitalize(),
                        role=role, password=password,
                        languages=tuple(part.strip() for part in languages.split(",") if part.strip()))
    typer.echo(f"Account created: {username}" + ("" if given else f", password {password}"))


@app.command()
def password(username: str = typer.Argument(..., help="Whose.")) -> None:
    """Give a new password and end the account's sessions.

    Example: relais users password luc
    """
    from bot.staff import accounts
    from bot.staff.passwords import generate

    given = _given_password()
    fresh = given or generate()
    with instance() as (_, database), database.write() as connection:
        accounts.set_password(connection, username, fresh)
    typer.echo(f"Password of {username} changed" + ("" if given else f": {fresh}"))


@app.command()
def shut(username: str = typer.Argument(..., help="Whose.")) -> None:
    """Shut an account and end its sessions.

    Example: relais users shut luc
    """
    from bot.staff import accounts

    with instance() as (_, database), database.write() as connection:
        accounts.set_active(connection, username, False)
    typer.echo(f"{username} can no longer sign in.")


@app.command("open")
def open_(username: str = typer.Argument(..., help="Whose.")) -> None:
    """Open an account that was shut.

    Example: relais users open luc
    """
    from bot.staff import accounts

    with instance() as (_, database), database.write() as connection:
        accounts.set_active(connection, username, True)
    typer.echo(f"{username} can sign in again.")


def _given_password() -> str:
    """From the environment or a pipe: never an argument, which other processes can read."""
    found = os.environ.get("RELAIS_NEW_PASSWORD", "")
    if not found and not sys.stdin.isatty():
        found = sys.stdin.readline().rstrip("\n")
    if found and len(found) < 10:
        raise BadInput("A password has at least 10 characters.")
    return found
