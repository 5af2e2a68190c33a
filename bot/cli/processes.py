"""`relais prepare` and `relais run`: one process of an instance at a time, for systemd, containers, many machines."""

from __future__ import annotations

import sys

import typer

from bot.cli.serve import DATABASE_PATIENCE, ended_like_ctrl_c, prepare_instance
from bot.errors import BadInput
from bot.settings import get_settings

app = typer.Typer(
    add_completion=False, rich_markup_mode=None, no_args_is_help=True,
    help="Run one process of an instance. `relais serve` runs them all.\n\nExample: relais run worker",
)


def prepare(
    wait: float = typer.Option(DATABASE_PATIENCE, min=0, help="Seconds to wait for a database server that is not up yet."),
) -> None:
    """Database, articles, accounts and models: once, before the processes start or after an upgrade.

    Example: RELAIS_DATABASE_URL=postgresql+psycopg2://… relais prepare --wait 600
    """
    with ended_like_ctrl_c():
        prepare_instance(get_settings(), wait)


@app.command()
def web() -> None:
    """A web process: the public port, or the socket it inherits.

    Example: PORT=8080 relais run web
    """
    from bot.web.main import main

    sys.exit(main())


@app.command()
def dialogue(port: int = typer.Option(0, help="Port to listen on; default RELAIS_DIALOGUE_PORT.")) -> None:
    """A dialogue process; web processes find it by RELAIS_DIALOGUE_URLS.

    Example: relais run dialogue --port 8101
    """
    from bot.assistant.server import serve_dialogue

    serve_dialogue(port)


@app.command()
def worker() -> None:
    """A worker: mails, outbox, idle chats, retention. Any number may run.

    Example: relais run worker
    """
    from bot.worker import main

    sys.exit(main())


@app.command()
def check(process: str = typer.Argument(..., help="web, dialogue or worker.")) -> None:
    """Whether a process of this machine does its work: exit 0 or 1, for health checks of containers.

    Example: relais run check web
    """
    from bot.cli.checks import CHECKS

    if process not in CHECKS:
        raise BadInput(f"There is no process '{process[:20]}': web, dialogue or worker.")
    typer.echo(CHECKS[process](get_settings()))
