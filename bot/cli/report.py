"""`relais report`: the dashboard's figures in the terminal."""

from __future__ import annotations

import json
from typing import Any

import typer

from bot.cli.common import instance


def report(
    first: str = typer.Option("", "--from", help="First day, like 2026-11-01; default 30 days ago."),
    last: str = typer.Option("", "--to", help="Last day; default today."),
    by: str = typer.Option("", help="Also by day, topic or locale."),
    recompute: bool = typer.Option(False, "--recompute", help="Judge every conversation anew from its events."),
    as_json: bool = typer.Option(False, "--json", help="The figures as JSON."),
) -> None:
    """Print conversations, outcomes, deflection as an interval, ratings and first responses.

    Example: relais report --from 2026-11-01 --by topic
    """
    from bot.analytics.judge import judge_all
    from bot.analytics.metrics import figures, period
    from bot.storage.clock import utcnow
    from bot.tickets.hours import desk

    with instance() as (settings, database):
        zone = desk(settings).zone
        span = period(first, last, zone, utcnow())
        changed = judge_all(database, anew=recompute)
        with database.read() as connection:
            found = figures(connection, span, by=by, zone=zone)
    if as_json:
        typer.echo(json.dumps(found | ({"recomputed": changed} if recompute else {}), ensure_ascii=False, indent=2))
        return
    if recompute:
        typer.echo(f"Recomputed from events: {changed} conversations changed class.")
    typer.echo(f"{found['from']} to {found['to']}")
    _print(found["metrics"])
    for group in found.get("groups", []):
        typer.echo(f"\n{by} {group['key']}")
        _print(group["metrics"])


def _print(metrics: list[dict[str, Any]]) -> None:
    for row in metrics:
        typer.echo(f"  {row['name']:<32} {_value(row):>14}   n={row['n']}")


def _value(row: dict[str, Any]) -> str:
    share = row["name"] in ("deflection", "handover_rate")
    if "low" in row:
        return "-" if row["low"] is None else f"{row['low']:.1%} … {row['high']:.1%}"
    value = row.get("value")
    if value is None:
        return "-"
    return f"{value:.1%}" if share else f"{value:g}"
