"""Step 5: the figures in the model card, for the encoder alone.

- ``paraphrases``: the French phrasings of the held-out themes against all articles (title and
  answer of all 930 topics), and the other languages' phrasings against the same French articles;
- ``code_du_travail_fr``, ``covid_faq_multi``: queries against article titles;
- ``coronamelder_faq``: a title in one language against the articles in another;
- ``tatoeba``: share of sentences whose translation is not the nearest of 1,000, both directions.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
from collections.abc import Callable, Sequence
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.language.training.corpus import HELD_OUT_FOLD, LANGUAGES, read_topics

Vectors = npt.NDArray[np.float32]
Encode = Callable[[Sequence[str]], Vectors]


def recall(
    queries: Vectors, wanted: Sequence[set[str]], passages: Vectors, ids: Sequence[str]
) -> tuple[float, float, float]:
    """Recall@1, recall@3 and MRR@10 over distinct article ids."""
    scores = queries @ passages.T
    first = third = reciprocal = 0.0
    for row, right in zip(scores, wanted, strict=True):
        best = [ids[index] for index in np.argsort(-row, kind="stable")[:40]]
        ranked = list(dict.fromkeys(best))[:10]
        place = next((rank for rank, found in enumerate(ranked) if found in right), None)
        if place is not None:
            first += place == 0
            third += place < 3
            reciprocal += 1 / (place + 1)
    return first / len(wanted), third / len(wanted), reciprocal / len(wanted)


def _jsonl(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def paraphrases(data: Path, encode: Encode, fold: int = HELD_OUT_FOLD) -> dict[str, float]:
    """Held-out phrasings against all French articles."""
    topics = read_topics(data)
    held = [topic for topic in topics if topic.fold == fold]
    passages = encode([topic.passage for topic in topics])
    ids = [topic.id for topic in topics]
    own = [index for index, topic in enumerate(topics) if topic.fold == fold]
    figures: dict[str, float] = {}
    for language in LANGUAGES:
        asked = [(text, topic.id) for topic in held for text in topic.phrasings.get(language, [])]
        vectors = encode([text for text, _ in asked])
        wanted = [{number} for _, number in asked]
        name = f"paraphrases {language} to fr"
        r1, r3, mrr = recall(vectors, wanted, passages, ids)
        figures |= {f"{name} R@1": r1, f"{name} R@3": r3, f"{name} MRR": mrr}
        figures[f"{name}, held-out articles only, R@1"] = recall(
            vectors, wanted, passages[own], [ids[index] for index in own]
        )[0]
    return figures


def retrieval(folder: Path, encode: Encode) -> dict[str, float]:
    """Queries against article titles of the same language."""
    articles, queries = _jsonl(folder / "articles.jsonl"), _jsonl(folder / "queries.jsonl")
    figures: dict[str, float] = {}
    for locale in sorted({query["locale"] for query in queries}):
        own = [article for article in articles if article["locale"] == locale]
        asked = [query for query in queries if query["locale"] == locale]
        r1, r3, mrr = recall(
            encode([query["query"] for query in asked]),
            [set(query["ids"]) for query in asked],
            encode([article["question"] for article in own]),
            [article["id"] for article in own],
        )
        name = f"{folder.name} {locale}"
        figures |= {f"{name} R@1": r1, f"{name} R@3": r3, f"{name} MRR": mrr}
    return figures


def across(folder: Path, encode: Encode) -> dict[str, float]:
    """A title in one language against the articles (title and answer) in another."""
    articles = _jsonl(folder / "articles.jsonl")
    locales = sorted({article["locale"] for article in articles})
    by_locale = {loc: [a for a in articles if a["locale"] == loc] for loc in locales}
    titles = {loc: encode([a["question"] for a in rows]) for loc, rows in by_locale.items()}
    passages = {
        loc: encode([f"{a['question']} {a['answer'][:300]}" for a in rows])
        for loc, rows in by_locale.items()
    }
    found: dict[str, list[float]] = {"titles": [], "title to title and answer": []}
    for one, other in permutations(locales, 2):
        ids = [article["id"] for article in by_locale[other]]
        kept = [i for i, article in enumerate(by_locale[one]) if article["id"] in set(ids)]
        wanted = [{by_locale[one][i]["id"]} for i in kept]
        for name, table in (("titles", titles), ("title to title and answer", passages)):
            found[name].append(recall(titles[one][kept], wanted, table[other], ids)[0])
    return {f"{folder.name} across, {n}, R@1": float(np.mean(v)) for n, v in found.items()}


def tatoeba(folder: Path, encode: Encode) -> dict[str, float]:
    """Share of errors when the translation is looked for among 1,000, both directions."""
    figures: dict[str, float] = {}
    for path in sorted(folder.glob("*.tsv.gz")):
        with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
            rows = list(csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
        scores = encode([row[0] for row in rows]) @ encode([row[1] for row in rows]).T
        right = np.arange(len(rows))
        errors = ((scores.argmax(1) != right).mean() + (scores.argmax(0) != right).mean()) / 2
        figures[f"tatoeba {path.name.split('.')[0]} error"] = float(errors)
    figures["tatoeba error, mean"] = float(np.mean(list(figures.values())))
    return figures


def everything(data: Path, encode: Encode) -> dict[str, float]:
    """All figures."""
    dev = data / "dev"
    return {
        **paraphrases(data, encode),
        **retrieval(dev / "code_du_travail_fr", encode),
        **retrieval(dev / "covid_faq_multi", encode),
        **across(dev / "coronamelder_faq", encode),
        **tatoeba(dev / "tatoeba_test_laser", encode),
    }


def main() -> None:
    """Print the figures, of a student in training or of any encoder that Relais can load."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--student", type=Path, help="folder with student.pt")
    parser.add_argument("--encoder", help="folder or name; without either, the shipped encoder")
    parser.add_argument("--json", type=Path, help="also write them here")
    args = parser.parse_args()
    if args.student is not None:
        from bot.language.training.student import Student

        encode: Encode = Student.load(args.student).encode
    else:
        from bot.language.encoder import load_encoder

        encode = load_encoder(args.encoder).encode
    figures = everything(args.data, encode)
    for name, value in figures.items():
        print(f"{value:6.3f}  {name}")
    if args.json:
        args.json.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
