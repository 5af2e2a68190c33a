"""`relais ask`: what the assistant decides on a text as a first message."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import typer

from bot.errors import BadInput
from bot.settings import LOCALES, get_settings


def ask(
    texts: list[str] | None = typer.Argument(None, metavar="TEXT…", help="One or more messages."),
    locale: str | None = typer.Option(None, "--locale", help="Locale of the page the customer is on (fr, en, nl, es, de, it)."),
    as_json: bool = typer.Option(False, "--json", help="One JSON object a line."),
    batch: Path | None = typer.Option(None, "--batch", metavar="FILE.tsv", help="Texts from a TSV file (plain or .gz) with a column “query” and, if you like, “lang”."),
) -> None:
    """Say what the bot decides on each text, as if it were a first message.

    Example: relais ask --locale fr "abonnement 15 kVA"
    """
    from bot.assistant.first import first_message
    from bot.assistant.training import train_understanding
    from bot.faq.datafiles import MAX_TEXT, read_batch

    if locale is not None and locale not in LOCALES:
        raise BadInput(f"--locale must be one of {', '.join(LOCALES)}.")
    if batch is None and not texts:
        raise BadInput("Give one or more texts, or --batch FILE.tsv.")
    if batch is not None and texts:
        raise BadInput("Give texts or --batch, not both.")
    if any("\ud800" <= letter <= "\udfff" for text in texts or () for letter in text):
        raise BadInput("A text is not UTF-8: its bytes are those of another encoding.")
    rows: list[tuple[str, str | None]] = read_batch(batch) if batch is not None else [(t[:MAX_TEXT], None) for t in texts or ()]
    model, _ = train_understanding(get_settings(), lambda line: typer.echo(line, err=True))
    for text, lang in rows:
        found = first_message(model, text, lang or locale)
        typer.echo(json.dumps(found, ensure_ascii=False) if as_json or batch is not None else _sentence(found))


def _sentence(found: dict[str, Any]) -> str:
    articles = ", ".join(f"{a['id']} {a['probability']:.2f}" for a in found["articles"][:3])
    return f"{found['reply']:<10} {found['intent']['name']} {found['intent']['confidence']:.2f} [{found['language']}]  {articles}"
