"""`relais evaluate`: retrieval and intents measured on files of your own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from bot.errors import BadInput
from bot.settings import get_settings

if TYPE_CHECKING:
    from bot.faq.articles import Article
    from bot.faq.datafiles import Labelled

app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True,
                  help="Measure retrieval and intents on your own files.\n\nExample: relais evaluate faq --articles A.jsonl --queries Q.jsonl --json")


def _vectors() -> Any:
    from bot.faq.vectors import VectorCache
    from bot.understanding.model import encoder_of

    settings = get_settings()
    encoder, problems = encoder_of(settings)
    for problem in problems:
        typer.echo(f"relais: {problem} Searching by words alone.", err=True)
    return VectorCache(encoder, settings.home_path / "cache") if encoder is not None else None


def articles_from(source: Path) -> list[Article]:
    """Articles from a folder such as ``data/faq`` (all its locales), or from JSON lines."""
    from bot.faq.articles import load_articles
    from bot.faq.datafiles import read_articles

    return load_articles(source) if source.is_dir() else read_articles(source)


def training_rows(source: Path) -> list[Labelled]:
    """Labelled texts from JSON lines, or from a folder of Rasa NLU files such as ``data/nlu``."""
    from bot.faq.datafiles import Labelled, read_labelled
    from bot.understanding.data import OUT_OF_SCOPE, load_phrases

    if not source.is_dir():
        return read_labelled(source, minimum_classes=2)
    rows = [Labelled(p.text, None if p.intent == OUT_OF_SCOPE else p.intent, p.language) for p in load_phrases(source)]
    if len({r.label for r in rows} - {None}) < 2:
        raise BadInput(f"{source}: fewer than two intents in its .yml files; at least two are needed to learn from.")
    return rows


def _checked(max_wrong: float) -> float:
    if not 0 < max_wrong <= 1:
        raise BadInput("--max-wrong must be above 0 and at most 1 (0.1 accepts one wrong answer in ten).")
    return max_wrong


@app.command("faq")
def faq(
    articles: Path = typer.Option(..., "--articles", help='JSON lines {"id", "question", "answer"?, "locale"?, "variants"?}; .gz too; or a folder such as data/faq.'),
    queries: Path = typer.Option(..., "--queries", help='JSON lines {"query", "ids"}, ids empty where no article answers; .gz too.'),
    max_wrong: float = typer.Option(0.1, "--max-wrong", help="Largest share of wrong answers among answers given."),
    calibrate: Path | None = typer.Option(None, "--calibrate", help="Labelled queries (same form) that calibration and threshold are taken from."),
    plot: Path | None = typer.Option(None, "--plot", help="Write the reliability diagram to this PNG or SVG file."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Recall@1, recall@3, MRR@10 and the share answered and wrong at the wanted error rate.

    Example: relais evaluate faq --articles A.jsonl --queries Q.jsonl --max-wrong 0.1 --json
    """
    from bot.faq.datafiles import read_questions
    from bot.faq.evaluation import evaluate_faq

    max_wrong = _checked(max_wrong)
    if plot is not None:
        from bot.faq.plot import check_plot

        check_plot(plot)
    found = articles_from(articles)
    known = {a.id for a in found}
    questions = read_questions(queries, known)
    labelled = read_questions(calibrate, known) if calibrate is not None else None
    vectors = _vectors()
    result = evaluate_faq(found, questions, vectors, max_wrong=max_wrong, calibrate=labelled)
    if vectors is not None:
        vectors.save()
    if plot is not None:
        from bot.faq.plot import reliability_plot

        reliability_plot(result["reliability"], plot, result["ece"])
    _show(result, as_json)


@app.command("intents")
def intents(
    train: Path = typer.Option(..., "--train", help='JSON lines {"text", "label"}, label null for out of scope; .gz too; or a folder such as data/nlu.'),
    test: Path = typer.Option(..., "--test", help="JSON lines of the same form, to measure on."),
    max_wrong: float = typer.Option(0.1, "--max-wrong", help="Largest share of wrong decisions among decisions taken."),
    calibrate: Path | None = typer.Option(None, "--calibrate", help="Labelled texts that the threshold is taken from; else held-out training lines."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """In-scope accuracy, out-of-scope recall and the risk–coverage table.

    Example: relais evaluate intents --train T.jsonl --test S.jsonl --json
    """
    from bot.faq.datafiles import read_labelled
    from bot.understanding.intent_evaluation import evaluate_intents

    max_wrong = _checked(max_wrong)
    rows = training_rows(train)
    known = {row.label for row in rows if row.label is not None}
    asked = read_labelled(test, known=known)
    labelled = read_labelled(calibrate, known=known) if calibrate is not None else None
    vectors = _vectors()
    result = evaluate_intents(rows, asked, vectors, max_wrong=max_wrong, calibrate=labelled)
    if vectors is not None:
        vectors.save()
    _show(result, as_json)


def _show(result: dict[str, Any], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(result, ensure_ascii=False))
        return
    for key, value in result.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            typer.echo(f"{key}:")
            typer.echo("  " + "  ".join(f"{k:>10}" for k in value[0]))
            for row in value:
                typer.echo("  " + "  ".join(f"{v:>10.4g}" for v in row.values()))
        else:
            typer.echo(f"{key:<26} {value}")
