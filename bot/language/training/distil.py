"""Step 3: the teacher's body learns the new vocabulary.

What the teacher makes of an English sentence is what the student should make of it and of its
translation (Reimers & Gurevych 2020, "Making Monolingual Sentence Embeddings Multilingual using
Knowledge Distillation"). Beside the distance to the teacher's vector, the student's vector must be
nearer to it than to those of the other sentences of the batch. The body is nearly frozen at first.
"""

from __future__ import annotations

import argparse
import math
import random
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from bot.language.training.corpus import (
    LOW_WEIGHT,
    WORDS,
    Pair,
    generator,
    read_pairs,
    read_topics,
    training_topics,
)
from bot.language.training.noise import noisy
from bot.language.training.student import Optimiser, Student, by_length
from bot.language.training.teacher import Teacher, load_teacher

Example = tuple[str, str, str]  # English, text, language

_SHARE = {"fr": 1.0, "nl": 0.9, "es": 0.7, "de": 0.6, "it": 1.0}


def examples(data: Path, rng: random.Random) -> list[Example]:
    """The training stream of one epoch, French first in amount, English among it."""
    chosen: list[Example] = []
    pairs = list(read_pairs(data))
    for pair in pairs:
        if rng.random() < _chance(pair):
            language = pair.language
            chosen.append((pair.english, pair.text, language))
            if rng.random() < 0.08:
                chosen.append((pair.english, pair.english, "en"))
    for topic in training_topics(read_topics(data)):
        if "en" in topic.titles:
            chosen += [(topic.titles["en"], title, lang) for lang, title in topic.titles.items()]
            chosen += [(text, text, "en") for text in topic.phrasings["en"]]
    rng.shuffle(chosen)
    return chosen


def _chance(pair: Pair) -> float:
    if len(pair.text) > 220 or len(pair.english) > 220:
        return 0.0
    if pair.source == WORDS:
        return 0.06 if pair.language != "it" else 0.2
    if pair.source in LOW_WEIGHT:
        return 0.3
    if pair.source == "tatoeba_anki":
        return 0.62 * _SHARE[pair.language] if len(pair.text) >= 18 else 0.2
    if pair.source == "massive_train_only":
        return 1.0 if pair.language == "it" else 0.6
    return 1.0 if len(pair.text) >= 16 or pair.language == "it" else 0.5


def loss_of(
    vectors: torch.Tensor, targets: torch.Tensor, temperature: float = 0.05
) -> torch.Tensor:
    """Distance to the teacher's vectors and contrast among those of the batch."""
    distance = 1.0 - (vectors * targets).sum(-1).mean()
    scores = vectors @ targets.T / temperature
    same = (targets @ targets.T > 0.97).float()
    same.fill_diagonal_(0.0)
    scores = scores.masked_fill(same.bool(), -1e4)
    wanted = torch.arange(len(vectors))
    return 10.0 * distance + torch.nn.functional.cross_entropy(scores, wanted)


def batches(data: Path, size: int, seed: int) -> Iterator[list[Example]]:
    """Endless batches, each epoch chosen and shuffled anew."""
    epoch = 0
    while True:
        rng = generator(seed + epoch)
        yield from by_length(examples(data, rng), size, rng)
        epoch += 1


def targets_of(teacher: Teacher, batch: list[Example]) -> torch.Tensor:
    """The teacher's vectors of the English sides, each distinct one computed once."""
    distinct = sorted({english for english, _, _ in batch}, key=len)
    place = {english: index for index, english in enumerate(distinct)}
    half = len(distinct) // 2 or 1
    vectors = torch.cat(
        [teacher.encode(distinct[s : s + half]) for s in range(0, len(distinct), half)]
    )
    return vectors[torch.tensor([place[english] for english, _, _ in batch])].clone()


def main() -> None:
    """Distil for ``--minutes`` and write ``student.pt``, with a checkpoint every few minutes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="tokenizer.json, embeddings.npy")
    parser.add_argument("--teacher", default=None)
    parser.add_argument("--resume", action="store_true", help="from student.pt in --work")
    parser.add_argument("--minutes", type=float, default=40.0)
    parser.add_argument("--batch", type=int, default=192)
    parser.add_argument("--frozen", type=float, default=0.25, help="share with the body frozen")
    parser.add_argument("--table-rate", type=float, default=1e-3)
    parser.add_argument("--body-rate", type=float, default=1e-4)
    parser.add_argument("--noise", type=float, default=0.15)
    parser.add_argument("--seed", type=int, default=17)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    rng = generator(args.seed)
    teacher = load_teacher(args.teacher)
    tokenizer = Tokenizer.from_file(str(args.work / "tokenizer.json"))
    if args.resume:
        student = Student.load(args.work)
    else:
        student = Student.from_teacher(teacher, tokenizer, np.load(args.work / "embeddings.npy"))
    student.train()
    steps = Optimiser(student, table_rate=args.table_rate, body_rate=args.body_rate)
    start = saved = time.monotonic()
    seen, running = 0, 0.0
    for number, batch in enumerate(batches(args.data, args.batch, args.seed)):
        done = (time.monotonic() - start) / (args.minutes * 60)
        if done >= 1:
            break
        ramp = min(1.0, (number + 1) / 60) * max(0.05, 0.5 * (1 + math.cos(math.pi * done)))
        warm = min(1.0, max(0.0, done - args.frozen) / 0.1)
        steps.pace(ramp, ramp * warm)
        targets = targets_of(teacher, batch)
        texts = [noisy(text, language, rng, args.noise) for _, text, language in batch]
        loss = loss_of(student(student.rows(texts), chunks=2), targets)
        steps.step(loss)
        seen += len(batch)
        running = loss.item() if number == 0 else 0.98 * running + 0.02 * loss.item()
        if number % 20 == 0:
            minutes = (time.monotonic() - start) / 60
            print(f"{minutes:.1f} min, {seen} examples, loss {running:.3f}", flush=True)
        if time.monotonic() - saved > 300:
            student.save(args.work)
            saved = time.monotonic()
    student.save(args.work)
    print(f"{seen} examples")


if __name__ == "__main__":
    main()
