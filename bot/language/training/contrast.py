"""Step 3: what customers write is pulled to the article that answers it.

Contrast over help-centre topics: a phrasing, in any of six languages and noisy, must be nearer to
its own topic's passage (title and answer) than to those of all other topics, close neighbours of its theme
among them; the passages' vectors come from a memory (cross-batch memory, Wang et al. 2020) that is
refreshed now and then. Phrasings and titles of a topic also attract each other (supervised contrast,
Khosla et al. 2020). English intent sets join in with pairs of the same intent. Distillation goes on
as a regulariser.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch.nn.functional import cross_entropy

from bot.language.training.corpus import (
    HELD_OUT_FOLD,
    LANGUAGES,
    Topic,
    generator,
    own_topics,
    read_topics,
    training_topics,
)
from bot.language.training.distil import lesson_loss
from bot.language.training.evaluate import recall
from bot.language.training.lessons import Lesson, prepared
from bot.language.training.noise import noisy, without_accents
from bot.language.training.student import Optimiser, Student
from bot.language.training.vocabulary import carry

_PASSAGE_TOKENS = 64
_PHRASING_TOKENS = 40


@dataclass
class Batch:
    """Texts of one step with the number of their topic; which of them are whole passages."""

    rows: list[list[int]]
    topics: list[int]
    passages: list[int]


def dropped(row: list[int], rng: random.Random, rate: float) -> list[int]:
    """Some pieces left out, never the first and last: no single word may decide."""
    if len(row) < 5:
        return row
    kept = [piece for piece in row[1:-1] if rng.random() >= rate]
    return [row[0], *(kept or row[1:-1]), row[-1]]


class Themes:
    """An endless stream of topics in groups of up to three of one theme, each once an epoch."""

    def __init__(self, topics: list[Topic], rng: random.Random, most: int = 3) -> None:
        self._by_theme: dict[str, list[int]] = defaultdict(list)
        for number, topic in enumerate(topics):
            self._by_theme[topic.theme].append(number)
        self._rng, self._most = rng, most
        self._groups: list[list[int]] = []

    def take(self, size: int) -> list[int]:
        """The numbers of the next ``size`` topics or a few more, all different."""
        chosen: dict[int, None] = {}
        while len(chosen) < size:
            if not self._groups:
                self._shuffle()
            chosen.update(dict.fromkeys(self._groups.pop()))
        return list(chosen)

    def _shuffle(self) -> None:
        for numbers in self._by_theme.values():
            self._rng.shuffle(numbers)
            starts = range(0, len(numbers), self._most)
            self._groups += [numbers[start : start + self._most] for start in starts]
        self._rng.shuffle(self._groups)


def _phrasings(topic: Topic, rng: random.Random) -> list[tuple[str, str]]:
    """Three French phrasings and two in other languages."""
    chosen = [(text, "fr") for text in rng.sample(topic.phrasings["fr"], 3)]
    others = [lang for lang in LANGUAGES if lang != "fr" and lang in topic.phrasings]
    for language in rng.sample(others, min(2, len(others))):
        chosen.append((rng.choice(topic.phrasings[language]), language))
    return chosen


def batches(
    topics: list[Topic], student: Student, size: int, noise: float, rng: random.Random
) -> Iterator[Batch]:
    """Endless batches of about ``size`` topics."""
    stream = Themes(topics, rng)
    while True:
        batch = Batch([], [], [])
        for number in stream.take(size):
            topic = topics[number]
            for text, language in _phrasings(topic, rng):
                typed = noisy(text, language, rng, noise)
                row = student.rows([without_accents(typed) if rng.random() < noise / 2 else typed])[0]
                batch.rows.append(dropped(row, rng, 0.1)[:_PHRASING_TOKENS])
                batch.topics.append(number)
            if rng.random() < 0.25:
                batch.passages.append(len(batch.rows))
                text = topic.passage
            else:
                text = topic.titles[rng.choice(sorted(topic.titles))]
            batch.rows.append(student.rows([text])[0][:_PASSAGE_TOKENS])
            batch.topics.append(number)
        yield batch


def _intents(data: Path) -> list[list[str]]:
    """Training examples of the English intent sets, by label."""
    groups: dict[str, list[str]] = defaultdict(list)
    for name in ("banking77", "clinc150"):
        for line in (data / "dev" / name / "train.jsonl").read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if row["label"] is not None:
                groups[f"{name}/{row['label']}"].append(row["text"])
    return [texts for _, texts in sorted(groups.items()) if len(texts) > 1]


def topic_loss(
    vectors: torch.Tensor, topics: torch.Tensor, memory: torch.Tensor, temperature: float
) -> torch.Tensor:
    """Each text to its topic's passage among all topics, and to the other texts of its topic."""
    to_passage = cross_entropy(vectors @ memory.T / temperature, topics)
    itself = torch.eye(len(vectors), dtype=torch.bool)
    among = (vectors @ vectors.T / temperature).masked_fill(itself, -1e4)
    mutual = -_positive_share(among, (topics[:, None] == topics[None, :]) & ~itself).mean()
    return to_passage + 0.5 * mutual


