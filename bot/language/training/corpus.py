"""Reading of the training and evaluation data.

``parallel/<set>/<lang>.tsv.gz`` holds an English sentence, a tab and its translation;
``paraphrases/fr.jsonl`` and ``paraphrases/multi.jsonl`` hold help-centre topics with customers'
phrasings. Nothing under ``dev/`` is read here.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

LANGUAGES: tuple[str, ...] = ("fr", "en", "nl", "es", "de", "it")
FOLDS = 5
HELD_OUT_FOLD = 0
"""The fold of themes that no step ever trains on."""

# Partly machine-made translations, see their SOURCE.md.
LOW_WEIGHT: frozenset[str] = frozenset({"iobroker_home_energy", "solidus_ecommerce"})
WORDS = "omw_wordnet"


@dataclass(frozen=True)
class Pair:
    """An English text and its translation."""

    english: str
    text: str
    language: str
    source: str


@dataclass
class Topic:
    """A help-centre topic with what customers write to ask for it, by language."""

    id: str
    theme: str
    fold: int
    answer: str
    titles: dict[str, str] = field(default_factory=dict)
    phrasings: dict[str, list[str]] = field(default_factory=dict)

    @property
    def passage(self) -> str:
        """The French article as the retriever indexes it."""
        return f"{self.titles['fr']} {self.answer}"


def generator(seed: int) -> random.Random:
    """A seeded source of chance: nothing here is secret."""
    return random.Random(seed)  # noqa: S311


def fold_of(theme: str) -> int:
    """A theme's fold, the same on every machine and for any order of the file."""
    return int(hashlib.sha256(theme.encode()).hexdigest(), 16) % FOLDS


def read_pairs(data: Path, *, words: bool = True) -> Iterator[Pair]:
    """All translation pairs, set by set in a fixed order."""
    for folder in sorted((data / "parallel").iterdir()):
        if not folder.is_dir() or (folder.name == WORDS and not words):
            continue
        for path in sorted(folder.glob("*.tsv.gz")):
            language = path.name.split(".", 1)[0]
            with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
                for row in csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
                    if len(row) != 2:
                        continue
                    english, text = row
                    if folder.name == WORDS:  # "lemma, lemma: gloss"
                        english = english.split(":", 1)[0]
                    yield Pair(english, text, language, folder.name)


def read_topics(data: Path) -> list[Topic]:
    """All topics, French and the other languages joined by id."""
    topics: dict[str, Topic] = {}
    for line in (data / "paraphrases" / "fr.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        topics[row["id"]] = Topic(
            id=row["id"],
            theme=row["theme"],
            fold=fold_of(row["theme"]),
            answer=row["answer"],
            titles={"fr": row["title"]},
            phrasings={"fr": row["phrasings"]},
        )
    for line in (data / "paraphrases" / "multi.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        topic = topics[row["id"]]
        for language in LANGUAGES:
            if language in row:
                topic.titles[language] = row[language]["title"]
                topic.phrasings[language] = row[language]["phrasings"]
    return list(topics.values())


def training_topics(topics: list[Topic], held_out: int | None = HELD_OUT_FOLD) -> list[Topic]:
    """The topics outside the held-out fold."""
    return [topic for topic in topics if topic.fold != held_out]


def balanced(pairs: list[Pair], per_source: dict[str, float], rng: random.Random) -> list[Pair]:
    """A shuffled copy where each source is repeated or thinned by its factor."""
    chosen: list[Pair] = []
    for pair in pairs:
        factor = per_source.get(f"{pair.source}/{pair.language}", per_source.get(pair.source, 1.0))
        copies = int(factor) + (rng.random() < factor - int(factor))
        chosen.extend([pair] * copies)
    rng.shuffle(chosen)
    return chosen
