"""Step 1: the pieces that six languages use, and the student to start from.

Of the teacher's 250,000 pieces, made for a hundred languages, those that lower-cased texts in six languages use are
kept with their embeddings (Abdaoui et al. 2020, "Load What You Need: Smaller Versions of Multilingual BERT"). What is
segmented without a piece left out is segmented as before, so that the student's states can be held against the
teacher's piece by piece.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections import defaultdict
from pathlib import Path

import numpy as np

from bot.language.training.corpus import (
    generator,
    own_topics,
    read_topics,
    sentences,
    training_topics,
)
from bot.language.training.student import Student
from bot.language.training.teacher import Teacher, load_teacher, unigram
from bot.language.training.teacher_file import Floats

KEPT = "kept.json"
CENTRE = "centre.npy"
_SPECIAL = range(4)
_WEIGHT = {"fr": 3.0, "en": 1.0, "nl": 1.5, "es": 1.5, "de": 1.5, "it": 2.0}
_LATIN = 0x250
_PICTURES = 0x1F300
_SIGNS = "▁€–—’‘“”«»…•→✓"      # ▁ marks the start of a word


def frequent(teacher: Teacher, data: Path, size: int) -> list[int]:
    """The ids of the ``size`` most used pieces and of every single Latin character, in the teacher's order."""
    counts: defaultdict[int, float] = defaultdict(float)
    teacher.tokenizer.no_truncation()
    for language, texts in sentences(data).items():
        for encoding in teacher.tokenizer.encode_batch([text for text, _ in texts]):
            for piece in encoding.ids:
                counts[piece] += _WEIGHT[language]
    passages = [topic.passage for topic in training_topics(read_topics(data)) + own_topics()]
    for encoding in teacher.tokenizer.encode_batch(passages):
        for piece in encoding.ids:
            counts[piece] += 1.0
    single = [number for number, piece in enumerate(teacher.packed.pieces) if _is_character(piece)]
    return sorted({*_SPECIAL, *single, *sorted(counts, key=lambda piece: -counts[piece])[:size]})


def _is_character(piece: str) -> bool:
    sign = piece.removeprefix("▁") or piece
    if len(sign) != 1 or sign != sign.lower():
        return False
    return ord(sign) < _LATIN or ord(sign) > _PICTURES or sign in _SIGNS


def centre(teacher: Teacher, data: Path, seed: int) -> Floats:
    """The mean of the teacher's vectors of a sample, not yet at unit length."""
    rng = generator(seed)
    sample = [text for texts in sentences(data).values() for text, _ in rng.sample(texts, 400)]
    rows = teacher.rows(sample)
    return np.asarray(teacher.means(rows).mean(0), dtype=np.float32)


def carry(start: Path, work: Path) -> None:
    """What every step needs of this one, brought along from the folder it starts from."""
    work.mkdir(parents=True, exist_ok=True)
    for name in (KEPT, CENTRE):
        if start != work:
            shutil.copy(start / name, work / name)


def main() -> None:
    """Write tokenizer, kept ids, centre and the student to start from."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="folder to write to")
    parser.add_argument("--teacher", default=None)
    parser.add_argument("--size", type=int, default=33_000)
    parser.add_argument("--seed", type=int, default=17)
    args = parser.parse_args()
    teacher = load_teacher(args.teacher)
    kept = frequent(teacher, args.data, args.size)
    packed = teacher.packed
    tokenizer = unigram([(packed.pieces[piece], packed.scores[piece]) for piece in kept], packed.unknown)
    student = Student.from_teacher(packed, tokenizer, kept)
    middle = centre(teacher, args.data, args.seed)
    student.centre(middle)
    student.save(args.work)
    (args.work / KEPT).write_text(json.dumps(kept))
    np.save(args.work / CENTRE, middle)
    print(f"{len(kept)} pieces, {sum(weight.numel() for weight in student.parameters()):,} weights")


if __name__ == "__main__":
    main()
