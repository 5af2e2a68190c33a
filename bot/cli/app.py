"""The command `relais`: one file a command, wired here.

Exit codes: 0 success, 2 bad usage or bad input, 1 failure. Errors are one clear line on stderr; the
traceback is shown with ``--debug``.
"""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from typing import Any

import typer
import typer.core

from bot.errors import BadInput, RelaisError

#: Typer brings its own copy of click; the base of its usage errors is what its parser raises.
UsageError: type[Any] = typer.BadParameter.__mro__[1]

#: command -> (module, attribute). Modules are imported only when their command runs: `relais --help`
#: must not load models.
COMMANDS: dict[str, tuple[str, str, str]] = {
    "serve": ("bot.cli.serve", "serve", "Start the whole instance: web, dialogue, worker."),
    "prepare": ("bot.cli.processes", "prepare", "Database, content, accounts and models, without starting anything."),
    "run": ("bot.cli.processes", "app", "Run one process of an instance: web, dialogue or worker."),
    "train": ("bot.cli.train", "train", "Train the assistant and build the index."),
    "ask": ("bot.cli.ask", "ask", "What the bot decides on a first message."),
    "evaluate": ("bot.cli.evaluate", "app", "Measure retrieval and intents on your own files."),
    "faq": ("bot.cli.faq", "app", "Work on the FAQ: which articles steal each other's questions."),
    "report": ("bot.cli.report", "report", "The dashboard's figures in the terminal."),
    "users": ("bot.cli.users", "app", "Staff accounts."),
    "export": ("bot.cli.export", "export", "Everything kept about a conversation or contact."),
    "erase": ("bot.cli.erase", "erase", "Erase a conversation or contact from every copy."),
    "backup": ("bot.cli.backup", "backup", "A running instance into one file."),
    "restore": ("bot.cli.restore", "restore", "An instance back from a backup."),
    "jobs": ("bot.cli.jobs", "app", "What leaves in the background; dead letters tried again."),
    "doctor": ("bot.cli.doctor", "doctor", "Say what is wrong and what to do."),
    "settings": ("bot.cli.settings_doc", "settings", "Every setting with its value; never a secret."),
}


class LazyGroup(typer.core.TyperGroup):
    """A group whose commands are imported when asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, name: str) -> Any:
        if name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[name]
        target = getattr(importlib.import_module(module), attribute)
        if isinstance(target, typer.Typer):
            return typer.main.get_command(target)
        single = typer.Typer(add_completion=False, rich_markup_mode=None)
        single.command(name)(target)
        return typer.main.get_command(single)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, _, text) in COMMANDS.items()])


cli = typer.Typer(
    cls=LazyGroup, add_completion=False, rich_markup_mode=None, no_args_is_help=True,
    help="Relais: self-service support with a way out to a person.\n\nExample: relais ask \"abonnement 15 kVA\"",
)


@cli.callback()
def options(debug: bool = typer.Option(False, "--debug", help="Show tracebacks.")) -> None:
    if debug:
        os.environ["RELAIS_DEBUG"] = "1"


def main(arguments: list[str] | None = None) -> None:
    """Entry point; turns errors into exit codes."""
    arguments = sys.argv[1:] if arguments is None else arguments
    debug = "--debug" in arguments
    arguments = [a for a in arguments if a != "--debug"]
    try:
        command = typer.main.get_command(cli)
        result = command.main(arguments, prog_name="relais", standalone_mode=False)
        sys.exit(result if isinstance(result, int) else 0)
    except UsageError as error:
        context = f" Try `{error.ctx.command_path} --help`." if error.ctx else ""
        _fail(f"{error.format_message()}{context}", 2)
    except typer.Exit as error:
        sys.exit(error.exit_code)
    except (typer.Abort, KeyboardInterrupt):
        sys.exit(130)
    except BrokenPipeError:
        os._exit(0)
    except BadInput as error:
        _fail(error.detail, 2)
    except RelaisError as error:
        if debug:
            traceback.print_exc()
        _fail(error.detail, 1)
    except Exception as error:
        if debug:
            traceback.print_exc()
        _fail(f"{_said(error)}. Run again with --debug to see where.", 1)


def _said(error: Exception) -> str:
    if "sqlalchemy" in sys.modules:        # loaded by commands that use the database, not for --help
        from sqlalchemy.exc import SQLAlchemyError

        from bot.storage.reach import reason

        if isinstance(error, SQLAlchemyError):
            return f"The database: {reason(error)}"
    return f"{type(error).__name__}: {error}"


def _fail(detail: str, code: int) -> None:
    print(f"relais: {detail}", file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main()
