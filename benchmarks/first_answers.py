"""What customers get for a first message: the shipped content and policy on `data/eval`, by language.

    python -m benchmarks.first_answers [--locales fr en …]

R@1 and R@3 are over questions that an article answers. "answered" is the share of these that get an article
outright, "wrong" the share of those answers that are another article's. "outside answered" and "outside flow"
are the shares of out-of-scope messages that get an article, or a flow nobody asked for. "flows" and "talk" are
the shares of messages that want a flow, or chat and ask for a person, read as such.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bot.assistant.first import first_message
from bot.assistant.training import fit, get_encoder
from bot.faq.articles import load_articles
from bot.settings import LOCALES, ROOT, get_settings
from bot.understanding.model import Model

COLUMNS = ("R@1", "R@3", "answered", "wrong", "titles", "nothing", "outside answered", "outside flow", "flows", "talk")


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """A file of JSON lines."""
    for line in path.read_text(encoding="utf-8").splitlines():
        yield json.loads(line)


def measure(model: Model, locale: str, folder: Path) -> dict[str, float]:
    """The row of one language, by column."""
    count: Counter[str] = Counter()
    for row in rows(folder / f"faq.{locale}.jsonl"):
        found = first_message(model, row["query"], locale)
        best, kind = [a["id"] for a in found["articles"][:3]], found["reply"]
        if not row["ids"]:
            count.update({"outside": 1, "outside answered": kind == "answer", "outside flow": kind == "flow"})
            continue
        right = bool(best) and best[0] in row["ids"]
        count.update({"asked": 1, "R@1": right, "R@3": any(slug in row["ids"] for slug in best), "answered": kind == "answer",
                      "wrong": kind == "answer" and not right, "titles": kind == "options", "nothing": kind == "nonanswer"})
    for row in rows(folder / f"intents.{locale}.jsonl"):
        if row["label"] is None:
            continue
        kind = "flows" if row["label"].startswith("flow_") else "talk"
        count.update({f"all {kind}": 1, kind: model.understand(row["text"], locale_hint=locale).intent == row["label"]})
    of = {"wrong": "answered", "outside answered": "outside", "outside flow": "outside", "flows": "all flows", "talk": "all talk"}
    return {name: count[name] / total if (total := count[of.get(name, "asked")]) else float("nan") for name in COLUMNS}


def main() -> None:
    """Train on the checkout's content, measure, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--locales", nargs="+", default=list(LOCALES), choices=list(LOCALES))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        settings = get_settings().copy(update={"home": Path(home)})
        started = time.process_time()
        model = fit(load_articles(settings.data / "faq"), settings, get_encoder(settings))
        print(f"trained in {time.process_time() - started:.0f} s of processor time; encoder {model.encoder_name}; "
              f"largest share of wrong answers {model.max_wrong:.0%}, answer from {model.thresholds.sure:.3f}\n")
    print(f"| | {' | '.join(COLUMNS)} |\n|{'---|' * (len(COLUMNS) + 1)}")
    for locale in options.locales:
        found = measure(model, locale, ROOT / "data" / "eval")
        print(f"| {locale} | {' | '.join(f'{found[name]:.3f}' for name in COLUMNS)} |", flush=True)


if __name__ == "__main__":
    main()
