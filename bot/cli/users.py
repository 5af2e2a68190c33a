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
                        languages=tuple(_parts(languages)))
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
    """Shut an account and end its sessions; its open tickets go back to their queues.

    Example: relais users shut luc
    """
    from bot.tickets import moves

    with instance() as (_, database), database.write() as connection:
        done = moves.deactivate(connection, username, author="system")
    typer.echo(f"{username} can no longer sign in." + _back(len(done)))


@app.command()
def remove(username: str = typer.Argument(..., help="Whose.")) -> None:
    """Delete an account; its open tickets go back to their queues.

    Example: relais users remove luc
    """
    from bot.tickets import moves

    with instance() as (_, database), database.write() as connection:
        done = moves.remove_account(connection, username, author="system")
    typer.echo(f"Account removed: {username}." + _back(len(done)))


@app.command("set")
def set_(
    username: str = typer.Argument(..., help="Whose."),
    languages: str = typer.Option("", help="Languages they answer in, comma separated."),
    skills: str = typer.Option("", help="Themes, queues and levels they take, comma separated; 'any' for all."),
    capacity: int = typer.Option(-1, help="Tickets at a time, 0 to 100."),
    presence: str = typer.Option("", help="auto (there while at a page) or away."),
) -> None:
    """Say what tickets someone can take; what is not named stays as it is.

    Example: relais users set luc --languages fr,nl --skills facture,L2 --capacity 8
    """
    from bot.staff import accounts

    with instance() as (_, database), database.write() as connection:
        row = accounts.set_abilities(
            connection, username, languages=_parts(languages) or None,
            skills=[] if skills == "any" else _parts(skills) or None,
            capacity=None if capacity < 0 else capacity, presence=presence or None)
    typer.echo(f"{username}: languages {','.join(row['languages'])}; skills {','.join(row['skills']) or 'any'}; "
               f"capacity {row['capacity']}; presence {row['presence']}")


@app.command("open")
def open_(username: str = typer.Argument(..., help="Whose.")) -> None:
    """Open an account that was shut.

    Example: relais users open luc
    """
    from bot.staff import accounts

    with instance() as (_, database), database.write() as connection:
        accounts.set_active(connection, username, True)
    typer.echo(f"{username} can sign in again.")


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _back(count: int) -> str:
    return f" {count} open ticket{'s' if count != 1 else ''} back in the queue." if count else ""


def _given_password() -> str:
    """From the environment or a pipe: never an argument, which other processes can read."""
    found = os.environ.get("RELAIS_NEW_PASSWORD", "")
    if not found and not sys.stdin.isatty():
        found = sys.stdin.readline().rstrip("\n")
    if found and len(found) < 10:
        raise BadInput("A password has at least 10 characters.")
    return found
