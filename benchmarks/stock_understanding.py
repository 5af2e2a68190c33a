"""Stock Rasa on the same splits: DIET for intents, ResponseSelector for an FAQ.

The pipeline is that of :mod:`benchmarks.stock_rasa` without what a task does not need, trained by Rasa's own
``train_nlu`` in a folder that is dropped afterwards. Out of scope is one more intent to DIET, as Rasa's
documentation advises, beside its FallbackClassifier.
"""

from __future__ import annotations

import asyncio
import logging
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from benchmarks.stock_rasa import CONFIG, ENV
from bot.faq.articles import Article
from bot.faq.datafiles import Labelled, Question

Row = dict[str, Any]
OUT = "out_of_scope"
FALLBACK = "nlu_fallback"


@dataclass(frozen=True)
class Parsed:
    """What Rasa says of each text, and what that took (seconds of processor time, milliseconds a text)."""

    results: list[dict[str, Any]]
    train_seconds: float
    millis: float


def stock_intents(name: str, train: Sequence[Labelled], test: Sequence[Labelled], epochs: int) -> Row:
    """DIET: accuracy over texts in scope (its best label in scope), and with out of scope recognised."""
    names = {label: f"i_{i}" for i, label in enumerate(sorted({r.label for r in train if r.label is not None}))}
    examples: dict[str, list[str]] = {}
    for row in train:
        examples.setdefault(OUT if row.label is None else names[row.label], []).append(row.text)
    found = parse(examples, [r.text for r in test], epochs, without=("ResponseSelector",))
    inside = [(r, names[row.label]) for r, row in zip(found.results, test, strict=True) if row.label is not None]
    outside = [r for r, row in zip(found.results, test, strict=True) if row.label is None]
    out: Row = {"set": name, "system": f"stock DIET, {epochs} epochs", "n": len(test),
                "accuracy": _share([_best(r) == label for r, label in inside])}
    if outside:
        out["in scope"] = _share([r["intent"]["name"] == label for r, label in inside])
        out["oos recall"] = _share([r["intent"]["name"] in (OUT, FALLBACK) for r in outside])
    return {**out, "train s": round(found.train_seconds, 1), "ms": round(found.millis, 1)}


def stock_faq(name: str, articles: Sequence[Article], questions: Sequence[Question], epochs: int) -> Row:
    """ResponseSelector over titles and phrasings: recall among the questions that an article answers."""
    names = {slug: f"a_{i}" for i, slug in enumerate(sorted({a.id for a in articles}))}
    examples: dict[str, list[str]] = {}
    for article in articles:
        examples.setdefault(f"faq/{names[article.id]}", []).extend([article.title, *article.variants])
    asked = [q for q in questions if q.ids]
    found = parse(examples, [q.text for q in asked], epochs, without=("DIETClassifier", "FallbackClassifier"))
    ranks = []
    for result, question in zip(found.results, asked, strict=True):
        ranking = [r["intent_response_key"] for r in result["response_selector"]["faq"]["ranking"]]
        ranks.append(min((ranking.index(f"faq/{names[i]}") for i in question.ids if f"faq/{names[i]}" in ranking), default=None))
    return {"set": name, "system": f"stock ResponseSelector, {epochs} epochs", "n": len(asked), "R@1": _share([r == 0 for r in ranks]),
            "R@3": _share([r is not None and r < 3 for r in ranks]), "train s": round(found.train_seconds, 1), "ms": round(found.millis, 1)}


def parse(examples: dict[str, list[str]], texts: Sequence[str], epochs: int, without: Sequence[str]) -> Parsed:
    """Trains on ``examples`` (by intent) and reads ``texts``."""
    os.environ.update({key: ENV[key] for key in ENV if os.environ.get(key) != ENV[key]})   # before TensorFlow is imported
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home)
        _write(folder, examples, epochs, without)
        from rasa.core.agent import Agent
        from rasa.model_training import train_nlu
        from rasa.utils.log_utils import configure_structlog

        configure_structlog(logging.ERROR)      # a line for each message parsed, else
        started = time.process_time()
        made = train_nlu(str(folder / "config.yml"), str(folder / "nlu.yml"), str(folder / "models"), domain=str(folder / "domain.yml"))
        trained = time.process_time() - started
        if not made:
            raise RuntimeError("Rasa trained nothing")
        agent = Agent.load(made)
        started = time.process_time()
        results = asyncio.run(_parse(agent, texts))
        return Parsed(results, trained, (time.process_time() - started) * 1000 / max(1, len(texts)))


async def _parse(agent: Any, texts: Sequence[str]) -> list[dict[str, Any]]:
    # A leading slash would be read as a command instead of as text.
    return [await agent.parse_message(text.lstrip("/")) for text in texts]


def _write(folder: Path, examples: dict[str, list[str]], epochs: int, without: Sequence[str]) -> None:
    config = yaml.safe_load(CONFIG.format(epochs=epochs))
    config["pipeline"] = [c for c in config["pipeline"] if c["name"] not in without]
    nlu = {"version": "3.1", "nlu": [{"intent": intent, "examples": "".join(f"- {_plain(t)}\n" for t in texts)} for intent, texts in examples.items()]}
    retrieval = sorted({intent for intent in examples if "/" in intent})
    domain = {"version": "3.1", "intents": sorted({intent.split("/")[0] for intent in examples}),
              "responses": {f"utter_{intent}": [{"text": intent}] for intent in retrieval}}
    for name, data in (("config.yml", config), ("nlu.yml", nlu), ("domain.yml", domain)):
        (folder / name).write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=100_000), "utf-8")


def _plain(text: str) -> str:
    """A training line without Rasa's marks for entities."""
    return " ".join(text.translate(str.maketrans("[]{}", "()()")).split()) or "?"


def _best(result: dict[str, Any]) -> str:
    return next((str(r["name"]) for r in result["intent_ranking"] if r["name"] not in (OUT, FALLBACK)), "")


def _share(hits: Sequence[bool]) -> float:
    return round(sum(hits) / max(1, len(hits)), 3)
