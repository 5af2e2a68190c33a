"""`relais restore`: an instance back from a backup."""

from __future__ import annotations

from pathlib import Path

import typer


def restore(
    file: Path = typer.Argument(..., help="File written by `relais backup`."),
    replace: bool = typer.Option(False, "--replace", help="Put what is in the home aside; on PostgreSQL, remove it."),
) -> None:
    """Bring an instance back into the home (and database) of the settings; it must be stopped.

    Example: RELAIS_HOME=/srv/relais relais restore relais-2026-11-26.tar.gz
    """
    from bot.backup.service import restore as run
    from bot.errors import NotFound
    from bot.settings import get_settings

    if not file.is_file():
        raise NotFound(f"There is no file {file}.")
    settings = get_settings()
    done = run(settings, file, replace=replace)
    if done.aside:
        typer.echo(f"What was there before is in {done.aside}.")
    typer.echo(f"Restored into {settings.home_path}: the instance of {done.made_at}, {done.engine}. Start it with `relais serve`.")
