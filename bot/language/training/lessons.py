"""Sentences with what the teacher makes of them, prepared in a process of its own.

The teacher reads clean text. The student reads it as it is, or as somebody in a hurry types it: then only the whole
vector is to be met, else the state of every piece as well.
"""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from bot.language.training.corpus import generator, sentences
from bot.language.training.noise import noisy, without_accents
from bot.language.training.teacher import Teacher, load_teacher, unit
from bot.language.training.teacher_file import Floats
from bot.language.training.vocabulary import CENTRE, KEPT

SHARE: dict[str, float] = {"fr": 0.44, "en": 0.12, "es": 0.11, "de": 0.11, "nl": 0.11, "it": 0.11}
_LONGEST = 64
_POOL = 16


@dataclass(frozen=True)
class Lesson:
    """One batch: the student's rows, the teacher's vectors, and its states a piece (none for noisy rows)."""

    rows: list[list[int]]
    vectors: Floats
    states: list[Floats | None]


class Lessons:
    """An endless stream of batches of like length."""

    def __init__(self, data: Path, start: Path, teacher: Teacher, *, size: int, noise: float, seed: int) -> None:
        self._teacher, self._size, self._noise = teacher, size, noise
        self._rng = generator(seed)
        self._student = Tokenizer.from_file(str(start / "tokenizer.json"))
        self._student.enable_truncation(_LONGEST)
        self._place = {piece: number for number, piece in enumerate(json.loads((start / KEPT).read_text()))}
        self._centre = np.load(start / CENTRE)
        self._texts = {
            language: ([text for text, _ in texts], list(accumulate(weight for _, weight in texts)))
            for language, texts in sentences(data).items()
        }

    def __iter__(self) -> Iterator[Lesson]:
        while True:
            drawn = sorted((self._draw() for _ in range(self._size * _POOL)), key=lambda one: len(one[0]))
            batches = [drawn[start : start + self._size] for start in range(0, len(drawn), self._size)]
            self._rng.shuffle(batches)
            for batch in batches:
                yield self.lesson(batch)

    def _draw(self) -> tuple[str, str]:
        (language,) = self._rng.choices(list(SHARE), list(SHARE.values()))
        texts, often = self._texts[language]
        (text,) = self._rng.choices(texts, cum_weights=often)
        return text, language

    def lesson(self, batch: list[tuple[str, str]]) -> Lesson:
        """The batch of (text, language) as the student is to learn it."""
        read = self._teacher.rows([text for text, _ in batch], _LONGEST)
        states = self._teacher.states(read)
        vectors = unit(np.stack([one.mean(0) for one in states]) - self._centre)
        after = self._teacher.prompt + 1
        rows: list[list[int]] = []
        kept: list[Floats | None] = []
        for (text, language), pieces, state in zip(batch, read, states, strict=True):
            clean = [pieces[0], *pieces[after:]]
            if self._rng.random() >= self._noise and all(piece in self._place for piece in clean):
                rows.append([self._place[piece] for piece in clean])
                kept.append(np.concatenate([state[:1], state[after:]]) - self._centre)
            else:
                rows.append(self._student.encode(self._typed(text, language)).ids)
                kept.append(None)
        return Lesson(rows, vectors, kept)

    def _typed(self, text: str, language: str) -> str:
        text = noisy(text, language, self._rng, 0.85)
        return without_accents(text) if self._rng.random() < 0.35 else text


def _prepare(queue: Any, teacher: str | None, options: dict[str, Any]) -> None:
    for lesson in Lessons(teacher=load_teacher(teacher), **options):
        queue.put(lesson)


@contextmanager
def prepared(teacher: str | None, **options: Any) -> Iterator[Iterator[Lesson]]:
    """Lessons made beside the training; ``options`` are those of :class:`Lessons` but the teacher."""
    context = multiprocessing.get_context("spawn")
    queue: Any = context.Queue(maxsize=6)
    process = context.Process(target=_prepare, args=(queue, teacher, options), daemon=True)
    process.start()
    try:
        yield iter(queue.get, None)
    finally:
        process.terminate()
        process.join()