def _positive_share(scores: torch.Tensor, positive: torch.Tensor) -> torch.Tensor:
    """Mean log probability of the positives of each row."""
    log_chance = scores - torch.logsumexp(scores, dim=1, keepdim=True)
    return (log_chance * positive).sum(1) / positive.sum(1).clamp(min=1)


def held_out_recall(student: Student, topics: list[Topic], fold: int) -> float:
    """Recall@1 of the held-out fold's French phrasings among all articles."""
    held = [topic for topic in topics if topic.fold == fold]
    asked = [(text, {topic.id}) for topic in held for text in topic.phrasings["fr"][::3]]
    passages = student.encode([topic.passage for topic in topics])
    vectors = student.encode([text for text, _ in asked])
    return recall(vectors, [ids for _, ids in asked], passages, [topic.id for topic in topics])[0]


def main() -> None:
    """Train for ``--minutes`` from ``--start`` and write ``student.pt`` to ``--work``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--start", type=Path, required=True, help="folder written by distil")
    parser.add_argument("--work", type=Path, required=True, help="folder to write to")
    parser.add_argument("--teacher", default=None)
    parser.add_argument("--minutes", type=float, default=40.0)
    parser.add_argument("--topics", type=int, default=12, help="topics in a step")
    parser.add_argument("--sentences", type=int, default=24, help="sentences of distillation in a step")
    parser.add_argument("--intents", type=int, default=4, help="pairs of intents in a step")
    parser.add_argument("--temperature", type=float, default=0.05)
    parser.add_argument("--table-rate", type=float, default=3e-4)
    parser.add_argument("--body-rate", type=float, default=1e-4)
    parser.add_argument("--noise", type=float, default=0.35)
    parser.add_argument("--kept", type=float, default=0.3, help="weight of distillation")
    parser.add_argument("--held-out", type=int, default=HELD_OUT_FOLD)
    parser.add_argument("--check-minutes", type=float, default=8.0)
    parser.add_argument("--refresh", type=int, default=100, help="steps between memory refreshes")
    parser.add_argument("--seed", type=int, default=17)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    student = Student.load(args.start)
    carry(args.start, args.work)
    options = {"data": args.data, "start": args.start, "size": args.sentences, "noise": 0.3, "seed": args.seed + 1000}
    with prepared(args.teacher, **options) as lessons:
        train(student, lessons, args)
    student.save(args.work)
    print(f"held out: {held_out_recall(student, read_topics(args.data), args.held_out):.3f}", flush=True)


def train(student: Student, lessons: Iterator[Lesson], args: argparse.Namespace) -> None:
    """Steps until the time is over, a checkpoint with its figure now and then."""
    rng = generator(args.seed)
    every = read_topics(args.data)
    topics = training_topics(every, args.held_out) + own_topics()
    memory = torch.from_numpy(student.encode([topic.passage for topic in topics]))
    intents = _intents(args.data)
    steps = Optimiser(student, table_rate=args.table_rate, body_rate=args.body_rate)
    start = checked = time.monotonic()
    running: list[float] = [0.0, 0.0, 0.0]
    for number, batch in enumerate(batches(topics, student, args.topics, args.noise, rng)):
        done = (time.monotonic() - start) / (args.minutes * 60)
        if done >= 1:
            break
        ramp = min(1.0, (number + 1) / 12) * max(0.03, 0.5 * (1 + math.cos(math.pi * done)))
        steps.pace(ramp, ramp)
        if number and number % args.refresh == 0:
            memory = torch.from_numpy(student.encode([topic.passage for topic in topics]))
        pairs = [rng.sample(intents[label], 2) for label in rng.sample(range(len(intents)), args.intents)]
        rows = list(batch.rows)
        rows += student.rows([noisy(text, "en", rng, args.noise) for one in pairs for text in one])
        vectors = student(rows, chunks=4)
        cut = len(batch.rows)
        numbers = torch.tensor(batch.topics)
        main_loss = topic_loss(vectors[:cut], numbers, memory, args.temperature)
        one, other = vectors[cut::2], vectors[cut + 1 :: 2]
        same = cross_entropy(one @ other.T / args.temperature, torch.arange(len(pairs)))
        kept = lesson_loss(student, next(lessons))
        steps.step(main_loss + 0.2 * same + args.kept * kept)
        memory[numbers[batch.passages]] = vectors[batch.passages].detach()
        for place, part in enumerate((main_loss, same, kept)):
            running[place] += (part.item() - running[place]) * (1.0 if number == 0 else 0.05)
        minutes = (time.monotonic() - start) / 60
        if number % 20 == 0:
            parts = ", ".join(f"{part:.3f}" for part in running)
            print(f"{minutes:.1f} min, step {number}, losses {parts}", flush=True)
        if time.monotonic() - checked > args.check_minutes * 60:
            student.save(args.work)
            print(f"held out: {held_out_recall(student, every, args.held_out):.3f}", flush=True)
            checked = time.monotonic()


if __name__ == "__main__":
    main()
