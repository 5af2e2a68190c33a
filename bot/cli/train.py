"""`relais train`: everything that is learned, from the checkout's content."""

from __future__ import annotations

import shutil
import time

import typer

from bot.settings import get_settings


def train(
    force: bool = typer.Option(False, "--force", help="Train again even if nothing changed."),
) -> None:
    """Train the understanding model (articles, phrasings, intents, calibration) and Rasa's rules.

    With RELAIS_ENCODER set to another sentence encoder, this re-indexes, re-trains and re-calibrates.

    Example: RELAIS_ENCODER=/models/multilingual-e5-small relais train
    """
    from bot.assistant.training import (
        get_encoder,
        rasa_model_path,
        train_rasa,
        train_understanding,
        understanding_path,
    )

    settings = get_settings()
    started = time.monotonic()
    if force:
        rasa_model_path(settings).unlink(missing_ok=True)
        shutil.rmtree(understanding_path(settings, get_encoder(settings)), ignore_errors=True)
    model, articles = train_understanding(settings, lambda line: typer.echo(line))
    train_rasa(settings, lambda line: typer.echo(line))
    typer.echo(f"Ready: {len({a.id for a in articles})} articles, encoder {model.encoder_name}, {time.monotonic() - started:.0f} s.")
