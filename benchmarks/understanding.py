"""Understanding in figures: retrieval and intents on public and own sets, one table.

    python -m benchmarks.understanding --data DIR [--only NAME …] [--encoder FOLDER] [--lexical] [--per-label N]
                                       [--stock NAME,…] [--epochs N]

``DIR`` holds ``dev/`` and ``paraphrases/``. Test files are measured, never trained on. The paraphrase rows use
the themes that the shipped encoder's training holds out. "bm25" and "ngrams" columns are the plain channels
of the same index, in the same run. ``--stock solenne,banking77`` prints stock Rasa beside Relais on these sets
(DIET for intents, ResponseSelector for an FAQ), trained on the same texts; it trains for minutes to hours.
``--per-label N`` trains both on the first N texts of each intent.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.stock_understanding import stock_faq, stock_intents
from bot.cli.evaluate import training_rows
from bot.faq.articles import Article, by_locale, load_articles
from bot.faq.datafiles import Labelled, Question, read_articles, read_labelled, read_questions
from bot.faq.evaluation import ask, recall_at
from bot.faq.retriever import Retriever
from bot.faq.units import CHANNELS
from bot.faq.vectors import VectorCache
from bot.language.encoder import load_encoder
from bot.language.training.corpus import HELD_OUT_FOLD, Topic, read_topics
from bot.settings import ROOT
from bot.understanding.intent_evaluation import evaluate_intents

Row = dict[str, Any]


@dataclass(frozen=True)
class Bench:
    """What every set is measured with. ``epochs`` 0: without stock Rasa; ``per_label`` 0: all training texts."""

    data: Path
    vectors: VectorCache | None
    epochs: int = 0
    per_label: int = 0


def retrieval(name: str, articles: list[Article], questions: list[Question], vectors: VectorCache | None) -> Row:
    """Recall of the joined ranking and of two plain channels."""
    started = time.process_time()
    retriever = Retriever.fit(articles, vectors)
    trained = time.process_time() - started
    started = time.process_time()
    asked = ask(retriever, questions)
    millis = (time.process_time() - started) * 1000 / len(questions)
    plain = {}
    for label, channel in (("bm25", "bm25_full"), ("ngrams", "char_full"), ("dense", "dense_answer")):
        column, hits = CHANNELS.index(channel), 0
        for i in range(0, len(questions), 128):
            part = questions[i : i + 128]
            channels = retriever.index.channels([q.text for q in part], [q.locale or "fr" for q in part])[:, :, column]
            if np.isnan(channels).all():
                continue
            hits += sum(retriever.index.ids[t] in q.ids for t, q in zip(np.nan_to_num(channels, nan=-9).argmax(axis=1), part, strict=True))
        plain[label] = round(hits / len(questions), 3)
    return {"set": name, "n": len(questions), "R@1": round(recall_at(asked.ranks, 1), 3), "R@3": round(recall_at(asked.ranks, 3), 3), **plain,
            "train s": round(trained, 1), "ms": round(millis, 1)}


def code_du_travail(bench: Bench) -> Iterator[Row]:
    """French public service, articles unseen, titles only."""
    folder = bench.data / "dev" / "code_du_travail_fr"
    yield retrieval("code_du_travail_fr", read_articles(folder / "articles.jsonl"), read_questions(folder / "queries.jsonl"), bench.vectors)


def coronamelder(bench: Bench) -> Iterator[Row]:
    """Question in one language, article in another."""
    folder = bench.data / "dev" / "coronamelder_faq"
    articles, questions = read_articles(folder / "articles.jsonl"), read_questions(folder / "queries.jsonl")
    for target in ("fr", "en", "nl"):
        mine = [a for a in articles if a.locale == target]
        ids = {a.id for a in mine}
        yield retrieval(f"coronamelder → {target}", mine, [q for q in questions if q.locale != target and set(q.ids) & ids], bench.vectors)


def paraphrases(bench: Bench) -> Iterator[Row]:
    """Held-out themes: titles and answers only among all 930 articles; and 8 phrasings known, 4 asked."""
    topics = read_topics(bench.data)
    mine = [t for t in topics if t.fold == HELD_OUT_FOLD]

    def article(t: Topic, known: int) -> Article:
        return Article(t.id, "fr", t.titles["fr"], t.answer, variants=tuple(t.phrasings["fr"][:known]))

    asked = [Question(p, (t.id,), "fr") for t in mine for p in t.phrasings["fr"]]
    yield retrieval("paraphrases, 930 articles", [article(t, 0) for t in topics], asked, bench.vectors)
    yield retrieval("paraphrases, one fold", [article(t, 0) for t in mine], asked, bench.vectors)
    later = [Question(p, (t.id,), "fr") for t in mine for p in t.phrasings["fr"][8:]]
    yield retrieval("paraphrases, 8 known", [article(t, 8) for t in mine], later, bench.vectors)


def solenne(bench: Bench) -> Iterator[Row]:
    """The demo's articles, every phrasing asked while it is hidden, by language; and its French articles and
    intents asked in the words of `data/eval`."""
    retriever = Retriever.fit(load_articles(ROOT / "data" / "faq"), bench.vectors)
    for code in sorted({h.language for h in retriever.held.values()}):
        held = [h for h in retriever.held.values() if h.language == code]
        yield {"set": f"solenne {code}, held out", "n": len(held), "R@1": round(np.mean([h.found[0] == h.slug for h in held]), 3),
               "R@3": round(np.mean([h.slug in h.found for h in held]), 3)}
    french = by_locale(load_articles(ROOT / "data" / "faq"), "fr")
    asked = [q for q in read_questions(ROOT / "data" / "eval" / "faq.fr.jsonl") if q.ids]
    yield retrieval("solenne fr, data/eval, French articles alone", french, asked, bench.vectors)
    if bench.epochs:
        yield stock_faq("solenne fr, data/eval, French articles alone", french, asked, bench.epochs)
    train = [r for r in training_rows(ROOT / "data" / "nlu") if r.locale == "fr"]
    yield from _intents("solenne fr intents, data/eval", train, read_labelled(ROOT / "data" / "eval" / "intents.fr.jsonl"), bench)


def _intents(name: str, train: list[Labelled], test: list[Labelled], bench: Bench) -> Iterator[Row]:
    if bench.per_label:
        seen: Counter[str | None] = Counter()
        kept = []
        for row in train:
            seen[row.label] += 1
            if seen[row.label] <= bench.per_label:
                kept.append(row)
        train, name = kept, f"{name}, {bench.per_label} texts an intent"
    found = evaluate_intents(train, test, bench.vectors)
    yield {"set": name, "n": found["test"], "accuracy": found["accuracy"], "in scope": found.get("balanced_in_scope_accuracy"),
           "oos recall": found.get("balanced_out_of_scope_recall"), "train s": found["train_seconds"], "ms": found["millis_a_text"]}
    if bench.epochs:
        yield stock_intents(name, train, test, bench.epochs)


def banking(bench: Bench) -> Iterator[Row]:
    """Banking77."""
    folder = bench.data / "dev" / "banking77"
    yield from _intents("banking77", read_labelled(folder / "train.jsonl"), read_labelled(folder / "test.jsonl"), bench)


def clinc(bench: Bench) -> Iterator[Row]:
    """CLINC150 with out of scope."""
    folder = bench.data / "dev" / "clinc150"
    yield from _intents("clinc150", read_labelled(folder / "train.jsonl"), read_labelled(folder / "test.jsonl"), bench)


def massive(bench: Bench) -> Iterator[Row]:
    """MASSIVE intents by language."""
    folder = bench.data / "dev" / "massive"
    train, test = read_labelled(folder / "train.jsonl.gz"), read_labelled(folder / "test.jsonl.gz")

    def of(rows: list[Labelled], code: str) -> list[Labelled]:
        return [r for r in rows if (r.locale or "")[:2] == code]

    for code in ("fr", "de", "es", "it", "nl"):
        yield from _intents(f"massive {code}", of(train, code), of(test, code), bench)
    yield from _intents("massive en → fr", of(train, "en"), of(test, "fr"), bench)


SETS: dict[str, Callable[[Bench], Iterator[Row]]] = {
    "code_du_travail": code_du_travail, "paraphrases": paraphrases, "coronamelder": coronamelder, "solenne": solenne,
    "banking77": banking, "clinc150": clinc, "massive": massive,
}
#: Sets that stock Rasa has something to learn from: phrasings or labels in the language that is asked.
STOCK = ("solenne", "banking77", "clinc150", "massive")


def stock_sets(text: str) -> frozenset[str]:
    """Names from ``--stock``; raises :class:`argparse.ArgumentTypeError` for one that is not there."""
    names = frozenset(name.strip() for name in text.split(",") if name.strip())
    if unknown := sorted(names - set(STOCK)):
        raise argparse.ArgumentTypeError(f"no stock comparison for {', '.join(unknown)}; there is one for {', '.join(STOCK)}")
    return names


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--only", nargs="*", choices=list(SETS), default=list(SETS))
    parser.add_argument("--encoder", default=None)
    parser.add_argument("--lexical", action="store_true", help="no encoder")
    parser.add_argument("--cache", type=Path, default=None)
    parser.add_argument("--per-label", type=int, default=0, metavar="N", help="train intents on the first N texts of each (0: all)")
    parser.add_argument("--stock", type=stock_sets, default=frozenset(), metavar="NAME,…", help=f"stock Rasa too, on {', '.join(STOCK)}")
    parser.add_argument("--epochs", type=int, default=100, help="of stock Rasa's training")
    options = parser.parse_args()
    vectors = None if options.lexical else VectorCache(load_encoder(options.encoder), options.cache)
    bench = Bench(options.data, vectors, per_label=options.per_label)
    for name in options.only:
        for row in SETS[name](replace(bench, epochs=options.epochs if name in options.stock else 0)):
            print("  ".join(f"{k} {v}" for k, v in row.items()), flush=True)
            if vectors is not None:
                vectors.save()


if __name__ == "__main__":
    main()
