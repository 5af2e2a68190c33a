"""Understanding in figures: retrieval and intents on public and own sets, one table.

    python benchmarks/understanding.py --data DIR [--only NAME …] [--encoder FOLDER] [--lexical]

``DIR`` holds ``dev/`` and ``paraphrases/``. Test files are measured, never trained on. The paraphrase rows use
the themes that the shipped encoder's training holds out. "bm25" and "ngrams" columns are the plain channels
of the same index, in the same run.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from bot.faq.articles import Article, load_articles
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


def code_du_travail(data: Path, vectors: VectorCache | None) -> Iterator[Row]:
    """French public service, articles unseen, titles only."""
    folder = data / "dev" / "code_du_travail_fr"
    yield retrieval("code_du_travail_fr", read_articles(folder / "articles.jsonl"), read_questions(folder / "queries.jsonl"), vectors)


def coronamelder(data: Path, vectors: VectorCache | None) -> Iterator[Row]:
    """Question in one language, article in another."""
    folder = data / "dev" / "coronamelder_faq"
    articles, questions = read_articles(folder / "articles.jsonl"), read_questions(folder / "queries.jsonl")
    for target in ("fr", "en", "nl"):
        mine = [a for a in articles if a.locale == target]
        ids = {a.id for a in mine}
        yield retrieval(f"coronamelder → {target}", mine, [q for q in questions if q.locale != target and set(q.ids) & ids], vectors)


def paraphrases(data: Path, vectors: VectorCache | None) -> Iterator[Row]:
    """Held-out themes: titles and answers only among all 930 articles; and 8 phrasings known, 4 asked."""
    topics = read_topics(data)
    mine = [t for t in topics if t.fold == HELD_OUT_FOLD]

    def article(t: Topic, known: int) -> Article:
        return Article(t.id, "fr", t.titles["fr"], t.answer, variants=tuple(t.phrasings["fr"][:known]))

    asked = [Question(p, (t.id,), "fr") for t in mine for p in t.phrasings["fr"]]
    yield retrieval("paraphrases, 930 articles", [article(t, 0) for t in topics], asked, vectors)
    yield retrieval("paraphrases, one fold", [article(t, 0) for t in mine], asked, vectors)
    later = [Question(p, (t.id,), "fr") for t in mine for p in t.phrasings["fr"][8:]]
    yield retrieval("paraphrases, 8 known", [article(t, 8) for t in mine], later, vectors)


def solenne(data: Path, vectors: VectorCache | None) -> Iterator[Row]:
    """The demo's articles, every phrasing asked while it is hidden, by language."""
    retriever = Retriever.fit(load_articles(ROOT / "data" / "faq"), vectors)
    for code in sorted({h.language for h in retriever.held.values()}):
        held = [h for h in retriever.held.values() if h.language == code]
        yield {"set": f"solenne {code}, held out", "n": len(held), "R@1": round(np.mean([h.found[0] == h.slug for h in held]), 3),
               "R@3": round(np.mean([h.slug in h.found for h in held]), 3)}


def _intents(name: str, train: list[Labelled], test: list[Labelled], vectors: VectorCache | None) -> Row:
    found = evaluate_intents(train, test, vectors)
    return {"set": name, "n": found["test"], "accuracy": found["accuracy"], "in scope": found.get("balanced_in_scope_accuracy"),
            "oos recall": found.get("balanced_out_of_scope_recall"), "train s": found["train_seconds"], "ms": found["millis_a_text"]}


def banking(data: Path, vectors: VectorCache | None) -> Iterator[Row]:
    """Banking77."""
    folder = data / "dev" / "banking77"
    yield _intents("banking77", read_labelled(folder / "train.jsonl"), read_labelled(folder / "test.jsonl"), vectors)


def clinc(data: Path, vectors: VectorCache | None) -> Iterator[Row]:
    """CLINC150 with out of scope."""
    folder = data / "dev" / "clinc150"
    yield _intents("clinc150", read_labelled(folder / "train.jsonl"), read_labelled(folder / "test.jsonl"), vectors)


def massive(data: Path, vectors: VectorCache | None) -> Iterator[Row]:
    """MASSIVE intents by language."""
    folder = data / "dev" / "massive"
    train, test = read_labelled(folder / "train.jsonl.gz"), read_labelled(folder / "test.jsonl.gz")
    for code in ("fr", "de", "es", "it", "nl"):
        yield _intents(f"massive {code}", [r for r in train if (r.locale or "")[:2] == code], [r for r in test if (r.locale or "")[:2] == code], vectors)
    yield _intents("massive en → fr", [r for r in train if (r.locale or "")[:2] == "en"], [r for r in test if (r.locale or "")[:2] == "fr"], vectors)


SETS: dict[str, Callable[[Path, VectorCache | None], Iterator[Row]]] = {
    "code_du_travail": code_du_travail, "paraphrases": paraphrases, "coronamelder": coronamelder, "solenne": solenne,
    "banking": banking, "clinc": clinc, "massive": massive,
}


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--only", nargs="*", choices=list(SETS), default=list(SETS))
    parser.add_argument("--encoder", default=None)
    parser.add_argument("--lexical", action="store_true", help="no encoder")
    parser.add_argument("--cache", type=Path, default=None)
    options = parser.parse_args()
    vectors = None if options.lexical else VectorCache(load_encoder(options.encoder), options.cache)
    for name in options.only:
        for row in SETS[name](options.data, vectors):
            print("  ".join(f"{k} {v}" for k, v in row.items()), flush=True)
            if vectors is not None:
                vectors.save()


if __name__ == "__main__":
    main()
