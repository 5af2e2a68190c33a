"""`relais faq`: work on the FAQ itself."""

from __future__ import annotations

import json
from pathlib import Path

import typer

from bot.settings import get_settings

app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True,
                  help="Work on the FAQ: which articles steal each other's questions.\n\nExample: relais faq interference")


@app.callback()
def _group() -> None:
    """Keeps the subcommand's name in the command line."""


@app.command("interference")
def interference(
    articles: Path | None = typer.Option(None, "--articles", help="Folder of articles, or JSON lines as for `relais evaluate faq`; default: the data folder."),
    limit: int = typer.Option(20, "--limit", min=1, help="How many pairs to show."),
    as_json: bool = typer.Option(False, "--json", help="One JSON object a pair."),
) -> None:
    """Pairs of articles where one is found for the other's phrasings, most first.

    Example: relais faq interference --limit 10
    """
    from bot.cli.evaluate import _vectors, articles_from
    from bot.faq.interference import interference as find

    found = articles_from(articles or get_settings().data / "faq")
    vectors = _vectors()
    thefts, own = find(found, vectors)
    if vectors is not None:
        vectors.save()
    if as_json:
        for t in thefts[:limit]:
            typer.echo(json.dumps(t.__dict__, ensure_ascii=False))
        return
    typer.echo(f"{own:.1%} of the phrasings find their own article when hidden.")
    for t in thefts[:limit]:
        typer.echo(f"{t.stolen:>3} of {t.asked:<3} {t.owner} → {t.thief}   e.g. “{t.examples[0]}”")
