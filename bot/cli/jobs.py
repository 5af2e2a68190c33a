"""`relais jobs`: what waits to leave, and dead letters tried again."""

from __future__ import annotations

import json

import typer

from bot.cli.common import instance

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, add_completion=False,
                  help="Mails, webhooks and what else leaves in the background.\n\nExample: relais jobs list --state dead")


@app.command("list")
def list_jobs(
    state: str = typer.Option("", help="waiting, running, retrying, done or dead; all by default."),
    topic: str = typer.Option("", help="Only this kind: mail, webhook, …"),
    limit: int = typer.Option(50, min=1, max=500, help="Most lines."),
    as_json: bool = typer.Option(False, "--json", help="One JSON object a line."),
) -> None:
    """List jobs, newest first.

    Example: relais jobs list --state dead
    """
    from bot.jobs.listing import jobs
    from bot.storage.outbox import counts

    with instance() as (_, database), database.read() as connection:
        found = jobs(connection, state=state, topic=topic, limit=limit)
        totals = counts(connection)
    if as_json:
        for job in found:
            typer.echo(json.dumps(job, ensure_ascii=False))
        return
    for job in found:
        typer.echo(f"{job['id']:>8}  {job['state']:<8} {job['topic']:<10} {job['attempts']:>2} tries  "
                   f"{job['created_at']}  {job['to']} {job['about']}".rstrip())
        if job["error"]:
            typer.echo(f"          {job['error']}")
    typer.echo(f"{totals['waiting']} waiting, {totals['dead']} dead.")


@app.command()
def retry(
    job: int = typer.Argument(0, help="The job's number."),
    every: bool = typer.Option(False, "--all", help="Every dead letter."),
    topic: str = typer.Option("", help="With --all: only this kind."),
) -> None:
    """Give a dead letter a new start.

    Example: relais jobs retry 1284
    """
    from bot.errors import BadInput
    from bot.jobs.listing import retry_all
    from bot.storage import outbox

    if bool(job) == every:
        raise BadInput("Name one job, or say --all.")
    with instance() as (_, database), database.write() as connection:
        if every:
            typer.echo(f"{retry_all(connection, topic)} job(s) will be tried again.")
        else:
            outbox.retry(connection, job)
            typer.echo(f"Job {job} will be tried again.")
