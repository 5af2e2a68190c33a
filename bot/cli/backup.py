"""`relais backup`: a running instance into one file."""

from __future__ import annotations

from pathlib import Path

import typer


def backup(
    file: Path = typer.Argument(..., help="File to write (.tar.gz); it holds personal data and keys."),
    force: bool = typer.Option(False, "--force", help="Write over a file that is there."),
) -> None:
    """Write database, attachments, written mails and keys into one file; the instance may run.

    Example: relais backup /var/backups/relais-$(date +%F).tar.gz
    """
    from bot.backup.service import backup as run
    from bot.cli.common import instance
    from bot.errors import Conflict

    if file.exists() and not force:
        raise Conflict(f"{file} is there already. Choose another name, or say --force.")
    with instance() as (settings, _):
        done = run(settings, file)
    typer.echo(f"{file}: {done.files} files, {done.engine}, schema {done.revision}, {file.stat().st_size / 1e6:.1f} MB. Keep it as safe as the instance itself.")
