"""Reading of the training and evaluation data.

``parallel/<set>/<lang>.tsv.gz`` holds an English sentence, a tab and its translation, and so do the
pairs written for Relais beside this module (:data:`OWN`: ordinary Italian, which the sets lack);
``paraphrases/fr.jsonl`` and ``paraphrases/multi.jsonl`` hold help-centre topics with customers'
phrasings, and beside this module are more of them, of themes that the held-out fold has not: ``topics.fr.tsv.gz``
(theme, title, answer, English title, phrasings) and ``topics.others.tsv.gz`` (language, number of the French line,
title, phrasings). Nothing under ``dev/`` is read here.
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
OWN = Path(__file__).parent / "pairs"
OWN_TOPICS = Path(__file__).parent / "topics.fr.tsv.gz"
OWN_OTHERS = Path(__file__).parent / "topics.others.tsv.gz"
_LONGEST = 160      # characters of a sentence to learn from


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


def read_pairs(data: Path) -> Iterator[Pair]:
    """All translation pairs, set by set in a fixed order."""
    for folder in (*sorted((data / "parallel").iterdir()), OWN):
        if not folder.is_dir():
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


def own_topics() -> list[Topic]:
    """The topics written for the encoder: French ones, some of them asked for in other languages too."""
    topics = [
        Topic(
            id=f"own-{number}", theme=f"own {theme}", fold=FOLDS, answer=answer,
            titles={"fr": title, "en": english}, phrasings={"fr": phrasings},
        )
        for number, (theme, title, answer, english, *phrasings) in enumerate(_rows(OWN_TOPICS))
    ]
    for language, number, title, *phrasings in _rows(OWN_OTHERS):
        topics[int(number)].titles[language] = title
        topics[int(number)].phrasings[language] = phrasings
    return topics


def _rows(path: Path) -> Iterator[list[str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        yield from csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)


def sentences(data: Path) -> dict[str, list[tuple[str, float]]]:
    """Texts by language, each with how often it is drawn: customers' own words often, words of dictionaries seldom."""
    found: dict[str, dict[str, str]] = {language: {} for language in LANGUAGES}
    for pair in read_pairs(data):
        found["en"].setdefault(pair.english.strip(), pair.source)
        found[pair.language].setdefault(pair.text.strip(), pair.source)
    for topic in training_topics(read_topics(data)) + own_topics():
        for language, title in topic.titles.items():
            found[language].setdefault(title, "")
        for language, phrasings in topic.phrasings.items():
            found[language].update(dict.fromkeys(phrasings, ""))
    return {
        language: [(text, _often(text, source)) for text, source in texts.items() if 3 <= len(text) <= _LONGEST]
        for language, texts in found.items()
    }


def _often(text: str, source: str) -> float:
    if source in ("", OWN.name):
        return 6.0
    if source == WORDS:
        return 0.12
    if source in LOW_WEIGHT:
        return 0.3
    if source == "tatoeba_anki":
        return 0.8 if len(text) >= 20 else 0.25
    return 1.2 if len(text) >= 16 else 0.3
